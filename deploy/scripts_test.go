package deploy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
)

// Security: while a predeploy task ran, any user of the host could read the
// config from data/deploys/ID.env.
func TestConfigOfAPredeployTaskIsNotReadableOnTheHost(t *testing.T) {
	const secret = "s3cret-of-blog"
	var found []string
	var w *world
	w = newWorld(t, func(c docker.Container) fake.Behaviour {
		if !strings.Contains(c.Name, "predeploy") {
			return fake.Behaviour{}
		}
		found = append(found, readableByAnyone(t, w.host.Store.LibPath(), secret)...)
		return fake.Behaviour{Exits: true}
	})
	w.create("blog")
	w.must("config:set", "--no-restart", "blog", "TOKEN="+secret)
	out, err := w.deploy("blog", map[string]string{"Procfile": "web: run\n", "app.json": `{"scripts":{"dokku":{"predeploy":"true"}}}`})
	ran := strings.Contains(out, "Executing predeploy task")
	if err != nil || !ran {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(found) > 0 {
		t.Errorf("security: readable by any user of the host: %v", found)
	}
	left, err := filepath.Glob(w.host.Store.LibPath("data", "deploys", "env", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// readableByAnyone lists the files with the text that a stranger may open, over
// folders that a stranger may enter.
func readableByAnyone(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != dir && info.Mode()&0o001 == 0:
			return fs.SkipDir
		case e.IsDir() || info.Mode()&0o004 == 0:
			return nil
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// Security: a pushed app.json cannot make the app's config unreadable.
func TestBadNameInAppJSONLeavesTheConfigAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	w.must("config:set", "--no-restart", "blog", "KEY=value")
	for _, name := range []string{"A B", `A\nINJECTED=1 B`, "my-key"} {
		_, err := w.deploy("blog", map[string]string{"Procfile": "web: run\n", "app.json": `{"env":{"` + name + `":{"value":"x"}}}`})
		if err == nil || !strings.Contains(err.Error(), "is not the name of a variable") {
			t.Errorf("%q: %v", name, err)
		}
		if out := w.must("config:keys", "blog"); out != "KEY\n" {
			t.Errorf("%q: the config has %q", name, out)
		}
	}
}

// Security: git:set rev-env-var and a push made the app's config unreadable.
func TestRevEnvVarIsAName(t *testing.T) {
	w := newWorld(t, nil)
	w.create("blog")
	if out, code := w.run("git:set", "blog", "rev-env-var", "A B"); code == 0 || !strings.Contains(out, "Invalid key name: 'A B'") {
		t.Errorf("%d %s", code, out)
	}
	w.must("git:set", "blog", "rev-env-var", "REVISION")
	w.mustDeploy("blog", map[string]string{"Procfile": "web: run\n"})
	if out := w.must("config:keys", "blog"); out != "REVISION\n" {
		t.Errorf("the config has %q", out)
	}
}

// The labels of the container that a predeploy task ran in are the image's, and so those of every container that is started
// from it: by their type they were one-off containers, for run:list and run:stop.
func TestTheImageOfAPredeployTaskIsNoOneOffContainer(t *testing.T) {
	w := newWorld(t, func(c docker.Container) fake.Behaviour {
		return fake.Behaviour{Exits: strings.Contains(c.Name, "predeploy")}
	})
	w.create("blog")
	w.mustDeploy("blog", map[string]string{"Procfile": "web: run\n", "app.json": `{"scripts":{"dokku":{"predeploy":"true"}}}`})
	image, err := w.engine.ImageInspect(t.Context(), "dokku/blog:latest")
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{
		"com.dokku.predeploy-phase": "true", docker.LabelApp: "blog", docker.LabelImageStage: "release",
		docker.LabelContainerType: "", docker.LabelProcess: "", docker.LabelDyno: "",
	} {
		if got := image.Labels[label]; got != want {
			t.Errorf("%s is %q, want %q", label, got, want)
		}
	}
}
