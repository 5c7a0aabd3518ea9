package sshd

import (
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// withStdin is a local connection whose client may hand over its stdin: the descriptor travels with the first bytes that it
// sends, beside them, as the kernel has it for unix sockets. Source: unix(7), SCM_RIGHTS.
type withStdin struct {
	*net.UnixConn

	first sync.Once
	mu    sync.Mutex
	stdin *os.File
}

// receivingStdin wraps a local connection; any other is returned as it is.
func receivingStdin(conn net.Conn) net.Conn {
	if local, ok := conn.(*net.UnixConn); ok {
		return &withStdin{UnixConn: local}
	}
	return conn
}

func (c *withStdin) Read(b []byte) (n int, err error) {
	read := c.UnixConn.Read
	c.first.Do(func() { read = c.readFirst })
	return read(b)
}

// readFirst keeps one descriptor and closes any other, which no client of ours sends.
func (c *withStdin) readFirst(b []byte) (int, error) {
	beside := make([]byte, unix.CmsgSpace(4))
	n, besides, _, _, err := c.ReadMsgUnix(b, beside)
	messages, parseErr := unix.ParseSocketControlMessage(beside[:besides])
	if parseErr != nil {
		return n, err // nothing was handed over
	}
	for _, m := range messages {
		fds, parseErr := unix.ParseUnixRights(&m)
		if parseErr != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			c.keep(os.NewFile(uintptr(fd), "stdin of the caller"))
		}
	}
	return n, err
}

func (c *withStdin) keep(f *os.File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stdin != nil {
		f.Close()
		return
	}
	c.stdin = f
}

func (c *withStdin) file() *os.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stdin
}

// Close closes the connection, and the descriptor that came over it.
func (c *withStdin) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stdin != nil {
		c.stdin.Close()
	}
	return c.UnixConn.Close()
}
