package standard_test

import (
	"context"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/standard"
)

func world(t *testing.T) (*plugintest.World, *fake.Engine) {
	t.Helper()
	engine := fake.New()
	w := plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = engine
		h.CLI = docker.CLI{Bin: "false"}
		return standard.Plugin(h)
	})
	for _, app := range []string{"blog", "shop"} {
		if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir(app), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return w, engine
}

func TestCleanupRemovesWasteOfOursAndNothingElse(t *testing.T) {
	w, engine := world(t)
	ctx := context.Background()
	engine.AddImage(docker.Image{Tags: []string{"image:1"}, Cmd: []string{"x"}})
	make := func(name string, run bool, labels ...string) {
		t.Helper()
		args := []string{"--name=" + name}
		for _, l := range labels {
			args = append(args, "--label="+l)
		}
		id, err := engine.Create(ctx, append(args, "image:1"))
		if err == nil && run {
			err = engine.Start(ctx, id)
		}
		if err == nil && run && !strings.HasSuffix(name, "running") {
			engine.Exit(id, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	blog := []string{"dokku=", "com.dokku.app-name=blog", "com.dokku.container-type="}
	with := func(kind string, more ...string) []string {
		return append([]string{blog[0], blog[1], blog[2] + kind}, more...)
	}
	make("blog.run.1", true, with("run")...)
	make("blog.cron.1", true, with("cron")...)
	make("blog.web.1.1795245632-4f1c09", true, with("deploy", "com.dokku.process-type=web", "com.dokku.dyno=web.1")...)
	make("blog.web.1", true, with("deploy", "com.dokku.process-type=web", "com.dokku.dyno=web.1")...)
	make("blog.run.running", true, with("run")...)
	make("blog.run.created", false, with("run")...)
	make("shop.run.1", true, "dokku=", "com.dokku.app-name=shop", "com.dokku.container-type=run")
	make("dokku.postgres.db", true, "dokku=service", "dokku.service=postgres")
	make("vector-vector-1", true, "dokku=", "com.docker.compose.project=vector")
	make("demo-blog.run.1", true, with("run", "com.slipway.instance=demo")...)
	make("foreign", true)
	names := func() string {
		all, err := engine.List(ctx, docker.Filter{All: true})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range all {
			names = append(names, c.Name)
		}
		return strings.Join(names, " ")
	}
	kept := "foreign demo-blog.run.1 vector-vector-1 dokku.postgres.db"
	if got := w.Dokku("cleanup", "blog"); got.Code != 0 || got.Stdout != "-----> Cleaning up...\n" {
		t.Errorf("%+v", got)
	}
	if got, want := names(), kept+" shop.run.1 blog.run.created blog.run.running blog.web.1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := w.Dokku("cleanup"); got.Code != 0 {
		t.Errorf("%+v", got)
	}
	if got, want := names(), kept+" blog.run.created blog.run.running blog.web.1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCleanupRemovesImagesOfOursWithoutName(t *testing.T) {
	w, engine := world(t)
	ctx := context.Background()
	ours := map[string]string{"dokku": "", "com.dokku.app-name": "blog"}
	demo := map[string]string{"dokku": "", "com.dokku.app-name": "blog", "com.slipway.instance": "demo"}
	old := engine.AddImage(docker.Image{Labels: ours, Cmd: []string{"a"}})
	kept := []string{
		engine.AddImage(docker.Image{Labels: ours, Tags: []string{"dokku/blog:release-1"}, Cmd: []string{"b"}}),
		engine.AddImage(docker.Image{Labels: demo, Cmd: []string{"c"}}),
		engine.AddImage(docker.Image{Cmd: []string{"d"}}),
	}
	if got := w.Dokku("cleanup"); got.Code != 0 {
		t.Errorf("%+v", got)
	}
	if _, err := engine.ImageInspect(ctx, old); err == nil {
		t.Error("an image without a name is left")
	}
	for i, id := range kept {
		if _, err := engine.ImageInspect(ctx, id); err != nil {
			t.Errorf("image %d: %v", i, err)
		}
	}
}

func TestCleanupOfAnAppThatIsNotThere(t *testing.T) {
	w, _ := world(t)
	if got := w.Dokku("cleanup", "nosuch"); got.Code != 20 || got.Stderr != " !     App nosuch does not exist\n" {
		t.Errorf("%+v", got)
	}
}

func TestReportTellsOfTheServerAndOfAnApp(t *testing.T) {
	w, _ := world(t)
	w.Answers["report"] = "=====> blog example information\n"
	w.Host.Version = "1.2.3"
	got := w.Dokku("report", "blog")
	for _, want := range []string{
		"-----> uname: ", "-----> disk utilization: \n", "-----> docker version: \n", "-----> dokku version: dokku version 1.2.3\n",
		"-----> dokku plugins: \n         00_dokku-standard    1.2.3 enabled    dokku core standard plugin\n",
		"\n=====> blog example information\n",
	} {
		if !strings.Contains(got.Stdout, want) {
			t.Errorf("no %q in\n%s", want, got.Stdout)
		}
	}
	if got.Code != 0 || !strings.Contains(got.Stderr, "Herokuish image gliderlabs/herokuish:latest-24 is not available") {
		t.Errorf("%d %s", got.Code, got.Stderr)
	}
	if len(w.Fired) != 1 || w.Fired[0] != "report blog" {
		t.Error(w.Fired)
	}
	w.Fired = nil
	if w.Dokku("report", "--all"); strings.Join(w.Fired, ",") != "report blog,report shop" {
		t.Error(w.Fired)
	}
	for code, args := range map[int][]string{1: {"report", "--format", "json"}, 20: {"report", "nosuch"}} {
		if got := w.Dokku(args...); got.Code != code || got.Stdout != "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := w.Dokku("report", "--bogus"); got.Code != 1 || !strings.Contains(got.Stderr, "Invalid flag passed") {
		t.Errorf("%+v", got)
	}
}

func TestStories(t *testing.T) {
	plugintest.Run(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = fake.New()
		return standard.Plugin(h)
	})
}
