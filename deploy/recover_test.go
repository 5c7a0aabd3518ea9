package deploy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipwayhq/slipway/build/record"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// A moment of a deploy is a trigger that it fires ("fire pre-build"), a call of the engine ("call Rename"), or the call of
// the proxy ("apply").

// moments stops a deploy at one moment, as if the control plane had died there: the goroutine stands still until the end of
// the test, and what it holds and has written stays as it is.
type moments struct {
	mu      sync.Mutex
	wanted  string // "": none
	nth     int    // which of those of the same name
	mute    bool   // the engine does not answer
	reached chan struct{}
	over    chan struct{}
}

func (m *moments) pass(name string) error {
	m.mu.Lock()
	if name == m.wanted {
		m.nth--
	}
	here, mute := name == m.wanted && m.nth == 0, m.mute
	m.mu.Unlock()
	if mute && strings.HasPrefix(name, "call ") {
		return errors.New("the engine does not answer")
	}
	if !here {
		return nil
	}
	close(m.reached)
	<-m.over
	return errors.New("the control plane is dead")
}

// watchMoments makes a world that can crash. It passes every moment until crash asks for one.
func watchMoments(t *testing.T) (*world, *moments) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // where sources are written out
	m := &moments{reached: make(chan struct{}), over: make(chan struct{})}
	w := newWorld(t, nil)
	w.engine.OnCall = func(method, _ string) error { return m.pass("call " + method) }
	w.proxy.applying = func() { _ = m.pass("apply") }
	w.triggers = plugin.Triggers{}
	for _, name := range []string{
		"core-post-extract", "pre-receive-app", "pre-build", "post-build", "pre-release-builder", "slipway-pre-deploy",
		"core-post-deploy", "post-deploy",
	} {
		w.triggers[name] = func(context.Context, *trigger.Call) error { return m.pass("fire " + name) }
	}
	w.open()
	return w, m
}

// silence makes the engine fail, or work again.
func (m *moments) silence(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mute = on
}

// crash deploys blog and lets the control plane die at the nth moment of a name.
func (w *world) crash(m *moments, name string, nth int, files map[string]string) {
	w.t.Helper()
	m.mu.Lock()
	m.wanted, m.nth = name, nth
	m.mu.Unlock()
	ended := make(chan error, 1)
	go func() {
		_, err := w.deploy("blog", files)
		ended <- err
	}()
	w.t.Cleanup(func() {
		close(m.over)
		<-ended
	})
	select {
	case <-m.reached:
	case err := <-ended:
		ended <- err
		w.t.Fatalf("the deploy never came to %q: %v", name, err)
	}
}

