package deploy

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"sync"

	"github.com/slipwayhq/slipway/docker"
)

// imageFiles remembers of each app's last image the small files that were
// looked for in it. An image never changes, and a push whose build was cached
// has the image of the push before.
type imageFiles struct {
	mu   sync.Mutex
	last map[string]seenImage // by app
}

type seenImage struct {
	id    string
	texts map[string]string // by path; "" when the image has no such file
}

func (m *imageFiles) get(name, image, file string) (text string, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seen := m.last[name]; seen.id == image {
		text, known = seen.texts[file]
	}
	return text, known
}

func (m *imageFiles) put(name, image, file, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.last = map[string]seenImage{}
	}
	if m.last[name].id != image {
		m.last[name] = seenImage{image, map[string]string{}}
	}
	m.last[name].texts[file] = text
}

// imageReader reads small files below an image's working folder. It makes a
// container that never runs when it has to, one for all files.
type imageReader struct {
	flow      *Flow
	app       string
	image     string // ID
	container string // "" until one is needed
	workDir   string
}

// file reads one file, "" when there is none. Dokku: a Procfile may come with
// the image.
func (r *imageReader) file(ctx context.Context, file string) (string, error) {
	if text, known := r.flow.imageFiles.get(r.app, r.image, file); known {
		return text, nil
	}
	text, err := r.look(ctx, file)
	if err == nil {
		r.flow.imageFiles.put(r.app, r.image, file, text)
	}
	return text, err
}

func (r *imageReader) look(ctx context.Context, file string) (string, error) {
	if err := r.open(ctx); err != nil || r.container == "" {
		return "", err
	}
	in, err := r.flow.host.Docker.CopyFrom(ctx, r.container, path.Join(r.workDir, file))
	if errors.Is(err, docker.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read %s of the image: %w", file, err)
	}
	defer in.Close()
	tr := tar.NewReader(in)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("cannot read %s of the image: %w", file, err)
		}
		if h.Typeflag == tar.TypeReg {
			b, err := io.ReadAll(io.LimitReader(tr, maxSourceFile))
			return string(b), err
		}
	}
}

// open makes the container, unless the image has no working folder.
func (r *imageReader) open(ctx context.Context) error {
	if r.container != "" {
		return nil
	}
	h := r.flow.host
	info, err := h.Docker.ImageInspect(ctx, r.image)
	if err != nil || info.WorkingDir == "" {
		return err
	}
	r.workDir = info.WorkingDir
	args := append(docker.LabelArgs(h.Names.Labels(docker.Labelled{ContainerType: "copy"})), r.image, "true")
	if r.container, err = h.Docker.Create(ctx, args); err != nil {
		return fmt.Errorf("cannot look into the image: %w", err)
	}
	return nil
}

// close removes the container. It may be called when there is none.
func (r *imageReader) close(ctx context.Context) {
	if r.container != "" {
		_ = r.flow.host.Docker.Remove(context.WithoutCancel(ctx), r.container) // one that never ran
	}
}
