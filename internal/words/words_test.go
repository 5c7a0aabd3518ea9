package words

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestSplitKeepsWhatQuotesHold(t *testing.T) {
	for line, want := range map[string][]string{
		"":                               nil,
		" \t\n":                          nil,
		"apps:list":                      {"apps:list"},
		" config:set  blog\tA=1\n":       {"config:set", "blog", "A=1"},
		`config:set blog A='x y' B="z"`:  {"config:set", "blog", "A=x y", "B=z"},
		`a'b'"c"\d`:                      {"abcd"},
		`'' ""`:                          {"", ""},
		`"a\b"`:                          {`a\b`},
		`a\ b`:                           {"a b"},
		`"it's"`:                         {"it's"},
		"'line\nline'":                   {"line\nline"},
		`run app 'echo $HOME; rm -rf /'`: {"run", "app", "echo $HOME; rm -rf /"},
		"* ~ $(x) `y`":                   {"*", "~", "$(x)", "`y`"},
	} {
		got, err := Split(line)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("Split(%q) = %q, %v; want %q", line, got, err, want)
		}
	}
}

func TestSplitRefusesWhatIsNotClosed(t *testing.T) {
	for line, want := range map[string]error{
		"a 'b": ErrSingleQuote, `a "b`: ErrDoubleQuote, `a \`: ErrBackslash, "a\x00": ErrNUL, "a\\\x00": ErrNUL, "git-x a\x00b": ErrNUL,
	} {
		if got, err := SplitRemote(line); !errors.Is(err, want) {
			t.Errorf("SplitRemote(%q) = %q, %v; want %v", line, got, err, want)
		}
	}
}

func TestSplitRemoteTakesTheQuotesOfGitAway(t *testing.T) {
	for line, want := range map[string][]string{
		"git-receive-pack 'blog'":      {"git-receive-pack", "blog"},
		"git-upload-pack '/blog.git'":  {"git-upload-pack", "/blog.git"},
		`git-upload-archive "blog"`:    {"git-upload-archive", "blog"},
		"git-receive-pack 'a b'":       {"git-receive-pack", "'a", "b'"},
		"git-receive-pack '":           {"git-receive-pack", "'"},
		"git:from-image blog 'x y'":    {"git:from-image", "blog", "x y"},
		"git-receive-pack $(reboot)\n": {"git-receive-pack", "$(reboot)"},
	} {
		got, err := SplitRemote(line)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("SplitRemote(%q) = %q, %v; want %q", line, got, err, want)
		}
	}
}

// TestSplitAgreesWithXargs compares with the program that Dokku splits with.
func TestSplitAgreesWithXargs(t *testing.T) {
	xargs, err := exec.LookPath("xargs")
	if err != nil {
		t.Skip("xargs is not installed")
	}
	for _, line := range []string{
		`a b`, `a  'b c' d`, `"a\b" c`, `a\'b`, `x"y z"'w'`, `'' a`, `a\\b`, `A="{\"k\":1}"`, `A='{"k": 1}'`, `\"a`, `"'" '"'`, "a\tb",
	} {
		want, ok := runXargs(xargs, line)
		got, err := Split(line)
		if ok != (err == nil) || (ok && !slices.Equal(got, want)) {
			t.Errorf("Split(%q) = %q, %v; xargs has %q, %v", line, got, err, want, ok)
		}
	}
}

func runXargs(xargs, line string) ([]string, bool) {
	cmd := exec.Command(xargs, "-n", "1", "printf", `%s\n`)
	cmd.Stdin = strings.NewReader(line)
	out, err := cmd.Output()
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"), err == nil
}

func FuzzQuoteIsTheInverseOfSplit(f *testing.F) {
	f.Add("a", "", "it's \"x\"\n")
	f.Add("-rf", "$(x)", "\\")
	f.Add("ü\u2028", "\r\v\f", "'\\''")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		argv := []string{a, b, c}
		line := Quote(argv)
		got, err := Split(line)
		if strings.Contains(a+b+c, "\x00") {
			if !errors.Is(err, ErrNUL) {
				t.Fatalf("NUL was let through: %q", got)
			}
			return
		}
		if err != nil || !slices.Equal(got, argv) {
			t.Fatalf("Split(%q) = %q, %v; want %q", line, got, err, argv)
		}
	})
}

func FuzzSplitRemote(f *testing.F) {
	f.Add("git-receive-pack 'app'")
	f.Add(`config:set a B="c d" 'e`)
	f.Fuzz(func(t *testing.T, line string) {
		argv, err := SplitRemote(line)
		if err != nil {
			return
		}
		for _, w := range argv {
			if strings.Contains(w, "\x00") {
				t.Fatalf("NUL in %q", w)
			}
		}
		again, err := Split(Quote(argv))
		if err != nil || !slices.Equal(again, argv) {
			t.Fatalf("%q became %q, %v", argv, again, err)
		}
	})
}
