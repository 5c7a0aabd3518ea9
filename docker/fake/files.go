package fake

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// tree holds the files of an image or a container by their clean path without a leading slash.
type tree map[string]file

type file struct {
	header tar.Header
	data   []byte
}

// has reports whether there is something at a clean path; folders need no entry of their own.
func (t tree) has(at string) bool {
	if _, found := t[at]; found || at == "" {
		return true
	}
	for other := range t {
		if strings.HasPrefix(other, at+"/") {
			return true
		}
	}
	return false
}

// unpack adds the entries of a tar archive, plain or gzip, under dir.
func (t tree) unpack(dir string, archive io.Reader) error {
	plain := bufio.NewReader(archive)
	var source io.Reader = plain
	if magic, _ := plain.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(plain)
		if err != nil {
			return err
		}
		source = unzipped
	}
	entries := tar.NewReader(source)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(entries)
		if err != nil {
			return err
		}
		t[cleanPath(path.Join("/", dir, path.Join("/", header.Name)))] = file{header: *header, data: data}
	}
}

// pack is a tar archive of what is at a clean path, with names that start with its last element.
func (t tree) pack(at string) ([]byte, error) {
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		under := name == at || strings.HasPrefix(name, at+"/") || at == ""
		if !under {
			continue
		}
		entry := t[name]
		entry.header.Name = path.Join(path.Base("/"+at), strings.TrimPrefix(name, at))
		if entry.header.Typeflag == tar.TypeDir {
			entry.header.Name += "/"
		}
		if err := archive.WriteHeader(&entry.header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(entry.data); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return packed.Bytes(), err
}

func cleanPath(at string) string { return strings.TrimPrefix(path.Clean("/"+at), "/") }

// CopyFrom implements docker.Engine.
func (e *Engine) CopyFrom(ctx context.Context, id, from string) (content io.ReadCloser, err error) {
	err = e.onContainer(ctx, "CopyFrom", "copy "+from+" from", id, func(c *container) error {
		if !c.files.has(cleanPath(from)) {
			return docker.Errorf(docker.ErrNotFound, "Could not find the file %s in container %s", from, id)
		}
		packed, err := c.files.pack(cleanPath(from))
		content = io.NopCloser(bytes.NewReader(packed))
		return err
	})
	return content, err
}

// CopyTo implements docker.Engine.
func (e *Engine) CopyTo(ctx context.Context, id, dir string, archive io.Reader) error {
	if err := docker.CheckContainerID(id); err != nil {
		return err
	}
	added := tree{} // read without mu: the archive may come from somewhere slow
	if err := added.unpack(dir, archive); err != nil {
		return fmt.Errorf("cannot copy files to %s in container %s: %w", dir, id, err)
	}
	return e.onContainer(ctx, "CopyTo", "copy files to "+dir+" in", id, func(c *container) error {
		if !c.files.has(cleanPath(dir)) {
			return docker.Errorf(docker.ErrNotFound, "Could not find the file %s in container %s", dir, id)
		}
		if c.files == nil {
			c.files = tree{}
		}
		maps.Copy(c.files, added)
		return nil
	})
}

// Commit implements docker.Engine.
func (e *Engine) Commit(ctx context.Context, id, ref string, labels map[string]string) (imageID string, err error) {
	if ref != "" {
		if err := docker.CheckImageName(ref); err != nil {
			return "", err
		}
	}
	err = e.onContainer(ctx, "Commit", "commit", id, func(c *container) error {
		made := c.image.Image
		made.ID, made.Created, made.Tags = "sha256:"+newID(), now(), nil
		made.Env, made.User, made.WorkingDir = c.Env, c.User, c.WorkingDir
		made.Labels = maps.Clone(c.Labels)
		maps.Copy(made.Labels, labels)
		imageID = made.ID
		e.addImage(made, maps.Clone(c.files))
		if ref != "" {
			e.tag(e.findImage(made.ID), ref)
		}
		return nil
	})
	return imageID, err
}
