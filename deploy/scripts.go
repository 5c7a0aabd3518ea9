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
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/state"
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
	d.out.Text("Executing predeploy task from app.json: %s", script)
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
	labels := f.host.Names.Labels(docker.Labelled{App: d.app})
	labels["com.dokku.predeploy-phase"] = "true"
	image, err = f.host.Docker.Commit(ctx, id, f.releases.imageRef(d.app, rel.Number), labels)
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

// labelTask is on the containers of tasks, with the task's name. Source: Dokku
// plugins/app-json/functions.go, executeScript.
const labelTask = "dokku_phase_script"

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

// inits are entrypoints that only start what they are given, with which a
// script may run as any other. Source: Dokku plugins/app-json/functions.go,
// constructScript.
var inits = []string{"/tini", "/bin/tini", "/usr/bin/tini", "/usr/local/bin/tini"}

// launcher is the entrypoint of Cloud Native Buildpacks that sets up their
// environment.
const launcher = "/cnb/lifecycle/launcher"

// command is what follows the options of docker. A script runs by a shell,
// unless the image has an entrypoint of its own: that gets the script's words.
func (t task) command(kind build.Kind, image docker.Image, ref string) ([]string, error) {
	entry := image.Entrypoint
	init := len(entry) == 2 && entry[1] == "--" && slices.Contains(inits, entry[0])
	switch {
	case t.script == "":
		return append([]string{ref}, t.argv...), nil
	case kind == build.CNB:
		return []string{"--entrypoint=" + launcher, ref, kind.Shell(), "-c", t.before + "\n" + kind.Script(t.script)}, nil
	case kind != build.Plain || len(entry) == 0 || init:
		return []string{"--entrypoint=" + kind.Shell(), ref, "-c", strings.TrimLeft(t.before+"\n"+kind.Script(t.script), "\n")}, nil
	}
	argv, err := words.Split(t.script)
	if err != nil {
		return nil, command.BadInput("Invalid %s task: %w: %s", t.name, err, t.script)
	}
	if t.before == "" {
		return append([]string{ref}, argv...), nil
	}
	// The shell only reads what comes before, and becomes the entrypoint.
	return slices.Concat([]string{"--entrypoint=" + kind.Shell(), ref, "-c", t.before + "\nexec \"$@\"", "sh"}, entry, argv), nil
}

// releaseCommand runs the Procfile's release process.
func (f *Flow) releaseCommand(ctx context.Context, d *deployment, rel app.Release) error {
	d.out.Step("Checking for release task")
	procs, err := app.ParseProcfile(rel.Procfile)
	if err != nil {
		return err
	}
	line, ok := procs.Command("release")
	if !ok {
		d.out.Text("No release task found, skipping")
		return nil
	}
	d.out.Text("Executing release task from Procfile in ephemeral container: %s", line)
	return f.runAndRemove(ctx, d, rel, shell("release", line))
}

// firstPostdeploy runs app.json's postdeploy, once in the life of an app, also
// when it fails. Source: Dokku plugins/app-json/triggers.go,
// TriggerPostReleaseBuilder.
func (f *Flow) firstPostdeploy(ctx context.Context, d *deployment, rel app.Release) error {
	manifest, err := parseAppJSON(rel)
	if err != nil {
		return err
	}
	for _, done := range []struct {
		property state.Property
		value    string
	}{{Deployed, "true"}, {herokuPostdeploy, "executed"}} {
		if v, err := f.host.Store.Get(done.property, d.app); err != nil || v == done.value {
			return err
		}
	}
	if err := f.host.Store.Set(herokuPostdeploy, d.app, "executed"); err != nil {
		return err
	}
	return f.script(ctx, d, rel, "heroku.postdeploy", manifest.Scripts.Postdeploy)
}

// herokuPostdeploy is "executed" once the first deploy got that far.
var herokuPostdeploy = state.Property{Plugin: "app-json", Name: "heroku.postdeploy", Scope: state.AppOnly, Internal: true}

// postdeploy runs app.json's dokku.postdeploy, after each deploy.
func (f *Flow) postdeploy(ctx context.Context, d *deployment, rel app.Release) error {
	manifest, err := parseAppJSON(rel)
	if err != nil {
		return err
	}
	return f.script(ctx, d, rel, "postdeploy", manifest.Scripts.Dokku.Postdeploy)
}

// script runs a script of app.json, if there is one.
func (f *Flow) script(ctx context.Context, d *deployment, rel app.Release, name, script string) error {
	d.out.Step("Checking for %s task", name)
	if script == "" {
		d.out.Text("No %s task found, skipping", name)
		return nil
	}
	d.out.Text("Executing %s task from app.json in ephemeral container: %s", name, script)
	return f.runAndRemove(ctx, d, rel, shell(name, script))
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
	spec, err := f.spec(ctx, d, rel, kind, place{process: t.name, index: 1, task: true})
	if err != nil {
		return "", err
	}
	var args []string
	if !t.withoutEnv {
		for _, k := range slices.Sorted(maps.Keys(spec.Env)) {
			args = append(args, "--env="+k+"="+spec.Env[k])
		}
	}
	// No type of container: the image of a predeploy task keeps the labels, and
	// what others start from it would be taken for one-off containers.
	labels := f.host.Names.Labels(docker.Labelled{App: d.app})
	labels[labelTask] = t.name
	args = append(args, docker.LabelArgs(labels)...)
	args = append(args, "--name="+f.host.Names.Run(d.app, t.name, d.journal.ID))
	if kind == build.Herokuish {
		args = append(args, "--volume="+f.host.Names.Cache(d.app)+":/tmp/cache")
	}
	image, err := f.host.Docker.ImageInspect(ctx, rel.ImageID)
	if err != nil {
		return "", err
	}
	run, err := t.command(kind, image, rel.ImageID)
	if err != nil {
		return "", err
	}
	id, err = f.host.Docker.Create(ctx, slices.Concat(args, withoutLimits(spec.Args), t.options, run))
	if err != nil {
		return "", command.Fail("Cannot run the %s task: %w", t.name, err)
	}
	if err := f.host.Bus.Event(ctx, "post-container-create", "app", id, d.app, t.name); err != nil {
		return id, err
	}
	if err := f.host.Docker.Start(ctx, id); err != nil {
		return id, command.Fail("Cannot run the %s task: %w", t.name, err)
	}
	d.out.Headers().Title("Start of %s %s task (%.9s) output", d.app, t.name, id)
	defer d.out.Busy("Running the %s task of %s", t.name, d.app)()
	w := d.out.Indented()
	logErr := f.host.Docker.Logs(ctx, id, docker.LogOptions{Follow: true, Tail: -1}, w, w)
	w.Close()
	if ctx.Err() != nil {
		return id, ctx.Err()
	}
	d.out.Headers().Title("End of %s %s task (%.9s) output", d.app, t.name, id)
	if logErr != nil {
		return id, fmt.Errorf("cannot follow the %s task: %w", t.name, logErr)
	}
	code, err := f.host.Docker.Wait(ctx, id)
	if err != nil {
		return id, fmt.Errorf("cannot wait for the %s task: %w", t.name, err)
	}
	if code != 0 {
		return id, command.Fail("Execution of %s task failed: %s (exit code %d)", t.name, t.shown, code)
	}
	return id, nil
}
