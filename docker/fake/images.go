package fake

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"

	"github.com/slipwayhq/slipway/docker"
)

// image is one image on the engine. Its fields are guarded by the engine's mu.
type image struct {
	docker.Image
	files tree
}

// AddImage puts an image on the engine and returns its ID. ID, Created, Size and Architecture are made up where they are
// zero; tags are taken from images that have them.
func (e *Engine) AddImage(added docker.Image) (id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addImage(added, tree{}).ID
}

// Publish makes an image available to ImagePull and Create under each of its tags.
func (e *Engine) Publish(published docker.Image) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, tag := range published.Tags {
		e.remote[fullName(tag)] = published
	}
}

// fullName is a reference as the engine shows it: with a tag, without the name of the default registry.
func fullName(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}

func (e *Engine) addImage(added docker.Image, files tree) *image {
	if added.ID == "" {
		added.ID = "sha256:" + newID()
	}
	if added.Created.IsZero() {
		added.Created = now()
	}
	if added.Size == 0 {
		added.Size = 1
	}
	if added.Architecture == "" {
		added.Architecture = "amd64"
	}
	added.Labels = maps.Clone(added.Labels)
	if added.Labels == nil {
		added.Labels = map[string]string{}
	}
	tags := added.Tags
	added.Tags = nil
	made := e.findImage(added.ID)
	if made == nil {
		made = &image{Image: added, files: files}
		e.images = append(e.images, made)
	}
	for _, tag := range tags {
		e.tag(made, tag)
	}
	return made
}

// tag names an image; the image that had the name loses it. The caller holds mu.
func (e *Engine) tag(named *image, ref string) {
	ref = fullName(ref)
	for _, other := range e.images {
		other.Tags = slices.DeleteFunc(other.Tags, func(tag string) bool { return tag == ref })
	}
	named.Tags = append(named.Tags, ref)
}

// findImage returns the image with an ID, with or without "sha256:", the start of one, or a name; nil when there is none.
// The caller holds mu.
func (e *Engine) findImage(ref string) *image {
	name := fullName(ref)
	for _, i := range e.images {
		if i.ID == ref || slices.Contains(i.Tags, name) {
			return i
		}
	}
	for _, i := range e.images {
		if isIDOf(i, ref) {
			return i
		}
	}
	return nil
}

func isIDOf(i *image, ref string) bool {
	const shortest = 4 // hex digits; the engine takes fewer, which only hides a mistake
	digits := strings.TrimPrefix(ref, "sha256:")
	return len(digits) >= shortest && strings.HasPrefix(i.ID, "sha256:"+digits)
}

// onImage runs one call about one image, with mu held.
func (e *Engine) onImage(ctx context.Context, method, doing, ref string, call func(*image) error) error {
	if err := docker.CheckImageRef(ref); err != nil {
		return err
	}
	if err := e.enter(ctx, method, ref); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var err error
	if i := e.findImage(ref); i == nil {
		err = docker.Errorf(docker.ErrNotFound, "No such image: %s", fullName(ref))
	} else {
		err = call(i)
	}
	if err != nil {
		return fmt.Errorf("cannot %s image %s: %w", doing, ref, err)
	}
	return nil
}

func (i *image) snapshot() docker.Image {
	copied := i.Image
	copied.Tags, copied.Labels = slices.Clone(i.Tags), maps.Clone(i.Labels)
	return copied
}

// ImageInspect implements docker.Engine.
func (e *Engine) ImageInspect(ctx context.Context, ref string) (found docker.Image, err error) {
	err = e.onImage(ctx, "ImageInspect", "inspect", ref, func(i *image) error {
		found = i.snapshot()
		return nil
	})
	return found, err
}

