package sshd

import (
	"bytes"
	"crypto/rand"
	"strings"
	"syscall"
	"testing"
)

const noCTTY = syscall.O_NOCTTY

func newSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true, Setctty: true} }

func TestStreamsAndExitCode(t *testing.T) {
	r := newRig(t, nil)
	got := runCommand(t, r.ssh(r.key("ann", ""), nil, "exit", "7"))
	if got != (result{"to stdout\n", "to stderr\n", 7}) {
		t.Errorf("got %+v", got)
	}
}

func TestTenMegabytesBothWays(t *testing.T) {
	r := newRig(t, nil)
	data := make([]byte, 10<<20)
	_, _ = rand.Read(data)
	cmd := r.ssh(r.key("ann", ""), nil, "cat")
	cmd.Stdin = bytes.NewReader(data)
	got := runCommand(t, cmd)
	if got.stdout != string(data) || got.code != 0 {
		t.Errorf("%d bytes came back, code %d, stderr %s", len(got.stdout), got.code, got.stderr)
	}
}

func TestIdentityIsTheKey(t *testing.T) {
	r := newRig(t, nil)
	got := runCommand(t, r.ssh(r.key("ann", ""), nil, "who"))
	if !strings.HasPrefix(got.stdout, "user=dokku key=ann fp=SHA256:") || !strings.HasSuffix(got.stdout, "root=false\n") {
		t.Errorf("got %+v", got)
	}
}
