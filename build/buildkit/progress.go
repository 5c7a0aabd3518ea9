package buildkit

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/slipwayhq/slipway/command"
)

const (
	// openAfter is how long a step runs before its output is shown live.
	openAfter = 2 * time.Second
	// tailLines is how much of a failing step's output is shown.
	tailLines = 20
	// shownName is how much of a step's name is shown, in characters.
	shownName = 120
)

// step is one vertex of the build as its events told so far.
type step struct {
	vertex   string // its name in BuildKit
	name     string // as it is shown
	internal bool   // of BuildKit's own, such as reading the Dockerfile
	started  time.Time
	done     bool
	open     bool     // its output is shown live
	tail     []string // its last lines
	partial  string   // a last line without an end
	failed   string   // the error that ended it
	log      string   // "#3", as it is called in the full log
}

// progress turns the events of a build into lines.
type progress struct {
	out    *command.Output
	log    io.Writer
	recipe []byte // the Dockerfile
	steps  map[digest.Digest]*step
	order  []*step
	latest *step // whose header or line was shown last
	now    func() time.Time
}

func newProgress(out *command.Output, log io.Writer, dockerfile []byte) *progress {
	return &progress{out: out, log: log, recipe: dockerfile, steps: map[digest.Digest]*step{}, now: time.Now}
}

// follow shows the build until the channel is closed.
func (p *progress) follow(status <-chan *client.SolveStatus) {
	ticker := time.NewTicker(openAfter / 4)
	defer ticker.Stop()
	for {
		select {
		case s, more := <-status:
			if !more {
				return
			}
			p.update(s)
		case <-ticker.C:
			p.openSlow()
		}
	}
}

func (p *progress) update(s *client.SolveStatus) {
	for _, v := range s.Vertexes {
		p.vertex(v)
	}
	for _, l := range s.Logs {
		if st := p.steps[l.Vertex]; st != nil {
			p.output(st, string(l.Data))
		}
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(p.log, "warning: %s\n", w.Short)
	}
	for _, v := range s.Vertexes {
		if st := p.steps[v.Digest]; v.Completed != nil && !st.done {
			p.complete(st, v)
		}
	}
}

func (p *progress) vertex(v *client.Vertex) {
	st := p.steps[v.Digest]
	if st == nil {
		name := p.asWritten(v.Name)
		st = &step{
			vertex:   v.Name,
			name:     stepName(name),
			internal: !numberedStep.MatchString(v.Name),
			log:      fmt.Sprintf("#%d", len(p.order)+1),
		}
		p.steps[v.Digest] = st
		p.order = append(p.order, st)
		fmt.Fprintf(p.log, "%s %s\n", st.log, name)
	}
	if v.Started != nil && st.started.IsZero() {
		st.started = *v.Started
	}
	if v.Error != "" {
		st.failed = v.Error
	}
}

// asWritten gives a step the words of the Dockerfile. BuildKit puts the values
// of build arguments into its names, and output is no place for those.
func (p *progress) asWritten(vertex string) string {
	written, ok := stepInstruction(p.recipe, vertex)
	if !ok {
		return vertex
	}
	return numberedStep.FindString(vertex) + written.text
}

// complete shows a step that has ended.
func (p *progress) complete(st *step, v *client.Vertex) {
	if st.partial != "" {
		p.output(st, "\n")
	}
	st.done = true
	took := ""
	if v.Started != nil {
		took = seconds(v.Completed.Sub(*v.Started))
	}
	switch {
	case st.failed != "":
		fmt.Fprintf(p.log, "%s ERROR: %s\n", st.log, st.failed)
		return // failure tells
	case v.Cached:
		fmt.Fprintf(p.log, "%s CACHED\n", st.log)
		took = "cached"
	default:
		fmt.Fprintf(p.log, "%s DONE %s\n", st.log, took)
	}
	if !st.internal || st.open {
		p.out.Text("%s (%s)", st.name, took)
		p.latest = nil
	}
}

// output takes what a step wrote.
func (p *progress) output(st *step, text string) {
	text = st.partial + text
	st.partial = ""
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") && len(line) < maxLine {
			st.partial = line
			break
		}
		line = lastOverwrite(strings.TrimRight(line, "\r\n"))
		fmt.Fprintf(p.log, "%s %s\n", st.log, line)
		if st.tail = append(st.tail, line); len(st.tail) > tailLines {
			st.tail = st.tail[1:]
		}
		if st.open {
			p.header(st)
			p.out.Text("  %s", line)
		}
	}
}

// maxLine bounds what is kept of a line that does not end, in bytes.
const maxLine = 64 << 10

// openSlow begins to show the output of steps that take long.
func (p *progress) openSlow() {
	for _, st := range p.order {
		if st.done || st.open || st.started.IsZero() || p.now().Sub(st.started) < openAfter {
			continue
		}
		st.open = true
		p.header(st)
		for _, line := range st.tail {
			p.out.Text("  %s", line)
		}
	}
}

// header says whose output follows.
func (p *progress) header(st *step) {
	if p.latest != st {
		p.out.Text("%s", st.name)
		p.latest = st
	}
}

// stepName is how a step is shown. The Dockerfile frontend numbers them, as in
// "[ 2/13] RUN npm ci" and with several stages "[builder 2/5] COPY . .".
func stepName(vertex string) string {
	vertex = strings.Join(strings.Fields(vertex), " ")
	place, rest, numbered := strings.Cut(strings.TrimPrefix(vertex, "["), "] ")
	switch {
	case vertex == "":
		return ""
	case !strings.HasPrefix(vertex, "[") || !numbered || rest == "":
		rest = vertex
	case place != "internal":
		return shortened("Step "+strings.TrimSpace(place)+": "+rest, shownName)
	}
	first, size := utf8.DecodeRuneInString(rest)
	return shortened(string(unicode.ToUpper(first))+rest[size:], shownName)
}

// shortened cuts text to so many characters.
func shortened(text string, length int) string {
	runes := []rune(text)
	if len(runes) <= length {
		return text
	}
	return string(runes[:length-1]) + "…"
}

// lastOverwrite is what a terminal shows of a line that a progress bar
// overwrote with carriage returns.
func lastOverwrite(line string) string {
	return line[strings.LastIndexByte(line, '\r')+1:]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", max(d, 0).Seconds()) }