// ImageList implements docker.Engine.
func (e *Engine) ImageList(ctx context.Context, labels map[string]string) ([]docker.Image, error) {
	if err := e.enter(ctx, "ImageList", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	found := []docker.Image{}
	for _, i := range slices.Backward(e.images) {
		if matches(i.Labels, labels) {
			all := i.snapshot()
			found = append(found, docker.Image{
				ID: all.ID, Tags: all.Tags, Labels: all.Labels, Created: all.Created.Truncate(time.Second), Size: all.Size,
			})
		}
	}
	slices.SortStableFunc(found, func(a, b docker.Image) int { return b.Created.Compare(a.Created) })
	return found, nil
}

// ImageTag implements docker.Engine.
func (e *Engine) ImageTag(ctx context.Context, src, dst string) error {
	if err := docker.CheckImageName(dst); err != nil {
		return err
	}
	return e.onImage(ctx, "ImageTag", "tag", src, func(i *image) error {
		e.tag(i, dst)
		return nil
	})
}

// ImageRemove implements docker.Engine. Source of the cases: ImageDelete in moby's daemon/images/image_delete.go.
func (e *Engine) ImageRemove(ctx context.Context, ref string, force bool) error {
	return e.onImage(ctx, "ImageRemove", "remove", ref, func(i *image) error {
		user := e.userOf(i)
		runs := user != nil && user.Running()
		byName := !isIDOf(i, ref)
		inUse := func() error {
			return docker.Errorf(docker.ErrConflict, "conflict: unable to remove repository reference %q - container %s is using it", ref, user.ID[:12])
		}
		switch {
		case byName && len(i.Tags) > 1:
			e.untag(i, ref)
			return nil
		case user != nil && !force, runs && !byName:
			return inUse()
		case !byName && len(i.Tags) > 1 && !force:
			return docker.Errorf(docker.ErrConflict, "conflict: unable to delete %s (must be forced) - image is referenced in multiple repositories", ref)
		}
		i.Tags = nil
		if !runs {
			e.images = slices.DeleteFunc(e.images, func(other *image) bool { return other == i })
		}
		return nil
	})
}

// userOf is a container made from the image, a running one if there is; nil if there is none. The caller holds mu.
func (e *Engine) userOf(i *image) (user *container) {
	for _, c := range e.containers {
		if c.image == i && (user == nil || c.Running()) {
			user = c
		}
	}
	return user
}

func (e *Engine) untag(i *image, ref string) {
	name := fullName(ref)
	i.Tags = slices.DeleteFunc(i.Tags, func(tag string) bool { return tag == name })
}

// ImagePrune implements docker.Engine.
func (e *Engine) ImagePrune(ctx context.Context, labels map[string]string) error {
	if len(labels) == 0 {
		return docker.Errorf(docker.ErrInvalid, "cannot prune images without a label that says which")
	}
	if err := e.enter(ctx, "ImagePrune", ""); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.images = slices.DeleteFunc(e.images, func(i *image) bool {
		return len(i.Tags) == 0 && matches(i.Labels, labels) && e.userOf(i) == nil
	})
	return nil
}

// ImagePull implements docker.Engine, for what was published.
func (e *Engine) ImagePull(ctx context.Context, ref, configDir string, progress io.Writer) error {
	if err := docker.CheckImageName(ref); err != nil {
		return err
	}
	if err := e.enter(ctx, "ImagePull", ref); err != nil {
		return err
	}
	if err := e.checkLogin(ref, configDir); err != nil {
		return fmt.Errorf("cannot pull image %s: %w", ref, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	said := "Downloaded newer image for "
	if e.findImage(ref) != nil {
		said = "Image is up to date for "
	}
	if e.fetch(ref) == nil {
		return fmt.Errorf("cannot pull image %s: %w", ref, docker.Errorf(docker.ErrNotFound, "manifest for %s not found: manifest unknown", ref))
	}
	if progress != nil {
		_, _ = io.WriteString(progress, "Status: "+said+fullName(ref)+"\n")
	}
	return nil
}

// fetch brings a published image to the engine; nil when there is none. The caller holds mu.
func (e *Engine) fetch(ref string) *image {
	published, found := e.remote[fullName(ref)]
	if !found {
		return nil
	}
	published.Tags = []string{ref}
	return e.addImage(published, tree{})
}
