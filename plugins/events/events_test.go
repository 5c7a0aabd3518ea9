package events_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/apps"
	"github.com/slipwayhq/slipway/plugins/config"
	"github.com/slipwayhq/slipway/plugins/events"
)

func TestStories(t *testing.T) { plugintest.Run(t, events.Plugin) }

func world(t *testing.T) (*plugintest.World, string) {
	t.Helper()
	w := plugintest.Make(t, apps.Plugin, config.Plugin, events.Plugin)
	return w, w.Host.Store.LibPath("logs", "events.log")
}

func TestTriggersAreLoggedWhileItIsOn(t *testing.T) {
	w, path := world(t)
	w.Dokku("apps:create", "early")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatal("logged while off")
	}
	w.Dokku("events:on")
	ann := command.Actor{User: "dokku", KeyName: "ann", Fingerprint: "SHA256:abc"}
	if got := w.Run(ann, "", "apps:create", "blog"); got.Code != 0 {
		t.Fatalf("%+v", got)
	}
	w.Run(ann, "", "config:set", "--no-restart", "blog", "KEY=s3cret")
	w.Dokku("events:off")
	w.Dokku("apps:create", "late")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} \S+ dokku-event\[[0-9]+\]: INVOKED: post-create\( blog \) NAME=ann FINGERPRINT=SHA256:abc DOKKU_PID=[0-9]+$`)
	if !line.Match(text) {
		t.Errorf("%s", text)
	}
	for _, not := range []string{"early", "late", "s3cret"} {
		if strings.Contains(string(text), not) {
			t.Errorf("%s is in\n%s", not, text)
		}
	}
	if !strings.Contains(string(text), "post-config-update( blog set KEY") {
		t.Errorf("%s", text)
	}
	if got := w.Dokku("events"); got.Code != 0 || got.Stdout != string(text) {
		t.Errorf("%+v", got)
	}
}

func TestTheLogIsNoLinkToSomewhereElse(t *testing.T) {
	w, path := world(t)
	if err := w.Host.Store.MkdirAll(w.Host.Store.LibPath("logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	target := w.Host.Store.LibPath("target")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	w.Dokku("events:on")
	if got := w.Dokku("apps:create", "blog"); got.Code != 0 {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(target); !os.IsNotExist(err) {
		t.Error("written through a link")
	}
}

func TestOnlyTheLast100AreShown(t *testing.T) {
	w, path := world(t)
	if err := w.Host.Store.WriteFile(path, []byte(strings.Repeat("old\n", 50)+strings.Repeat("new\n", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := w.Dokku("events"); got.Stdout != strings.Repeat("new\n", 100) {
		t.Errorf("%+v", got)
	}
}

func TestFollowingGoesOnThroughRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, path := world(t)
		ctx, cancel := context.WithCancel(t.Context())
		var seen dockertest.Buffer
		ended := make(chan int)
		go func() {
			call := &command.Call{Actor: plugintest.Root, Out: command.NewOutput(&seen, &seen)}
			ended <- w.Table.Run(ctx, call, []string{"events", "-t"})
		}()
		write := func(text string) {
			if err := w.Host.Store.WriteFile(path, []byte(text), 0o644); err != nil { // a file of its own each time
				t.Error(err)
			}
			<-time.After(time.Second)
		}
		shows := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := seen.Take(); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		<-time.After(time.Second)
		shows("")
		write("one\n")
		shows("one\n")
		write("two\n")
		shows("two\n")
		file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		must := func(_ any, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(file.WriteString("three\n"))
		<-time.After(time.Second)
		shows("three\n")
		must(nil, file.Truncate(0))
		<-time.After(time.Second)
		must(file.WriteString("4\n"))
		<-time.After(time.Second)
		shows("4\n")
		file.Close()
		cancel()
		if code := <-ended; code != 130 {
			t.Error(code)
		}
	})
}

// With no events logged, a trigger must cost next to nothing.
func BenchmarkFireWhileOff(b *testing.B) {
	w := plugintest.Make(b, func(h *plugin.Host) plugin.Plugin { return events.Plugin(h) })
	for b.Loop() {
		if err := w.Host.Bus.Event(b.Context(), "nobody-answers"); err != nil {
			b.Fatal(err)
		}
	}
}
