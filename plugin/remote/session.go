package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/slipwayhq/slipway/sdk/wire"
)

// session is one call under way: it does what the plugin asks for during it.
type session struct {
	ctx    context.Context //nolint:containedctx // a session is one call, and ends with it
	cancel context.CancelFunc
	caller Caller
	log    *slog.Logger
	reply  func(wire.Message) error // to the plugin
	out    *queue
	in     sync.Mutex     // one reader of stdin at a time
	work   sync.WaitGroup // requests of the plugin that are being answered, but for those of stdin
	slots  chan struct{}  // bounds them
}

// maxRequests is how many requests of one call are answered at once.
const maxRequests = 64

func newSession(ctx context.Context, caller Caller, log *slog.Logger, reply func(wire.Message) error) *session {
	ctx, cancel := context.WithCancel(ctx)
	return &session{ctx: ctx, cancel: cancel, caller: caller, log: log, reply: reply, out: newQueue(), slots: make(chan struct{}, maxRequests)}
}

// handle does what a message asks for. It does not wait for that. Its error ends the call.
func (s *session) handle(m wire.Message) error {
	switch m.Method {
	case wire.Stdout, wire.Stderr:
		var o wire.Output
		if err := decode(m.Params, &o); err != nil {
			return fmt.Errorf("%s: %w", m.Method, err)
		}
		b, err := o.Bytes()
		if err != nil {
			return fmt.Errorf("%s: %w", m.Method, err)
		}
		to := s.caller.Out
		if m.Method == wire.Stderr {
			to = s.caller.Err
		}
		return s.out.add(piece{to: to, data: b, written: func(err error) { s.answer(m, struct{}{}, err) }})
	}
	select {
	case s.slots <- struct{}{}:
	default:
		s.answer(m, nil, &wire.Error{Code: wire.Failed, Message: fmt.Sprintf("more than %d requests of one call at once", maxRequests)})
		return nil
	}
	if m.Method != wire.Stdin { // whose reader may wait for input as long as the command lasts
		s.work.Add(1)
	}
	go func() {
		defer func() {
			<-s.slots
			if m.Method != wire.Stdin {
				s.work.Done()
			}
		}()
		result, err := s.serve(m)
		s.answer(m, result, err)
	}()
	return nil
}

// answer answers a request; of a notification nobody wants to know.
func (s *session) answer(m wire.Message, result any, err error) {
	if !m.IsRequest() {
		if err != nil {
			s.log.Warn("what a plugin told could not be done", "method", m.Method, "err", err)
		}
		return
	}
	answer, err := wire.Response(m.ID, result, err)
	if err == nil {
		err = s.reply(answer)
	}
	if err != nil && s.ctx.Err() == nil {
		s.log.Warn("a plugin cannot be answered", "method", m.Method, "err", err)
	}
}

// serve does what one request asks for.
func (s *session) serve(m wire.Message) (result any, err error) {
	switch m.Method {
	case wire.Stdin:
		return s.read()
	case wire.Run:
		var r wire.RunCommand
		if err := decode(m.Params, &r); err != nil {
			return nil, err
		}
		stdin, err := r.Stdin.Bytes()
		if err != nil || len(r.Args) == 0 {
			return nil, &wire.Error{Code: wire.BadParams, Message: "run: there is no command in args"}
		}
		var stdout, stderr bytes.Buffer
		code := s.caller.Run(s.ctx, r.Args, bytes.NewReader(stdin), &stdout, &stderr)
		return wire.RunResult{Exit: code, Stdout: wire.DataOf(stdout.Bytes()), Stderr: wire.DataOf(stderr.Bytes())}, nil
	case wire.Fire:
		var f wire.FireTrigger
		if err := decode(m.Params, &f); err != nil {
			return nil, err
		}
		answers, err := s.caller.Fire(s.ctx, f.Shape, f.Name, f.Args)
		return wire.FireResult{Answers: answers}, err
	case wire.Log:
		return struct{}{}, logLine(s.log, m)
	}
	return nil, &wire.Error{Code: wire.NoSuchMethod, Message: fmt.Sprintf("there is no method %q", m.Method)}
}

// maxInput is how much of stdin goes into one message, in bytes.
const maxInput = 32 << 10

func (s *session) read() (wire.Input, error) {
	s.in.Lock()
	defer s.in.Unlock()
	buf := make([]byte, maxInput)
	n, err := s.caller.In.Read(buf)
	switch {
	case errors.Is(err, io.EOF):
		return wire.Input{Data: wire.DataOf(buf[:n]), EOF: true}, nil
	case err != nil && n == 0:
		return wire.Input{}, err
	}
	return wire.Input{Data: wire.DataOf(buf[:n])}, nil
}

// finish ends what the plugin asked for and no longer waits for, and waits until all that was printed is written.
func (s *session) finish() {
	s.cancel()
	s.work.Wait()
	s.out.close()
}

// logLine writes a line of the plugin into our log.
func logLine(log *slog.Logger, m wire.Message) error {
	var l wire.LogLine
	if err := decode(m.Params, &l); err != nil {
		return err
	}
	level := slog.LevelInfo
	if l.Level != "" {
		if err := level.UnmarshalText([]byte(l.Level)); err != nil {
			return &wire.Error{Code: wire.BadParams, Message: fmt.Sprintf("log: %q is no level", l.Level)}
		}
	}
	log.Log(context.Background(), level, "a plugin says", "said", l.Message)
	return nil
}

func decode(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return &wire.Error{Code: wire.BadParams, Message: "there are no params"}
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return &wire.Error{Code: wire.BadParams, Message: err.Error()}
	}
	return nil
}
