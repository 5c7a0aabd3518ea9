package sshd

import (
	"net"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// promptConn acknowledges what it reads at once while a client logs in.
//
// The stock ssh client leaves Nagle's algorithm on until its session begins,
// and sends two packets in a row twice before that: the second waits for the
// acknowledgement of the first, which the kernel delays by 40 ms. That was 80
// of the 100 ms that `ssh dokku@host version` took.
type promptConn struct {
	net.Conn
	raw      syscall.RawConn
	loggedIn atomic.Bool
}

// promptly wraps a TCP connection; any other is returned as it is.
func promptly(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	return &promptConn{Conn: conn, raw: raw}
}

// Read reads, and sends the acknowledgement. The kernel goes back to delaying
// by itself, so it is asked anew each time. Source: tcp(7), TCP_QUICKACK.
func (c *promptConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.loggedIn.Load() {
		_ = c.raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // only slower without
		})
	}
	return n, err
}
