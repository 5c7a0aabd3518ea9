package ps

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
)

// maxInstances bounds the instances of one process type: a slip of the finger
// must not take the host down.
const maxInstances = 1000

type scaleArgs struct {
	SkipDeploy bool     `flag:"skip-deploy"`
	Format     string   `flag:"format" default:"stdout" enum:"stdout,json"`
	App        string   `arg:"app"`
	Counts     []string `arg:"proc=count,optional"`
}

func (p *ps) scale(ctx context.Context, c *command.Call, in scaleArgs) error {
	if len(in.Counts) == 0 {
		return p.showScale(c, in)
	}
	canScale, err := p.host.Store.Computed(deploy.CanScale, in.App)
	if err != nil {
		return err
	}
	if canScale == "false" {
		return command.Fail("App %s contains an app.json file with a formations key and cannot be manually scaled", in.App)
	}
	c.Out.Step("Scaling %s processes: %s", in.App, strings.Join(in.Counts, " "))
	counts, err := parseCounts(in.Counts)
	if err != nil {
		return err
	}
	if err := p.checkTypes(in.App, counts); err != nil {
		return err
	}
	skip, err := p.host.Computed("ps", "skip-deploy", in.App)
	if err != nil {
		return err
	}
	restore, err := p.host.Store.Computed(restoreProperty, in.App)
	if err != nil {
		return err
	}
	if restore == "false" {
		c.Out.Text("App %s is stopped, the scale takes effect at its next start", in.App)
	}
	return p.flow.SetScale(ctx, c.Out, p.change(ctx, in.App, "ps:scale"), counts, !in.SkipDeploy && skip != "true" && restore != "false")
}

// checkTypes refuses to scale up what the Procfile of a deployed app has not.
func (p *ps) checkTypes(name string, counts map[string]int) error {
	text, err := p.procfile(name)
	if err != nil || text == "" {
		return err
	}
	procs, err := app.ParseProcfile(text)
	if err != nil {
		return err
	}
	for _, process := range slices.Sorted(maps.Keys(counts)) {
		if counts[process] > 0 && !slices.ContainsFunc(procs, func(proc app.Process) bool { return proc.Type == process }) {
			return command.Fail("%s is not a valid process name to scale up", process)
		}
	}
	return nil
}

// parseCounts reads words TYPE=N.
func parseCounts(tuples []string) (map[string]int, error) {
	counts := map[string]int{}
	for _, t := range tuples {
		process, count, ok := strings.Cut(t, "=")
		if !ok || count == "" {
			return nil, command.BadInput("Missing count for process type %s", process)
		}
		if _, err := app.ParseProcessType(process); err != nil {
			return nil, command.BadInput("Invalid process type %q: %w", process, err)
		}
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 {
			return nil, command.BadInput("Invalid count for process type %s", process)
		}
		if n > maxInstances {
			return nil, command.BadInput("Invalid count for process type %s: at most %d instances run", process, maxInstances)
		}
		counts[process] = n
	}
	return counts, nil
}

// showScale prints the scale. Layout: the transcript of ps:scale.
func (p *ps) showScale(c *command.Call, in scaleArgs) error {
	scale, err := p.flow.Scale(in.App)
	if err != nil {
		return err
	}
	// Without a scale the flow runs one web process; what is shown is what is set.
	if set, err := p.host.Store.List(deploy.ScaleList, in.App); err != nil || len(set) == 0 {
		scale = nil
	}
	types := slices.Sorted(maps.Keys(scale))
	if in.Format == "json" {
		type row struct {
			ProcessType string `json:"process_type"`
			Quantity    int    `json:"quantity"`
		}
		rows := []row{}
		for _, t := range types {
			rows = append(rows, row{t, scale[t]})
		}
		return c.Out.JSON(rows)
	}
	h := c.Out.Headers()
	h.Step("Scaling for %s", in.App)
	h.Line("proctype: qty")
	h.Line("--------: ---")
	for _, t := range types {
		c.Out.Line("%-5s %d", t+":", scale[t])
	}
	return nil
}
