package plugintest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what commands print into testdata/*.txtar")

// Run plays every story in testdata, each in a world of its own.
func Run(t *testing.T, plugins ...New) {
	t.Helper()
	RunAll(t, together(plugins))
}

// RunAll is Run for features that are made together.
func RunAll(t *testing.T, features All) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories in testdata: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			w := MakeAll(t, features)
			w.furnish(t, archive.Files)
			want := string(archive.Comment)
			got := w.play(t, want)
			switch {
			case got == want:
			case *update:
				archive.Comment = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s differs; run go test -update and look at the change:\n%s", path, difference(want, got))
			}
		})
	}
}

// furnish lays out the files of a story.
func (w *World) furnish(t *testing.T, files []txtar.File) {
	t.Helper()
	for _, f := range files {
		lines := strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		switch f.Name {
		case "watch":
			for _, name := range lines {
				w.Watched[name] = true
			}
		case "answers":
			for _, line := range lines {
				name, answer, _ := strings.Cut(line, " ")
				w.Answers[name] = answer
			}
		default:
			path := filepath.Join(w.dir, f.Name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// play runs the commands of a transcript and gives the transcript as it is.
func (w *World) play(t *testing.T, transcript string) string {
	t.Helper()
	var b strings.Builder
	inOutput := false
	for line := range strings.Lines(transcript) {
		text := strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(text, "$ "):
			b.WriteString(line)
			result, err := w.line(strings.TrimPrefix(text, "$ "))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			fmt.Fprintf(&b, "[exit %d]\n", result.Code)
			w.writeLines(&b, "  | ", result.Stdout)
			w.writeLines(&b, "  ! ", result.Stderr)
			inOutput = true
		case inOutput && text != "":
			// what an earlier run printed
		default:
			inOutput = false
			b.WriteString(line)
		}
	}
	return b.String()
}

// containerID is the id of a container, short (ps:report shows 11 digits) or
// whole: another one in every run.
var containerID = regexp.MustCompile(`\b[0-9a-f]{11,12}([0-9a-f]{52})?\b`)

// moment is a time in the words of RFC 3339.
var moment = regexp.MustCompile(`\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z`)

func (w *World) writeLines(b *strings.Builder, prefix, text string) {
	text = containerID.ReplaceAllString(text, "$$ID")
	text = moment.ReplaceAllStringFunc(text, func(shown string) string {
		if at, err := time.Parse(time.RFC3339Nano, shown); err == nil && !at.Before(w.began) {
			return "$TIME"
		}
		return shown
	})
	for line := range strings.Lines(text) {
		b.WriteString(prefix + strings.TrimRight(line, "\n") + "\n")
	}
}

// line runs one line of a transcript.
func (w *World) line(text string) (Result, error) {
	argv, err := splitWords(text)
	if err != nil {
		return Result{}, err
	}
	stdin := ""
	if n := len(argv); n > 2 && argv[n-2] == "<" {
		file, err := os.ReadFile(filepath.Join(w.dir, argv[n-1]))
		if err != nil {
			return Result{}, err
		}
		argv, stdin = argv[:n-2], string(file)
	}
	switch args := argv[1:]; argv[0] {
	case "dokku":
		return w.Run(Root, stdin, args...), nil
	case "fire":
		return w.Fire(args[0], args[1:]...), nil
	case "ask":
		return w.Ask(args[0], args[1:]...), nil
	case "fired":
		r := Result{Stdout: strings.Join(append(w.Fired, ""), "\n")}
		w.Fired = nil
		return r, nil
	case "cat":
		b, err := os.ReadFile(filepath.Join(w.dir, args[0]))
		if err != nil {
			return Result{Stderr: w.hide(err.Error()) + "\n", Code: 1}, nil
		}
		return Result{Stdout: w.hide(string(b))}, nil
	case "ls":
		return w.ls(args[0]), nil
	default:
		if w.Programs.Answers(argv[0]) {
			return w.Program(stdin, argv...), nil
		}
		return Result{}, fmt.Errorf("a story has no command %q", argv[0])
	}
}

func (w *World) ls(folder string) Result {
	entries, err := os.ReadDir(filepath.Join(w.dir, folder))
	if err != nil {
		return Result{Stderr: w.hide(err.Error()) + "\n", Code: 1}
	}
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.Name() + "\n")
	}
	return Result{Stdout: b.String()}
}

// splitWords splits a line as bash does: '…', "…", $'…' and \.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	started := false
	for i := 0; i < len(line); i++ {
		rest := line[i:]
		switch c := line[i]; {
		case c == ' ':
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
			continue
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case c == '\'' || c == '"' || strings.HasPrefix(rest, "$'"):
			quoted, n, err := quotedWord(rest)
			if err != nil {
				return nil, err
			}
			word.WriteString(quoted)
			i += n - 1
		default:
			word.WriteByte(c)
		}
		started = true
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}

// quotedWord reads a quoted text at the beginning of s and tells its length.
func quotedWord(s string) (text string, length int, err error) {
	open := strings.IndexAny(s, `'"`)
	escapes := open == 1 || s[open] == '"'
	for i := open + 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && escapes:
			i++
		case s[i] == s[open]:
			body := s[open+1 : i]
			switch {
			case open == 1: // $'…' has the escapes of Go
				body, err = strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(body, `\'`, `'`), `"`, `\"`) + `"`)
			case s[open] == '"':
				body = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\$`, `$`).Replace(body)
			}
			return body, i + 1, err
		}
	}
	return "", 0, fmt.Errorf("a quote is not closed: %s", s)
}

// difference shows the lines that are not the same on both sides.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	start := 0
	for start < len(w) && start < len(g) && w[start] == g[start] {
		start++
	}
	from := max(start-3, 0)
	clip := func(lines []string) string {
		return strings.Join(lines[min(from, len(lines)):min(start+12, len(lines))], "\n")
	}
	return fmt.Sprintf("--- want from line %d\n%s\n--- got\n%s", from+1, clip(w), clip(g))
}
