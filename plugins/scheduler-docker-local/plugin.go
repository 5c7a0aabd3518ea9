package schedulerdockerlocal

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

var properties = []state.Property{
	{Plugin: "scheduler-docker-local", Name: "init-process", Default: "true", Validate: validBool, Help: "Run an init process as PID 1 of each container"},
	{Plugin: "scheduler-docker-local", Name: "parallel-schedule-count", Default: "1", Validate: validCount, Help: "How many process types start at once, after web"},
}

// Plugin makes the feature's commands and properties.
func Plugin(h *plugin.Host, flow *deploy.Flow) plugin.Plugin {
	f := feature{h, flow, New(h.Docker, h.Names, h.Store)}
	return plugin.Plugin{
		Name: "scheduler-docker-local", Help: "Manage the docker-local scheduler integration for an app", Properties: properties,
		Commands: plugin.Settings(h, "scheduler-docker-local", properties),
		Triggers: f.triggers(),
	}
}

func validBool(v string) error {
	if v != "true" && v != "false" {
		return fmt.Errorf("Invalid value %q, valid values are: true, false", v) //nolint:staticcheck // shown as it is
	}
	return nil
}

func validCount(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 1000 {
		return errors.New("parallel-schedule-count must be a whole number from 1 to 1000")
	}
	return nil
}
