package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// drainTime is how long the end of a command waits for more output when a child
// in the background keeps its terminal open.
const drainTime = 2 * time.Second

// terminal is a kernel pseudo terminal: the command has the slave, the caller
// is behind the master. It implements command.Terminal.
type terminal struct {
	name          string
	path          string
	master, slave *os.File
	over          atomic.Bool   // the command is
	drained       chan struct{} // closed when all output is with the caller
}

// Name implements command.Terminal.
func (t *terminal) Name() string { return t.name }

// Path implements command.Terminal. Who opens it inside the daemon must give
// O_NOCTTY: a daemon that leads its session would make it its own controlling
// terminal and die of its hang-up.
func (t *terminal) Path() string { return t.path }

// openTerminal makes the session's terminal and starts to copy both ways.
func (ss *session) openTerminal(ctx context.Context) (*terminal, error) {
	t, err := newTerminal(ss.pty.Term)
	if err != nil {
		return nil, err
	}
	if u := ss.srv.cfg.SystemUser; u != nil && ss.srv.uid == 0 {
		err = t.slave.Chown(int(u.UID), -1) // children may run as this user
	}
	if err != nil {
		t.master.Close()
		t.slave.Close()
		return nil, fmt.Errorf("cannot hand over the terminal: %w", err)
	}
	ss.mu.Lock()
	ss.term = t
	t.resize(ss.size)
	ss.mu.Unlock()
	ss.workers.Go(func() {
		defer close(t.drained)
		t.show(ss.ch)
	})
	ss.workers.Go(func() { t.feed(ss.ch, func() { ss.interrupt(ctx) }) })
	return t, nil
}

// newTerminal opens a pair. The files are non-blocking, so that closing one
// ends a read of it: creack/pty's are not.
func newTerminal(name string) (*terminal, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open /dev/ptmx: %w", err)
	}
	master := os.NewFile(uintptr(fd), "/dev/ptmx")
	fail := func(err error) (*terminal, error) {
		master.Close()
		return nil, fmt.Errorf("cannot open a terminal: %w", err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return fail(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return fail(err)
	}
	path := "/dev/pts/" + strconv.Itoa(n)
	slaveFD, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return fail(err)
	}
	if modes, err := unix.IoctlGetTermios(slaveFD, unix.TCGETS); err == nil {
		modes.Iflag |= unix.IUTF8 // a backspace takes a whole character away
		_ = unix.IoctlSetTermios(slaveFD, unix.TCSETS, modes)
	}
	return &terminal{name: name, path: path, master: master, slave: os.NewFile(uintptr(slaveFD), path), drained: make(chan struct{})}, nil
}

// control runs f with the master's file descriptor, which stays non-blocking.
func (t *terminal) control(f func(fd int)) {
	if raw, err := t.master.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) }) // fails when the terminal is closed
	}
}

func (t *terminal) resize(size windowSize) {
	t.control(func(fd int) {
		_ = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{
			Row: uint16(size.Rows), Col: uint16(size.Columns), Xpixel: uint16(size.Width), Ypixel: uint16(size.Height),
		})
	})
}

// show copies what the command prints, until nobody has the slave open (EIO),
// the caller is gone, or nothing more comes after the command's end.
func (t *terminal) show(to io.Writer) {
	buf := make([]byte, 32<<10)
	for {
		if t.over.Load() {
			_ = t.master.SetReadDeadline(time.Now().Add(drainTime))
		}
		n, err := t.master.Read(buf)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// feed copies what the caller types. Ctrl-C in cooked mode: where a child has
// made this its controlling terminal the kernel signals it; where none has,
// nobody would notice, the daemon being in no foreground process group, so
// interrupt is called.
func (t *terminal) feed(from io.Reader, interrupt func()) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 && t.interrupts(buf[:n]) {
			interrupt()
		}
		if n > 0 {
			if _, err := t.master.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			t.endOfInput()
			return
		}
	}
}

func (t *terminal) interrupts(typed []byte) (yes bool) {
	t.control(func(fd int) {
		modes, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil || modes.Lflag&unix.ISIG == 0 {
			return
		}
		if group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil && group > 0 {
			return
		}
		for _, c := range typed {
			if c != 0 && (c == modes.Cc[unix.VINTR] || c == modes.Cc[unix.VQUIT]) {
				yes = true
			}
		}
	})
	return yes
}

// endOfInput passes the end of the caller's input on as Ctrl-D, where that
// means something.
func (t *terminal) endOfInput() {
	var eof byte
	t.control(func(fd int) {
		if modes, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == nil && modes.Lflag&unix.ICANON != 0 {
			eof = modes.Cc[unix.VEOF]
		}
	})
	if eof != 0 {
		_, _ = t.master.Write([]byte{eof}) // fails when the command is over
	}
}

// input reads what is typed; it ends with an error when ctx ends.
func (t *terminal) input(ctx context.Context) io.Reader {
	context.AfterFunc(ctx, func() { _ = t.slave.SetReadDeadline(time.Unix(1, 0)) })
	return terminalInput{t.slave}
}

// terminalInput hides the file: its descriptor is non-blocking and must not
// become the standard input of a child. Children open Path.
type terminalInput struct{ slave *os.File }

func (r terminalInput) Read(p []byte) (int, error) {
	n, err := r.slave.Read(p)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = context.Canceled
	case errors.Is(err, unix.EIO): // the caller hung up
		err = io.EOF
	}
	return n, err
}

// close ends the terminal after the command: what it wrote last still reaches
// the caller.
func (t *terminal) close() {
	t.slave.Close()
	t.over.Store(true)
	_ = t.master.SetReadDeadline(time.Now().Add(drainTime)) // for the read under way
	<-t.drained
	t.master.Close()
}
