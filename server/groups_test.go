package server

import (
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"testing"
)

// The system user's hooks could not use Docker: they ran without the group that owns its socket.
func TestHooksAreInTheGroupOfDockersSocket(t *testing.T) {
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	own, err := groups(account, "tcp://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "docker.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if os.Geteuid() != 0 {
		t.Skip("only root can give the socket to another group")
	}
	const docker = 54321
	if err := os.Chown(path, -1, docker); err != nil {
		t.Fatal(err)
	}
	got, err := groups(account, "unix://"+path)
	if err != nil || !slices.Equal(got, append(own, docker)) {
		t.Errorf("%v %v, want %v and %d", got, err, own, docker)
	}
	if err := os.Chown(path, -1, 0); err != nil {
		t.Fatal(err)
	}
	if got, err := groups(account, "unix://"+path); err != nil || !slices.Equal(got, own) {
		t.Errorf("a socket of root's: %v %v, want %v", got, err, own)
	}
	if _, err := groups(account, "unix:///nowhere"); err == nil {
		t.Error("no error for a socket that is not there")
	}
}
