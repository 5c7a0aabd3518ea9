package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// treeRig is a control plane that has nothing but features and state.
func treeRig(t *testing.T) *controlPlane {
	t.Helper()
	store, err := state.Open(state.Config{Root: t.TempDir(), Lib: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cmd := func(name string) *command.Command {
		return command.New(name, "", func(context.Context, *command.Call, struct{}) error { return nil })
	}
	features := []plugin.Plugin{
		{
			Name: "config", Commands: []*command.Command{cmd("config"), cmd("config:show")}, Programs: []*command.Command{cmd("config_sub")},
			Triggers: plugin.Triggers{"config-get": nil},
		},
		{Name: "20_events", Feature: "events", Commands: []*command.Command{cmd("events:on")}},
		{Name: "00_dokku-standard", Commands: []*command.Command{cmd("report")}},
		{Name: "domains", Commands: []*command.Command{cmd("domains:add"), cmd("urls")}},
	}
	h := &plugin.Host{Store: store, Bus: trigger.NewBus(nil), Version: "1.2.3"}
	if err := h.Register(features...); err != nil {
		t.Fatal(err)
	}
	return &controlPlane{host: h, log: slog.New(slog.NewTextHandler(io.Discard, nil)), tree: coreTree(h, features, "/opt/bin/slipway")}
}

func (cp *controlPlane) lib(elem ...string) string { return cp.host.Store.LibPath(elem...) }

func TestTreeOfCorePlugins(t *testing.T) {
	cp := treeRig(t)
	if err := cp.writeTree(); err != nil {
		t.Fatal(err)
	}
	for path, target := range map[string]string{
		"core-plugins/bin/plugn":                                      "/opt/bin/slipway",
		"core-plugins/available/config/config_sub":                    "/opt/bin/slipway",
		"core-plugins/available/config/config-get":                    "/opt/bin/slipway",
		"core-plugins/available/config/subcommands/show":              "/opt/bin/slipway",
		"core-plugins/available/config/subcommands/default":           "/opt/bin/slipway",
		"core-plugins/available/20_events/subcommands/on":             "/opt/bin/slipway",
		"core-plugins/available/domains/subcommands/add":              "/opt/bin/slipway",
		"core-plugins/enabled/config":                                 cp.lib("core-plugins/available/config"),
		"plugins/available/config":                                    cp.lib("core-plugins/available/config"),
		"plugins/enabled/config":                                      cp.lib("plugins/available/config"),
		"plugins/enabled/common":                                      cp.lib("plugins/available/common"),
		"plugins/enabled/nginx-vhosts":                                cp.lib("plugins/available/nginx-vhosts"),
		"core-plugins/available/00_dokku-standard/subcommands/report": "/opt/bin/slipway",
	} {
		if got, err := os.Readlink(cp.lib(path)); err != nil || got != target {
			t.Errorf("%s -> %s, %v", path, got, err)
		}
	}
	if _, err := os.Lstat(cp.lib("core-plugins/available/domains/subcommands/urls")); err == nil {
		t.Error("urls is a command of domains in its folder")
	}
	for path, words := range map[string]string{
		"plugins/enabled/common/functions": "dokku_log_fail", "core-plugins/available/config/plugin.toml": `version = "1.2.3"`,
		"core-plugins/config.toml": "", "plugins/config.toml": "",
	} {
		if text, err := os.ReadFile(cp.lib(path)); err != nil || !strings.Contains(string(text), words) {
			t.Errorf("%s: %q %v", path, text, err)
		}
	}
}

// At every start only what differs is written; what an older version had is removed.
func TestTreeIsRepaired(t *testing.T) {
	cp := treeRig(t)
	if err := cp.writeTree(); err != nil {
		t.Fatal(err)
	}
	same, edited, linked := cp.lib("core-plugins/available/common/functions"), cp.lib("core-plugins/available/config/functions"), cp.lib("core-plugins/available/config/config_sub")
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(same, past, past); err != nil {
		t.Fatal(err)
	}
	old := cp.lib("core-plugins/available/gone/functions")
	for path, text := range map[string]string{edited: "rm -rf /", old: "old", cp.lib("core-plugins/available/config/what"): "", linked + ".new": ""} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range [][2]string{{cp.lib("core-plugins/available/gone"), cp.lib("plugins/available/gone")}, {cp.lib("plugins/available/gone"), cp.lib("plugins/enabled/gone")}} {
		if err := os.Symlink(l[0], l[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(linked); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/bin/false", linked); err != nil {
		t.Fatal(err)
	}
	if err := cp.writeTree(); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(same); err != nil || !st.ModTime().Equal(past.Truncate(0)) && st.ModTime().Sub(past).Abs() > time.Millisecond {
		t.Errorf("what is as it should be was written: %v", err)
	}
	if text, _ := os.ReadFile(edited); !strings.Contains(string(text), "config_set") {
		t.Errorf("%s is %q", edited, text)
	}
	if to, _ := os.Readlink(linked); to != "/opt/bin/slipway" {
		t.Errorf("config_sub -> %s", to)
	}
	for _, path := range []string{old, cp.lib("core-plugins/available/config/what"), linked + ".new", cp.lib("plugins/available/gone"), cp.lib("plugins/enabled/gone")} {
		if exists(path) {
			t.Errorf("%s is left", path)
		}
	}
}

// A Dokku package's own files are its own, until migrate puts them aside.
func TestTreeOfADokkuIsLeftAlone(t *testing.T) {
	cp := treeRig(t)
	theirs := cp.lib("core-plugins/available/common/functions")
	if err := os.MkdirAll(filepath.Dir(theirs), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, []byte("dokku's"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := cp.writeTree(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(theirs); err != nil || string(text) != "dokku's" {
		t.Errorf("%q %v", text, err)
	}
	if exists(cp.lib("core-plugins/.slipway")) || exists(cp.lib("plugins/enabled/common")) {
		t.Error("something was written")
	}
}

func TestPluginsOfOthersKeepTheirPlace(t *testing.T) {
	cp := treeRig(t)
	theirs := cp.lib("plugins/available/domains")
	if err := os.MkdirAll(theirs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := cp.writeTree(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Readlink(theirs); err == nil || exists(cp.lib("plugins/enabled/domains")) {
		t.Error("a disabled plugin of others named domains is not as it was")
	}
}

// postgres:backup-schedule wrote the path below core-plugins into /etc/cron.d: it takes what `which dokku` prints.
func TestDokkuIsTheOneOfTheMachineWhereThatIsOurs(t *testing.T) {
	h := &plugin.Host{Store: treeRig(t).host.Store}
	bin := t.TempDir()
	client := filepath.Join(bin, "slipway")
	if err := os.WriteFile(client, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	has := func() bool { _, ok := coreTree(h, nil, client).links["bin/dokku"]; return ok }
	if !has() {
		t.Error("there is no dokku for scripts")
	}
	if err := os.WriteFile(filepath.Join(bin, "dokku"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if !has() {
		t.Error("another dokku is taken for ours")
	}
	if err := errors.Join(os.Remove(filepath.Join(bin, "dokku")), os.Symlink("slipway", filepath.Join(bin, "dokku"))); err != nil {
		t.Fatal(err)
	}
	if has() {
		t.Error("scripts find the one below core-plugins")
	}
}
