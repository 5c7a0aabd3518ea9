package buildkit

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/slipwayhq/slipway/command"
)

const (
	// openAfter is how long a step without output runs before it is shown.
	openAfter = 2 * time.Second
	// settleAfter is how often ended steps are shown and slow ones looked for.
	settleAfter = 100 * time.Millisecond
	// transferEvery is how often a download tells how far it is.
	transferEvery = 5 * time.Second
	// instant is what a base image takes that the engine already has.
	instant = 100 * time.Millisecond
	// tailLines is how much of a failing step's output is shown.
	tailLines = 20
	// shownName is how much of a step's name is shown, in characters.
	shownName = 120
)

// step is one vertex of the build as its events told so far. BuildKit may end a
// step and begin it again, such as FROM: first it looks whether the base image
// is in the cache, then it pulls it.
type step struct {
	vertex   string // its name in BuildKit
	name     string // as it is shown
	internal bool   // of BuildKit's own, such as reading the Dockerfile
	log      string // "#3", as it is called in the full log

	began   time.Time     // of this run
	running bool          // it has begun, and not ended
	ended   bool          // it has ended, and that was not shown
	shown   bool          // its end was shown
	took    time.Duration // of all its runs
	cached  bool
	failed  string // the error that ended it

	open      bool     // its output is shown live
	tail      []string // its last lines
	partial   string   // a last line without an end
	transfers map[string]transfer
	told      time.Time // when the transfers were shown
}

// transfer is one download, in bytes.
type transfer struct{ current, total int64 }

// progress turns the events of a build into lines.
type progress struct {
	out    *command.Output
	log    io.Writer
	recipe []byte            // the Dockerfile
	args   map[string]string // build arguments that were asked for by option
	steps  map[digest.Digest]*step
	order  []*step // as they were announced
	ended  []*step // as they ended, not yet shown
	latest *step   // whose header or line was shown last
	now    func() time.Time
}

func newProgress(out *command.Output, log io.Writer, job Job) *progress {
	return &progress{out: out, log: log, recipe: job.Dockerfile.Content, args: job.shownArgs(), steps: map[digest.Digest]*step{}, now: time.Now}
}

// shownArgs are the build arguments that are no secrets: somebody gave them as
// options of the build, whose names of steps have their values with Docker too.
func (j Job) shownArgs() map[string]string {
	args := map[string]string{}
	for _, arg := range j.Options.BuildArgs {
		value, set := arg.Value, arg.HasValue
		if !set {
			value, set = j.Env[arg.Name]
		}
		if set {
			args[arg.Name] = value
		}
	}
	return args
}

