package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// ImageInspect implements Engine.
func (c *Client) ImageInspect(ctx context.Context, ref string) (image Image, err error) {
	err = c.onImage("inspect", ref, func() error {
		in, err := c.api.ImageInspect(ctx, ref)
		if err != nil {
			return err
		}
		image = Image{
			ID: in.ID, Tags: realTags(in.RepoTags), Labels: map[string]string{},
			Created: parseTime(in.Created), Size: in.Size, Architecture: in.Architecture,
		}
		if config := in.Config; config != nil {
			maps.Copy(image.Labels, config.Labels)
			image.Env, image.Cmd, image.Entrypoint = config.Env, config.Cmd, config.Entrypoint
			image.WorkingDir, image.User = config.WorkingDir, config.User
			image.ExposedPorts = SortPorts(slices.Collect(maps.Keys(config.ExposedPorts)))
		}
		return nil
	})
	return image, err
}

// ImageList implements Engine.
func (c *Client) ImageList(ctx context.Context, labels map[string]string) ([]Image, error) {
	result, err := c.api.ImageList(ctx, client.ImageListOptions{Filters: labelFilter(labels)})
	if err != nil {
		return nil, fmt.Errorf("cannot list images: %w", c.translate(err))
	}
	images := make([]Image, 0, len(result.Items))
	for _, in := range result.Items {
		images = append(images, Image{
			ID: in.ID, Tags: realTags(in.RepoTags), Labels: merged(in.Labels, nil),
			Created: time.Unix(in.Created, 0).UTC(), Size: in.Size,
		})
	}
	return images, nil
}

// ImageTag implements Engine.
func (c *Client) ImageTag(ctx context.Context, src, dst string) error {
	if err := CheckImageName(dst); err != nil {
		return err
	}
	return c.onImage("tag", src, func() error {
		_, err := c.api.ImageTag(ctx, client.ImageTagOptions{Source: src, Target: dst})
		return err
	})
}

// ImageRemove implements Engine.
func (c *Client) ImageRemove(ctx context.Context, ref string, force bool) error {
	return c.onImage("remove", ref, func() error {
		_, err := c.api.ImageRemove(ctx, ref, client.ImageRemoveOptions{Force: force, PruneChildren: true})
		return err
	})
}

// ImageLoad implements Engine.
func (c *Client) ImageLoad(ctx context.Context, tar io.Reader) (refs []string, err error) {
	source := &source{Reader: tar}
	stream, err := c.api.ImageLoad(ctx, source, client.ImageLoadWithQuiet(true))
	if err != nil {
		return nil, fmt.Errorf("cannot load an image: %w", c.translate(source.blame(err)))
	}
	defer stream.Close()
	err = eachMessage(stream, func(message jsonstream.Message) {
		for _, words := range []string{"Loaded image ID: ", "Loaded image: "} { // moby's image/tarexport/load.go
			if ref, found := strings.CutPrefix(strings.TrimSpace(message.Stream), words); found {
				refs = append(refs, ref)
			}
		}
	})
	if err != nil {
		return refs, fmt.Errorf("cannot load an image: %w", c.translate(err))
	}
	return refs, nil
}

// ImagePrune implements Engine.
func (c *Client) ImagePrune(ctx context.Context, labels map[string]string) error {
	if len(labels) == 0 {
		return Errorf(ErrInvalid, "cannot prune images without a label that says which")
	}
	_, err := c.api.ImagePrune(ctx, client.ImagePruneOptions{Filters: labelFilter(labels).Add("dangling", "true")})
	if err != nil {
		return fmt.Errorf("cannot prune images: %w", c.translate(err))
	}
	return nil
}

// eachMessage reads the JSON objects with which the engine reports progress, to the end or the first that is an error.
func eachMessage(stream io.Reader, handle func(jsonstream.Message)) error {
	decoder := json.NewDecoder(stream)
	for {
		var message jsonstream.Message
		err := decoder.Decode(&message)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case message.Error != nil:
			return message.Error
		}
		handle(message)
	}
}

// realTags leaves out the engine's placeholder for an image without a name.
func realTags(tags []string) []string {
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return tag == "<none>:<none>" })
}

// SortPorts sorts ports such as "5000/tcp" in place, by number, then protocol, and returns them.
func SortPorts(ports []string) []string {
	split := func(port string) (int, string) {
		number, protocol, _ := strings.Cut(port, "/")
		n, _ := strconv.Atoi(number) // the engine checked it; ranges never get here
		return n, protocol
	}
	slices.SortFunc(ports, func(a, b string) int {
		an, ap := split(a)
		bn, bp := split(b)
		return cmp.Or(cmp.Compare(an, bn), cmp.Compare(ap, bp))
	})
	return ports
}

// merged is a new map with the entries of both; those of over win.
func merged(under, over map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, under)
	maps.Copy(all, over)
	return all
}
