package sshd

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/command"
)

// programs are those of scripts.
func (r *rig) programs() []*command.Command {
	return []*command.Command{
		command.New("plugn", "what only scripts may", func(_ context.Context, c *command.Call, in restArgs) error {
			c.Out.Line("plugn %q root=%v", in.Rest, c.Actor.Root)
			return nil
		}, command.Verbatim),
		command.New("prop", "hand stdin to a child", func(ctx context.Context, c *command.Call, _ restArgs) error {
			own := command.Inherit(c.In)
			if own == nil {
				return fmt.Errorf("no descriptor came")
			}
			cmd := exec.CommandContext(ctx, "sh", "-c", "read line; echo got $line")
			cmd.Stdin, cmd.Stdout = own, c.Out.Stdout()
			return cmd.Run()
		}, command.Verbatim),
	}
}

// as calls the client by a name or path.
func as(cmd *exec.Cmd, path string) *exec.Cmd {
	cmd.Args[0] = path
	return cmd
}

func TestScriptsReachTheirPrograms(t *testing.T) {
	r := newRig(t, nil)
	if got := runCommand(t, as(r.slipway(nil, "trigger", "--quiet", "x"), "/var/lib/dokku/core-plugins/bin/plugn")); got.stdout != `plugn ["trigger" "--quiet" "x"] root=true`+"\n" {
		t.Errorf("got %+v", got)
	}
	// In what a key's command started, the program acts as that key.
	if got := runCommand(t, as(r.slipway([]string{"NAME=ann", "FINGERPRINT=SHA256:x"}, "trigger"), "plugn")); got.stdout != `plugn ["trigger"] root=false`+"\n" {
		t.Errorf("got %+v", got)
	}
}

// Security: plugn trigger is the whole server, and nobody types it.
func TestProgramsAreNoCommandsOfPeople(t *testing.T) {
	r := newRig(t, nil)
	key := r.key("ann", "")
	forced := []string{"NAME=ann", "FINGERPRINT=SHA256:x", "SSH_ORIGINAL_COMMAND=plugn trigger x", "SLIPWAY_PROGRAM=plugn"}
	for name, cmd := range map[string]*exec.Cmd{
		"dokku":                     as(r.slipway(nil, "plugn", "trigger", "x"), "dokku"),
		"an environment":            as(r.slipway([]string{"SLIPWAY_PROGRAM=plugn"}, "plugn", "trigger", "x"), "dokku"),
		"a forced command":          as(r.slipway(forced), "/usr/bin/dokku"),
		"a forced command of plugn": as(r.slipway(forced), "/usr/bin/plugn"),
		"ssh":                       r.ssh(key, nil, "plugn", "trigger", "x"),
		"ssh with an environment":   r.ssh(key, []string{"-o", "SetEnv=SLIPWAY_PROGRAM=plugn"}, "plugn", "trigger", "x"),
	} {
		if got := runCommand(t, cmd); got.code != 1 || !strings.Contains(got.stderr, "`plugn trigger x` is not a dokku command.") {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// A child takes of the caller's input what it reads. The rest is for who is next.
func TestStdinIsHandedOver(t *testing.T) {
	r := newRig(t, nil)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if _, err := write.WriteString("one\ntwo\n"); err != nil { // and it stays open: nobody waits for its end
		t.Fatal(err)
	}
	defer write.Close()
	for _, want := range []string{"got one\n", "got two\n"} {
		cmd := as(r.slipway(nil), "prop")
		cmd.Stdin = read
		if got := runCommand(t, cmd); got.stdout != want {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
}
