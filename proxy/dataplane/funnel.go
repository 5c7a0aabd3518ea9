package dataplane

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"time"
)

// A funnel is one net.Listener made of any number of TCP listeners that come and go.
type funnel struct {
	accepted chan net.Conn
	closed   chan struct{}
	close    sync.Once
	loops    sync.WaitGroup // one for each TCP listener
	conns    sync.WaitGroup // one for each open connection
}

func newFunnel() *funnel {
	return &funnel{accepted: make(chan net.Conn), closed: make(chan struct{})}
}

// add lets connections that ln accepts come out of f, marked with port. Closing ln ends
// it.
func (f *funnel) add(ln *net.TCPListener, port int) {
	number := strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
	mark := localAddr{port: port, header: []string{number}}
	f.loops.Go(func() {
		for {
			c, err := ln.AcceptTCP()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // out of file descriptors, as a rule; it passes
				select {
				case <-time.After(10 * time.Millisecond):
				case <-f.closed:
					return
				}
				continue
			}
			f.conns.Add(1)
			conn := &conn{TCPConn: c, local: mark, done: f.conns.Done}
			conn.local.Addr = c.LocalAddr()
			select {
			case f.accepted <- conn:
			case <-f.closed:
				_ = conn.Close() // nobody has seen it
			}
		}
	})
}

// Accept implements net.Listener.
func (f *funnel) Accept() (net.Conn, error) {
	select {
	case c := <-f.accepted:
		return c, nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. The TCP listeners are for ports to close.
func (f *funnel) Close() error {
	f.close.Do(func() { close(f.closed) })
	return nil
}

// Addr implements net.Listener; it means nothing, as the addresses are many.
func (f *funnel) Addr() net.Addr { return &net.TCPAddr{} }

// A conn is a client's connection that knows which port it came in on.
type conn struct {
	*net.TCPConn
	local localAddr
	once  sync.Once
	done  func()
}

// LocalAddr returns a *localAddr.
func (c *conn) LocalAddr() net.Addr { return &c.local }

// Close implements net.Conn.
func (c *conn) Close() error {
	err := c.TCPConn.Close()
	c.once.Do(c.done)
	return err
}

// localAddr is the address that a client connected to.
type localAddr struct {
	net.Addr
	port   int      // as the user says it: 80, not the number it is bound to
	header []string // the number it is bound to, as X-Forwarded-Port; shared, never changed
}
