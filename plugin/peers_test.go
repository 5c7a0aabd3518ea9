package plugin

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/trigger"
)

// guard is a process plugin that answers user-auth, and says in a file that it was started.
func guard(t *testing.T, dir, started string) {
	t.Helper()
	script(t, dir, "guard/run", `echo x >>`+started+`
read hello
echo '{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"triggers":[{"name":"user-auth"}]}}'
while read call; do echo '{"jsonrpc":"2.0","id":2,"result":{"exit":0}}'; done`)
	about(t, dir, "guard", "[plugin.run]\nas = \"process\"\ncommand = [\"./run\"]\n")
}

func starts(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(text), "x")
}

func TestAProcessIsNotStartedToLearnWhatItAnswered(t *testing.T) {
	x, dir := external(t)
	started := filepath.Join(t.TempDir(), "started")
	guard(t, dir, started)
	if !trigger.NewBus(x).Handled("user-auth") || starts(t, started) != 1 {
		t.Fatalf("started %d times", starts(t, started))
	}
	x.Close()
	again := NewExternal(x.host) // slipwayd was started again
	defer again.Close()
	bus := trigger.NewBus(again)
	if !bus.Handled("user-auth") || bus.Handled("post-create") || starts(t, started) != 1 {
		t.Errorf("started %d times", starts(t, started))
	}
	if err := bus.Event(context.Background(), "user-auth", "dokku", "ann", "apps:list"); err != nil || starts(t, started) != 2 {
		t.Errorf("started %d times, %v", starts(t, started), err)
	}
}

// Security: a plugin that guards something and does not start any more keeps the door closed.
func TestAGuardThatDoesNotStartRefuses(t *testing.T) {
	x, dir := external(t)
	guard(t, dir, filepath.Join(t.TempDir(), "started"))
	if !trigger.NewBus(x).Handled("user-auth") {
		t.Fatal("it does not answer")
	}
	x.Close()
	script(t, dir, "guard/run", "exit 1 # an update that went wrong")
	again := NewExternal(x.host)
	defer again.Close()
	bus := trigger.NewBus(again)
	if !bus.Handled("user-auth") {
		t.Fatal("nobody guards")
	}
	err := bus.Event(context.Background(), "user-auth", "dokku", "ann", "apps:list")
	if err == nil || !strings.HasPrefix(err.Error(), "The plugin guard does not run: ") {
		t.Errorf("it is allowed: %v", err)
	}
}

func TestAPluginThatIsDisabledIsStopped(t *testing.T) {
	x, dir := external(t)
	x.host.Bus = trigger.NewBus(x)
	guard(t, dir, filepath.Join(t.TempDir(), "started"))
	if !x.host.Bus.Handled("user-auth") {
		t.Fatal("it does not answer")
	}
	if err := os.RemoveAll(filepath.Join(dir, "guard")); err != nil {
		t.Fatal(err)
	}
	if x.host.Bus.Handled("user-auth") {
		t.Error("it answers")
	}
	x.peers.mu.Lock()
	left := len(x.peers.all)
	x.peers.mu.Unlock()
	if left != 0 {
		t.Error("it runs on")
	}
	x.Close()
}

func FuzzKeptRegistration(f *testing.F) {
	f.Add(`{"of":"x","registration":{"protocol":1}}`)
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "kept.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n := &peer{storePath: path}
		if r, of := n.kept(); r == nil && of != "" {
			t.Errorf("%q", text)
		}
	})
}
