package dataplane

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/slipwayhq/slipway/proxy/control"
)

// A data plane takes over from one that runs as follows. Two processes with sockets of
// their own on one port (SO_REUSEPORT) would not do: what waits in the queue of the
// socket that is closed is reset. Here both have the very same sockets.
//
//	new: gives the control socket of the old a second name, proxy.sock.before, and puts
//	     its own in its place
//	new: POST /listeners to the old: gets the listening sockets, accepts beside it
//	new: reads the routes, serves, POST /retire to the old
//	old: accepts no more; answers what comes on open connections, with Connection: close
//
// The old goes on until it is stopped. The new tells it what it is told itself, so that
// the routes of its last requests are right, and a Drain waits for those as well. When
// the new dies before the old has retired, the old has never stopped serving, and the
// next one that is started finds it by the second name.

// A predecessor is the data plane that we take over from. A nil one stands for none.
type predecessor struct {
	path string // our control socket
	http *http.Client
}

// findPredecessor looks for a data plane that runs and makes sure that its socket has
// its second name. It is an error to find one when takeOver is not set.
func findPredecessor(path string, takeOver bool) (*predecessor, error) {
	runs, leaves := alive(path), alive(path+control.BeforeSuffix)
	if runs && sameFile(path, path+control.BeforeSuffix) {
		leaves = false // it has its second name from one that died at once
	}
	switch {
	case !runs && !leaves:
		return nil, nil
	case !takeOver:
		return nil, fmt.Errorf("another proxy has %s; stop it first", path)
	case runs && leaves:
		return nil, fmt.Errorf("the proxy before the one that has %s still finishes its requests; stop it first", path)
	case runs:
		second := path + control.BeforeSuffix
		if err := os.Remove(second); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err := os.Link(path, second); err != nil {
			return nil, fmt.Errorf("cannot take over from the running proxy: %w", err)
		}
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path+control.BeforeSuffix)
	}
	return &predecessor{path: path, http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}, nil
}

func sameFile(a, b string) bool {
	left, lerr := os.Stat(a)
	right, rerr := os.Stat(b)
	return lerr == nil && rerr == nil && os.SameFile(left, right)
}

// alive reports whether somebody listens on the unix socket at path.
func alive(path string) bool {
	c, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	_ = c.Close() // it was only a question
	return true
}

// restore gives the control socket back to a predecessor that has not retired.
func (b *predecessor) restore() error {
	if b == nil || !alive(b.path+control.BeforeSuffix) {
		return nil
	}
	return os.Rename(b.path+control.BeforeSuffix, b.path)
}

// retire has the predecessor accept no more.
func (b *predecessor) retire() error {
	if b == nil {
		return nil
	}
	return b.post(context.Background(), "/retire", nil)
}

// tell passes on what the control plane asked in r, with its body. A predecessor that
// is gone needs to know nothing.
func (b *predecessor) tell(r *http.Request, body any) error {
	if b == nil {
		return nil
	}
	err := b.post(r.Context(), r.URL.RequestURI(), body)
	if _, down := errors.AsType[net.Error](err); down && r.Context().Err() == nil {
		return nil
	}
	return err
}

func (b *predecessor) post(ctx context.Context, uri string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://proxy"+uri, bytes.NewReader(data))
	if err != nil {
		return err
	}
	res, err := b.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read to its end below
	if res.StatusCode < 300 {
		return nil
	}
	var p control.Problem
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
		return fmt.Errorf("it answered %s", res.Status)
	}
	return p.Err()
}

// A handed is one message of the answer to /listeners; the listening socket travels
// beside it (SCM_RIGHTS, unix(7)). Each is answered with one byte, so that two are never
// read as one. The last message has Port 0 and no socket.
type handed struct {
	Port   int    `json:"port"` // as the user says it
	Scheme string `json:"scheme"`
}

// maxMessage is more than any message of handed needs.
const maxMessage = 256

// inherit takes over what the predecessor listens on, as far as it is what we would
// listen on ourselves.
func (b *predecessor) inherit(into *ports) error {
	if b == nil {
		return nil
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: b.path + control.BeforeSuffix, Net: "unix"})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // all has been said
	if _, err := io.WriteString(conn, "POST /listeners HTTP/1.1\r\nHost: proxy\r\nContent-Length: 0\r\n\r\n"); err != nil {
		return err
	}
	for {
		h, ln, err := receive(conn)
		if err != nil || h.Port == 0 {
			return err
		}
		into.adopt(h, ln)
		if _, err := conn.Write([]byte{'\n'}); err != nil {
			return err
		}
	}
}

// receive reads one message.
func receive(conn *net.UnixConn) (handed, *net.TCPListener, error) {
	var h handed
	data, rights := make([]byte, maxMessage), make([]byte, syscall.CmsgSpace(4))
	n, nr, _, _, err := conn.ReadMsgUnix(data, rights)
	if err != nil {
		return h, nil, err
	}
	if err := json.Unmarshal(data[:n], &h); err != nil {
		return h, nil, errors.New("it cannot hand over its ports; stop it first")
	}
	if h.Port == 0 {
		return h, nil, nil
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:nr])
	if err != nil || len(messages) != 1 {
		return h, nil, fmt.Errorf("it sent no socket for port %d", h.Port)
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return h, nil, fmt.Errorf("it sent no socket for port %d", h.Port)
	}
	file := os.NewFile(uintptr(fds[0]), "listener")
	defer func() { _ = file.Close() }() // FileListener has a copy
	ln, err := net.FileListener(file)
	if err != nil {
		return h, nil, fmt.Errorf("cannot use the socket of port %d: %w", h.Port, err)
	}
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return h, nil, errors.Join(fmt.Errorf("the socket of port %d is not TCP", h.Port), ln.Close())
	}
	return h, tcp, nil
}

// sendListeners answers /listeners. From then on no port is opened here: the successor
// has to do it.
func (s *controlServer) sendListeners(w http.ResponseWriter, _ *http.Request) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.log.Error("cannot hand over to another proxy", "error", err)
		return
	}
	defer func() { _ = c.Close() }() // all has been said
	conn := c.(*net.UnixConn)        // of our own listener
	for port, ln := range s.plane.handOver() {
		if err := pass(conn, handed{Port: port, Scheme: ln.scheme}, ln.TCPListener); err != nil {
			s.log.Error("cannot hand over to another proxy", "port", port, "error", err)
			return
		}
	}
	if err := pass(conn, handed{}, nil); err != nil {
		s.log.Error("cannot hand over to another proxy", "error", err)
	}
}

// pass writes one message, and waits for its answer when it has a listener.
func pass(conn *net.UnixConn, h handed, ln *net.TCPListener) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if ln == nil {
		_, err = conn.Write(data)
		return err
	}
	raw, err := ln.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Control(func(fd uintptr) {
		_, _, sent = conn.WriteMsgUnix(data, syscall.UnixRights(int(fd)), nil)
	})
	if err := errors.Join(err, sent); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, make([]byte, 1))
	return err
}
