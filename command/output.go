package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Output prints in Dokku's conventions. Its methods may be called from several
// goroutines; lines never mix.
//
//	out.Step("Creating %s...", app)   // -----> Creating blog...
//	out.Title("Application deployed:") // =====> Application deployed:
//	out.Text("http://blog.example.com") //        http://blog.example.com
//	out.Warn("App %s is locked", app)  //  !     App blog is locked   (stderr)
type Output struct {
	screen         *screen
	stdout, stderr io.Writer
	quiet          bool // --quiet: what goes through Headers vanishes
	discard        bool
	color          bool
}

// NewOutput writes to stdout and stderr.
func NewOutput(stdout, stderr io.Writer) *Output {
	return &Output{screen: &screen{}, stdout: stdout, stderr: stderr}
}

// Discard is an Output that shows nothing.
func Discard() *Output { return NewOutput(io.Discard, io.Discard) }

// WithColor says whether escape sequences for colour may be used.
func (o *Output) WithColor(color bool) *Output { c := *o; c.color = color; return &c }

// WithQuiet says whether headers are suppressed.
func (o *Output) WithQuiet(quiet bool) *Output { c := *o; c.quiet = quiet; return &c }

// Color tells whether escape sequences for colour may be used.
func (o *Output) Color() bool { return o.color }

// Quiet tells whether --quiet was given.
func (o *Output) Quiet() bool { return o.quiet }

// Headers is the same Output for lines that --quiet suppresses.
func (o *Output) Headers() *Output { c := *o; c.discard = o.quiet || o.discard; return &c }

// Merged is an Output that writes everything to both o's stdout and w, as a
// build's log needs it.
func (o *Output) Merged(w io.Writer) *Output {
	c := *o
	c.stdout, c.stderr = io.MultiWriter(o.stdout, w), io.MultiWriter(o.stderr, w)
	return &c
}

// Combined writes both streams to stdout, so that their lines keep their order
// where the two travel apart.
func (o *Output) Combined() *Output { c := *o; c.stderr = o.stdout; return &c }

// Buffered is an Output whose lines appear together when flush is called.
func (o *Output) Buffered() (buffered *Output, flush func()) {
	b := &buffer{}
	c := *o
	c.screen = &screen{}
	c.stdout, c.stderr = &bufferedStream{b, o.stdout}, &bufferedStream{b, o.stderr}
	return &c, func() {
		o.screen.mu.Lock()
		defer o.screen.mu.Unlock()
		for _, piece := range b.pieces {
			_, _ = o.screen.print(piece.w, piece.data) // as in write
		}
		b.pieces = nil
	}
}

// buffer keeps what was written to two streams in one order.
type buffer struct{ pieces []piece }

type piece struct {
	w    io.Writer
	data []byte
}

type bufferedStream struct {
	b *buffer
	w io.Writer
}

func (s *bufferedStream) Write(p []byte) (int, error) {
	s.b.pieces = append(s.b.pieces, piece{s.w, append([]byte(nil), p...)})
	return len(p), nil
}

func (o *Output) write(w io.Writer, prefix, format string, args []any) {
	if o.discard {
		return
	}
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	var b strings.Builder
	b.WriteString(prefix)
	b.WriteString(text)
	b.WriteByte('\n')
	o.screen.mu.Lock()
	defer o.screen.mu.Unlock()
	_, _ = o.screen.print(w, []byte(b.String())) // a caller who went away ends the command's context
}

// Step prints `-----> text`.
func (o *Output) Step(format string, args ...any) { o.write(o.stdout, "-----> ", format, args) }

// Title prints `=====> text`.
func (o *Output) Title(format string, args ...any) { o.write(o.stdout, "=====> ", format, args) }

// Text prints text indented by seven spaces.
func (o *Output) Text(format string, args ...any) { o.write(o.stdout, "       ", format, args) }

// Line prints text as it is.
func (o *Output) Line(format string, args ...any) { o.write(o.stdout, "", format, args) }

// JSON prints v as one line of JSON, as encoding/json writes it. An error says
// what of v JSON cannot express.
func (o *Output) JSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cannot print as JSON: %w", err)
	}
	o.Line("%s", text)
	return nil
}

// Warn prints ` !     text` on stderr.
func (o *Output) Warn(format string, args ...any) { o.write(o.stderr, " !     ", format, args) }

// Exclaim prints ` !     text` on stdout.
func (o *Output) Exclaim(format string, args ...any) { o.write(o.stdout, " !     ", format, args) }

// ErrorLine prints text as it is on stderr.
func (o *Output) ErrorLine(format string, args ...any) { o.write(o.stderr, "", format, args) }

// Stdout is a writer of raw bytes that never cuts into a line of the other
// methods.
func (o *Output) Stdout() io.Writer { return lockedWriter{o, o.stdout} }

// Stderr is Stdout for stderr.
func (o *Output) Stderr() io.Writer { return lockedWriter{o, o.stderr} }

type lockedWriter struct {
	o *Output
	w io.Writer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	if l.o.discard {
		return len(p), nil
	}
	l.o.screen.mu.Lock()
	defer l.o.screen.mu.Unlock()
	return l.o.screen.print(l.w, p)
}

// Indented returns a writer that prints each whole line as Text; Close prints
// what is left of a last line without an end.
func (o *Output) Indented() io.WriteCloser {
	return &lineWriter{emit: func(s string) { o.Text("%s", s) }}
}

// Lines returns a writer that calls emit with each whole line (without its
// end); Close emits a last line without an end.
func Lines(emit func(line string)) io.WriteCloser { return &lineWriter{emit: emit} }

type lineWriter struct {
	mu   sync.Mutex
	buf  []byte
	emit func(string)
}

// maxLine bounds the memory that a process without newlines can take.
const maxLine = 64 << 10

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for {
		i := strings.IndexByte(string(p), '\n')
		if i < 0 {
			break
		}
		w.emit(strings.TrimSuffix(string(append(w.buf, p[:i]...)), "\r"))
		w.buf = w.buf[:0]
		p = p[i+1:]
	}
	w.buf = append(w.buf, p...)
	if len(w.buf) > maxLine {
		w.emit(string(w.buf))
		w.buf = w.buf[:0]
	}
	return n, nil
}

func (w *lineWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.buf) > 0 {
		w.emit(string(w.buf))
		w.buf = w.buf[:0]
	}
	return nil
}
