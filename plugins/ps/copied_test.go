package ps

import (
	"context"
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

// The copy of an app is built in post-app-clone and post-app-rename, unless who
// fires them says SKIP_REBUILD.
func TestACopyIsBuilt(t *testing.T) {
	var built []string
	h := &plugin.Host{Bus: trigger.NewBus(nil)}
	p := &ps{host: h}
	for _, name := range []string{"post-app-clone", "post-app-rename"} {
		h.Bus.Handle(trigger.Handler{Plugin: "ps", Trigger: name, Run: p.onCopied})
	}
	h.Bus.Handle(trigger.Handler{Plugin: "git", Trigger: "receive-app", Run: func(_ context.Context, c *trigger.Call) error {
		built = append(built, c.Args...)
		return nil
	}})
	for _, fire := range []struct {
		skip string
		args []string
	}{{"", []string{"post-app-clone", "a", "b"}}, {"true", []string{"post-app-clone", "a", "c"}}, {"", []string{"post-app-rename", "b", "d"}}} {
		ctx := trigger.WithEnv(t.Context(), map[string]string{"SKIP_REBUILD": fire.skip})
		if err := h.Bus.Event(ctx, fire.args[0], fire.args[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(built, []string{"b", "d"}) {
		t.Errorf("built %v", built)
	}
}
