package remote

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/slipwayhq/slipway/sdk/signing"
)

var update = flag.Bool("update", false, "write the transcripts into docs/plugins/protocol.md")

const page = "../../docs/plugins/protocol.md"

// TestTheTranscriptsAreTrue holds what docs/plugins/protocol.md shows against what is really said.
func TestTheTranscriptsAreTrue(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for name, calls := range map[string]func(p Peer){
		"greet": func(p Peer) { _, _ = invoke(t, p, "hello:greet", "", "Ann") },
		"stdin": func(p Peer) { _, _ = invoke(t, p, "hello:shout", "what comes in") },
		"fail":  func(p Peer) { _, _ = invoke(t, p, "hello:fail", ""); _, _ = invoke(t, p, "hello:say", "") },
		"run":   func(p Peer) { _, _ = invoke(t, p, "post-create", "", "blog") },
	} {
		lines := tapped(t, func(p *Process) { calls(p) })
		if name != "greet" {
			lines = lines[2:] // the handshake
		}
		got = replace(t, got, name, lines)
	}
	got = replace(t, got, "http", overHTTP(t))
	switch {
	case got == string(text):
	case *update:
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("docs/plugins/protocol.md is behind: run go test ./plugin/remote -run Transcripts -update, and look at the change")
	}
}

// replace puts lines into the block behind the comment of that name.
func replace(t *testing.T, text, name string, lines []string) string {
	t.Helper()
	re := regexp.MustCompile(`(?s)(<!-- transcript: ` + name + ` -->\n` + "```" + `\n).*?(` + "```" + `\n)`)
	if !re.MatchString(text) {
		t.Fatalf("the page has no transcript %s", name)
	}
	return re.ReplaceAllStringFunc(text, func(block string) string {
		m := re.FindStringSubmatch(block)
		return m[1] + strings.Join(lines, "\n") + "\n" + m[2]
	})
}

// overHTTP is a call with a question in between, as requests and answers.
func overHTTP(t *testing.T) []string {
	t.Helper()
	var mu sync.Mutex
	var lines []string
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, fmt.Sprintf(format, args...))
	}
	handler := hello.Handler("s3cret")
	w := web(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		note("→ POST /plugin HTTP/1.1\n→ Content-Type: %s\n→ %s: 1767225600\n→ %s: v1=5257a869…\n→\n→ %s", r.Header.Get("Content-Type"),
			signing.Timestamp, signing.Signature, strings.TrimSpace(string(body)))
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler.ServeHTTP(&noted{ResponseWriter: w, note: note}, r)
	}), nil)
	if got, err := invoke(t, w, "hello:shout", "what comes in"); err != nil || got != "WHAT COMES IN" {
		t.Errorf("%q %v", got, err)
	}
	mu.Lock()
	defer mu.Unlock()
	text := regexp.MustCompile(`"[A-Z2-7]{26}"`).ReplaceAllString(strings.Join(lines, "\n"), `"4GQ2…"`)
	return strings.Split(text, "\n")
}

// noted is an answer whose lines are noted.
type noted struct {
	http.ResponseWriter
	note func(format string, args ...any)
	said bool
}

func (n *noted) WriteHeader(code int) {
	if !n.said {
		n.note("← HTTP/1.1 %d %s", code, http.StatusText(code))
		n.said = true
	}
	n.ResponseWriter.WriteHeader(code)
}

func (n *noted) Write(p []byte) (int, error) {
	if !n.said {
		n.note("← HTTP/1.1 200 OK\n← Content-Type: %s\n←", n.Header().Get("Content-Type"))
		n.said = true
	}
	n.note("← %s", strings.TrimSpace(string(p)))
	return n.ResponseWriter.Write(p)
}

func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }
