package plugin

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/trigger"
)

func about(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name, "plugin.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAPluginThatDoesNotFitIsLeftOut(t *testing.T) {
	x, dir := external(t)
	var log bytes.Buffer
	x.host.Log = slog.New(slog.NewTextHandler(&log, nil))
	x.host.Version = "0.9.1"
	x.host.Bus = trigger.NewBus(x)
	for _, name := range []string{"good", "new", "quarrel", "broken"} {
		script(t, dir, name+"/post-create", "echo "+name)
	}
	about(t, dir, "good", "[plugin.compatibility]\nminimum = \"0.9\"\n")
	about(t, dir, "new", "[plugin.compatibility]\nminimum = \"1.0\"\n")
	about(t, dir, "quarrel", "[plugin.compatibility]\nconflicts = [\"good\"]\n")
	about(t, dir, "broken", "[plugin\n")
	ask := func(want string) {
		t.Helper()
		if got, err := x.host.Bus.Query(context.Background(), "post-create"); err != nil || strings.Join(strings.Fields(got), " ") != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	ask("broken good")
	if x.Replaces("new") {
		t.Error("one that is left out takes the place of a feature")
	}
	for _, want := range []string{
		`plugin=new reason="it needs Slipway 1.0 or newer, and this is 0.9.1"`, `plugin=quarrel reason="it cannot work beside the plugin good, which is enabled"`,
		`plugin=broken reason="its plugin.toml cannot be read: line 1:`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s:\n%s", want, log.String())
		}
	}
	// What changes counts at once.
	about(t, dir, "new", "[plugin.compatibility]\nminimum = \"0.9.1\"\n")
	ask("broken good new")
	if err := os.RemoveAll(filepath.Join(dir, "good")); err != nil {
		t.Fatal(err)
	}
	ask("broken new quarrel")
	x.host.NoPlugins, x.roster.stamps = true, nil
	ask("")
	for _, p := range x.host.Installed() {
		if p.LeftOut != "slipwayd was started with --no-plugins" {
			t.Errorf("%+v", p)
		}
	}
}

func TestTheFoldersOfPluginsAreReadAgainOnlyWhenTheyChanged(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "one/post-create", "true")
	about(t, dir, "one", "[plugin]\n")
	for end := 0; ; end++ {
		x.roster.members()
		if x.roster.stamps != nil {
			break
		}
		if end > 1e6 {
			t.Fatal("it is never kept")
		}
	}
	kept := x.roster.members()
	if again := x.roster.members(); &again[0] != &kept[0] {
		t.Error("it was read again")
	}
	script(t, dir, "two/post-create", "true")
	if got := x.roster.members(); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestUnfitLooksAtBothSides(t *testing.T) {
	x, dir := external(t)
	h := x.host
	h.compiled = []string{"domains"}
	script(t, dir, "old/post-create", "true")
	about(t, dir, "old", "[plugin.compatibility]\nconflicts = [\"fresh\"]\n")
	if got := h.Unfit("fresh", h.onDisk()[0].Metadata); got != "the plugin old, which is enabled, cannot work beside it" {
		t.Error(got)
	}
	script(t, dir, "mine/post-create", "true")
	about(t, dir, "mine", "[plugin.compatibility]\nconflicts = [\"domains\"]\n")
	p, _ := h.OnDisk("mine")
	if p.LeftOut != "it cannot work beside the feature domains of Slipway" {
		t.Errorf("%+v", p)
	}
}
