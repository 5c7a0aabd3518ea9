package command

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// paper is a terminal as a reader sees it: the lines, of which the last may be a status.
type paper struct {
	mu    sync.Mutex
	lines []string
	raw   bytes.Buffer
}

func (p *paper) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.raw.Write(data)
	if p.lines == nil {
		p.lines = []string{""}
	}
	text := string(data)
	for text != "" {
		last := len(p.lines) - 1
		switch rest, erased := strings.CutPrefix(text, erase); {
		case erased:
			p.lines[last], text = "", rest
		case text[0] == '\n':
			p.lines, text = append(p.lines, ""), text[1:]
		default:
			p.lines[last] += text[:1]
			text = text[1:]
		}
	}
	return len(data), nil
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// busyOn runs a test with an Output on a terminal of 40 columns, where time is not real.
func busyOn(t *testing.T, test func(t *testing.T, p *paper, o *Output)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &paper{}
		test(t, p, NewOutput(p, p).WithColor(true).WithStatus(p, func() int { return 40 }))
	})
}

func after(t *testing.T, d time.Duration, p *paper, want string) {
	t.Helper()
	<-time.After(d)
	synctest.Wait()
	if got := p.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWhatIsSilentIsShownUntilSomethingIsPrinted(t *testing.T) {
	busyOn(t, func(t *testing.T, p *paper, o *Output) {
		o.Step("Building")
		done := o.Busy("Building %s", "blog")
		after(t, 1900*time.Millisecond, p, "-----> Building\n")
		after(t, 200*time.Millisecond, p, "-----> Building\n  \\    Building blog (2s)")
		after(t, time.Second, p, "-----> Building\n  \\    Building blog (3s)")
		o.Text("Step 1")
		after(t, 0, p, "-----> Building\n       Step 1\n")
		after(t, 1900*time.Millisecond, p, "-----> Building\n       Step 1\n")
		after(t, 300*time.Millisecond, p, "-----> Building\n       Step 1\n  |    Building blog (5s)")
		done()
		after(t, 0, p, "-----> Building\n       Step 1\n")
		done()
		after(t, time.Minute, p, "-----> Building\n       Step 1\n")
	})
}

func TestTheLastThatBeganIsShown(t *testing.T) {
	busyOn(t, func(t *testing.T, p *paper, o *Output) {
		outer := o.Busy("outer")
		inner := o.Busy("inner, whose name is longer than a line of 40")
		after(t, 2100*time.Millisecond, p, `  \    inner, whose name is longer than`)
		inner()
		after(t, 300*time.Millisecond, p, "  |    outer (2s)")
		outer()
		after(t, 0, p, "")
	})
}

func TestAStatusIsNeverInTheMiddleOfALine(t *testing.T) {
	busyOn(t, func(t *testing.T, p *paper, o *Output) {
		defer o.Busy("busy")()
		if _, err := io.WriteString(o.Stdout(), "Password: "); err != nil {
			t.Fatal(err)
		}
		after(t, time.Minute, p, "Password: ")
		o.Line("")
		after(t, 2100*time.Millisecond, p, "Password: \n  \\    busy (1m2s)")
	})
}

func TestAProgramHasTheTerminalForItself(t *testing.T) {
	busyOn(t, func(t *testing.T, p *paper, o *Output) {
		defer o.Busy("busy")()
		after(t, 2100*time.Millisecond, p, `  \    busy (2s)`)
		release := o.Hold()
		after(t, time.Minute, p, "")
		release()
		after(t, 1900*time.Millisecond, p, "")
		after(t, 300*time.Millisecond, p, `  |    busy (1m4s)`)
	})
}

func TestAStatusIsForTerminalsOnly(t *testing.T) {
	for what, make := range map[string]func(p *paper) *Output{
		"no terminal": func(p *paper) *Output { return NewOutput(p, p).WithColor(true) },
		"no colour":   func(p *paper) *Output { return NewOutput(p, p).WithStatus(p, func() int { return 80 }) },
		"quiet": func(p *paper) *Output {
			return NewOutput(p, p).WithColor(true).WithStatus(p, func() int { return 80 }).WithQuiet(true)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &paper{}
			o := make(p)
			done := o.Busy("busy")
			<-time.After(time.Minute)
			o.Line("line")
			done()
			if p.raw.String() != "line\n" {
				t.Errorf("%s: %q", what, p.raw.String())
			}
		})
	}
}

func TestALogHasNoStatus(t *testing.T) {
	busyOn(t, func(t *testing.T, p *paper, o *Output) {
		var log bytes.Buffer
		merged := o.Merged(&log)
		done := merged.Busy("busy")
		<-time.After(time.Minute)
		b, flush := merged.Buffered()
		b.Line("line")
		flush()
		after(t, 0, p, "line\n")
		done()
		if log.String() != "line\n" {
			t.Errorf("%q", log.String())
		}
	})
}
