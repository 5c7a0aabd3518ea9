package server

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// What users and their scripts see of commands and reports is a contract. Both
// files are written by `go test ./server -run TestGolden -update`: read each
// line that changes, and compare it with Dokku's.

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("testdata/%s: look at the change, and run go test ./server -run TestGolden -update (-want +got):\n%s", name, diff)
	}
}

// runLine is what a command line prints to stdout.
func runLine(t *testing.T, table *command.Table, line string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	call := &command.Call{Actor: command.Actor{User: "root", Root: true}, In: strings.NewReader(""), Out: command.NewOutput(&stdout, &stderr)}
	if code := table.Run(context.Background(), call, strings.Fields(line)); code != 0 {
		t.Errorf("dokku %s: exit code %d: %s", line, code, stderr.String())
	}
	return stdout.String()
}

func TestGoldenHelp(t *testing.T) {
	table, _ := wholeTable(t)
	var b strings.Builder
	b.WriteString("$ dokku help\n" + runLine(t, table, "help"))
	for _, f := range table.Features() {
		b.WriteString("\n$ dokku " + f.Name + ":help\n" + runLine(t, table, f.Name+":help"))
	}
	for _, c := range table.Commands() {
		if _, inHelp := featureOf(table, c); !inHelp {
			b.WriteString("\n$ dokku " + c.Name + ":help\n" + runLine(t, table, c.Name+":help"))
		}
	}
	golden(t, "help.txt", b.String())
}

func featureOf(table *command.Table, c *command.Command) (command.Feature, bool) {
	for _, f := range table.Features() {
		if f.Name == c.Feature() {
			return f, true
		}
	}
	return command.Feature{}, false
}

// TestGoldenReports has the rows of every report, of an app that was just made
// and --global where there is one.
func TestGoldenReports(t *testing.T) {
	table, host := wholeTable(t)
	runLine(t, table, "apps:create blog")
	hide := strings.NewReplacer(host.Store.Root(), "$ROOT", host.Store.Lib(), "$LIB")
	epoch := regexp.MustCompile(`\b[12][0-9]{9}\b`)
	var b strings.Builder
	for _, c := range table.Commands() {
		if !strings.HasSuffix(c.Name, ":report") || strings.Count(c.Name, ":") > 1 {
			continue
		}
		b.WriteString("$ dokku " + c.Name + " blog\n" + runLine(t, table, c.Name+" blog"))
		var out bytes.Buffer
		call := &command.Call{Actor: command.Actor{User: "root", Root: true}, Out: command.NewOutput(&out, &bytes.Buffer{})}
		if table.Run(context.Background(), call, []string{c.Name, state.Global}) == 0 {
			b.WriteString("$ dokku " + c.Name + " --global\n" + out.String())
		}
		b.WriteString("\n")
	}
	golden(t, "reports.txt", epoch.ReplaceAllString(hide.Replace(b.String()), "$$EPOCH"))
}
