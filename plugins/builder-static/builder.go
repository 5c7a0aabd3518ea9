package builderstatic

import (
	"context"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

// recipe is the Dockerfile of every static site. The server runs as nobody; the
// folder with the site is the one that it serves by default.
const recipe = `FROM scratch
COPY server/ /
COPY site/ /app/public/
USER 65534:65534
CMD ["/static-server"]
`

type builder struct {
	h      *plugin.Host
	server string
}

// New is the builder. clientBinary is the path of this installation's client,
// which serves the files when it is called as static-server; it is read at each
// build and must need no shared libraries.
func New(h *plugin.Host, clientBinary string) build.Builder {
	return builder{h: h, server: clientBinary}
}

// Name implements build.Builder.
func (b builder) Name() string { return "static" }

// Detect implements build.Builder. A root that was set says that the app is a
// site, whatever else the source has.
func (b builder) Detect(_ context.Context, app, dir string) (bool, error) {
	root, err := b.h.Store.Computed(rootProperty, app)
	if err != nil {
		return false, err
	}
	folder, ok := siteFolder(dir, root)
	if !ok || !hasFile(folder, "index.html") {
		return false, nil
	}
	return root != rootProperty.Default || !slices.ContainsFunc(otherwise, func(name string) bool { return hasFile(dir, name) }), nil
}

// Build implements build.Builder.
func (b builder) Build(ctx context.Context, req build.Request, out *command.Output) error {
	root, err := b.h.Store.Computed(rootProperty, req.App)
	if err != nil {
		return err
	}
	folder, ok := siteFolder(req.Dir, root)
	if !ok {
		return command.Fail("The source has no folder %s\nName the one with the site: dokku builder-static:set %s root …", root, req.App)
	}
	if !hasFile(folder, "index.html") {
		out.Warn("There is no index.html, so that / will answer 404; is the site in a folder? dokku builder-static:set %s root …", req.App)
	}
	if err := standsAlone(b.server); err != nil {
		return err
	}
	options, err := buildkit.ParseFlags(req.Args)
	if err != nil {
		return err
	}
	return buildkit.Build(ctx, b.h.Docker, buildkit.Job{
		App: req.App,
		Context: buildkit.Folders(map[string]buildkit.Tree{
			"server": buildkit.File("static-server", b.server, 0o755),
			"site":   buildkit.Folder(folder).Filtered(visitors(folder, root == rootProperty.Default)),
		}),
		Dockerfile: buildkit.Dockerfile{Name: "Dockerfile", Content: []byte(recipe)},
		Image:      req.Image,
		Labels:     req.Labels,
		Options:    buildkit.Options{Labels: options.Labels, Tags: options.Tags, NoCache: options.NoCache},
		Log:        req.Log,
	}, out)
}

// standsAlone checks that a program runs in an image that has nothing else.
func standsAlone(program string) error {
	file, err := elf.Open(program)
	if err != nil {
		return fmt.Errorf("cannot read the file server of static sites: %w", err)
	}
	defer file.Close()
	if slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return command.Fail("Static sites cannot be built: %s needs shared libraries\nBuild it without: CGO_ENABLED=0, as make install does", program)
	}
	return nil
}
