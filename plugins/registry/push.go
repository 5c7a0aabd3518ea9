package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/trigger"
)

func (r registry) triggers() plugin.Triggers {
	return plugin.Triggers{
		"deployed-app-image-repo": r.answer(r.repoOf),
		"deployed-app-image-tag":  r.answer(r.tagOf),
		"deployed-app-repository": r.answer(r.serverOf),
		"post-release-builder":    r.onRelease,
		"post-delete":             r.onPostDelete,
	}
}

// answer prints one value of APP.
func (r registry) answer(value func(app string) (string, error)) func(context.Context, *trigger.Call) error {
	return func(_ context.Context, c *trigger.Call) error {
		v, err := value(c.Arg(0))
		if err == nil && v != "" {
			fmt.Fprintln(c.Out, v)
		}
		return err
	}
}

// tagOf is the tag of what was pushed last, "" where nothing is pushed.
func (r registry) tagOf(app string) (string, error) {
	push, err := r.h.Store.Computed(pushOn, app)
	if err != nil || push != "true" {
		return "", err
	}
	v, err := r.h.Store.Get(tagVersion, app)
	if v = strings.TrimSpace(v); err == nil && v == "" {
		v = "1"
	}
	return v, err
}

// onRelease answers post-release-builder BUILDER APP IMAGE: it pushes the image
// before it runs.
func (r registry) onRelease(ctx context.Context, c *trigger.Call) error {
	app, image, out := c.Arg(1), c.Arg(2), c.Output()
	if err := r.preDeploy(ctx, out, app, image); err != nil {
		return err
	}
	repo, err := r.repoOf(app)
	if err != nil {
		return err
	}
	if repo != r.h.Names.Image(app) {
		if err := r.h.Docker.ImageTag(ctx, image, repo+":latest"); err != nil {
			return fmt.Errorf("unable to tag image %s as %s: %w", image, repo, err)
		}
	}
	if push, err := r.h.Store.Computed(pushOn, app); err != nil || push != "true" {
		return err
	}
	out.Step("Pushing image to registry")
	version, err := r.bump(app, out)
	if err != nil {
		return err
	}
	return r.push(ctx, out, app, image, repo, strconv.Itoa(version))
}

// preDeploy fires pre-deploy APP TAG, which Dokku calls deprecated, where a plugin
// still answers it. Source: Dokku plugins/registry/triggers.go, TriggerPostReleaseBuilder.
func (r registry) preDeploy(ctx context.Context, out *command.Output, app, image string) error {
	if !r.h.Bus.Handled("pre-deploy") {
		return nil
	}
	out.Warn("Deprecated: please upgrade plugin to use 'pre-release-builder' plugin trigger instead of pre-deploy")
	return r.h.Bus.Event(ctx, "pre-deploy", app, image[strings.LastIndex(image, ":")+1:])
}

// bump counts tag-version up.
func (r registry) bump(app string, out *command.Output) (int, error) {
	text, err := r.h.Store.Get(tagVersion, app)
	if err != nil {
		return 0, err
	}
	version := 0
	if text = strings.TrimSpace(text); text != "" {
		if version, err = strconv.Atoi(text); err != nil {
			return 0, command.Fail("Unable to convert existing tag version (%s) to integer: %w", text, err)
		}
	}
	version++
	out.Headers().Text("Bumping tag to %d", version)
	return version, r.h.Store.Set(tagVersion, app, strconv.Itoa(version))
}

// push pushes an image as version, and under the extra tags, which are not kept
// on this host.
func (r registry) push(ctx context.Context, out *command.Output, app, image, repo, version string) error {
	host, err := r.serverOf(app)
	if err != nil {
		return err
	}
	list, err := r.h.Store.Computed(extraTags, app)
	if err != nil {
		return err
	}
	folder := build.DockerConfig(r.h.Store, app)
	lines := out.Headers()
	for extra := range strings.SplitSeq(list, ",") {
		if extra = strings.TrimSpace(extra); extra == "" {
			continue
		}
		ref := host + repo + ":" + extra
		lines.Text("Tagging %s as %s in registry format", repo, extra)
		if err := r.h.Docker.ImageTag(ctx, image, ref); err != nil {
			return fmt.Errorf("unable to tag image %s as %s: %w", image, ref, err)
		}
		lines.Text("Pushing %s", ref)
		err := r.h.Docker.ImagePush(ctx, ref, folder, out.Stdout())
		if err != nil {
			err = command.Fail("unable to push image with %s tag: %w", extra, said(err))
		}
		lines.Text("Untagging extra tag %s", extra)
		if err := errors.Join(err, r.untag(context.WithoutCancel(ctx), ref)); err != nil {
			return err
		}
	}
	ref := host + repo + ":" + version
	lines.Text("Tagging %s:%s in registry format", repo, version)
	if err := r.h.Docker.ImageTag(ctx, image, ref); err != nil {
		return fmt.Errorf("unable to tag image %s as %s: %w", image, ref, err)
	}
	lines.Text("Pushing %s", ref)
	if err := r.h.Docker.ImagePush(ctx, ref, folder, out.Stdout()); err != nil {
		return errors.Join(command.Fail("unable to push image %s: %w", ref, said(err)), r.untag(context.WithoutCancel(ctx), ref))
	}
	lines.Text("Image %s pushed", ref)
	return nil
}

// said is what the engine said, without what it was about.
func said(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

func (r registry) untag(ctx context.Context, ref string) error {
	if err := r.h.Docker.ImageRemove(ctx, ref, false); err != nil && !errors.Is(err, docker.ErrNotFound) {
		return err
	}
	return nil
}

// onPostDelete answers post-delete APP: the names of its images that ps does not
// know go too.
func (r registry) onPostDelete(ctx context.Context, c *trigger.Call) error {
	app := c.Arg(0)
	repo, err := r.repoOf(app)
	if err != nil {
		return nil //nolint:nilerr // a template that is broken must not keep the app
	}
	host, err := r.serverOf(app)
	if err != nil {
		return err
	}
	images, err := r.h.Docker.ImageList(ctx, r.h.Names.Owned(app))
	if err != nil {
		return err
	}
	for _, image := range images {
		for _, name := range image.Tags {
			if !strings.HasPrefix(name, host+repo+":") && !strings.HasPrefix(name, repo+":") {
				continue
			}
			if err := r.h.Docker.ImageRemove(ctx, name, true); err != nil {
				r.h.Log.Warn("cannot remove an image", "app", app, "image", name, "err", err)
			}
		}
	}
	return nil
}
