package docker

import (
	"fmt"
	"maps"
	"slices"
)

// Labels that every part of the program reads. Source: Dokku's own (dokku-map §6); the instance label is ours.
const (
	LabelDokku         = "dokku" // bare: present on everything that Dokku made
	LabelApp           = "com.dokku.app-name"
	LabelContainerType = "com.dokku.container-type" // deploy, run or cron
	LabelProcess       = "com.dokku.process-type"   // web, worker, …
	LabelDyno          = "com.dokku.dyno"           // web.1
	LabelImageStage    = "com.dokku.image-stage"    // build or release
	LabelBuilder       = "com.dokku.builder-type"   // dockerfile, herokuish, …
	LabelInstance      = "com.slipway.instance"
)

// Names gives containers and images the names that Dokku gives them. Instance keeps several installations on one engine
// apart; it is empty for the one real installation, whose names are exactly Dokku's.
type Names struct{ Instance string }

// Container is the name of a deployed container: "blog.web.1", "demo-blog.web.1" with instance "demo". index counts from 1.
func (n Names) Container(app, process string, index int) string {
	return fmt.Sprintf("%s.%s.%d", n.prefixed(app), process, index)
}

// Run is the name of a one-off container: "blog.run.1234". kind is "run" or "cron"; suffix is chosen by the caller.
func (n Names) Run(app, kind, suffix string) string {
	return fmt.Sprintf("%s.%s.%s", n.prefixed(app), kind, suffix)
}

// Image is the repository of an app's images, without a tag: "dokku/blog", "dokku/demo-blog" with instance "demo".
func (n Names) Image(app string) string { return "dokku/" + n.prefixed(app) }

// Cache is the volume in which an app's builds keep what the next one wants to find again: "cache-blog".
func (n Names) Cache(app string) string { return "cache-" + n.prefixed(app) }

func (n Names) prefixed(app string) string {
	if n.Instance == "" {
		return app
	}
	return n.Instance + "-" + app
}

// Labelled says what a container or an image is. Empty fields give no label.
type Labelled struct {
	App           string // blog
	ContainerType string // deploy, run or cron
	Process       string // web
	Dyno          string // web.1
	ImageStage    string // build or release
	Builder       string // dockerfile
}

// Labels is the set that a container or image gets: Dokku's own, and the instance when there is one. The caller may add to it.
func (n Names) Labels(what Labelled) map[string]string {
	labels := map[string]string{
		LabelDokku:                        "",
		"org.label-schema.schema-version": "1.0",
		"org.label-schema.vendor":         "dokku",
	}
	for key, value := range map[string]string{
		LabelApp:           what.App,
		LabelContainerType: what.ContainerType,
		LabelProcess:       what.Process,
		LabelDyno:          what.Dyno,
		LabelImageStage:    what.ImageStage,
		LabelBuilder:       what.Builder,
		LabelInstance:      n.Instance,
	} {
		if value != "" {
			labels[key] = value
		}
	}
	return labels
}

// Owned is the filter for everything that this installation made for an app (for all apps when it is empty). Several
// installations share an engine only when each but one has an instance; the one without sees the others' containers too
// and tells them by their instance label: use [Names.Owns].
func (n Names) Owned(app string) map[string]string {
	labels := map[string]string{LabelDokku: ""}
	if app != "" {
		labels[LabelApp] = app
	}
	if n.Instance != "" {
		labels[LabelInstance] = n.Instance
	}
	return labels
}

// Owns reports whether labels are those of something that this installation made.
func (n Names) Owns(labels map[string]string) bool {
	_, made := labels[LabelDokku]
	return made && labels[LabelInstance] == n.Instance
}

// LabelArgs are the options --label=KEY=VALUE of `docker container create`, sorted by key.
func LabelArgs(labels map[string]string) []string {
	args := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		args = append(args, "--label="+key+"="+labels[key])
	}
	return args
}
