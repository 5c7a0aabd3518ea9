package sshd

import (
	"context"
	"os"
	"strings"
	"sync"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/internal/protocol"
)

// session is one channel of a connection: it runs one command.
type session struct {
	srv    *Server
	ch     gossh.Channel
	caller caller
	stdin  *os.File // of a local caller that handed it over
	env    map[string]string
	pty    *ptyRequest // nil: the caller has no terminal

	cancel  context.CancelFunc
	ended   sync.Once
	workers sync.WaitGroup // the command and the copying of its input

	mu   sync.Mutex // guards what follows
	gone bool       // the caller is; no more workers
	term *terminal
	size windowSize // to be given to term
}

// endOfWrite is the request by which a client says that it takes no more
// output. Source: OpenSSH's PROTOCOL, section 2.1.
const endOfWrite = "eow@openssh.com"

// Payloads of channel requests. Source: RFC 4254 §6.
type (
	execRequest   struct{ Command string }
	envRequest    struct{ Name, Value string }
	signalRequest struct{ Signal string }
	exitStatus    struct{ Status uint32 }
	windowSize    struct{ Columns, Rows, Width, Height uint32 }
	ptyRequest    struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}
)

// handleSession serves one session channel until the caller or the command
// closes it.
func (s *Server) handleSession(conn *gossh.ServerConn, nc gossh.NewChannel, ctx ssh.Context, who identify) {
	shake := ctx.Value(handshakeKey{}).(*handshake)
	open := &shake.open
	defer open.Add(-1)
	if open.Add(1) > maxSessions {
		_ = nc.Reject(gossh.ResourceShortage, "too many sessions on one connection")
		return
	}
	if !s.count(&s.loops) {
		_ = nc.Reject(gossh.ResourceShortage, "the control plane is stopping")
		return
	}
	defer s.loops.Done()
	ch, requests, err := nc.Accept()
	if err != nil {
		return // the connection is gone
	}
	cmdCtx, cancel := context.WithCancel(s.base)
	ss := &session{srv: s, ch: ch, caller: who(conn, ctx), env: map[string]string{}, cancel: cancel}
	if with, ok := shake.Conn.(*withStdin); ok {
		ss.stdin = with.file()
	}
	ss.serve(cmdCtx, requests)
}

func (ss *session) serve(ctx context.Context, requests <-chan *gossh.Request) {
	defer ss.workers.Wait()
	defer ss.hangUp()
	defer ss.cancel()
	started := false
	for req := range requests {
		var ok bool
		var line string
		start := false
		switch req.Type {
		case "exec", "shell":
			if line, ok = commandLine(req); ok {
				ok = !started && ss.srv.count(&ss.srv.commands)
				start = ok
			}
		case "env":
			ok = !started && ss.setEnv(req.Payload)
		case "pty-req":
			ok = !started && ss.setTerminal(req.Payload)
		case "window-change":
			ok = ss.resize(req.Payload)
		case "signal":
			ok = ss.signal(req.Payload)
		case endOfWrite: // a program would get SIGPIPE
			ss.cancel()
		}
		if req.WantReply {
			_ = req.Reply(ok, nil) // fails when the caller is gone, which ends the loop
		}
		if start { // after the reply: the command closes the channel
			started = true
			ss.workers.Go(func() {
				defer ss.srv.commands.Done()
				ss.end(ss.run(ctx, line))
			})
		}
	}
}

// commandLine is what to run: nothing when the caller asks for a shell.
func commandLine(req *gossh.Request) (string, bool) {
	if req.Type == "shell" {
		return "", true
	}
	var exec execRequest
	err := gossh.Unmarshal(req.Payload, &exec)
	return exec.Command, err == nil
}

func (ss *session) setTerminal(payload []byte) bool {
	var pty ptyRequest
	if ss.caller.noPTY || gossh.Unmarshal(payload, &pty) != nil {
		return false
	}
	ss.pty, ss.size = &pty, windowSize{pty.Columns, pty.Rows, pty.Width, pty.Height}
	return true
}

func (ss *session) setEnv(payload []byte) bool {
	var env envRequest
	if gossh.Unmarshal(payload, &env) != nil || !protocol.Allowed(env.Name, len(env.Value), ss.caller.local) ||
		strings.IndexByte(env.Value, 0) >= 0 {
		return false
	}
	ss.env[env.Name] = env.Value
	return true
}

func (ss *session) signal(payload []byte) bool {
	var sig signalRequest
	if gossh.Unmarshal(payload, &sig) != nil {
		return false
	}
	switch sig.Signal {
	case "INT", "TERM", "HUP", "QUIT", "KILL":
		ss.cancel()
	}
	return true
}

// interrupt is Ctrl-C on the terminal: the first cancels the command, one more
// leaves a command behind that does not end.
func (ss *session) interrupt(ctx context.Context) {
	if ctx.Err() != nil {
		ss.end(interrupted)
		return
	}
	ss.cancel()
}

func (ss *session) resize(payload []byte) bool {
	var size windowSize
	if gossh.Unmarshal(payload, &size) != nil {
		return false
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.size = size
	if ss.term != nil {
		ss.term.resize(size)
	}
	return true
}

// columns is the width of the caller's terminal.
func (ss *session) columns() int {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return int(ss.size.Columns)
}

// hangUp closes the terminal of a caller who is gone, which ends reads and
// writes of the command and of its children.
func (ss *session) hangUp() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.gone = true
	if ss.term != nil {
		ss.term.master.Close()
	}
}

// end tells the caller the exit code and closes the channel, once.
func (ss *session) end(code int) {
	ss.ended.Do(func() {
		_ = ss.ch.CloseWrite()
		_, _ = ss.ch.SendRequest("exit-status", false, gossh.Marshal(exitStatus{uint32(code)}))
		_ = ss.ch.Close()
	})
}
