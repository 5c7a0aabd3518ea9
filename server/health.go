package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/proxy/client"
	"github.com/slipwayhq/slipway/proxy/control"
)

// healthTime is how long a healthy process takes at most to answer.
const healthTime = 4 * time.Second

// Health asks the processes of the installation that run here whether they answer, and fails when one does not, or when none
// runs here. Here means that we can see the process, as inside its container: the sockets are shared by all containers.
func Health(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	proxySocket := filepath.Join(cfg.Lib, "run", "proxy.sock")
	found := 0
	for _, probe := range []struct {
		socket string
		ask    func(ctx context.Context, conn net.Conn) error
	}{
		{cfg.Socket, greeted},
		{proxySocket, proxyAnswers(proxySocket)},
		{proxySocket + control.BeforeSuffix, proxyAnswers(proxySocket + control.BeforeSuffix)},
	} {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", probe.socket)
		if err != nil {
			continue // it does not run
		}
		err = nil
		if here(conn) {
			found++
			err = probe.ask(ctx, conn)
		}
		if err := errors.Join(err, conn.Close()); err != nil {
			return fmt.Errorf("no answer on %s: %w", probe.socket, err)
		}
	}
	if found == 0 {
		return errors.New("neither the control plane nor the proxy runs here")
	}
	return nil
}

// here reports whether the process that listens has a pid in our namespace; unix(7), SO_PEERCRED.
func here(conn net.Conn) bool {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return false
	}
	var peer *unix.Ucred
	var perr error
	err = raw.Control(func(fd uintptr) { peer, perr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	return err == nil && perr == nil && peer.Pid != 0
}

// greeted waits for the first word of an SSH server.
func greeted(ctx context.Context, conn net.Conn) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	want := []byte("SSH-2.0-")
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("it says %q", got)
	}
	return nil
}

func proxyAnswers(socket string) func(context.Context, net.Conn) error {
	return func(ctx context.Context, _ net.Conn) error {
		_, err := client.New(client.Config{Socket: socket}).Status(ctx)
		return err
	}
}
