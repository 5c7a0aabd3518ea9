package sshd

import (
	"context"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/protocol"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/state"
)

// run executes the command line and returns its exit code.
func (ss *session) run(ctx context.Context, line string) (code int) {
	call := &command.Call{Actor: ss.caller.actor, Env: ss.env}
	who := ss.caller.asKey(ss.env)
	call.Actor = who.actor
	if ss.caller.local {
		ctx = state.WithLockToken(ctx, ss.env[state.LockEnv])
	}
	if ss.pty != nil {
		term, err := ss.openTerminal(ctx)
		if err != nil {
			ss.srv.cfg.Log.Error("cannot make a terminal", "error", err)
			command.NewOutput(ss.ch, ss.ch.Stderr()).Warn("No terminal can be had: %s", err)
			return 1
		}
		defer term.close()
		call.TTY = term
		call.In, call.Out = term.input(ctx), command.NewOutput(term.slave, term.slave).WithColor(term.name != "" && term.name != "dumb" && ss.env["NO_COLOR"] == "").WithStatus(term.slave, ss.columns)
	} else {
		call.In, call.Out = ss.input(ctx), command.NewOutput(ss.ch, ss.ch.Stderr())
	}
	if who.refusal != "" {
		call.Out.Warn("%s", who.refusal)
		return 1
	}
	split := words.SplitRemote
	if ss.caller.local {
		split = words.Split
	}
	argv, err := split(line)
	if err != nil {
		call.Out.Warn("The command cannot be read: %s", err)
		return 1
	}
	call.Files, call.SystemFiles = ss.srv.filesOf(who, ss.env), ss.srv.systemFilesOf(who, ss.env)
	return ss.srv.dispatch(ctx, ss.table(), call, argv)
}

// table is what the command is looked up in.
func (ss *session) table() *command.Table {
	if ss.caller.local && ss.srv.cfg.Programs != nil && protocol.IsProgram(ss.env[protocol.Program]) {
		return ss.srv.cfg.Programs
	}
	return ss.srv.cfg.Table
}

// dispatch runs the command. A panic in it costs the caller one sentence and
// the server nothing.
func (s *Server) dispatch(ctx context.Context, table *command.Table, call *command.Call, argv []string) (code int) {
	start, name := time.Now(), "help"
	if len(argv) > 0 {
		name = argv[0]
	}
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.Error("panic in a command", "command", name, "panic", p, "stack", string(debug.Stack()))
			call.Out.Warn("Something in Slipway broke while it ran %s. The log of slipwayd has the details.", name)
			code = 1
		}
		if len(call.Argv) > 0 {
			name = call.Argv[0] // without the global flags in front
		}
		if s.base.Err() != nil && code == interrupted {
			call.Out.Warn("slipwayd is stopping and has ended %s. Call it again when slipwayd runs.", name)
		}
		s.cfg.Log.Info("command", "command", name, "actor", call.Actor.String(), "root", call.Actor.Root,
			"addr", call.Actor.Remote, "code", code, "duration", time.Since(start))
	}()
	return table.Run(ctx, call, argv)
}

// interrupted is the exit code of a command that was cancelled. Source: package
// command.
const interrupted = 130

// input is what the caller sends; it ends with an error when ctx ends, also for
// a reader that waits. Nothing is taken before the first Read, which asks a
// local client for it.
func (ss *session) input(ctx context.Context) io.Reader {
	r, w := io.Pipe()
	context.AfterFunc(ctx, func() { w.CloseWithError(context.Cause(ctx)) })
	return &demandedInput{PipeReader: r, file: ss.stdin, start: func() {
		ss.mu.Lock()
		defer ss.mu.Unlock()
		if ss.gone { // and what was left of the command reads: ctx has ended
			return
		}
		if ss.caller.local {
			_, _ = ss.ch.SendRequest(protocol.WantInput, false, nil) // fails when the caller is gone, as reading does
		}
		ss.workers.Go(func() {
			_, err := io.Copy(w, ss.ch)
			w.CloseWithError(err)
		})
	}}
}

type demandedInput struct {
	*io.PipeReader
	once    sync.Once
	start   func()
	started atomic.Bool
	file    *os.File // the caller's own descriptor, nil for none
}

func (d *demandedInput) Read(p []byte) (int, error) {
	d.started.Store(true)
	d.once.Do(d.start)
	return d.PipeReader.Read(p)
}

// Inherit implements command.Inheritable.
func (d *demandedInput) Inherit() *os.File {
	if d.started.Load() {
		return nil
	}
	return d.file
}
