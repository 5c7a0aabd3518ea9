package lint_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/plugin/lint"
	"github.com/slipwayhq/slipway/plugin/metadata"
)

const (
	about    = "[plugin]\nname = \"x\"\nversion = \"1\"\ndescription = \"d\"\n"
	good     = "#!/usr/bin/env bash\nset -eo pipefail\necho \"$1\"\n"
	commands = "#!/usr/bin/env bash\ncase \"$1\" in\n  help) echo '    x:go <app>, Goes' ;;\n  *) exit \"$DOKKU_NOT_IMPLEMENTED_EXIT\" ;;\nesac\n"
)

// check writes files, those that end in ! without the run bit, and says what is found.
func check(t *testing.T, files map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		mode := os.FileMode(0o755)
		if n, ok := strings.CutSuffix(name, "!"); ok {
			name, mode = n, 0o644
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if to, link := strings.CutPrefix(text, "-> "); link {
			if err := os.Symlink(to, path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	found, err := lint.Check(t.Context(), lint.Folder{
		Dir: dir,
		Command: func(ctx context.Context, name string, args ...string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, name, args...)
			cmd.Env = append(os.Environ(), "DOKKU_NOT_IMPLEMENTED_EXIT=10")
			return cmd
		},
		Unfit: func(about metadata.Plugin) string {
			if about.Minimum == "99" {
				return "it needs Slipway 99"
			}
			return ""
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range found {
		lines = append(lines, strings.ReplaceAll(f.String(), dir, "DIR"))
	}
	return lines
}

func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  []string // the beginning of each
	}{
		"nothing is wrong": {map[string]string{
			"plugin.toml!": about, "post-deploy": good, "commands": commands, "subcommands/go": good, "functions!": good, "README.md!": "# x", "log": good,
		}, nil},
		"no metadata":      {map[string]string{"post-deploy": good}, []string{"plugin.toml: it is missing"}},
		"no TOML":          {map[string]string{"plugin.toml!": "[plugin\n", "post-deploy": good}, []string{"plugin.toml: line 1"}},
		"says little":      {map[string]string{"plugin.toml!": "[plugin]\n", "post-deploy": good}, []string{"plugin.toml: warning: it says no version", "plugin.toml: warning: it says no description"}},
		"does not fit":     {map[string]string{"plugin.toml!": about + "[plugin.compatibility]\nminimum = \"99\"\n", "post-deploy": good}, []string{"plugin.toml: the plugin cannot be enabled here: it needs Slipway 99"}},
		"mistyped":         {map[string]string{"plugin.toml!": about, "post-deploi": good}, []string{".: it has no hook", "post-deploi: no trigger has this name; was post-deploy meant?"}},
		"mistyped, no bit": {map[string]string{"plugin.toml!": about, "instal!": good, "update": good}, []string{"instal: no trigger has this name; was install meant?"}},
		"text that is near": {map[string]string{
			"plugin.toml!": about, "post-deploy": good, "post-deplo!": "notes\n",
		}, nil},
		"no run bit":         {map[string]string{"plugin.toml!": about, "post-deploy!": good, "subcommands/go!": good}, []string{"post-deploy: it may not be run", "subcommands/go: it may not be run"}},
		"no shebang":         {map[string]string{"plugin.toml!": about, "post-deploy": "echo\n"}, []string{"post-deploy:1: it has no #! line"}},
		"no interpreter":     {map[string]string{"plugin.toml!": about, "post-deploy": "#!/usr/bin/env no-such-language\n"}, []string{"post-deploy:1: it is run by no-such-language"}},
		"Windows":            {map[string]string{"plugin.toml!": about, "post-deploy": "#!/bin/sh\r\necho\r\n"}, []string{"post-deploy:1: its lines end as Windows"}},
		"link to nothing":    {map[string]string{"plugin.toml!": about, "commands": "-> bin/x", "subcommands/go": "-> ../bin/x"}, []string{"commands: it is a link", "subcommands/go: it is a link"}},
		"deprecated":         {map[string]string{"plugin.toml!": about, "pre-build-buildpack": good}, []string{"pre-build-buildpack: warning: it is deprecated: use pre-build"}},
		"a folder is called": {map[string]string{"plugin.toml!": about, "subcommands/go/x": good, "post-deploy": good}, []string{"subcommands/go: it is a folder"}},
		"takes all commands": {map[string]string{"plugin.toml!": about, "commands": "#!/bin/sh\necho '    x, y'\n"}, []string{"commands: for a command that is not its own it ends with exit code 0, not 10"}},
		"help fails": {map[string]string{"plugin.toml!": about, "commands": "#!/bin/sh\nexit 10\n"}, []string{
			"commands: `commands help` ends with exit code 10",
		}},
		"help has another form": {map[string]string{"plugin.toml!": about, "commands": strings.Replace(commands, "x:go <app>, Goes", "x goes", 1)}, []string{
			"commands: warning: `commands help` prints a line that is not COMMAND, DESCRIPTION: \"x goes\"",
		}},
		"process that is not built": {map[string]string{"plugin.toml!": about + "[plugin.run]\nas = \"process\"\ncommand = [\"./x\"]\n"}, []string{"plugin.toml: the program ./x that it runs is not there"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := check(t, test.files)
			ok := len(got) == len(test.want)
			for i := range min(len(got), len(test.want)) {
				ok = ok && strings.HasPrefix(got[i], test.want[i])
			}
			if !ok {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestShellScriptsAreRead(t *testing.T) {
	got := check(t, map[string]string{"plugin.toml!": about, "post-deploy": "#!/usr/bin/env bash\nset -e\nif true; then\n", "subcommands/go": "#!/bin/sh\nfor\n"})
	for _, file := range []string{"post-deploy:", "subcommands/go:"} {
		found := false
		for _, line := range got {
			found = found || strings.HasPrefix(line, file)
		}
		if !found {
			t.Errorf("nothing is found in %s\n%s", file, strings.Join(got, "\n"))
		}
	}
}

// Without shellcheck, what the shell itself cannot read is found.
func TestWithoutShellcheckTheShellReadsScripts(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bash", "sh", "env"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	got := check(t, map[string]string{"plugin.toml!": about, "post-deploy": "#!/usr/bin/env bash\nset -e\nif true; then\n", "post-create": "#!/bin/sh\necho )\n"})
	if len(got) != 2 || !strings.HasPrefix(strings.ToLower(got[0]), "post-create:2: syntax error") || !strings.HasPrefix(got[1], "post-deploy:4: syntax error") {
		t.Errorf("%q", got)
	}
}

// Our own examples have nothing to be found, but for a program that is not built yet.
func TestExamplesAreGood(t *testing.T) {
	dirs, err := filepath.Glob("../../examples/plugins/*/plugin.toml")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	core, err := filepath.Abs("../../compat/bash")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range dirs {
		dir, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		found, err := lint.Check(t.Context(), lint.Folder{Dir: dir, Command: func(ctx context.Context, name string, args ...string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, name, args...)
			cmd.Env = append(os.Environ(), "DOKKU_NOT_IMPLEMENTED_EXIT=10", "PLUGIN_CORE_AVAILABLE_PATH="+core, "PLUGIN_AVAILABLE_PATH="+core, "PLUGIN_PATH="+t.TempDir())
			return cmd
		}})
		if err != nil {
			t.Error(err)
		}
		for _, f := range found {
			if !strings.Contains(f.Message, "build it first") {
				t.Errorf("%s: %s", filepath.Base(filepath.Dir(path)), f)
			}
		}
	}
}
