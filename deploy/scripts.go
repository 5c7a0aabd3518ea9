package deploy

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// outputLines is how much of a checked instance's output is shown.
const outputLines = 50

// predeploy runs app.json's predeploy script in the image and keeps what it
// changed as the release's image.
func (f *Flow) predeploy(ctx context.Context, d *deployment, rel app.Release) (image string, err error) {
	manifest, err := parseAppJSON(rel)
	if err != nil {
		return "", err
	}
	d.out.Step("Checking for predeploy task")
	script := manifest.Scripts.Dokku.Predeploy
	if script == "" {
		d.out.Text("No predeploy task found, skipping")
		return rel.ImageID, nil
	}
	d.out.Step("Executing predeploy task from app.json: %s", script)
	// What is in the container's environment would be kept in the image, so
	// the config comes in by a file instead.
	file, err := f.writeShellEnv(d)
	if err != nil {
		return "", err
	}
	defer os.Remove(file)
	id, err := f.runToEnd(ctx, d, rel, task{
		name: "predeploy", shown: script, withoutEnv: true,
		options: []string{"--volume=" + file + ":" + shellEnvFile + ":ro"},
		before:  ". " + shellEnvFile, script: script,
	})
	if id != "" {
		defer f.host.Docker.Remove(context.WithoutCancel(ctx), id) //nolint:errcheck // ended
	}
	if err != nil {
		return "", err
	}
	image, err = f.host.Docker.Commit(ctx, id, f.releases.imageRef(d.app, rel.Number), nil)
	if err != nil {
		return "", fmt.Errorf("cannot keep what the predeploy task changed: %w", err)
	}
	return image, nil
}

// shellEnvFile is where a predeploy script finds the config.
const shellEnvFile = "/.slipway-env"

// shellEnvPath is where the host keeps that file for a deploy.
func (f *Flow) shellEnvPath(id string) string {
	return f.host.Store.LibPath("data", "deploys", "env", id)
}

// writeShellEnv writes the config as exports for a shell, readable by any user
// of a container, in a folder that no other user of the host can enter; the
// caller removes it.
func (f *Flow) writeShellEnv(d *deployment) (path string, err error) {
	env, err := f.host.Store.MergedEnv(d.app)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "export %s='%s'\n", k, strings.ReplaceAll(env[k], "'", `'\''`))
	}
	path = f.shellEnvPath(d.journal.ID)
	if err := f.host.Store.MkdirAll(f.host.Store.LibPath("data", "deploys"), 0o755); err != nil {
		return "", err
	}
	if err := f.host.Store.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return path, f.host.Store.WriteFile(path, []byte(b.String()), 0o644)
}

// task is a one-off command of a deploy.
type task struct {
	name       string // predeploy, release, postdeploy
	shown      string // what a failure names
	options    []string
	argv       []string // or:
	script     string   // run by a shell of the image
	before     string   // what the same shell runs before it
	withoutEnv bool
}

// shell is a task that runs a script by the image's shell.
func shell(name, script string) task { return task{name: name, shown: script, script: script} }

// command is what follows the options of docker.
func (t task) command(kind build.Kind, image string) []string {
	if t.script == "" {
		return append([]string{image}, t.argv...)
	}
	return []string{"--entrypoint=" + kind.Shell(), image, "-c", strings.TrimLeft(t.before+"\n"+kind.Script(t.script), "\n")}
}

// releaseCommand runs the Procfile's release process.
func (f *Flow) releaseCommand(ctx context.Context, d *deployment, rel app.Release) error {
	d.out.Step("Checking for release task")
	procs, err := app.ParseProcfile(rel.Procfile)
	if err != nil {
		return err
	}
	for _, p := range procs {
		if p.Type != "release" {
			continue
		}
		env, err := f.host.Store.MergedEnv(d.app)
		if err != nil {
			return err
		}
		kind, err := f.kind(ctx, rel)
		if err != nil {
			return err
		}
		d.out.Step("Executing release task from Procfile: %s", p.Command)
		if kind == build.Herokuish {
			return f.runAndRemove(ctx, d, rel, shell("release", p.Command))
		}
		argv, err := f.processCommand(rel, kind, "release", env)
		if err != nil {
			return err
		}
		return f.runAndRemove(ctx, d, rel, task{name: "release", shown: p.Command, argv: argv})
	}
	d.out.Text("No release task found, skipping")
	return nil
}

