package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// Plugins are asked about every command, as Dokku asks them: about root's, about
// git's with its quotes, and by the name that was typed.
func TestPluginsAreAskedAboutEveryCommand(t *testing.T) {
	dir := t.TempDir()
	store, err := state.Open(state.Config{Root: filepath.Join(dir, "root"), Lib: filepath.Join(dir, "lib")})
	if err != nil {
		t.Fatal(err)
	}
	h := &plugin.Host{Store: store, Log: slog.New(slog.DiscardHandler), Exec: plugin.Exec{Env: []string{"PATH=" + os.Getenv("PATH"), "DIR=" + dir}}}
	h.Bus = trigger.NewBus(plugin.NewExternal(h))
	var ran []string
	run := func(_ context.Context, c *command.Call, in struct {
		Rest []string `arg:"rest,optional"`
	},
	) error {
		ran = append(ran, strings.Join(append([]string{c.Argv[0]}, in.Rest...), " "))
		return nil
	}
	var commands []*command.Command
	for _, name := range []string{"apps:list", "git-receive-pack", "builder-pack:set"} {
		commands = append(commands, command.New(name, "", run))
	}
	commands = append(commands, command.New("plugin:disable", "", run, command.Root))
	table, err := command.NewTable(nil, commands)
	if err != nil {
		t.Fatal(err)
	}
	table.Authorize = userAuth(h)
	ask := func(actor command.Actor, argv ...string) string {
		t.Helper()
		var out bytes.Buffer
		code := table.Run(t.Context(), &command.Call{Actor: actor, In: strings.NewReader(""), Out: command.NewOutput(&out, &out)}, argv)
		asked, _ := os.ReadFile(filepath.Join(dir, "asked"))
		os.Remove(filepath.Join(dir, "asked"))
		return fmt.Sprintf("%d %s%s", code, asked, out.String())
	}
	root, ann := command.Actor{User: "root", Root: true}, command.Actor{User: "dokku", KeyName: "ann", Fingerprint: "SHA256:x"}
	if got := ask(ann, "apps:list"); got != "0 " {
		t.Errorf("without a plugin: %q", got)
	}
	hook := store.LibPath("plugins", "enabled", "acl", "user-auth")
	if err := os.MkdirAll(filepath.Dir(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nprintf '%s,' \"$@\" >>$DIR/asked\n[ \"$3\" != apps:list ] || [ \"$2\" != default ] || exit 3\n"
	if err := os.WriteFile(hook, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		actor command.Actor
		argv  []string
		want  string
	}{
		{ann, []string{"--quiet", "apps:list", "x"}, "0 dokku,ann,apps:list,x,"},
		{root, []string{"apps:list"}, "1 root,default,apps:list, !     Access denied\n"},
		{root, []string{"plugin:disable"}, "0 root,default,plugin:disable,"},
		{ann, []string{"plugin:disable"}, "1  !     This command must be run as root\n"}, // before plugins are asked
		{ann, []string{"git-receive-pack", "blog"}, "0 dokku,ann,git-receive-pack,'blog',"},
		{command.Actor{User: "dokku"}, []string{"git-receive-pack", "blog"}, "0 dokku,default,git-receive-pack,blog,"},
		{ann, []string{"pack:set", "blog"}, "0 dokku,ann,pack:set,blog,"},
	} {
		if got := ask(test.actor, test.argv...); got != test.want {
			t.Errorf("%v: %q, want %q", test.argv, got, test.want)
		}
	}
	if want := "apps:list|apps:list x|plugin:disable|git-receive-pack blog|git-receive-pack blog|builder-pack:set blog"; strings.Join(ran, "|") != want {
		t.Errorf("ran %q", ran)
	}
}
