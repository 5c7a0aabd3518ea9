package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/slipwayhq/slipway/sdk/wire"
)

// server answers the messages of Slipway.
type server struct {
	plugin Plugin

	mu      sync.Mutex
	next    int                           // of our requests
	pending map[string]chan wire.Message  // our requests that are not answered yet, by id
	calls   map[string]context.CancelFunc // by Slipway's id
}

func newServer(p Plugin) *server {
	return &server{plugin: p, pending: map[string]chan wire.Message{}, calls: map[string]context.CancelFunc{}}
}

// link is where one call says something.
type link struct {
	server *server
	id     json.RawMessage          // of the call
	send   func(wire.Message) error // safe for several goroutines
	done   <-chan struct{}          // closed when the call is cancelled or over
}

// serve serves until r ends, and then ends the calls that are under way.
func (p Plugin) serve(r io.Reader, w io.Writer) error {
	s := newServer(p)
	var writing sync.Mutex
	send := func(m wire.Message) error {
		writing.Lock()
		defer writing.Unlock()
		return wire.Write(w, m)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var calls sync.WaitGroup
	defer calls.Wait()
	defer cancel()
	reader := wire.NewReader(r)
	for {
		m, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.Method != wire.Invoke {
			if answer, ok := s.handle(m); ok {
				if err := send(answer); err != nil {
					return err
				}
			}
			continue
		}
		run := s.begin(ctx, m, send)
		calls.Go(func() { _ = send(run()) }) // an error: Slipway is gone, and so is the input
	}
}

// handle takes every message but a call; ok tells whether there is an answer to send.
func (s *server) handle(m wire.Message) (answer wire.Message, ok bool) {
	switch {
	case m.IsResponse():
		s.mu.Lock()
		waits := s.pending[string(m.ID)]
		delete(s.pending, string(m.ID))
		s.mu.Unlock()
		if waits != nil {
			waits <- m
		}
	case m.Method == wire.Initialize:
		return respond(m.ID, s.plugin.registration(), nil), true
	case m.Method == wire.Cancel:
		var of wire.CallID
		if json.Unmarshal(m.Params, &of) == nil {
			s.mu.Lock()
			if cancel := s.calls[string(of.Call)]; cancel != nil {
				cancel()
			}
			s.mu.Unlock()
		}
	case m.IsRequest():
		return respond(m.ID, nil, &wire.Error{Code: wire.NoSuchMethod, Message: fmt.Sprintf("there is no method %q", m.Method)}), true
	}
	return wire.Message{}, false
}

func respond(id json.RawMessage, result any, err error) wire.Message {
	m, failed := wire.Response(id, result, err)
	if failed != nil {
		m, _ = wire.Response(id, nil, failed)
	}
	return m
}

func (p Plugin) registration() wire.Registration {
	r := wire.Registration{Protocol: wire.Protocol}
	for _, c := range p.Commands {
		r.Commands = append(r.Commands, wire.Command{Name: c.Name, Usage: c.Usage, Help: c.Help, Access: c.Access, Idempotent: c.Idempotent})
	}
	for _, t := range p.Triggers {
		r.Triggers = append(r.Triggers, wire.Trigger{Name: t.Name, Idempotent: t.Idempotent})
	}
	return r
}

// begin takes up a call; run runs it and gives the answer. Between the two it can be cancelled already.
func (s *server) begin(ctx context.Context, m wire.Message, send func(wire.Message) error) (run func() wire.Message) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.calls[string(m.ID)] = cancel
	s.mu.Unlock()
	return func() wire.Message {
		defer func() {
			s.mu.Lock()
			delete(s.calls, string(m.ID))
			s.mu.Unlock()
			cancel()
		}()
		end, err := s.call(ctx, &link{server: s, id: m.ID, send: send, done: ctx.Done()}, m.Params)
		return respond(m.ID, end, err)
	}
}

func (s *server) call(ctx context.Context, l *link, params json.RawMessage) (end wire.End, err error) {
	var call wire.Call
	if err := json.Unmarshal(params, &call); err != nil {
		return end, &wire.Error{Code: wire.BadParams, Message: err.Error()}
	}
	run := s.plugin.find(call)
	if run == nil {
		return end, &wire.Error{Code: wire.BadParams, Message: fmt.Sprintf("there is no %s %s", call.Kind, call.Name)}
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%s %s broke: %v", call.Kind, call.Name, cause)
		}
	}()
	c := &Call{Call: call, link: l, In: &input{link: l}, Out: output{l, wire.Stdout}, Err: output{l, wire.Stderr}}
	err = run(ctx, c)
	var exit Exit
	if errors.As(err, &exit) {
		return wire.End{Exit: int(exit)}, nil
	}
	return end, err
}

func (p Plugin) find(call wire.Call) Func {
	if call.Kind == wire.KindCommand {
		for _, c := range p.Commands {
			if c.Name == call.Name {
				return c.Run
			}
		}
		return nil
	}
	for _, t := range p.Triggers {
		if t.Name == call.Name {
			return t.Run
		}
	}
	return nil
}

// request asks Slipway for something during the call.
func (l *link) request(method string, params, result any) error {
	s := l.server
	s.mu.Lock()
	s.next++
	id := json.RawMessage(strconv.Itoa(s.next))
	waits := make(chan wire.Message, 1)
	s.pending[string(id)] = waits
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.pending, string(id))
		s.mu.Unlock()
	}()
	m, err := wire.New(id, method, params)
	if err == nil {
		err = l.send(m)
	}
	if err != nil {
		return err
	}
	select {
	case answer := <-waits:
		if answer.Error != nil {
			return answer.Error
		}
		return json.Unmarshal(answer.Result, result)
	case <-l.done:
		return context.Canceled
	}
}

// maxOutput is how much goes into one message, in bytes.
const maxOutput = 32 << 10

// output is Out or Err of a call. Each piece waits until the one before is written.
type output struct {
	link   *link
	method string
}

func (o output) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		piece := p[written:min(written+maxOutput, len(p))]
		if err := o.link.request(o.method, wire.Output{Call: o.link.id, Data: wire.DataOf(piece)}, &struct{}{}); err != nil {
			return written, err
		}
		written += len(piece)
	}
	return written, nil
}

// input is In of a call. It asks for input only when something is read.
type input struct {
	link *link
	rest []byte
	over bool
}

func (i *input) Read(p []byte) (int, error) {
	for len(i.rest) == 0 {
		if i.over {
			return 0, io.EOF
		}
		var got wire.Input
		err := i.link.request(wire.Stdin, wire.CallID{Call: i.link.id}, &got)
		if err == nil {
			i.rest, err = got.Bytes()
		}
		if err != nil {
			return 0, err
		}
		i.over = got.EOF
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
}