// follow shows the build until the channel is closed.
func (p *progress) follow(status <-chan *client.SolveStatus) {
	ticker := time.NewTicker(settleAfter)
	defer ticker.Stop()
	for {
		select {
		case s, more := <-status:
			if !more {
				p.settle()
				return
			}
			p.update(s)
		case <-ticker.C:
			p.settle()
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
	for _, v := range s.Statuses {
		if st := p.steps[v.Vertex]; st != nil && v.Total > 0 {
			st.transfers[v.ID] = transfer{v.Current, v.Total}
		}
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(p.log, "warning: %s\n", w.Short)
	}
}

func (p *progress) vertex(v *client.Vertex) {
	st := p.steps[v.Digest]
	if st == nil {
		name := p.asWritten(v.Name)
		st = &step{
			vertex:    v.Name,
			name:      stepName(name),
			internal:  !numberedStep.MatchString(v.Name),
			log:       fmt.Sprintf("#%d", len(p.order)+1),
			transfers: map[string]transfer{},
		}
		p.steps[v.Digest] = st
		p.order = append(p.order, st)
		fmt.Fprintf(p.log, "%s %s\n", st.log, name)
	}
	if v.Error != "" {
		st.failed = v.Error
	}
	switch {
	case v.Started != nil && v.Completed == nil:
		st.began, st.running, st.ended = *v.Started, true, false
	case v.Started != nil:
		st.took += v.Completed.Sub(*v.Started)
		st.running, st.cached = false, v.Cached
		if !st.ended {
			st.ended = true
			p.ended = append(p.ended, st)
		}
	}
}

// variable is one in an instruction, such as $NAME or ${NAME}.
var variable = regexp.MustCompile(`\$(\w+|\{\w+\})`)

// asWritten gives a step the words of the Dockerfile. BuildKit puts the values
// of build arguments into its names, and output is no place for those that come
// from the config by themselves.
func (p *progress) asWritten(vertex string) string {
	written, ok := stepInstruction(p.recipe, vertex)
	if !ok {
		return vertex
	}
	return numberedStep.FindString(vertex) + variable.ReplaceAllStringFunc(written.text, func(name string) string {
		if value, shown := p.args[strings.Trim(name, "${}")]; shown {
			return value
		}
		return name
	})
}

// settle shows the steps that have ended and did not begin again at once.
func (p *progress) settle() {
	for _, st := range p.ended {
		if st.ended {
			p.complete(st)
		}
	}
	p.ended = nil
}

// complete shows a step that has ended.
func (p *progress) complete(st *step) {
	if st.partial != "" {
		p.output(st, "\n")
	}
	st.ended = false
	took := seconds(st.took)
	switch {
	case st.failed != "":
		fmt.Fprintf(p.log, "%s ERROR: %s\n", st.log, st.failed)
		return // failure tells
	case st.cached || st.took < instant && strings.Contains(st.vertex, "] FROM "):
		fmt.Fprintf(p.log, "%s CACHED\n", st.log)
		took = "cached"
	default:
		fmt.Fprintf(p.log, "%s DONE %s\n", st.log, took)
	}
	switch {
	case st.open: // its name is above: scripts count how often a command is shown
		number, _, _ := strings.Cut(st.name, ": ")
		p.out.Text("%s (%s)", number, took)
		p.latest = nil
	case !st.internal && !st.shown:
		p.out.Text("%s (%s)", st.name, took)
		p.latest = nil
	}
	st.shown, st.open = true, false
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
		if st.tail = append(st.tail, line); len(st.tail) > tailLines {
			st.tail = st.tail[1:]
		}
		if !st.internal {
			st.open = true
		}
		if !st.open { // what is shown is logged by whoever shows it
			fmt.Fprintf(p.log, "%s %s\n", st.log, line)
			continue
		}
		p.header(st)
		p.out.Text("  %s", line)
	}
}

// maxLine bounds what is kept of a line that does not end, in bytes.
const maxLine = 64 << 10

// openSlow begins to show the output of steps that take long.
func (p *progress) openSlow() {
	for _, st := range p.order {
		if !st.running || p.now().Sub(st.began) < openAfter {
			continue
		}
		if !st.open {
			st.open, st.told = true, p.now()
			p.header(st)
		}
		if p.now().Sub(st.told) >= transferEvery {
			st.told = p.now()
			p.showTransfers(st)
		}
	}
}

func (p *progress) showTransfers(st *step) {
	var all transfer
	for _, t := range st.transfers {
		all.current += t.current
		all.total += t.total
	}
	if all.current < all.total {
		p.header(st)
		p.out.Text("  %.1f of %.1f MB", float64(all.current)/1e6, float64(all.total)/1e6)
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
		return shortened("Step " + strings.TrimSpace(place) + ": " + rest)
	}
	first, size := utf8.DecodeRuneInString(rest)
	return shortened(string(unicode.ToUpper(first)) + rest[size:])
}

// shortened cuts text to shownName characters.
func shortened(text string) string {
	runes := []rune(text)
	if len(runes) <= shownName {
		return text
	}
	return string(runes[:shownName-1]) + "…"
}

// lastOverwrite is what a terminal shows of a line that a progress bar
// overwrote with carriage returns.
func lastOverwrite(line string) string {
	return line[strings.LastIndexByte(line, '\r')+1:]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", max(d, 0).Seconds()) }
