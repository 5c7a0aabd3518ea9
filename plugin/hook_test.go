package plugin

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

func TestTraceShowsHooksToTheCallerAndInTheLog(t *testing.T) {
	x, dir := external(t)
	var log, shown bytes.Buffer
	x.host.Log = slog.New(slog.NewTextHandler(&log, nil))
	script(t, dir, "a/post-config-update", `true`)
	script(t, dir, "b/post-config-update", `exit 3`)
	fire := func() string {
		shown.Reset()
		ctx := trigger.WithStreams(context.Background(), nil, &shown, &shown)
		_ = trigger.NewBus(x).Event(ctx, "post-config-update", "blog", "set", "KEY=s3cret")
		return regexp.MustCompile(`[0-9.]+m?s,`).ReplaceAllString(shown.String(), "TIME,")
	}
	if got := fire(); got != "" {
		t.Errorf("it is shown unasked: %q", got)
	}
	if err := x.host.Store.Set(Trace, state.Global, "on"); err != nil {
		t.Fatal(err)
	}
	want := "+ plugin a: post-config-update blog set KEY=***: TIME, exit code 0\n+ plugin b: post-config-update blog set KEY=***: TIME, exit code 3\n"
	if got := fire(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !strings.Contains(log.String(), `plugin=b trigger=post-config-update args="[blog set KEY=***]"`) || strings.Contains(log.String(), "s3cret") {
		t.Errorf("the log: %s", log.String())
	}
}
