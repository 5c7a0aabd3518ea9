package netrc

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestNetrcIsReadAsCurlReadsIt(t *testing.T) {
	text := `# comment machine no
machine a login l password p
machine b
	account x
	password "with \"quotes\" and \\"
	login machine
macdef init
	machine macro login m
	password m

machine c login "#hash" # password no
default login anonymous
`
	for host, want := range map[string]string{"a": "l:p", "b": `machine:with "quotes" and \`, "c": "#hash:"} {
		e, ok := Get(text, host)
		if got := e.Login + ":" + e.Password; !ok || got != want {
			t.Errorf("%s: %v %q", host, ok, got)
		}
	}
	for _, host := range []string{"no", "macro", "d", ""} {
		if _, ok := Get(text, host); ok {
			t.Errorf("%q has an entry", host)
		}
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine a login l password p\n", "a", "l", "p")
	f.Add("machine", "a", `"`, `\`)
	f.Add("default\nmacdef x\n\nmachine a", "b", "#", " ")
	f.Add(`machine "a`, "a", "machine", "password")
	f.Fuzz(func(t *testing.T, text, host, login, password string) {
		if !plainHost.MatchString(host) || login == "" || password == "" || strings.ContainsAny(login+password, "\r\n\x00") {
			return
		}
		before, had := Get(text, "other.example")
		without := Unset(text, host)
		if _, ok := Get(without, host); ok {
			t.Fatalf("%q is left in %q", host, without)
		}
		with := Set(text, host, login, password)
		// An open quote or macro at the end swallows what is appended.
		if strings.Contains(text, `"`) || strings.Contains(text, "macdef") || strings.HasSuffix(text, "\\") || endsInKeyword(without) {
			return
		}
		e, ok := Get(with, host)
		if !ok || e.Login != login || e.Password != password {
			t.Fatalf("set %q %q, got %+v from %q", login, password, e, with)
		}
		after, has := Get(with, "other.example")
		if host != "other.example" && (had != has || before.Login != after.Login || before.Password != after.Password) {
			t.Fatalf("other.example was %+v, is %+v in %q", before, after, with)
		}
	})
}

// endsInKeyword tells whether the next word would be a keyword's value.
func endsInKeyword(text string) bool {
	words := strings.Fields(text)
	for i, w := range words {
		if _, rest, _ := strings.Cut(w, "#"); rest != "" {
			words[i] = w
		}
	}
	if len(words) == 0 {
		return false
	}
	switch words[len(words)-1] {
	case "machine", "login", "password", "account":
		return true
	}
	return false
}

// plainHost is what callers take for the name of a machine.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$`)

func TestCommand(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, ".netrc")
	run := func(args ...string) (stdout, stderr string, code int) {
		var out, err bytes.Buffer
		code = Main(args, func(name string) string { return map[string]string{"HOME": home}[name] }, &out, &err)
		return out.String(), err.String(), code
	}
	for _, test := range []struct {
		args           string
		stdout, stderr string
		code           int
	}{
		{"get a.example", "", "Invalid machine 'a.example' specified\n", 1},
		{"set a.example ann s3cret", "", "", 0},
		{"get a.example", "ann:s3cret\n", "", 0},
		{"get --netrc-file " + file + " a.example", "ann:s3cret\n", "", 0},
		{"get --netrc-file=/dev/null a.example", "", "Invalid machine 'a.example' specified\n", 1},
		{"set b.example bob", "", usage, 1},
		{"unset a.example", "", "", 0},
		{"get a.example", "", "Invalid machine 'a.example' specified\n", 1},
		{"", "", usage, 1},
		{"frobnicate x", "", usage, 1},
	} {
		stdout, stderr, code := run(strings.Fields(test.args)...)
		if stdout != test.stdout || stderr != test.stderr || code != test.code {
			t.Errorf("netrc %s: %d %q %q", test.args, code, stdout, stderr)
		}
	}
	if st, err := os.Stat(file); err != nil || st.Mode() != 0o600 {
		t.Errorf("security: %v, %v", st, err)
	}
}
