package ps

import (
	"context"
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
	for _, i := range live {
		rows[fmt.Sprintf("status-%s-%d", i.Process, i.Index)] = fmt.Sprintf("%s (CID: %s)", i.Status, i.ID[:11])
	}
	rows["processes"] = strconv.Itoa(len(live))
	rows["running"] = schedule.RunningState(live)
	if count, running, elsewhere, err := p.status(ctx, name); err != nil {
		return nil, err
	} else if elsewhere {
		rows["processes"], rows["running"] = count, running
	}
	return rows, nil
}

// status is what another scheduler than docker-local, of ours or of a plugin,
// says of its own; elsewhere is false where there is none or it says nothing.
func (p *ps) status(ctx context.Context, name string) (count, running string, elsewhere bool, err error) {
	scheduler, err := p.host.Computed("scheduler", "selected", name)
	if err != nil || (scheduler == "docker-local" && !p.host.Bus.Replaced("scheduler-docker-local")) {
		return "", "", false, err
	}
	answer, err := p.host.Bus.Query(ctx, "scheduler-app-status", scheduler, name)
	count, running, elsewhere = strings.Cut(answer, " ")
	return count, running, elsewhere, err
}

type inspectArgs struct {
	App string `arg:"app"`
}

func (p *ps) inspect(ctx context.Context, _ *command.Call, in inspectArgs) error {
	scheduler, err := p.host.Computed("scheduler", "selected", in.App)
	if err != nil {
		return err
	}
	return p.host.Bus.Event(ctx, "scheduler-inspect", scheduler, in.App)
}
