package command

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

type terminal struct{}

func (terminal) Name() string { return "xterm" }
func (terminal) Path() string { return "/dev/null" }

// As Dokku has it: its script is quiet where there is no terminal.
func TestHelpHasItsHeadOnATerminalOnly(t *testing.T) {
	var got everyArgs
	table := testTable(t, &got)
	for _, test := range []struct {
		tty  Terminal
		argv []string
		head bool
	}{
		{terminal{}, []string{"help"}, true},
		{nil, []string{"help"}, false},
		{nil, nil, false},
		{terminal{}, []string{"--quiet", "help"}, false},
		{terminal{}, []string{"help", "--all"}, true},
	} {
		var out bytes.Buffer
		call := &Call{Actor: root, TTY: test.tty, Out: NewOutput(&out, &out)}
		code := table.Run(context.Background(), call, test.argv)
		if code != 0 || strings.Contains(out.String(), "Usage: dokku") != test.head || !strings.Contains(out.String(), "things") {
			t.Errorf("%+v: %d\n%s", test, code, out.String())
		}
	}
}

func TestHelpOfACommandWithoutFeature(t *testing.T) {
	table, err := NewTable(nil, []*Command{New("url", "Show the first URL", func(context.Context, *Call, struct {
		App string `arg:"app"`
	},
	) error {
		return nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"url:help": "    url <app>  Show the first URL\n", "help:help": "    help  Print the list of commands\n",
	} {
		if stdout, stderr, code := call(table, root, name); code != 0 || stdout != want {
			t.Errorf("%s: %d %q %q", name, code, stdout, stderr)
		}
	}
}

func TestAliasesOfPlugins(t *testing.T) {
	for name, want := range map[string]string{
		"docker-local:set": "scheduler-docker-local:set", "pack": "builder-pack", "pack:help": "builder-pack:help", "ps:pack": "ps:pack", "rails:set": "builder-railpack:set",
	} {
		if got := resolveAlias(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestAPluginThatTakesAFeaturesPlaceAnswersItsCommands(t *testing.T) {
	var got everyArgs
	table := testTable(t, &got)
	table.Replaced = func(c *Command) bool { return c.Feature() == "things" }
	table.Fallback = func(_ context.Context, c *Call) (bool, error) {
		c.Out.Line("outside: %s", strings.Join(c.Argv, " "))
		return true, nil
	}
	for _, line := range []string{"things:set blog A", "things:help", "things", "things:other"} {
		if stdout, stderr, code := call(table, root, strings.Fields(line)...); code != 0 || stdout != "outside: "+line+"\n" {
			t.Errorf("%s: %d %q %q", line, code, stdout, stderr)
		}
	}
}
