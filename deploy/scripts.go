package deploy

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// failedOutputLines is how much of a failed instance's output is shown.
const failedOutputLines = 50

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
	id, err := f.runToEnd(ctx, d, rel, "predeploy", []string{"--entrypoint=/bin/sh"}, []string{"-c", script})
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
		argv, err := f.processCommand(rel, "release", env)
		if err != nil {
			return err
		}
		d.out.Step("Executing release task from Procfile: %s", p.Command)
		return f.runAndRemove(ctx, d, rel, "release", nil, argv)
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
		if err := f.runAndRemove(ctx, d, rel, "postdeploy", []string{"--entrypoint=/bin/sh"}, []string{"-c", script}); err != nil {
			return err
		}
	}
	if !found {
		d.out.Text("No postdeploy task found, skipping")
	}
	return nil
}

func (f *Flow) runAndRemove(ctx context.Context, d *deployment, rel app.Release, task string, options, argv []string) error {
	id, err := f.runToEnd(ctx, d, rel, task, options, argv)
	if id != "" {
		defer f.host.Docker.Remove(context.WithoutCancel(ctx), id) //nolint:errcheck // ended
	}
	return err
}

// runToEnd runs a task in a container of the release, shows its output live
// and returns the ended container. It fails when the task's exit code is not 0.
func (f *Flow) runToEnd(ctx context.Context, d *deployment, rel app.Release, task string, options, argv []string) (id string, err error) {
	spec, err := f.spec(ctx, d, rel, place{task, 1})
	if err != nil {
		return "", err
	}
	var args []string
	for _, k := range slices.Sorted(maps.Keys(spec.Env)) {
		args = append(args, "--env="+k+"="+spec.Env[k])
	}
	labels := f.host.Names.Labels(docker.Labelled{App: d.app, ContainerType: "run", Process: task})
	args = append(args, docker.LabelArgs(labels)...)
	args = append(args, "--name="+f.host.Names.Run(d.app, task, d.journal.ID))
	args = slices.Concat(args, spec.Args, options, []string{rel.ImageID}, argv)
	id, err = f.host.Docker.Create(ctx, args)
	if err != nil {
		return "", command.Fail("Cannot run the %s task: %w", task, err)
	}
	if err := f.host.Docker.Start(ctx, id); err != nil {
		return id, command.Fail("Cannot run the %s task: %w", task, err)
	}
	w := d.out.Indented()
	logErr := f.host.Docker.Logs(ctx, id, docker.LogOptions{Follow: true, Tail: -1}, w, w)
	w.Close()
	if ctx.Err() != nil {
		return id, ctx.Err()
	}
	if logErr != nil {
		return id, fmt.Errorf("cannot follow the %s task: %w", task, logErr)
	}
	code, err := f.host.Docker.Wait(ctx, id)
	if err != nil {
		return id, fmt.Errorf("cannot wait for the %s task: %w", task, err)
	}
	if code != 0 {
		return id, command.Fail("The %s task failed with exit code %d: %s", task, code, argv[len(argv)-1])
	}
	return id, nil
}
