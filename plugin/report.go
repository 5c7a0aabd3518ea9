package plugin

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// Rows are the values of a report by flag name without dashes, such as
// "ps-restart-policy".
type Rows map[string]string

// Report declares `FEATURE:report [<app>|--global] [<flag>] [--format json]`:
// as text, as one value, or as a flat JSON object.
// Layout: Dokku plugins/common/report.go as its output shows.
type Report struct {
	Feature string // of the command: "ps" gives ps:report
	Title   string // `=====> APP TITLE information`; "" = Feature
	Prefix  string // stripped from flags in JSON; "" = Feature + "-"
	Help    string // "" = Dokku's usual words
	Usage   string // "" = `[<app>] [<flag>]`
	// Legacy gives every key in JSON a second time with the prefix, as some
	// of Dokku's reports do during 0.38.
	Legacy bool
	// Shown is what the whole report shows as text in place of a value, to keep
	// secrets out of it; the flag itself and JSON have the value. May be nil.
	Shown func(flag, value string) string
	// Lowercase leaves the first letter of each label as it is.
	Lowercase bool
	// Alone is what a flag shows that is asked for by itself; nil: the value.
	Alone func(flag, value string) string
	// App gives the rows of one app. It is called once per app.
	App func(ctx context.Context, app string) (Rows, error)
	// Lists gives further keys for the JSON of one app, with lists. May be nil.
	Lists func(ctx context.Context, app string) (map[string][]string, error)
	// Global gives the rows of --global; nil: the report has none.
	Global func(ctx context.Context) (Rows, error)
	// Warnings are said on stderr before the rows of an app. May be nil.
	Warnings func(ctx context.Context, app string) ([]string, error)
	// PrintGlobal prints --global in place of Global, in a form of its own;
	// format is stdout or json. May be nil.
	PrintGlobal func(ctx context.Context, c *command.Call, format string) error
	// Prepare is called once before App for all apps of one call, to do in one
	// query what would be one per app. May be nil.
	Prepare func(ctx context.Context, apps []string) (context.Context, error)
}

type reportArgs struct {
	Format string   `flag:"format" default:"stdout"`
	Global bool     `flag:"global"`
	Rest   []string `arg:"app,optional"`
}

// Command declares the report's command.
func (r Report) Command(h *Host) *command.Command {
	if r.Title == "" {
		r.Title = r.Feature
	}
	if r.Prefix == "" {
		r.Prefix = r.Feature + "-"
	}
	if r.Help == "" {
		r.Help = "Displays " + withArticle(r.Feature) + " report for one or more apps"
	}
	if r.Usage == "" {
		r.Usage = "[<app>] [<flag>]"
	}
	return command.New(r.Feature+":report", r.Help,
		func(ctx context.Context, c *command.Call, in reportArgs) error { return r.run(ctx, h, c, in) },
		command.RawFlags, command.Usage(r.Usage))
}

func (r Report) run(ctx context.Context, h *Host, c *command.Call, in reportArgs) error {
	var app, flag string
	for _, a := range in.Rest {
		switch {
		case strings.HasPrefix(a, "--"):
			if flag != "" {
				return command.BadInput("%s:report command allows only a single flag", r.Feature)
			}
			flag = strings.TrimPrefix(a, "--")
		case app == "":
			app = a
		default:
			return command.BadInput("unexpected argument %q", a)
		}
	}
	if app == "" && c.Flags.App != "" {
		app = c.Flags.App
	}
	if in.Format != "stdout" && in.Format != "json" {
		return command.BadInput("Invalid format specified: %s, valid formats are: stdout, json", in.Format)
	}
	if in.Format == "json" && flag != "" {
		return command.BadInput("--format flag cannot be specified when specifying an info flag")
	}
	if in.Global && r.PrintGlobal != nil {
		return r.PrintGlobal(ctx, c, in.Format)
	}
	if in.Global {
		if r.Global == nil {
			return command.BadInput("%s:report has no global properties", r.Feature)
		}
		rows, err := r.Global(ctx)
		if err != nil {
			return err
		}
		return r.print(c, state.Global, rows, nil, flag, in.Format)
	}
	apps := []string{app}
	if app == "" {
		var err error
		if apps, err = h.VisibleApps(ctx); err != nil {
			return err
		}
		if len(apps) == 0 {
			c.Out.Warn("You haven't deployed any applications yet")
			return nil
		}
	} else if !h.AppVisible(ctx, app) {
		return command.NoSuchApp(app)
	}
	if r.Prepare != nil {
		var err error
		if ctx, err = r.Prepare(ctx, apps); err != nil {
			return err
		}
	}
	for _, a := range apps {
		if r.Warnings != nil {
			warnings, err := r.Warnings(ctx, a)
			if err != nil {
				return err
			}
			for _, w := range warnings {
				c.Out.Warn("%s", w)
			}
		}
		rows, err := r.App(ctx, a)
		if err != nil {
			return err
		}
		var lists map[string][]string
		if r.Lists != nil && in.Format == "json" {
			if lists, err = r.Lists(ctx, a); err != nil {
				return err
			}
		}
		if err := r.print(c, a, rows, lists, flag, in.Format); err != nil {
			return err
		}
	}
	return nil
}

func (r Report) print(c *command.Call, app string, rows Rows, lists map[string][]string, flag, format string) error {
	keys := slices.Sorted(maps.Keys(rows))
	switch {
	case flag != "":
		v, ok := rows[flag]
		if !ok {
			for i := range keys {
				keys[i] = "--" + keys[i]
			}
			return command.BadInput("Invalid flag passed, valid flags: %s", strings.Join(keys, ", "))
		}
		if r.Alone != nil {
			v = r.Alone(flag, v)
		}
		c.Out.Line("%s", v)
	case format == "json":
		flat := map[string]any{}
		for k, v := range lists {
			flat[k] = v
		}
		for k, v := range rows {
			flat[strings.TrimPrefix(k, r.Prefix)] = v
			if r.Legacy {
				flat[k] = v
			}
		}
		return c.Out.JSON(flat)
	default:
		c.Out.Headers().Title("%s %s information", app, r.Title)
		width := 31
		for _, k := range keys {
			width = max(width, len(k)+2)
		}
		for _, k := range keys {
			label := strings.NewReplacer("-", " ", ".", " ").Replace(k) + ":"
			if !r.Lowercase {
				label = strings.ToUpper(label[:1]) + label[1:]
			}
			value := rows[k]
			if r.Shown != nil {
				value = r.Shown(k, value)
			}
			c.Out.Text("%s%s%s", label, strings.Repeat(" ", max(width-len(label), 1)), value)
		}
	}
	return nil
}

// PropertyRows are the report rows of declared properties: raw, global and
// computed as their scope has them. With app state.Global only the global ones.
func PropertyRows(h *Host, prefix string, props []state.Property, app string) (Rows, error) {
	rows := Rows{}
	for _, p := range props {
		if p.Internal || (app == state.Global && p.Scope == state.AppOnly) {
			continue
		}
		computed, err := h.Store.Computed(p, app)
		if err != nil {
			return nil, err
		}
		rows[prefix+"computed-"+p.Name] = computed
		if p.Scope != state.AppOnly {
			if rows[prefix+"global-"+p.Name], err = h.Store.Get(p, state.Global); err != nil {
				return nil, err
			}
		}
		if p.Scope != state.GlobalOnly && app != state.Global {
			if rows[prefix+p.Name], err = h.Store.Get(p, app); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}