// postdeploy runs app.json's dokku.postdeploy after each deploy, and
// postdeploy after the first one.
func (f *Flow) postdeploy(ctx context.Context, d *deployment, rel app.Release) error {
	manifest, err := parseAppJSON(rel)
	if err != nil {
		return err
	}
	scripts := []string{manifest.Scripts.Dokku.Postdeploy}
	firstDone := f.host.Store.LibPath("config", "app-json", d.app, "heroku.postdeploy")
	if _, err := os.Stat(firstDone); os.IsNotExist(err) {
		scripts = append(scripts, manifest.Scripts.Postdeploy)
		if err := f.host.Store.WriteFile(filepath.Clean(firstDone), []byte("executed"), 0o600); err != nil {
			return err
		}
	}
	d.out.Step("Checking for postdeploy task")
	found := false
	for _, script := range scripts {
		if script == "" {
			continue
		}
		found = true
		d.out.Step("Executing postdeploy task from app.json: %s", script)
		if err := f.runAndRemove(ctx, d, rel, shell("postdeploy", script)); err != nil {
			return err
		}
	}
	if !found {
		d.out.Text("No postdeploy task found, skipping")
	}
	return nil
}

func (f *Flow) runAndRemove(ctx context.Context, d *deployment, rel app.Release, t task) error {
	id, err := f.runToEnd(ctx, d, rel, t)
	if id != "" {
		defer f.host.Docker.Remove(context.WithoutCancel(ctx), id) //nolint:errcheck // ended
	}
	return err
}

// runToEnd runs a task in a container of the release, shows its output live
// and returns the ended container. It fails when the task's exit code is not 0.
func (f *Flow) runToEnd(ctx context.Context, d *deployment, rel app.Release, t task) (id string, err error) {
	kind, err := f.kind(ctx, rel)
	if err != nil {
		return "", err
	}
	spec, err := f.spec(ctx, d, rel, kind, place{t.name, 1})
	if err != nil {
		return "", err
	}
	var args []string
	if !t.withoutEnv {
		for _, k := range slices.Sorted(maps.Keys(spec.Env)) {
			args = append(args, "--env="+k+"="+spec.Env[k])
		}
	}
	labels := f.host.Names.Labels(docker.Labelled{App: d.app, ContainerType: "run", Process: t.name})
	args = append(args, docker.LabelArgs(labels)...)
	args = append(args, "--name="+f.host.Names.Run(d.app, t.name, d.journal.ID))
	if kind == build.Herokuish {
		args = append(args, "--volume="+f.host.Names.Cache(d.app)+":/tmp/cache")
	}
	args = slices.Concat(args, withoutLimits(spec.Args), t.options, t.command(kind, rel.ImageID))
	id, err = f.host.Docker.Create(ctx, args)
	if err != nil {
		return "", command.Fail("Cannot run the %s task: %w", t.name, err)
	}
	if err := f.host.Docker.Start(ctx, id); err != nil {
		return id, command.Fail("Cannot run the %s task: %w", t.name, err)
	}
	w := d.out.Indented()
	logErr := f.host.Docker.Logs(ctx, id, docker.LogOptions{Follow: true, Tail: -1}, w, w)
	w.Close()
	if ctx.Err() != nil {
		return id, ctx.Err()
	}
	if logErr != nil {
		return id, fmt.Errorf("cannot follow the %s task: %w", t.name, logErr)
	}
	code, err := f.host.Docker.Wait(ctx, id)
	if err != nil {
		return id, fmt.Errorf("cannot wait for the %s task: %w", t.name, err)
	}
	if code != 0 {
		return id, command.Fail("The %s task failed with exit code %d: %s", t.name, code, t.shown)
	}
	return id, nil
}
