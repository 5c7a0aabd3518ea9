package server

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugins"
	"github.com/slipwayhq/slipway/proxy/client"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

var update = flag.Bool("update", false, "write docs/reference.md")

// wholeTable is the table of the whole program over an empty state.
func wholeTable(t *testing.T) (*command.Table, *plugin.Host) {
	t.Helper()
	dir := t.TempDir()
	store, err := state.Open(state.Config{Root: filepath.Join(dir, "home"), Lib: filepath.Join(dir, "lib")})
	if err != nil {
		t.Fatal(err)
	}
	host := &plugin.Host{Store: store, Docker: fake.New(), Names: docker.Names{}, Log: slog.New(slog.DiscardHandler)}
	external := plugin.NewExternal(host)
	host.Bus = trigger.NewBus(external)
	flow, features := plugins.All(host, client.New(client.Config{Routes: store.LibPath("data", "proxy", "routes"), Socket: store.LibPath("run", "proxy.sock")}), "slipway")
	t.Cleanup(flow.Close)
	if err := host.Register(features...); err != nil {
		t.Fatal(err)
	}
	table, err := makeTable(host, external, features, Config{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return table, host
}

func TestReferenceIsInStepWithTheCommandTable(t *testing.T) {
	table, host := wholeTable(t)
	got := Reference(table, host.Properties())
	path := filepath.Join("..", "docs", "reference.md")
	if *update {
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
		t.Errorf("docs/reference.md is behind; run go test ./server -run TestReference -update (-want +got):\n%s", diff)
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	table, _ := wholeTable(t)
	for _, c := range table.Commands() {
		if c.Help == "" {
			t.Errorf("%s has no help", c.Name)
		}
	}
}

func TestEveryPropertyHasHelp(t *testing.T) {
	_, host := wholeTable(t)
	for _, p := range host.Properties() {
		if p.Help == "" && !p.Internal {
			t.Errorf("the property %s of %s has no help", p.Name, p.Plugin)
		}
	}
}

func TestCompletionIsMadeForEveryShell(t *testing.T) {
	table, _ := wholeTable(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if s, err := table.Completion(shell, "dokku"); err != nil || s == "" {
			t.Errorf("%s: %q, %v", shell, s, err)
		}
	}
	if _, err := table.Completion("tcsh", "dokku"); err == nil {
		t.Error("tcsh: no error")
	}
}
