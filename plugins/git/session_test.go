package git

import (
	"context"
	"encoding/gob"
	"io"
	"net"
	"os"
	"sync"

	"github.com/slipwayhq/slipway/command"
)

// hello begins a session; frames follow on both sides.
type hello struct {
	Argv   []string
	Env    map[string]string
	Remote bool
}

type frame struct {
	Stream int // 0: stdin, 1: stdout, 2: stderr, 3: end of stdin, 4: exit
	Data   []byte
	Code   int
}

func talk(h hello) int {
	conn, err := net.Dial("unix", os.Getenv("GIT_TEST_SOCKET"))
	if err != nil {
		println(err.Error())
		return 1
	}
	out := gob.NewEncoder(conn)
	if err := out.Encode(h); err != nil {
		return 1
	}
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := os.Stdin.Read(buf)
			if n > 0 && out.Encode(frame{Data: buf[:n]}) != nil {
				return
			}
			if err != nil {
				_ = out.Encode(frame{Stream: 3})
				return
			}
		}
	}()
	in := gob.NewDecoder(conn)
	for {
		var f frame
		if in.Decode(&f) != nil {
			return 255
		}
		switch f.Stream {
		case 1:
			os.Stdout.Write(f.Data)
		case 2:
			os.Stderr.Write(f.Data)
		case 4:
			return f.Code
		}
	}
}

func (h *harness) listen(socket string) {
	l, err := net.Listen("unix", socket)
	must(h.t, err)
	h.t.Cleanup(func() {
		l.Close()
		h.sessions.Wait()
	})
	h.sessions.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			h.sessions.Go(func() { h.session(conn) })
		}
	})
}

// session answers one talk.
func (h *harness) session(conn net.Conn) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in := gob.NewDecoder(conn)
	var first hello
	if in.Decode(&first) != nil {
		return
	}
	stdin, feed := io.Pipe()
	go func() {
		for {
			var f frame
			if in.Decode(&f) != nil {
				cancel()
				feed.CloseWithError(io.ErrUnexpectedEOF)
				return
			}
			if f.Stream == 3 {
				feed.Close()
				continue
			}
			if _, err := feed.Write(f.Data); err != nil {
				continue
			}
		}
	}()
	out := &frameWriter{out: gob.NewEncoder(conn)}
	c := &command.Call{
		In: stdin, Out: command.NewOutput(out.stream(1), out.stream(2)), Env: first.Env,
		Actor: command.Actor{User: "dokku", Root: !first.Remote},
	}
	if first.Remote {
		c.Actor.KeyName, c.Actor.Fingerprint, c.Actor.Remote = "ann", "SHA256:x", "192.0.2.1:1"
	}
	code := h.table.Run(ctx, c, first.Argv)
	stdin.Close()
	out.send(frame{Stream: 4, Code: code})
}

type frameWriter struct {
	mu  sync.Mutex
	out *gob.Encoder
}

func (w *frameWriter) send(f frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.out.Encode(f)
}

type streamWriter struct {
	w      *frameWriter
	number int
}

func (w *frameWriter) stream(n int) io.Writer { return streamWriter{w, n} }

func (s streamWriter) Write(p []byte) (int, error) {
	s.w.send(frame{Stream: s.number, Data: p})
	return len(p), nil
}