// restart is a control plane that starts after the one before has died: with locks of its own, and without those of the
// dead one, which the system takes back.
func (w *world) restart() {
	w.t.Helper()
	old := w.host.Store
	if err := os.Remove(old.DeployLockPath("blog")); err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	store, err := state.Open(state.Config{Root: old.Root(), Lib: old.Lib()})
	if err != nil {
		w.t.Fatal(err)
	}
	host := *w.host // the dead one still has the other
	w.host = &host
	w.host.Store = store
	w.open()
	if err := w.flow.Recover(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// tags lists the names of all images.
func (w *world) tags() []string {
	w.t.Helper()
	images, err := w.engine.ImageList(context.Background(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var tags []string
	for _, i := range images {
		tags = append(tags, i.Tags...)
	}
	slices.Sort(tags)
	return tags
}

// upstreams are the addresses that the app's first listener routes to.
func (w *world) upstreams(app string) []string {
	if r := w.proxy.of(app); len(r.Listeners) > 0 {
		return r.Listeners[0].Upstreams
	}
	return nil
}

// nothingIsLeft tells of what a deploy makes for itself.
func (w *world) nothingIsLeft() {
	w.t.Helper()
	if journals, _ := filepath.Glob(w.host.Store.LibPath("data", "deploys", "*")); len(journals) > 0 {
		w.t.Errorf("journals are left: %v", journals)
	}
	if sources, _ := filepath.Glob(filepath.Join(os.TempDir(), "slipway-*")); len(sources) > 0 {
		w.t.Errorf("sources are left: %v", sources)
	}
	for _, tag := range w.tags() {
		if strings.Contains(tag, ":build-") {
			w.t.Errorf("the name of a build is left: %s", tag)
		}
	}
}

// ruled is a source that rules the scale. It asks for one instance: what else a dead control plane has under way at the
// same time would go on here.
var ruled = map[string]string{"Procfile": procfile["Procfile"], "app.json": `{"formation":{"web":{"quantity":1},"cron":{"quantity":0}}}`}

func TestACrashBeforeThePromotionUndoesTheDeploy(t *testing.T) {
	for _, moment := range []string{
		"fire core-post-extract", "fire pre-receive-app", "fire pre-build", "fire post-build", "fire pre-release-builder", "fire slipway-pre-deploy",
		"call Create", "call Start", "call Inspect", "apply",
	} {
		t.Run(moment, func(t *testing.T) {
			w, m := watchMoments(t)
			w.create("blog")
			w.mustDeploy("blog", procfile)
			first, scale, tags := w.containers("blog")[0], w.must("ps:scale", "blog"), w.tags()
			upstreams := w.upstreams("blog")

			w.crash(m, moment, 1, ruled)
			w.restart()
			w.nothingIsLeft()
			all := w.containers("blog")
			if moment == "apply" { // they may have been routed to: they end in the background, by Restore
				all = slices.DeleteFunc(all, func(c docker.Container) bool { return strings.Contains(c.Name, ".upcoming-") })
				tags = append(tags, "dokku/blog:release-2") // which they run; the next release takes the name
			}
			if len(all) != 1 || all[0].ID != first.ID || all[0].Name != "blog.web.1" || !all[0].Running() {
				t.Errorf("containers: %+v", all)
			}
			if got := w.must("ps:scale", "blog"); got != scale {
				t.Errorf("the scale is\n%s, was\n%s", got, scale)
			}
			if got := w.tags(); !slices.Equal(got, tags) {
				t.Errorf("images %v, were %v", got, tags)
			}
			if rel, _, err := w.flow.Releases().Current("blog"); err != nil || rel.Number != 1 {
				t.Errorf("release: %+v %v", rel, err)
			}

			if err := w.flow.Restore(context.Background(), command.Discard(), "blog", true); err != nil {
				t.Fatal(err)
			}
			dockertest.Eventually(t, "the new containers are gone", func() bool { return len(w.containers("blog")) == 1 })
			if got := w.upstreams("blog"); !slices.Equal(got, upstreams) {
				t.Errorf("routed to %v, was %v", got, upstreams)
			}
			w.mustDeploy("blog", ruled)
			if rel, _, err := w.flow.Releases().Current("blog"); err != nil || rel.Number != 2 {
				t.Errorf("release of the next deploy: %+v %v", rel, err)
			}
		})
	}
}

func TestACrashFromThePromotionOnFinishesTheDeploy(t *testing.T) {
	for _, at := range []struct {
		name string
		nth  int
	}{
		{"call Rename", 1}, // of the old container
		{"call Rename", 2}, // of the new one
		{"fire core-post-deploy", 1},
		{"fire post-deploy", 1},
	} {
		t.Run(at.name, func(t *testing.T) {
			w, m := watchMoments(t)
			w.create("blog")
			w.mustDeploy("blog", procfile)
			first, upstreams := w.containers("blog")[0], w.upstreams("blog")

			w.crash(m, at.name, at.nth, ruled)
			w.restart()
			w.nothingIsLeft()
			rel, _, err := w.flow.Releases().Current("blog")
			if err != nil || rel.Number != 2 || rel.AppJSON == "" {
				t.Errorf("release: %+v %v", rel, err)
			}
			if got := w.tags(); !slices.Contains(got, "dokku/blog:release-2") || !slices.Contains(got, "dokku/blog:latest") {
				t.Errorf("images: %v", got)
			}
			builds, err := record.NewBook(w.host.Store).List("blog")
			if err != nil || len(builds) != 2 || builds[0].Status != record.Succeeded {
				t.Errorf("records: %+v %v", builds, err)
			}

			if err := w.flow.Restore(context.Background(), command.Discard(), "blog", true); err != nil {
				t.Fatal(err)
			}
			dockertest.Eventually(t, "the old container is gone", func() bool {
				all := w.containers("blog")
				return len(all) == 1 && all[0].ID != first.ID && all[0].Name == "blog.web.1" && all[0].Running()
			})
			if got := w.upstreams("blog"); len(got) != 1 || got[0] == upstreams[0] {
				t.Errorf("routed to %v, was %v", got, upstreams)
			}
			if got := w.must("ps:scale", "blog"); !strings.Contains(got, "cron: 0") {
				t.Errorf("scale: %s", got)
			}
		})
	}
}

func TestACrashOfTheFirstDeployLeavesAnAppThatWasNeverDeployed(t *testing.T) {
	w, m := watchMoments(t)
	w.create("blog")
	w.crash(m, "call Start", 1, procfile)
	w.restart()
	w.nothingIsLeft()
	if all := w.containers("blog"); len(all) != 0 {
		t.Errorf("containers: %+v", all)
	}
	if err := w.flow.Restore(context.Background(), command.Discard(), "blog", true); err != nil {
		t.Fatal(err)
	}
	if r := w.proxy.of("blog"); !r.Stopped {
		t.Errorf("routes: %+v", r)
	}
	w.mustDeploy("blog", procfile)
}

func TestAJournalOfAnAppThatIsGoneIsForgotten(t *testing.T) {
	w, _ := watchMoments(t)
	journal := w.host.Store.LibPath("data", "deploys", "gone.json")
	if err := w.host.Store.WriteFile(journal, []byte(`{"id":"d1","app":"gone","step":"promote"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.nothingIsLeft()
}

// A journal that cannot be read is no reason to guess: the start fails and says which file it is.
func TestAJournalThatIsNoJSONIsNamed(t *testing.T) {
	w := newWorld(t, nil)
	journal := w.host.Store.LibPath("data", "deploys", "blog.json")
	if err := w.host.Store.WriteFile(journal, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.flow.Recover(context.Background()); err == nil || !strings.Contains(err.Error(), journal) {
		t.Errorf("error: %v", err)
	}
}

// While the engine does not answer nobody knows what is left: the journal stays for the next start.
func TestWhatCannotBeRecoveredKeepsItsJournal(t *testing.T) {
	w, m := watchMoments(t)
	w.create("blog")
	w.mustDeploy("blog", procfile)
	w.crash(m, "call Start", 1, procfile)
	m.silence(true)
	w.restart()
	if _, err := os.Stat(w.host.Store.LibPath("data", "deploys", "blog.json")); err != nil {
		t.Error(err)
	}
	m.silence(false)
	w.restart()
	w.nothingIsLeft()
	if got := w.running("blog"); len(w.containers("blog")) != 1 || len(got) != 1 {
		t.Errorf("running: %v", got)
	}
}
