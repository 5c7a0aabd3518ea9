package ps

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
)

type instancesKey struct{}

func (p *ps) report() *command.Command {
	return plugin.Report{
		Feature: "ps", Help: "Displays a process report for one or more apps", Legacy: true, App: p.rows,
		Global: func(context.Context) (plugin.Rows, error) {
			return plugin.PropertyRows(p.host, "ps-", p.reported(state.GlobalOnly), state.Global)
		},
		// One query for all apps.
		Prepare: func(ctx context.Context, apps []string) (context.Context, error) {
			of := ""
			if len(apps) == 1 {
				of = apps[0]
			}
			byApp, err := p.flow.InstancesByApp(ctx, of)
			return context.WithValue(ctx, instancesKey{}, byApp), err
		},
	}.Command(p.host)
}

// reported are the properties with rows of their own; restore has another.
func (p *ps) reported(scope state.Scope) []state.Property {
	var out []state.Property
	for _, prop := range properties {
		if prop.Name != "restore" && (scope != state.GlobalOnly || prop.Scope != state.AppOnly) {
			out = append(out, prop)
		}
	}
	return out
}

func (p *ps) rows(ctx context.Context, name string) (plugin.Rows, error) {
	rows, err := plugin.PropertyRows(p.host, "ps-", p.reported(state.AppOnly), name)
	if err != nil {
		return nil, err
	}
	for row, prop := range map[string]state.Property{"deployed": deploy.Deployed, "ps-can-scale": deploy.CanScale, "restore": restoreProperty} {
		if rows[row], err = p.host.Store.Computed(prop, name); err != nil {
			return nil, err
		}
	}
	byApp, _ := ctx.Value(instancesKey{}).(map[string][]schedule.Instance)
	live := schedule.In(byApp[name], schedule.Live)
	running := 0
	for _, i := range live {
		if i.Running {
			running++
		}
		rows[fmt.Sprintf("status-%s-%d", i.Process, i.Index)] = fmt.Sprintf("%s (CID: %s)", i.Status, i.ID[:11])
	}
	rows["processes"] = strconv.Itoa(len(live))
	switch {
	case len(live) == 0 || running == 0:
		rows["running"] = "false"
	case running == len(live):
		rows["running"] = "true"
	default:
		rows["running"] = "mixed"
	}
	return rows, nil
}

type inspectArgs struct {
	App string `arg:"app"`
}

// shownEnv are the beginnings of variables that ps:inspect does not mask.
// Source: Dokku plugins/scheduler-docker-local/scheduler-inspect.
// Dokku shows all of DOCKER_ too, where logins are found.
var shownEnv = []string{"CACHE_PATH=", "DOKKU_", "DYNO=", "PATH=", "PORT=", "USER="}

func (p *ps) inspect(ctx context.Context, c *command.Call, in inspectArgs) error {
	byApp, err := p.flow.InstancesByApp(ctx, in.App)
	if err != nil {
		return err
	}
	live := schedule.In(byApp[in.App], schedule.Live)
	if len(live) == 0 {
		return command.Fail("App %s has no containers. Deploy it first: git push dokku@<host>:%s", in.App, in.App)
	}
	var all []map[string]any
	for _, i := range live {
		raw, err := p.host.Docker.InspectRaw(ctx, i.ID)
		if err != nil {
			return err
		}
		var container map[string]any
		if err := json.Unmarshal(raw, &container); err != nil {
			return fmt.Errorf("cannot read what Docker says of %s: %w", i.Name, err)
		}
		maskEnv(container)
		all = append(all, container)
	}
	b, err := json.MarshalIndent(all, "", "    ")
	if err != nil {
		return err
	}
	c.Out.Line("%s", b)
	return nil
}

func maskEnv(container map[string]any) {
	config, _ := container["Config"].(map[string]any)
	env, _ := config["Env"].([]any)
	for n, e := range env {
		v, _ := e.(string)
		shown := false
		for _, prefix := range shownEnv {
			shown = shown || strings.HasPrefix(v, prefix)
		}
		if !shown {
			key, _, _ := strings.Cut(v, "=")
			env[n] = key + "=XXXXXX"
		}
	}
}
