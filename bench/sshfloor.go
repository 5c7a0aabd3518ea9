package main

import (
	"io"
	"net"
	"os/exec"
	"path/filepath"

	"github.com/gliderlabs/ssh"
	"golang.org/x/sys/unix"
)

// sshFloor serves SSH sessions that end at once, with the libraries and the
// kind of host key that Slipway has: what is left when the control plane does
// nothing. It takes any key. stop ends it.
func sshFloor(dir string) (port int, stop func() error, err error) {
	key := filepath.Join(dir, "floor-key")
	if err := run(exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)); err != nil {
		return 0, nil, err
	}
	srv := &ssh.Server{
		Handler:          func(s ssh.Session) { _, _ = io.WriteString(s, "nothing\n") }, // fails when the client is gone
		PublicKeyHandler: func(ssh.Context, ssh.PublicKey) bool { return true },
		ConnCallback:     func(_ ssh.Context, c net.Conn) net.Conn { return quick{c.(*net.TCPConn)} },
	}
	if err := srv.SetOption(ssh.HostKeyFile(key)); err != nil {
		return 0, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	go func() { _ = srv.Serve(l) }() // ends with stop
	return l.Addr().(*net.TCPAddr).Port, srv.Close, nil
}

// quick acknowledges at once, as server/sshd does: without it the floor would
// be 80 ms higher.
type quick struct{ *net.TCPConn }

func (c quick) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if raw, rawErr := c.SyscallConn(); rawErr == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) })
	}
	return n, err
}
