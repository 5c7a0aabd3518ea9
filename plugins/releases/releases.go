// Package releases lists the releases of an app and rolls back to one.
//
//	dokku releases blog                 the releases that are kept, newest first
//	dokku releases:info blog 12         one of them
//	dokku releases:rollback blog [12]   makes it live again: seconds, no build
//	dokku releases:set blog retention 20
//
// Each deploy that went live is a release: image, config, Procfile, app.json,
// who, when, and from what. A rollback is checked and switched without
// downtime like any deploy, restores the config of that release, and is itself
// a new release. Dokku has no releases; the words are Heroku's.
package releases

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type releases struct {
	host *plugin.Host
	flow *deploy.Flow
}

// Plugin makes the feature.
func Plugin(h *plugin.Host, flow *deploy.Flow) plugin.Plugin {
	r := &releases{h, flow}
	props := []state.Property{deploy.Retention}
	return plugin.Plugin{
		Name: "releases", Help: "List releases and roll back to one",
		Properties: props,
		Commands: []*command.Command{
			command.New("releases", "List the releases of an app", r.list),
			command.New("releases:list", "List the releases of an app", r.list),
			command.New("releases:info", "Show one release, by default the current one", r.info),
			command.New("releases:rollback", "Roll back to a release, by default the one before the current", r.rollback),
			plugin.SetCommand(h, "releases", plugin.BadProperty, props, nil),
			plugin.PropertyReport(h, "releases", props).Command(h),
		},
	}
}

type listArgs struct {
	Format string `flag:"format" default:"stdout" enum:"stdout,json"`
	App    string `arg:"app"`
}

// shown is a release as JSON shows it: without the values of its config.
type shown struct {
	Number      int       `json:"number"`
	Current     bool      `json:"current"`
	CreatedAt   time.Time `json:"created_at"`
	Actor       string    `json:"actor"`
	Source      string    `json:"source"`
	Metadata    string    `json:"metadata"`
	Description string    `json:"description"`
	Builder     string    `json:"builder"`
	Rev         string    `json:"rev"`
	ImageID     string    `json:"image_id"`
	ConfigKeys  []string  `json:"config_keys"`
}

func show(rel app.Release, current bool) shown {
	keys := slices.AppendSeq([]string{}, maps.Keys(rel.Env)) // not nil: JSON shows a list
	slices.Sort(keys)
	return shown{
		rel.Number, current, rel.CreatedAt, rel.Actor, rel.Source, rel.Metadata, rel.Description, rel.Builder,
		rel.Rev, rel.ImageID, keys,
	}
}

func (r *releases) all(name string) ([]shown, error) {
	numbers, err := r.flow.Releases().Numbers(name)
	if err != nil {
		return nil, err
	}
	out := []shown{}
	for n, number := range slices.Backward(numbers) {
		rel, ok, err := r.flow.Releases().Get(name, number)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, show(rel, n == len(numbers)-1))
		}
	}
	return out, nil
}

func (r *releases) list(_ context.Context, c *command.Call, in listArgs) error {
	all, err := r.all(in.App)
	if err != nil {
		return err
	}
	if in.Format == "json" {
		return c.Out.JSON(all)
	}
	c.Out.Headers().Title("%s releases", in.App)
	if len(all) == 0 {
		c.Out.Warn("App %s has not been deployed", in.App)
		return nil
	}
	w := tabwriter.NewWriter(c.Out.Stdout(), 0, 0, 2, ' ', 0)
	row := func(cells ...string) { w.Write([]byte(strings.Join(cells, "\t") + "\n")) } //nolint:errcheck // the caller went away
	row("Release", "Description", "By", "Created", "Current")
	for _, s := range all {
		mark := ""
		if s.Current {
			mark = "current"
		}
		row("v"+strconv.Itoa(s.Number), s.Description, s.Actor, s.CreatedAt.Format(time.RFC3339), mark)
	}
	return w.Flush()
}

type infoArgs struct {
	Format  string `flag:"format" default:"stdout" enum:"stdout,json"`
	App     string `arg:"app"`
	Release number `arg:"release,optional"`
}

// number is a release's number as people write it: 12 or v12. 0 is none.
type number int

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *number) UnmarshalText(b []byte) error {
	v, err := strconv.Atoi(strings.TrimPrefix(string(b), "v"))
	if err != nil || v < 1 {
		return command.BadInput("%q is not the number of a release, such as 12 or v12", b)
	}
	*n = number(v)
	return nil
}

func (r *releases) info(_ context.Context, c *command.Call, in infoArgs) error {
	current, ok, err := r.flow.Releases().Current(in.App)
	if err != nil {
		return err
	}
	if !ok {
		return command.Fail("App %s has not been deployed", in.App)
	}
	rel := current
	if in.Release != 0 {
		if rel, ok, err = r.flow.Releases().Get(in.App, int(in.Release)); err != nil {
			return err
		}
		if !ok {
			return command.Fail("App %s keeps no release v%d. See `dokku releases %s`", in.App, in.Release, in.App)
		}
	}
	s := show(rel, rel.Number == current.Number)
	if in.Format == "json" {
		return c.Out.JSON(s)
	}
	c.Out.Headers().Title("%s release v%d", in.App, s.Number)
	for _, row := range [][2]string{
		{"Description", s.Description},
		{"Current", strconv.FormatBool(s.Current)},
		{"By", s.Actor},
		{"Created at", s.CreatedAt.Format(time.RFC3339)},
		{"Source", s.Source},
		{"Source metadata", s.Metadata},
		{"Git revision", s.Rev},
		{"Builder", s.Builder},
		{"Image", s.ImageID},
		{"Config keys", strings.Join(s.ConfigKeys, " ")},
	} {
		c.Out.Text("%-18s%s", row[0]+":", row[1])
	}
	return nil
}

type rollbackArgs struct {
	App     string `arg:"app"`
	Release number `arg:"release,optional"`
}

func (r *releases) rollback(ctx context.Context, c *command.Call, in rollbackArgs) error {
	return r.flow.Rollback(ctx, c.Out, deploy.Change{
		App: in.App, Actor: c.Actor.String(), Source: "releases:rollback",
	}, int(in.Release))
}
