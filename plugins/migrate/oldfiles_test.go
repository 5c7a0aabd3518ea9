package migrate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/plugins/migrate"
)

func TestOldScales(t *testing.T) {
	got, err := migrate.ParseScale("# of Dokku\nworker=2\n\n web = 1 \n")
	if diff := cmp.Diff([]string{"web=1", "worker=2"}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for _, bad := range []string{"web", "web=x", "web=-1", "we b=1", "=1", "web=1.5"} {
		if got, err := migrate.ParseScale(bad); err == nil {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestOldDockerOptions(t *testing.T) {
	got := migrate.ParseOptions(strings.Join([]string{
		"# of Dokku", "", "-v /host/a:/a --link b", `--build-arg X="two words"`, "--label='it'", "--env=A=$HOME", "--restart=always", `--broken="open`, "-p 1:1 # why",
	}, "\n"))
	want := []string{"-v /host/a:/a", "--link b", "--build-arg 'X=two words'", "--label=it", "'--env=A=$HOME'", "--restart=always", `--broken="open`, "-p 1:1 # why"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	rest, policy := migrate.TakeRestart(got)
	if policy != "always" || slices.Contains(rest, "--restart=always") || len(rest) != len(got)-1 {
		t.Errorf("%q %q", rest, policy)
	}
}

func TestOldPortMaps(t *testing.T) {
	if got := migrate.PortMaps("http:80:5000  80 https:443:5000 nonsense http:x:1"); got != "http:80:5000 https:443:5000" {
		t.Errorf("got %q", got)
	}
}

func TestWhoListens(t *testing.T) {
	head := "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
	line := "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0"
	for text, want := range map[string]int{head: 0, line: 80, strings.Replace(line, " 0A ", " 01 ", 1): 0, strings.Replace(line, "0050", "01BB", 1): 443, "": 0} {
		port, inode, ok := migrate.ParseSocket(text)
		if port != want || ok != (want != 0) || ok && inode != "12345" {
			t.Errorf("%q: %d %q %v", text, port, inode, ok)
		}
	}
}

// Each option is one word group that docker gets as it is in the file.
func FuzzParseOptions(f *testing.F) {
	for _, s := range []string{"-v /a:/b\n--link x", `--env="A B" -p 80:80`, "--label='a'\\''b'", "# x\n\n", "a b --c", `"`, "--x=\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		options := migrate.ParseOptions(text)
		var before, after []string
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if fields, err := words.Split(line); line != "" && line[0] != '#' && err == nil && !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "#") }) {
				before = append(before, fields...)
			}
		}
		for _, o := range options {
			if fields, err := words.Split(o); err == nil && !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "#") }) {
				after = append(after, fields...)
			}
		}
		if !slices.Equal(before, after) {
			t.Errorf("%q became %q", before, after)
		}
		again := migrate.ParseOptions(strings.Join(options, "\n"))
		if !slices.ContainsFunc(options, func(o string) bool { return strings.Contains(o, "\n") }) && !slices.Equal(options, again) {
			t.Errorf("%q became %q", options, again)
		}
	})
}

func FuzzParseScale(f *testing.F) {
	for _, s := range []string{"web=1", "web=1\nworker=0\n", "# x", "web", "a=b=c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := migrate.ParseScale(text)
		if err != nil {
			return
		}
		again, err := migrate.ParseScale(strings.Join(lines, "\n"))
		if err != nil || !slices.Equal(lines, again) {
			t.Errorf("%q became %q: %v", lines, again, err)
		}
	})
}

func FuzzCrontab(f *testing.F) {
	for _, s := range []string{"MAILTO=a\n* * * * * dokku cron:run a b\n", "# dokku cron:run x", "a", "  @daily x=1\n\"A\" = b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := migrate.CronTasks(text)
		if n < 0 || n > strings.Count(text, "\n")+1 {
			t.Errorf("%q has %d tasks", text, n)
		}
		if more := migrate.CronTasks("1 1 * * * dokku cron:run a b\n# no\nA=b\n\n" + text); more != n+1 {
			t.Errorf("%q with one task more has %d, not %d", text, more, n+1)
		}
	})
}
