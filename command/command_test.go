package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// upper is a validated argument type.
type upper string

func (u *upper) UnmarshalText(b []byte) error {
	if s := string(b); s != strings.ToUpper(s) {
		return fmt.Errorf("%q is not in upper case", s)
	}
	*u = upper(b)
	return nil
}

type everyArgs struct {
	NoRestart bool     `flag:"no-restart" help:"Do not restart"`
	Format    string   `flag:"format" default:"stdout" enum:"stdout,json"`
	Count     int      `flag:"count" short:"n" default:"3"`
	Env       []string `flag:"env" short:"e"`
	App       string   `arg:"app,global"`
	Words     []upper  `arg:"word" missing:"At least one word must be given"`
}

func testTable(t *testing.T, got *everyArgs) *Table {
	t.Helper()
	record := func(_ context.Context, c *Call, in everyArgs) error { *got = in; return nil }
	table, err := NewTable([]Feature{{Name: "things", Help: "Manage things"}}, []*Command{
		New("things:set", "Set things", record),
		New("things:root", "For root", record, Root),
		New("things:admin", "For admins", record, Admin),
		New("things:run", "Run a thing", func(_ context.Context, c *Call, in struct {
			Env     []string `flag:"env" short:"e"`
			App     string   `arg:"app"`
			Command []string `arg:"command"`
		},
		) error {
			c.Out.Line("%q %q", in.Env, in.Command)
			return Exit{7}
		}, PlainArgs),
		New("things:report", "Report", func(_ context.Context, c *Call, in struct {
			Rest []string `arg:"app,optional"`
		},
		) error {
			c.Out.Line("%q", in.Rest)
			return nil
		}, RawFlags),
		New("things:create", "Create a thing", func(_ context.Context, c *Call, in struct {
			App string `arg:"app,new"`
		},
		) error {
			c.Out.Line("%s", in.App)
			return nil
		}),
		New("things:fail", "Fail", func(context.Context, *Call, struct{}) error { return Fail("It broke.\nMend it") }),
	})
	if err != nil {
		t.Fatal(err)
	}
	table.AppExists = func(app string) bool { return app == "blog" }
	return table
}

func call(table *Table, actor Actor, argv ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	c := &Call{Actor: actor, In: strings.NewReader(""), Out: NewOutput(&out, &err)}
	code = table.Run(context.Background(), c, argv)
	return out.String(), err.String(), code
}

var root = Actor{User: "root", Root: true}

func TestArgumentsAndFlagsInAnyOrder(t *testing.T) {
	for _, argv := range [][]string{
		{"things:set", "blog", "A", "B", "--no-restart", "--format", "json", "-n", "5", "-e", "X=1", "-e", "Y=2"},
		{"things:set", "--no-restart", "--format=json", "-n5", "-eX=1", "--env", "Y=2", "blog", "A", "B"},
		{"--app", "blog", "things:set", "--no-restart", "--format=json", "-n5", "-eX=1", "-eY=2", "A", "B"},
	} {
		var got everyArgs
		if _, stderr, code := call(testTable(t, &got), root, argv...); code != 0 {
			t.Errorf("%q: exit code %d: %s", argv, code, stderr)
		}
		if s := fmt.Sprint(got); s != "{true json 5 [X=1 Y=2] blog [A B]}" {
			t.Errorf("%q: %s", argv, s)
		}
	}
}

func TestAFeatureAloneShowsItsHelp(t *testing.T) {
	var got everyArgs
	want, _, _ := call(testTable(t, &got), root, "things:help")
	for _, argv := range [][]string{{"things"}, {"things", "--help"}, {"things", "-h"}} {
		if stdout, stderr, code := call(testTable(t, &got), root, argv...); code != 0 || stdout != want || want == "" {
			t.Errorf("%q: %d %s%s", argv, code, stdout, stderr)
		}
	}
}

