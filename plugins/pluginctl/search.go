package pluginctl

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/index"
	"github.com/slipwayhq/slipway/state"
)

type searchArgs struct {
	Format string   `flag:"format" default:"stdout"`
	Words  []string `arg:"word,optional"`
}

// found is one plugin of the index in JSON, and whether it is here.
type found struct {
	index.Entry
	Installed bool `json:"installed"`
}

func (p *plugins) found(e index.Entry) found {
	here := slices.ContainsFunc(p.host.Installed(), func(i plugin.Installed) bool { return i.Name == e.Name && !i.Core })
	return found{e, here}
}

// search lists the plugins of the index that have all words.
func (p *plugins) search(_ context.Context, c *command.Call, in searchArgs) error {
	ix, err := p.someIndex()
	if err != nil {
		return err
	}
	p.warnOfAge(c.Out, ix)
	list := make([]found, 0)
	for _, e := range ix.Search(in.Words...) {
		list = append(list, p.found(e))
	}
	switch {
	case in.Format == "json":
		return c.Out.JSON(list)
	case in.Format != "stdout":
		return badFormat()
	case len(list) == 0:
		return command.Fail("No plugin is found for %q. List all: dokku plugin:search", strings.Join(in.Words, " "))
	}
	for _, f := range list {
		mark := ""
		if f.Installed {
			mark = "installed"
		}
		c.Out.Line("  %-22s %-8s %-10s %s", f.Name, f.Version, mark, f.Description)
	}
	return nil
}

func badFormat() error {
	return command.BadInput("Invalid output format specified, supported formats: json, stdout")
}

// warnOfAge says that an index has expired; what it has can still be read.
func (p *plugins) warnOfAge(out *command.Output, ix index.Index) {
	if err := ix.Current(p.now()); err != nil {
		out.Warn("The index of plugins is of old: %s. Get a new one: dokku plugin:index-update", err)
	}
}

type infoArgs struct {
	Format string `flag:"format" default:"stdout"`
	Name   string `arg:"name" missing:"Please specify a plugin"`
}

// info shows what the index has of one plugin.
func (p *plugins) info(_ context.Context, c *command.Call, in infoArgs) error {
	ix, err := p.someIndex()
	if err != nil {
		return err
	}
	p.warnOfAge(c.Out, ix)
	e, ok := ix.Find(in.Name)
	if !ok {
		return command.Fail("The index of plugins has no %s. Look for one: dokku plugin:search WORD", in.Name)
	}
	f := p.found(e)
	switch in.Format {
	case "json":
		return c.Out.JSON(f)
	case "stdout":
	default:
		return badFormat()
	}
	c.Out.Headers().Title("%s plugin information", e.Name)
	for _, row := range [][2]string{
		{"version", e.Version},
		{"description", e.Description},
		{"homepage", e.Homepage},
		{"note", e.Note},
		{"git", e.Git},
		{"commit", e.Commit},
		{"archive", e.Archive},
		{"sha256", e.SHA256},
		{"installed", strconv.FormatBool(f.Installed)},
	} {
		if row[1] != "" {
			c.Out.Text("%-14s%s", row[0]+":", row[1])
		}
	}
	return nil
}

type indexUpdateArgs struct {
	From string `arg:"url|file,optional"`
}

// updateIndex gets a newer index. One that is not signed, older or expired
// leaves what is there.
func (p *plugins) updateIndex(ctx context.Context, c *command.Call, in indexUpdateArgs) error {
	key, err := p.key()
	if err != nil {
		return err
	}
	from := in.From
	if from == "" {
		if from, err = p.host.Store.Computed(indexURL, state.Global); err != nil {
			return err
		}
	}
	get := func(name string) ([]byte, error) { return readFile(ctx, c.Files, name) }
	shown := from
	if isURL(from) {
		if err := checkIndexURL(from); err != nil {
			return command.BadInput("%w", err)
		}
		get = func(at string) ([]byte, error) { return download(ctx, at) }
		shown = source{at: from}.shown()
	}
	c.Out.Headers().Step("Getting the index of plugins from %s", shown)
	text, err := get(from)
	if err != nil {
		return err
	}
	signature, err := get(from + ".minisig")
	if err != nil {
		return err
	}
	ix, err := index.Open(text, signature, key)
	if err != nil {
		return unusable(shown, err)
	}
	before, err := p.index()
	if err != nil {
		return err
	}
	if err := ix.Follows(before, p.now()); err != nil {
		return unusable(shown, err)
	}
	if ix.Serial == before.Serial {
		c.Out.Headers().Step("The index of plugins is the newest already (%d, %s)", ix.Serial, ix.Issued.UTC().Format(time.DateOnly))
		return nil
	}
	file := join(signature, text)
	if again, same := split(file); !bytes.Equal(same, text) {
		return unusable(shown, fmt.Errorf("its signature has not %d lines but %d", signatureLines, bytes.Count(again, []byte("\n"))))
	}
	if err := p.host.Store.MkdirAll(p.host.Store.LibPath("data", "slipway"), 0o755); err != nil {
		return err
	}
	if err := p.host.Store.WriteFile(p.stored(), file, 0o644); err != nil {
		return err
	}
	c.Out.Headers().Step("The index of plugins has %d plugins (%d, %s)", len(ix.Plugins), ix.Serial, ix.Issued.UTC().Format(time.DateOnly))
	return nil
}

func unusable(from string, why error) error {
	return command.Fail("The index of plugins at %s cannot be used, and the one that is here stays: %w", from, why)
}
