package fake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

// ImageLoad implements docker.Engine.
func (e *Engine) ImageLoad(ctx context.Context, archive io.Reader) (refs []string, err error) {
	if err := e.enter(ctx, "ImageLoad", ""); err != nil {
		return nil, err
	}
	packed := tree{}
	var loaded []loadedImage
	if err = packed.unpack("/", archive); err == nil {
		loaded, err = unpackImages(packed)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot load an image: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range loaded {
		made := e.addImage(i.Image, i.files)
		if len(i.Tags) == 0 {
			refs = append(refs, made.ID)
		}
		refs = append(refs, i.Tags...)
	}
	return refs, nil
}

type loadedImage struct {
	docker.Image
	files tree
}

// unpackImages reads the archive of `docker save`. Source of the format: moby's image/spec/v1.2.
func unpackImages(packed tree) (loaded []loadedImage, err error) {
	manifest, found := packed["manifest.json"]
	if !found {
		return nil, docker.Errorf(docker.ErrInvalid, "the archive has no manifest.json")
	}
	var entries []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(manifest.data, &entries); err != nil {
		return nil, fmt.Errorf("cannot read manifest.json: %w", err)
	}
	for _, entry := range entries {
		config, err := readConfig(packed[cleanPath(entry.Config)].data)
		if err != nil {
			return nil, err
		}
		config.Tags = entry.RepoTags
		files := tree{}
		for _, layer := range entry.Layers {
			data := packed[cleanPath(layer)].data
			config.Size += int64(len(data))
			if err := files.unpack("/", bytes.NewReader(data)); err != nil {
				return nil, fmt.Errorf("cannot read layer %s: %w", layer, err)
			}
		}
		loaded = append(loaded, loadedImage{config, files})
	}
	return loaded, nil
}

func readConfig(data []byte) (docker.Image, error) {
	var config struct {
		Architecture string    `json:"architecture"`
		Created      time.Time `json:"created"`
		Config       struct {
			Env, Cmd, Entrypoint []string
			ExposedPorts         map[string]struct{}
			Labels               map[string]string
			WorkingDir, User     string
		} `json:"config"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return docker.Image{}, fmt.Errorf("cannot read an image's configuration: %w", err)
	}
	sum := sha256.Sum256(data)
	return docker.Image{
		ID: "sha256:" + hex.EncodeToString(sum[:]), Labels: config.Config.Labels, Env: config.Config.Env,
		Cmd: config.Config.Cmd, Entrypoint: config.Config.Entrypoint,
		ExposedPorts: docker.SortPorts(slices.Collect(maps.Keys(config.Config.ExposedPorts))),
		WorkingDir:   config.Config.WorkingDir, User: config.Config.User,
		Created: config.Created, Architecture: config.Architecture,
	}, nil
}
