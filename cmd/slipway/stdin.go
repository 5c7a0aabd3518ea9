package main

import (
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// withStdin is the connection to the daemon. Our stdin goes beside the first bytes, so that a script of a plugin that the
// daemon starts for us can inherit it: it takes what it reads, and leaves the rest to whoever is next.
// Source: unix(7), SCM_RIGHTS.
type withStdin struct {
	*net.UnixConn

	first sync.Once
}

func (c *withStdin) Write(b []byte) (n int, err error) {
	write := c.UnixConn.Write
	c.first.Do(func() { write = c.writeFirst })
	return write(b)
}

func (c *withStdin) writeFirst(b []byte) (int, error) {
	n, _, err := c.WriteMsgUnix(b, unix.UnixRights(int(os.Stdin.Fd())), nil)
	return n, err
}
