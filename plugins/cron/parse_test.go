package cron

import (
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
)

// The ID is Dokku's own, made by its GenerateCommandID.
func TestTheIDIsDokkus(t *testing.T) {
	// echo -n 'a===b===c' | base36, by hand: the bytes as one big number.
	n := new(big.Int).SetBytes([]byte("blog===true===* * * * *"))
	if got := taskID("blog", app.CronTask{Command: "true", Schedule: "* * * * *"}); got != n.Text(36) {
		t.Errorf("%s, want %s", got, n.Text(36))
	}
	if taskID("a", app.CronTask{Command: "b", Schedule: "c"}) == taskID("a", app.CronTask{Command: "b", Schedule: "d"}) {
		t.Error("two schedules have one ID")
	}
}

// The words are those of Dokku's plugins/cron/cron.go.
func TestAnInvalidTaskIsRefusedInDokkusWords(t *testing.T) {
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin { return Plugin(h) })
	path := filepath.Join(t.TempDir(), "app.json")
	for task, want := range map[string]string{
		`{"key": "value"}`: "Missing cron task command for app blog (index 0)",
		`{"command": "x"}`: "Missing cron schedule for app blog (index 0)",
		`{"command": "x", "schedule": "@nonstandard"}`:                      "Invalid cron schedule for app blog (schedule @nonstandard): unrecognized descriptor: @nonstandard",
		`{"command": "x", "schedule": "0 5 * * * *"}`:                       "Invalid cron schedule for app blog (schedule 0 5 * * * *): expected exactly 5 fields, found 6: [0 5 * * * *]",
		`{"command": "a && b", "schedule": "@daily"}`:                       `Invalid cron command for app blog (command "a && b"): `,
		`{"command": "a | b", "schedule": "@daily"}`:                        `Invalid cron command for app blog (command "a | b"): `,
		`{"command": "a; b", "schedule": "@daily"}`:                         `Invalid cron command for app blog (command "a; b"): `,
		`{"command": "a > b", "schedule": "@daily"}`:                        `Invalid cron command for app blog (command "a > b"): `,
		`{"command": "a $(b)", "schedule": "@daily"}`:                       `Invalid cron command for app blog (command "a $(b)"): `,
		`{"command": " ", "schedule": "@daily"}`:                            `Invalid cron command for app blog (command " "): `,
		`{"command": "x", "schedule": "@daily", "concurrency_policy": "y"}`: "Invalid cron concurrency policy for app blog (schedule @daily): y",
		`{"command": "x", "schedule": "TZ=0"}`:                              "Invalid cron schedule for app blog (schedule TZ=0): ",
		`{"command": 1, "schedule": "@daily"}`:                              "app.json: cron[0].command must be a string, not a number",
		`{"command": "sh -c 'a && b'", "schedule": "@daily"}`:               "",
	} {
		if err := os.WriteFile(path, []byte(`{"cron": [`+task+`]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		got := w.Fire("app-json-is-valid", "blog", path)
		if (got.Code == 0) != (want == "") || !strings.HasPrefix(got.Stderr, want) {
			t.Errorf("%s: %+v, want %q", task, got, want)
		}
	}
}

func TestTheCrontabIsCommentsOnly(t *testing.T) {
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin { return Plugin(h) })
	c := &cron{host: w.Host}
	w.Host.Crontab = filepath.Join(t.TempDir(), "crontabs", "dokku")
	tasks := []task{
		{ID: "x1", App: "blog", Schedule: "*/5 * * * *", Command: "secret"},
		{ID: "x2", Global: true, Schedule: "@daily", Command: "/bin/renew\n* * * * * evil", logFile: "/tmp/log"},
	}
	if _, err := c.writeCrontab(tasks); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(w.Host.Crontab)
	if err != nil || !strings.Contains(string(text), "dokku cron:run blog x1") || strings.Contains(string(text), "secret") {
		t.Errorf("%s, %v", text, err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			t.Errorf("cron would run %q", line)
		}
	}
	if removed, err := c.writeCrontab(nil); err != nil || !removed {
		t.Errorf("%v %v", removed, err)
	}
	if removed, err := c.writeCrontab(nil); err != nil || removed {
		t.Errorf("%v %v", removed, err)
	}
}

// On a machine that a Dokku has, its crontab stays as it is and the host's cron
// runs what is in it, until the machine is taken over.
func TestTheCrontabOfADokkuIsLeftAloneUntilItIsTakenOver(t *testing.T) {
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin { return Plugin(h) })
	c := &cron{host: w.Host}
	c.ticker = newTicker(c)
	store := w.Host.Store
	id := taskID("blog", app.CronTask{Command: "x", Schedule: "@daily"})
	text := "PATH=/bin\n@daily dokku cron:run blog " + id + "\n"
	w.Host.Crontab = filepath.Join(t.TempDir(), "dokku")
	for _, err := range []error{
		os.WriteFile(w.Host.Crontab, []byte(text), 0o600), store.MkdirAll(store.AppDir("blog"), 0o755),
		store.WriteFile(store.LibPath("data", "app-json", "blog", "app.json"), []byte(`{"cron": [{"command": "x", "schedule": "@daily"}, {"command": "y", "schedule": "@daily"}]}`), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tasks, err := c.scheduled(t.Context())
	if err != nil || len(tasks) != 2 || !tasks[0].off() || tasks[1].off() {
		t.Fatalf("%+v, %v", tasks, err)
	}
	if _, err := c.writeCrontab(tasks); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(w.Host.Crontab); err != nil || string(got) != text {
		t.Errorf("%s, %v", got, err)
	}
	if err := c.onStart(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if tasks, err = c.scheduled(t.Context()); err != nil || tasks[0].off() {
		t.Errorf("%+v, %v", tasks, err)
	}
	if got, err := os.ReadFile(w.Host.Crontab); err != nil || !strings.Contains(string(got), "# @daily dokku cron:run blog "+id) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestMail(t *testing.T) {
	for list, want := range map[string]bool{
		"ann@example.com": true, "root": true, "Ann <ann@example.com>, bob": true,
		"-oQ/tmp": false, "a b": false, "ann@example.com\nBcc: x@y.z": false, "a;b": false, ",": false,
	} {
		if err := validAddresses(list); (err == nil) != want {
			t.Errorf("%q: %v", list, err)
		}
	}
	got := message("cron@example.com", "ann@example.com", "a\nBcc: x", "body\n")
	if !strings.HasPrefix(got, "From: cron@example.com\nTo: ann@example.com\nSubject: a Bcc: x\n") || !strings.HasSuffix(got, "\n\nbody\n") {
		t.Error(got)
	}
}

// FuzzEntry checks that a line of a plugin is one line, and that no schedule is
// accepted without a command.
func FuzzEntry(f *testing.F) {
	for _, s := range []string{"@daily;x", "* * * * *;x;/l", ";;", "TZ= ;x", "@every 1s; "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, err := parseEntry(line)
		if err == nil && (strings.TrimSpace(got.Command) == "" || strings.Contains(got.line(), "\n") || got.ID == "") {
			t.Errorf("%q: %+v", line, got)
		}
	})
}

// FuzzCommand checks that splitting neither panics nor makes more words than it
// may.
func FuzzCommand(f *testing.F) {
	for _, s := range []string{"a b", "a && b", "a $(b)", "a `b`", "'a;b'", "a $B ${C:-d}", "<(x)", "~/x", "a{1,2}", "*", "{1..9}{a..z}", "${x/y/z}", "$((2**3))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if argv, err := splitCommand(line); err == nil && len(argv) > len(line)+2*maxWords {
			t.Errorf("%q: %d words", line, len(argv))
		}
	})
}

func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		"node bin/x.js --all":  {"node", "bin/x.js", "--all"},
		`sh -c 'a && b; c >d'`: {"sh", "-c", "a && b; c >d"},
		`a "b c" d\ e $F "$G"`: {"a", "b c", "d e", ""},
		"a{1,2} {3..5}":        {"a1", "a2", "3", "4", "5"},
		"ls *.go":              {"ls", "*.go"},
	} {
		if got, err := splitCommand(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
	// Security: these would run something, or take all of the memory or the time.
	for _, line := range []string{"a $(b)", "a `b`", "<(x)", ">(x)", "a | b", "a&", "a{1..999999999}", "{1..99}{1..99}{1..99}", "$((2**99999999999))", "${x:-$(y)}"} {
		if got, err := splitCommand(line); err == nil {
			t.Errorf("%s: %q", line, got)
		}
	}
}

// FuzzAddresses checks that no valid list is an option of sendmail or a second
// header.
func FuzzAddresses(f *testing.F) {
	for _, s := range []string{"a@b.c", "a, b", "Ann <a@b.c>", "-x", "a\r\nb: c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		if validAddresses(list) != nil {
			return
		}
		for _, one := range recipients(list) {
			if one == "" || strings.ContainsAny(one, "\r\n") {
				t.Errorf("%q: %q", list, one)
			}
		}
		if strings.Count(message("", list, "s", ""), "\n") != 7 {
			t.Errorf("%q adds a header", list)
		}
	})
}
