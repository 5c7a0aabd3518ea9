package trigger

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func contracts() []Contract {
	var all []Contract
	for _, area := range Catalogue() {
		all = append(all, area.Contracts...)
	}
	return all
}

func TestContractsSayAllThatTheyMust(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range contracts() {
		if seen[c.Name] {
			t.Errorf("%s stands there twice", c.Name)
		}
		seen[c.Name] = true
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(c.Name) {
			t.Errorf("%q is no name", c.Name)
		}
		if !strings.HasSuffix(c.When, ".") && !strings.HasSuffix(c.When, "?") || c.Example == "" {
			t.Errorf("%s lacks when it is fired, or an example", c.Name)
		}
		for _, text := range []string{c.Answer, c.Failure, c.Stdin} {
			if text != "" && !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no sentence", c.Name, text)
			}
		}
		if c.Shape != ShapeEvent && c.Answer == "" {
			t.Errorf("%s is a %s, and nothing says what a handler prints", c.Name, c.Shape)
		}
		if _, known := ContractOf(c.Instead); c.Instead != "" && !known {
			t.Errorf("%s: there is no %s to use instead", c.Name, c.Instead)
		}
	}
}

// variable is a shell variable in capitals, which is an argument or of the environment.
var variable = regexp.MustCompile(`\$\{?([A-Z][A-Z_]+)`)

func TestExamplesAreHooks(t *testing.T) {
	dir := t.TempDir()
	shellcheck, missing := exec.LookPath("shellcheck")
	var paths []string
	for _, c := range contracts() {
		var names []string
		for _, p := range c.Params() {
			if !p.Literal {
				names = append(names, p.Name)
			}
		}
		for _, used := range variable.FindAllStringSubmatch(c.Example, -1) {
			if name := used[1]; !slices.Contains(names, name) && !strings.HasPrefix(name, "DOKKU_") && !strings.HasPrefix(name, "PLUGIN_") {
				t.Errorf("%s: its example has %s, which is none of its arguments %v", c.Name, name, names)
			}
		}
		path := filepath.Join(dir, c.Name)
		if err := os.WriteFile(path, []byte(c.Script()), 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("bash", "-n", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s\n%s", c.Name, err, out, c.Script())
		}
		paths = append(paths, path)
	}
	if missing == nil {
		// SC2034: not every example needs every argument.
		if out, err := exec.Command(shellcheck, append([]string{"--exclude=SC2034"}, paths...)...).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func TestParams(t *testing.T) {
	got := Contract{Args: "SCHEDULER APP-NAME [--no-restart] [PROCESS [INDEX]] ENV… -- COMMAND…"}.Params()
	want := []Param{
		{Name: "SCHEDULER"},
		{Name: "APP_NAME"},
		{Name: "--no-restart", Literal: true, Optional: true},
		{Name: "PROCESS", Optional: true},
		{Name: "INDEX", Optional: true},
		{Name: "ENV", Rest: true},
		{Name: "--", Literal: true},
		{Name: "COMMAND", Rest: true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestScriptNamesTheArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                           "",
		"APP IMAGE-TAG":              `declare APP="$1" IMAGE_TAG="$2"`,
		"APP ACTION DOMAIN…":         `declare APP="$1" ACTION="$2" DOMAIN=("${@:3}")`,
		"S N ENV… -- COMMAND…":       `declare S="$1" N="$2" ENV=("${@:3}")`,
		"[--no-restart] APP KEY=VAL": "",
	} {
		script := Contract{Args: args, Example: "true"}.Script()
		if got, _, _ := strings.Cut(strings.TrimPrefix(script, "#!/usr/bin/env bash\nset -eo pipefail\n"), "\n"); got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"post-deploi": "post-deploy", "post-depoly": "post-deploy", "postdeploy": "post-deploy", "pre-biuld": "pre-build", "instal": "install", "user-auth-apps": "user-auth-app",
		"functions": "", "help-functions": "", "config": "", "post-deploy": "", "": "",
	} {
		if got := Nearest(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
