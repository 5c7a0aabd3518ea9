package pluginctl

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

type listArgs struct {
	Format string `flag:"format" default:"stdout"`
}

// listed is one plugin in JSON. Source: Dokku plugins/plugin/plugin.go.
type listed struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Enabled     bool   `json:"enabled"`
	Core        bool   `json:"core"`
	Description string `json:"description"`
	SourceURL   string `json:"source_url"`
	Committish  string `json:"committish"`
	Branch      string `json:"branch"`

	// ours
	Runs        string `json:"runs,omitempty"`         // executables, process, http
	HookTimeout string `json:"hook_timeout,omitempty"` // 0s: none
	LeftOut     string `json:"left_out,omitempty"`     // why an enabled one takes no part
}

func (p *plugins) list(ctx context.Context, c *command.Call, in listArgs) error {
	all := p.host.Installed()
	switch in.Format {
	case "stdout":
		for _, installed := range all {
			c.Out.Line("%s", plugin.InstalledLine(installed))
		}
		for _, i := range all {
			if reason := cmp.Or(i.LeftOut, i.Broken); reason != "" {
				c.Out.Warn("%s: %s", i.Name, reason)
			}
		}
		return nil
	case "json":
		list := make([]listed, 0, len(all))
		for _, i := range all {
			one := listed{Name: i.Name, Version: i.Version, Enabled: i.Enabled, Core: i.Core, Description: i.Description}
			if i.Dir != "" {
				one.SourceURL, one.Committish, one.Branch = p.source(ctx, i.Dir)
				limit, _, err := p.host.HookTimeout(i, "")
				if err != nil {
					return err
				}
				one.Runs, one.HookTimeout, one.LeftOut = string(i.Metadata.Run.As), limit.String(), i.LeftOut
			}
			list = append(list, one)
		}
		return c.Out.JSON(list)
	}
	return command.BadInput("Invalid output format specified, supported formats: json, stdout")
}

// source is where a plugin comes from, "" for one without a repository.
func (p *plugins) source(ctx context.Context, dir string) (url, commit, branch string) {
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		return "", "", ""
	}
	ask := func(args ...string) string {
		text, err := p.gitOutput(ctx, dir, args...)
		if err != nil {
			return ""
		}
		return text
	}
	if branch = ask("rev-parse", "--abbrev-ref", "HEAD"); branch == "HEAD" {
		branch = ""
	}
	origin := source{at: ask("config", "--get", "remote.origin.url")}
	return origin.shown(), ask("rev-parse", "HEAD"), branch
}

type nameArgs struct {
	Name string `arg:"name,optional"`
}

// installed answers by exit code, for disabled ones too, as Dokku does.
func (p *plugins) installed(_ context.Context, _ *command.Call, in nameArgs) error {
	if !slices.ContainsFunc(p.host.Installed(), func(i plugin.Installed) bool { return i.Name == in.Name }) {
		return command.Exit{Code: 1}
	}
	return nil
}