func TestGlobalStandsForTheApp(t *testing.T) {
	for _, argv := range [][]string{{"things:set", "--global", "A"}, {"things:set", "A", "--global"}} {
		var got everyArgs
		if _, stderr, code := call(testTable(t, &got), root, argv...); code != 0 || got.App != "--global" || len(got.Words) != 1 {
			t.Errorf("%q: %d %s %+v", argv, code, stderr, got)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		argv   string
		code   int
		stderr string
	}{
		{"things:set", 1, "Please specify an app to run the command on"},
		{"things:set nope A", 20, "App nope does not exist"},
		{"things:set blog", 1, "At least one word must be given"},
		{"things:set blog a", 1, `"a" is not in upper case`},
		{"things:set blog A --bogus", 2, "unknown flag: --bogus"},
		{"things:set blog A -rf", 2, "unknown shorthand flag: 'r' in -rf"},
		{"things:set blog A --format xml", 2, "valid values are: stdout, json"},
		{"things:set blog A -n x", 2, "invalid argument"},
		{"things:create new extra", 2, `unexpected argument "extra"`},
		{"things:fail", 1, " !     It broke.\n !     Mend it\n"},
		{"bash", 1, " !     `bash` is not a dokku command.\n !     See `dokku help` for a list of available commands.\n"},
		{"--app", 1, "--app needs a value"},
	} {
		var got everyArgs
		stdout, stderr, code := call(testTable(t, &got), root, strings.Fields(test.argv)...)
		if code != test.code || !strings.Contains(stderr, test.stderr) || stdout != "" {
			t.Errorf("%s: exit code %d, want %d; stdout %q; stderr:\n%s", test.argv, code, test.code, stdout, stderr)
		}
	}
}

// Security: an app that the caller may not see is as one that is not there.
func TestHiddenAppsDoNotExist(t *testing.T) {
	var got everyArgs
	table := testTable(t, &got)
	table.Visible = func(ctx context.Context, app string) bool { return ActorOf(ctx).KeyName == "ann" }
	for name, want := range map[string]int{"ann": 0, "bob": 20} {
		_, stderr, code := call(table, Actor{User: "dokku", KeyName: name}, "things:set", "blog", "A")
		if code != want || (want == 20) != strings.Contains(stderr, "App blog does not exist") {
			t.Errorf("%s: %d %s", name, code, stderr)
		}
	}
}

func TestAccessIsCheckedAtDispatch(t *testing.T) {
	user, admin := Actor{User: "dokku", KeyName: "ann"}, Actor{User: "dokku", KeyName: "my-admin-key"}
	for _, test := range []struct {
		command string
		actor   Actor
		allowed bool
	}{
		{"things:set", user, true},
		{"things:root", user, false},
		{"things:root", admin, false},
		{"things:root", root, true},
		{"things:admin", user, false},
		{"things:admin", admin, true},
		{"things:admin", root, true},
	} {
		var got everyArgs
		_, stderr, code := call(testTable(t, &got), test.actor, test.command, "blog", "A")
		if (code == 0) != test.allowed {
			t.Errorf("%s by %s: exit code %d: %s", test.command, test.actor, code, stderr)
		}
	}
}

func TestPlainArgsBelongToTheOtherProgram(t *testing.T) {
	var got everyArgs
	stdout, _, code := call(testTable(t, &got), root, "things:run", "-e", "A=1", "blog", "ls", "-l", "--help")
	if code != 7 || stdout != "[\"A=1\"] [\"ls\" \"-l\" \"--help\"]\n" {
		t.Errorf("%d %q", code, stdout)
	}
}

func TestRawFlagsAreLeftToTheHandler(t *testing.T) {
	var got everyArgs
	stdout, _, code := call(testTable(t, &got), root, "things:report", "blog", "--things-count")
	if code != 0 || stdout != "[\"blog\" \"--things-count\"]\n" {
		t.Errorf("%d %q", code, stdout)
	}
}

func TestHelp(t *testing.T) {
	var got everyArgs
	table := testTable(t, &got)
	stdout, _, code := call(table, root, "things:help")
	want := `Usage: dokku things[:COMMAND]

Manage things

Additional commands:
    things:admin [--no-restart] [--format stdout|json] [--count count] [--env env] <app>|--global <word> [<word> ...]  For admins
`
	if code != 0 || !strings.HasPrefix(stdout, want) {
		t.Errorf("%d:\n%s", code, stdout)
	}
	for _, argv := range [][]string{{"help"}, {}} {
		if stdout, _, code := call(table, root, argv...); code != 0 || !strings.Contains(stdout, "    things  Manage things\n") {
			t.Errorf("%q: %d:\n%s", argv, code, stdout)
		}
	}
	if stdout, _, _ := call(table, root, "help", "--all"); !strings.Contains(stdout, "things:fail") {
		t.Errorf("help --all:\n%s", stdout)
	}
	if stdout, _, _ := call(table, root, "things:set", "--help"); !strings.Contains(stdout, "--no-restart") || !strings.Contains(stdout, "Do not restart") {
		t.Errorf("things:set --help:\n%s", stdout)
	}
}

func TestQuietSuppressesHeadersOnly(t *testing.T) {
	var out bytes.Buffer
	o := NewOutput(&out, &out).WithQuiet(true)
	o.Headers().Title("My Apps")
	o.Line("blog")
	if out.String() != "blog\n" {
		t.Errorf("%q", out.String())
	}
}

func TestDeclaredTwiceIsRefused(t *testing.T) {
	run := func(context.Context, *Call, struct{}) error { return nil }
	if _, err := NewTable(nil, []*Command{New("a", "x", run), New("a", "y", run)}); err == nil {
		t.Error("no error")
	}
}

func TestInterruptedCallEndsWith130(t *testing.T) {
	table, err := NewTable(nil, []*Command{New("wait", "Wait", func(ctx context.Context, _ *Call, _ struct{}) error {
		<-ctx.Done()
		return ctx.Err()
	})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	code := table.Run(ctx, &Call{Out: NewOutput(&out, &out)}, []string{"wait"})
	if code != 130 || out.String() != "" {
		t.Errorf("%d %q", code, out.String())
	}
}

func TestFallbackGetsWhatTheTableDoesNotHave(t *testing.T) {
	var got everyArgs
	table := testTable(t, &got)
	table.Fallback = func(_ context.Context, c *Call) (bool, error) {
		return c.Argv[0] == "postgres:create", Exit{3}
	}
	if _, _, code := call(table, root, "postgres:create", "db"); code != 3 {
		t.Errorf("exit code %d", code)
	}
}

func TestLinesCutsAtNewlines(t *testing.T) {
	var got []string
	w := Lines(func(s string) { got = append(got, s) })
	for _, p := range []string{"one\ntw", "o\r\n", "\nlast"} {
		w.Write([]byte(p))
	}
	w.Close()
	if s := fmt.Sprintf("%q", got); s != `["one" "two" "" "last"]` {
		t.Error(s)
	}
}

func TestBufferedAppearsTogetherAndInOrder(t *testing.T) {
	var out bytes.Buffer
	o := NewOutput(&out, &out)
	b, flush := o.Buffered()
	b.Step("a")
	o.Step("first")
	b.Warn("b")
	flush()
	if want := "-----> first\n-----> a\n !     b\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

func TestErrorKeepsItsCause(t *testing.T) {
	cause := errors.New("cause")
	if err := Fail("it failed: %w", cause); !errors.Is(err, cause) || err.Error() != "it failed: cause" {
		t.Error(err)
	}
}

// Whatever is typed, the table answers with an exit code and never breaks.
func FuzzRun(f *testing.F) {
	for _, s := range []string{"things:set blog A", "--app x --quiet things:set", "help --all", "things:run -e", "-rf", "things:set --format"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var got everyArgs
		_, stderr, code := call(testTable(t, &got), Actor{User: "x"}, strings.Split(line, " ")...)
		if code != 0 && code != 7 && stderr == "" {
			t.Errorf("%q: exit code %d without a word", line, code)
		}
	})
}

// Dokku's client: `dokku apps:create blog` in a repository is sent as
// `--app blog apps:create blog`.
func TestTheAppMayBeNamedTwice(t *testing.T) {
	for line, want := range map[string]string{
		"--app blog things:create blog": "blog\n", "--app blog things:create": "blog\n",
		"--app blog things:report": "[\"blog\"]\n", "--app blog things:report blog": "[\"blog\"]\n",
		"--app blog things:run blog": "[] [\"blog\"]\n",
	} {
		var got everyArgs
		stdout, stderr, _ := call(testTable(t, &got), root, strings.Fields(line)...)
		if stdout != want {
			t.Errorf("%s: %q %q, want %q", line, stdout, stderr, want)
		}
	}
}
