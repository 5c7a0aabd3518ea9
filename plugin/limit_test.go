package plugin

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// A hook that takes longer than it may is ended with all that it started, also with what does not care about SIGTERM.
func TestAHungHookIsCutOffWithItsWholeGroup(t *testing.T) {
	x, dir := external(t)
	pids := filepath.Join(t.TempDir(), "pids")
	script(t, dir, "slow/post-deploy", `sh -c 'echo $$ >>"`+pids+`"; exec sleep 300' & echo $$ >>"`+pids+`"; wait`)
	if err := x.host.Store.Set(HookTimeoutOf("slow"), state.Global, "200ms"); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	err := trigger.NewBus(x).Event(context.Background(), "post-deploy", "blog")
	want := "The hook post-deploy of the plugin slow was cut off after 200ms, its time limit. To give it longer: dokku plugin:set slow hook-timeout 400ms"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if took := time.Since(start); took > killDelay {
		t.Errorf("it took %s", took)
	}
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(text))
	if len(list) != 2 {
		t.Fatalf("%q", list)
	}
	for _, p := range list {
		pid, err := strconv.Atoi(p)
		if err != nil {
			t.Fatal(err)
		}
		awaitGone(t, pid)
	}
}

func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil && !zombie(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the process %d lives on", pid)
		}
	}
}

// zombie tells whether the process has ended and nobody asked for its exit code yet.
func zombie(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(rest, "Z")
}

// A process of the group that ignores SIGTERM was left behind: only the first of the group was killed.
func TestAHookThatIgnoresSIGTERMIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for the delay of SIGKILL")
	}
	x, dir := external(t)
	pids := filepath.Join(t.TempDir(), "pids")
	script(t, dir, "deaf/post-deploy", `(trap "" TERM; sh -c 'echo $$ >"`+pids+`"; exec sleep 300') & wait`)
	if err := x.host.Store.Set(HookTimeout, state.Global, "500ms"); err != nil {
		t.Fatal(err)
	}
	if err := trigger.NewBus(x).Event(context.Background(), "post-deploy", "blog"); err == nil || !strings.Contains(err.Error(), "plugin deaf was cut off after 500ms") {
		t.Error(err)
	}
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	awaitGone(t, pid)
}

func TestWhereTheTimeLimitComesFrom(t *testing.T) {
	x, _ := external(t)
	p, own := Installed{Name: "x"}, 5*time.Second
	for _, test := range []struct {
		trigger, global, plugin string
		metadata                *time.Duration
		want                    time.Duration
		source                  string
	}{
		{"post-deploy", "", "", nil, time.Hour, "default"},
		{"scheduler-logs", "", "", nil, 0, "default"},
		{"scheduler-logs", "2m", "", nil, 2 * time.Minute, "global"},
		{"post-deploy", "2m", "", &own, own, "metadata"},
		{"post-deploy", "2m", "0", &own, 0, "plugin"},
		{"post-deploy", "0", "", nil, 0, "global"},
	} {
		for property, value := range map[string]string{HookTimeout.Name: test.global, HookTimeoutOf("x").Name: test.plugin} {
			property := state.Property{Plugin: "plugin", Name: property}
			if err := x.host.Store.Unset(property, state.Global); err != nil {
				t.Fatal(err)
			}
			if value != "" {
				if err := x.host.Store.Set(property, state.Global, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		p.Metadata.HookTimeout = test.metadata
		got, source, err := x.host.HookTimeout(p, test.trigger)
		if err != nil || got != test.want || source != test.source {
			t.Errorf("%+v: %s from %s, %v", test, got, source, err)
		}
	}
}
