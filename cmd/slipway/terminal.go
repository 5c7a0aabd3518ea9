package main

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal is the caller's terminal in raw mode; the zero value is none.
type terminal struct {
	raw     bool
	restore func() // back to the caller's mode; may be called several times
}

// openTerminal asks for a terminal on the other side when all three streams
// are one here, and makes it raw: line editing and Ctrl-C are the other side's.
// A job in the background has none: the kernel would stop it.
func openTerminal(ch ssh.Channel) (*terminal, error) {
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		if !term.IsTerminal(int(f.Fd())) {
			return &terminal{restore: func() {}}, nil
		}
	}
	group, err := unix.IoctlGetInt(int(os.Stdin.Fd()), unix.TIOCGPGRP)
	if err != nil || group != unix.Getpgrp() {
		return &terminal{restore: func() {}}, nil //nolint:nilerr // without a controlling terminal there is none to share
	}
	size := windowSize()
	ok, err := ch.SendRequest("pty-req", true, ssh.Marshal(struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}{os.Getenv("TERM"), size.Columns, size.Rows, 0, 0, "\x00"})) // no modes: 0 is TTY_OP_END
	if err != nil {
		return nil, errLost
	}
	if !ok {
		return &terminal{restore: func() {}}, nil
	}
	fd := int(os.Stdin.Fd())
	state, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("slipway cannot use the terminal: %w", err)
	}
	return &terminal{raw: true, restore: sync.OnceFunc(func() { _ = term.Restore(fd, state) })}, nil
}

// window is a size as SSH has it (RFC 4254 §6.2); pixels are not known.
type window struct{ Columns, Rows, Width, Height uint32 }

func windowSize() window {
	columns, rows, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return window{Columns: 80, Rows: 24}
	}
	return window{Columns: uint32(columns), Rows: uint32(rows)}
}

func (t *terminal) resize(ch ssh.Channel) {
	if t.raw {
		_, _ = ch.SendRequest("window-change", false, ssh.Marshal(windowSize())) // fails when the command is over
	}
}
