package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// Retention is how many releases of an app are kept for rollback.
var Retention = state.Property{
	Plugin: "releases", Name: "retention", Default: "10", Validate: validatePositive,
	Help: "How many releases are kept, with their images, to roll back to",
}

func validatePositive(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 1 {
		return fmt.Errorf("Invalid value %q: a whole number from 1 is expected", v) //nolint:staticcheck // shown as it is
	}
	return nil
}

// Releases keeps the releases of all apps as one JSON file each, in
// $DOKKU_LIB_ROOT/data/releases/APP/N.json (0600: they hold config).
type Releases struct{ host *plugin.Host }

// NewReleases makes the store.
func NewReleases(h *plugin.Host) *Releases { return &Releases{h} }

func (r *Releases) dir(name string) string { return r.host.Store.DataDir("releases", name) }

func (r *Releases) path(name string, n int) string {
	return filepath.Join(r.dir(name), strconv.Itoa(n)+".json")
}

// Numbers lists the numbers of the kept releases, ascending.
func (r *Releases) Numbers(name string) ([]int, error) {
	entries, err := os.ReadDir(r.dir(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot list the releases of %s: %w", name, err)
	}
	var ns []int
	for _, e := range entries {
		base, isJSON := strings.CutSuffix(e.Name(), ".json")
		if n, err := strconv.Atoi(base); err == nil && isJSON {
			ns = append(ns, n)
		}
	}
	slices.Sort(ns)
	return ns, nil
}

// Get reads one release; ok is false when it is not kept.
func (r *Releases) Get(name string, n int) (rel app.Release, ok bool, err error) {
	b, err := os.ReadFile(r.path(name, n))
	if errors.Is(err, os.ErrNotExist) {
		return rel, false, nil
	}
	if err != nil {
		return rel, false, fmt.Errorf("cannot read release %d of %s: %w", n, name, err)
	}
	if err := json.Unmarshal(b, &rel); err != nil {
		return rel, false, fmt.Errorf("cannot read release %d of %s: %w", n, name, err)
	}
	return rel, true, nil
}

// Current is the newest release, the one that runs; ok is false when the app
// was never deployed.
func (r *Releases) Current(name string) (rel app.Release, ok bool, err error) {
	ns, err := r.Numbers(name)
	if err != nil || len(ns) == 0 {
		return rel, false, err
	}
	return r.Get(name, ns[len(ns)-1])
}

// Next is the number that the next release gets.
func (r *Releases) Next(name string) (int, error) {
	ns, err := r.Numbers(name)
	if err != nil || len(ns) == 0 {
		return 1, err
	}
	return ns[len(ns)-1] + 1, nil
}

// Save keeps a release.
func (r *Releases) Save(rel app.Release) error {
	b, err := json.MarshalIndent(rel, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write release %d of %s: %w", rel.Number, rel.App, err)
	}
	return r.host.Store.WriteFile(r.path(rel.App, rel.Number), append(b, '\n'), 0o600)
}

// imageRef is the name that keeps a release's image on the engine.
func (r *Releases) imageRef(name string, n int) string {
	return fmt.Sprintf("%s:release-%d", r.host.Names.Image(name), n)
}

// latestRef is Dokku's name of the image that the app runs.
func (r *Releases) latestRef(name string) string { return r.host.Names.Image(name) + ":latest" }

// tag names the image of a release, and as the one that runs.
func (r *Releases) tag(ctx context.Context, rel app.Release) error {
	for _, ref := range []string{r.imageRef(rel.App, rel.Number), r.latestRef(rel.App)} {
		if err := r.host.Docker.ImageTag(ctx, rel.ImageID, ref); err != nil {
			return fmt.Errorf("cannot tag the image of release %d: %w", rel.Number, err)
		}
	}
	return nil
}

// prune forgets the releases beyond the retention and untags their images. An
// image that a kept release needs has that release's tag and stays.
func (r *Releases) prune(ctx context.Context, name string) error {
	text, err := r.host.Store.Computed(Retention, name)
	if err != nil {
		return err
	}
	keep, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("the retention of releases is not a number: %q", text)
	}
	ns, err := r.Numbers(name)
	if err != nil {
		return err
	}
	for len(ns) > keep {
		n := ns[0]
		ns = ns[1:]
		refs, err := r.refs(name, n, ns)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			if err := r.host.Docker.ImageRemove(ctx, ref, false); err != nil &&
				!errors.Is(err, docker.ErrNotFound) && !errors.Is(err, docker.ErrConflict) {
				return fmt.Errorf("cannot remove the image of release %d of %s: %w", n, name, err)
			}
		}
		if err := os.Remove(r.path(name, n)); err != nil {
			return fmt.Errorf("cannot forget release %d of %s: %w", n, name, err)
		}
	}
	return nil
}

// refs are the names of a release's image that no release of kept needs.
func (r *Releases) refs(name string, n int, kept []int) ([]string, error) {
	refs := []string{r.imageRef(name, n)}
	rel, _, err := r.Get(name, n)
	if err != nil || rel.Image == "" {
		return refs, err
	}
	for _, other := range kept {
		another, _, err := r.Get(name, other)
		if err != nil {
			return nil, err
		}
		if another.Image == rel.Image {
			return refs, nil
		}
	}
	return append(refs, rel.Image), nil
}
