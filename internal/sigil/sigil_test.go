package sigil

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.txt": "inner {{ $x }}", "b.json": `{"w": {"list": [{"name": "n"}], "a/b": 1}}`, "loop": `{{ include "loop" }}`, "c.yml": "n: 1\nl: [a, b]\n1: x\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"url": "here"}`)) }))
	defer page.Close()
	for _, test := range []struct{ text, stdin, want string }{
		{text: "XXX", want: "XXX"},
		{text: "Hello, {{ $name }}", want: "Hello, Jeff"},
		{text: "Hello, {{ .name }}{{ .none }}", want: "Hello, Jeff<no value>"},
		{text: `{{ $none | default "y" }} {{ $name | default "y" }} {{ default "z" "" }}`, want: "y Jeff z"},
		{text: `{{ capitalize "jeff o'neil 2nd" }} {{ upper "a" }} {{ lower "B" }} [{{ trim " a \n" }}]`, want: "Jeff O'neil 2nd A b [a]"},
		{text: `{{ replace "a" "b" "aa" }} {{ match "a*" "abc" }} {{ "abcdefgh" | substr "1:4" }} {{ "abcdefgh" | substr ":4" }}`, want: "bb true bcd abcd"},
		{text: `{{ "a\n\nb" | indent "  " }}`, want: "a\n\n  b"},
		{text: `is{{ range seq "3" }} cool{{ end }}{{ range $i := seq 2 }} {{ $i }}{{ end }}`, want: "is cool cool cool 0 1"},
		{text: `{{ stdin | split "," | join ":" }}`, stdin: "one,two,three", want: "one:two:three"},
		{text: `{{ stdin | split "," | splitkv ":" | joinkv "=" | join "," }}`, stdin: "three:four,one:two", want: "one=two,three=four"},
		{text: `{{ stdin | json | tojson }}`, stdin: `{"foo": {"one": "two"}}`, want: `{"foo":{"one":"two"}}`},
		{text: `{{ stdin | yaml | tojson }}`, stdin: "b:\n  c: 2\n  d:\n  - 3\n  - 4\n", want: `{"b":{"c":2,"d":[3,4]}}`},
		{text: `{{ stdin | yaml | toyaml }}`, stdin: "one: two\nthree:\n- four\n- five\n", want: "one: two\nthree:\n- four\n- five\n"},
		{text: `{{ json "b.json" | pointer "/w/list/0/name" }} {{ json "b.json" | pointer "/w/a~1b" }} {{ json "b.json" | pointer "/w/no/where" }}`, want: "n 1 <no value>"},
		{text: `{{ yaml "c.yml" | pointer "/l/1" }} {{ yaml "c.yml" | tojson }}`, want: `b {"1":"x","l":["a","b"],"n":1}`},
		{text: "{{ stdin | json | jmespath \"[?age >= `30`].name | reverse(@)\" | join \",\" }}", stdin: `[{"name":"bob","age":20},{"name":"jim","age":30},{"name":"joe","age":40}]`, want: "joe,jim"},
		{text: `{{ stdin | base64enc }}`, stdin: "happybirthday\n", want: "aGFwcHliaXJ0aGRheQo="},
		{text: `{{ stdin | base64dec }}`, stdin: "aGFwcHliaXJ0aGRheQo=\n", want: "happybirthday\n"},
		{text: `{{ exists "a.txt" }} {{ exists "none" }} {{ exists "/" }}`, want: "true false true"},
		{text: `{{ include "a.txt" "x=1" }} {{ "in {{ $y }}" | render "y=2" }} {{ file "a.txt" | replace "inner" "outer" }}`, want: "inner 1 in 2 outer {{ $x }}"},
		{text: `{{ range dirs "` + dir + `" }}{{ . }} {{ end }}{{ files "` + dir + `" | join " " }} {{ dir "` + dir + `" | join " " }}`, want: "sub a.txt b.json c.yml loop a.txt b.json c.yml loop sub"},
		{text: `{{ sh "printf '%s' \"$name and\" x" }} {{ sh "sh -c 'echo $name $HOME_OF'" | trim }}`, want: "$name andx Jeff there"},
		{text: `{{ var "name" }} {{ var "HOME_OF" }} {{ var "NONE" }}`, want: "Jeff there "},
		{text: `{{ httpget "` + page.URL + `" | json | pointer "/url" }}`, want: "here"},
		{text: `{{ $l := split "," "a,b,a" }}{{ uniq $l | join " " }} {{ drop "a" $l | join " " }} {{ append "z" $l | join " " }}`, want: "a b b a b a z"},
		{text: "{{ if $name }}x{{ end \\}}\n{{ if $none }}y{{ else }}z{{ end }}", want: "xz"},
	} {
		got, err := Render(context.Background(), Template{
			Name: "t", Text: test.text, Vars: map[string]any{"name": "Jeff", "not-a-variable": "1"},
			World: &World{Dirs: []string{dir}, Env: []string{"PATH=" + os.Getenv("PATH"), "HOME_OF=there"}, Stdin: strings.NewReader(test.stdin)},
		})
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestRenderFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "loop"), []byte(`{{ include "loop" }}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`{{ $x `, `{{ include "loop" }}`, `{{ file "none" }}`, `{{ substr "3:1" "abc" }}`, `{{ substr "0:9" "abc" }}`, `{{ substr "x" "abc" }}`, `{{ seq "x" }}`,
		`{{ seq "-1" }}`, `{{ seq "99999999999" }}`, `{{ sh "false" }}`, `{{ sh "" }}`, `{{ json "loop" }}`, `{{ splitkv "=" 1 }}`, `{{ pointer "/x" "y" }}`, `{{ render }}`,
		`{{ jmespath "[" "x" }}`, `{{ upper 1 }}`,
	} {
		if got, err := Render(context.Background(), Template{Name: "t", Text: text, World: &World{Dirs: []string{dir}, Stdin: strings.NewReader("")}}); err == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// Security: a template that comes with an app's source cannot read files, run programs or get URLs.
func TestATemplateWithoutAWorldReachesNothing(t *testing.T) {
	for _, text := range []string{
		`{{ file "/etc/passwd" }}`, `{{ text "/etc/passwd" }}`, `{{ include "/etc/passwd" }}`, `{{ sh "id" }}`, `{{ httpget "http://127.0.0.1/" }}`, `{{ dir "/" }}`,
		`{{ files "/" }}`, `{{ dirs "/" }}`, `{{ stdin }}`, `{{ json "/etc/passwd" }}`, `{{ yaml "/etc/passwd" }}`, `{{ base64enc "/etc/passwd" }}`, `{{ "{{ sh \"id\" }}" | render }}`,
	} {
		if got, err := Render(context.Background(), Template{Name: "t", Text: text}); err == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
	if got, err := Render(context.Background(), Template{Name: "t", Text: `{{ var "HOME" }}{{ exists "/etc/passwd" }}`}); err != nil || got != "false" {
		t.Errorf("%q %v", got, err)
	}
}

func TestExpand(t *testing.T) {
	vars := map[string]string{"name": "Jeff", "empty": "", "path": "/usr/lib/x.tar.gz"}
	lookup := func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	for text, want := range map[string]string{
		"Hello, $name": "Hello, Jeff", "${name}s $none.": "Jeffs .", `\$name $ $1 $$`: "$name $ $1 $$", "${none:-Jim} ${none-Jim} ${name:-Jim}": "Jim Jim Jeff",
		"[${empty:-x}] [${empty-x}] [${none:=y}]": "[x] [] [y]", "${name:+yes}${none:+no}${empty+set}": "yesset", "${#name}": "4",
		"${path##*/} ${path%.*} ${path%%.*} ${path#/}": "x.tar.gz /usr/lib/x.tar /usr/lib/x usr/lib/x.tar.gz", "${none:-${name}}": "Jeff", "${none:-a\\}b}": "a\\}b",
	} {
		if got, err := expand(text, lookup); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"${none:?}", "${none:?not there}", "${name", "${}", "${name!}", "${-x}"} {
		if got, err := expand(text, lookup); err == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func sigil(t *testing.T, dir, stdin string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), args, "1.2.3", Streams{Env: env, In: strings.NewReader(stdin), Out: &out, Err: &errs, WorkIn: dir, ParseEnv: func(text string) (map[string]string, error) {
		name, value, _ := strings.Cut(strings.TrimSpace(text), "=")
		return map[string]string{name: value}, nil
	}})
	return out.String(), errs.String(), code
}

func TestMain(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"t.sigil": "Hello, {{ $name }}{{ include \"part\" }}", "part": "!", "vars.json": `{"name": "Json", "n": 1}`, "vars.yml": "name: Yaml", "vars.env": "name=Env", "bad.json": "{", "inplace": "{{ $name }}",
	} {
		if err := os.WriteFile(path(name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args   []string
		stdin  string
		env    []string
		want   string
		failed bool
	}{
		{args: []string{"name=Jeff"}, stdin: "Hello, {{ $name }}", want: "Hello, Jeff"},
		{args: []string{"-p", "name=Jeff"}, stdin: "Hello, $name ${x:-y}", want: "Hello, Jeff y"},
		{args: []string{"-p"}, stdin: "$FROM", env: []string{"FROM=env"}, want: "env"},
		{args: []string{"-i", "hello {{ $name }}", "name=Jim"}, want: "hello Jim"},
		{args: []string{"-i=hello"}, want: "hello"},
		{args: []string{"-f", path("t.sigil"), "name=Jeff"}, want: "Hello, Jeff!"},
		{args: []string{"-i", "{{ hello {{{ $name }}} }}", "name=x"}, env: []string{"SIGIL_DELIMS={{{,}}}"}, want: "{{ hello x }}"},
		{args: []string{"-i", `{{ include "part" }}`}, env: []string{"SIGIL_PATH=/none:" + dir}, want: "!"},
		{args: []string{"-i", "{{ $name }} {{ $n }}", "-V", path("vars.json")}, want: "Json 1"},
		{args: []string{"-i", "{{ $name }}", "-V", path("vars.json"), "-V", path("vars.yml")}, want: "Yaml"},
		{args: []string{"-i", "{{ $name }}", "-V", path("vars.env"), "name=last"}, want: "last"},
		{args: []string{"-v"}, want: "1.2.3\n"},
		{args: []string{"-i", "x", "-V", path("none")}, failed: true},
		{args: []string{"-i", "x", "-V", path("bad.json")}, failed: true},
		{args: []string{"--in-place", "-i", "x"}, failed: true},
		{args: []string{"-f", path("none")}, failed: true},
		{args: []string{"--what"}, failed: true},
		{args: []string{"-p"}, stdin: "${name:?}", failed: true},
		{stdin: "{{ $x ", failed: true},
	} {
		got, stderr, code := sigil(t, "/", test.stdin, test.env, test.args...)
		if (code != 0) != test.failed || !test.failed && got != test.want || test.failed && stderr == "" {
			t.Errorf("%q: %d %q %q, want %q", test.args, code, got, stderr, test.want)
		}
	}
	if _, stderr, code := sigil(t, dir, "", nil, "--in-place", "-f", path("inplace"), "name=there"); code != 0 {
		t.Fatal(stderr)
	}
	text, err := os.ReadFile(path("inplace"))
	st, statErr := os.Stat(path("inplace"))
	if err != nil || statErr != nil || string(text) != "there" || st.Mode().Perm() != 0o755 {
		t.Errorf("%q %v %v", text, err, st)
	}
}

// Whatever an app's template says, it gives text or an error, and soon.
func FuzzRender(f *testing.F) {
	for _, s := range []string{
		`{{ $x | default "y" }}`, `{{ range seq 3 }}{{ . }}{{ end }}`, `{{ substr "1:" "abc" }}`, "{{ \"a\" | split \"\" | join \",\" }}\\}}\n{{ 1 }}", `{{ render "x={{" "{{ $x }}" }}`,
		`{{ splitkv "=" (split "," "a=b,c") | tojson }}`, `{{ drop "[" (split "," "a") }}`,
	} {
		f.Add(s, "v")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		if strings.Contains(text, "range") || strings.Contains(text, "define") || strings.Contains(text, "seq") {
			return // may be long
		}
		_, _ = Render(context.Background(), Template{Name: "t", Text: text, Vars: map[string]any{"x": value, value: "y"}})
	})
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{"$x", "${x:-${x}}", "${x%%*}", `\$`, "${", "${#x}", "${x:?"} {
		f.Add(s, "value")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		got, err := expand(text, func(string) (string, bool) { return value, true })
		if err == nil && !strings.ContainsAny(text, `$\`) && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
