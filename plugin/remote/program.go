package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/sdk/wire"
)

// program is one run of a plugin's program.
type program struct {
	cmd          *exec.Cmd
	log          *slog.Logger
	began        time.Time
	registration wire.Registration

	writing sync.Mutex // one message at a time
	stdin   io.WriteCloser

	mu    sync.Mutex
	next  int64
	calls map[string]*waiting // by id

	end  context.CancelFunc // kills its group
	gone chan struct{}      // closed when it has ended, err says how
	err  error
}

// waiting is a request of ours that is not answered yet.
type waiting struct {
	session *session // nil for the handshake
	answer  chan wire.Message
	failed  chan error // something that ends the call
}

func startProgram(log *slog.Logger, start func(ctx context.Context) *exec.Cmd) (*program, error) {
	ctx, end := context.WithCancel(context.Background())
	cmd := start(ctx)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		end()
		return nil, err
	}
	// Not StdoutPipe: Wait closes that one, perhaps before the last message is read.
	stdout, pipe := io.Pipe()
	said := command.Lines(scrap(log))
	cmd.Stdout, cmd.Stderr = pipe, said
	if err := cmd.Start(); err != nil {
		end()
		return nil, err
	}
	g := &program{cmd: cmd, log: log, began: time.Now(), stdin: stdin, calls: map[string]*waiting{}, end: end, gone: make(chan struct{})}
	read := make(chan error, 1)
	go func() { read <- g.read(stdout) }()
	go func() {
		err := cmd.Wait()
		_ = pipe.Close() // never fails
		_ = said.Close()
		wrong := <-read
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // an error: nobody of its group was left
		end()
		switch {
		case wrong != nil:
			g.err = wrong
		case err != nil:
			g.err = fmt.Errorf("its program failed: %w", err)
		default:
			g.err = errors.New("its program ended")
		}
		close(g.gone)
	}()
	return g, nil
}

// read takes what the program says until it ends. Its error is about a program that says what is no message; that one is
// killed, because what it meant to say can only be guessed.
func (g *program) read(stdout *io.PipeReader) error {
	r := wire.NewReader(stdout)
	for {
		m, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			g.kill()
			_, _ = io.Copy(io.Discard, stdout) // until it has ended
			return fmt.Errorf("its program says what is %w", err)
		}
		g.dispatch(m)
	}
}

func (g *program) dispatch(m wire.Message) {
	id := m.ID
	if m.Method != "" {
		var of wire.CallID
		if err := json.Unmarshal(m.Params, &of); err == nil {
			id = of.Call
		} else {
			id = nil
		}
	}
	g.mu.Lock()
	w := g.calls[string(id)]
	if m.Method == "" {
		delete(g.calls, string(id)) // it is answered once
	}
	g.mu.Unlock()
	switch {
	case m.Method == wire.Log:
		if err := logLine(g.log, m); err != nil {
			g.log.Warn("what a plugin told could not be done", "method", m.Method, "err", err)
		}
	case m.Method != "" && (w == nil || w.session == nil):
		if m.IsRequest() {
			answer, _ := wire.Response(m.ID, nil, &wire.Error{Code: wire.BadParams, Message: "there is no such call under way"})
			go func() { _ = g.send(answer) }() // not on the reader: the program may be busy writing itself
		}
	case m.Method != "":
		if err := w.session.handle(m); err != nil {
			select {
			case w.failed <- err:
			default:
			}
		}
	case w != nil:
		w.answer <- m // has room for the one answer
	}
}

// send writes a message. It fails when the program is gone or takes nothing any more.
func (g *program) send(m wire.Message) error {
	var b bytes.Buffer
	if err := wire.Write(&b, m); err != nil {
		return err
	}
	g.writing.Lock()
	defer g.writing.Unlock()
	if _, err := g.stdin.Write(b.Bytes()); err != nil {
		return errGone
	}
	return nil
}

func (g *program) request(method string, params any, w *waiting) (id json.RawMessage, err error) {
	g.mu.Lock()
	g.next++
	id = json.RawMessage(strconv.FormatInt(g.next, 10))
	g.calls[string(id)] = w
	g.mu.Unlock()
	m, err := wire.New(id, method, params)
	if err == nil {
		err = g.send(m)
	}
	if err != nil {
		g.forget(id)
	}
	return id, err
}

func (g *program) forget(id json.RawMessage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.calls, string(id))
}

func (g *program) hello(ctx context.Context, cfg Config) (wire.Registration, error) {
	w := &waiting{answer: make(chan wire.Message, 1)}
	id, err := g.request(wire.Initialize, wire.Hello{Protocol: wire.Protocol, Slipway: cfg.Slipway, Plugin: cfg.Name}, w)
	if err != nil {
		return wire.Registration{}, err
	}
	select {
	case m := <-w.answer:
		return registrationOf(m)
	case <-g.gone:
		return wire.Registration{}, errGone
	case <-ctx.Done():
		g.forget(id)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return wire.Registration{}, fmt.Errorf("its program does not answer initialize within %s", helloTime)
		}
		return wire.Registration{}, ctx.Err()
	}
}

func registrationOf(m wire.Message) (wire.Registration, error) {
	var r wire.Registration
	if m.Error != nil {
		return r, m.Error
	}
	if err := decode(m.Result, &r); err != nil {
		return r, fmt.Errorf("its answer to initialize cannot be read: %w", err)
	}
	return r, check(r)
}

// call runs one call to its end. Its error is errGone when the program ended before it answered.
func (g *program) call(ctx context.Context, call wire.Call, caller Caller) error {
	s := newSession(ctx, caller, g.log, g.send)
	defer s.finish()
	w := &waiting{session: s, answer: make(chan wire.Message, 1), failed: make(chan error, 1)}
	id, err := g.request(wire.Invoke, call, w)
	if err != nil {
		return err
	}
	defer g.forget(id)
	done := ctx.Done()
	var over <-chan time.Time
	var why error
	for {
		select {
		case m := <-w.answer:
			s.out.close() // what it printed before it ended
			if why != nil {
				return why
			}
			return ended(m)
		case <-g.gone:
			if why != nil {
				return why
			}
			return errGone
		case err := <-w.failed:
			why, over = command.Fail("%w", err), g.cancel(id)
		case <-done:
			why, over, done = ctx.Err(), g.cancel(id), nil
		case <-over:
			g.log.Warn("a plugin does not end a call that was cancelled, and is killed", "call", call.Name)
			g.kill()
			over = nil
		}
	}
}

// cancel tells the program to end a call, and gives the end of its patience.
func (g *program) cancel(id json.RawMessage) <-chan time.Time {
	if m, err := wire.New(nil, wire.Cancel, wire.CallID{Call: id}); err == nil {
		go func() { _ = g.send(m) }() // where it takes nothing any more, it is killed soon
	}
	return time.After(grace)
}

// kill ends the program and all of its group at once.
func (g *program) kill() {
	select {
	case <-g.gone:
		return
	default:
	}
	_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL) // an error: it has ended already
	g.end()
}

// stop lets the program end by itself, as its input ends, and kills it where it does not.
func (g *program) stop() {
	go func() { _ = g.stdin.Close() }() // waits for a message that is being written
	select {
	case <-g.gone:
	case <-time.After(grace):
		g.kill()
		<-g.gone
	}
}
