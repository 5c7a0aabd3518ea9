package resource

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/trigger"
)

// omit is the variable by which a caller leaves resources out.
const omit = "DOKKU_OMIT_RESOURCE_ARGS"

// onProcessDeploy answers docker-args-process-deploy app source-type tag
// process index with the options for the process, and what came in.
func (r resources) onProcessDeploy(ctx context.Context, c *trigger.Call) error {
	all, err := r.values(c.Arg(0))
	if err != nil {
		return err
	}
	return r.answer(ctx, c, dockerArgs(inForce(all, c.Arg(3), limit), inForce(all, c.Arg(3), reserve)))
}

// buildLimits are the resources that a builder can limit.
// Source: Dokku plugins/resource/triggers.go.
var buildLimits = map[string][]string{
	"herokuish":  {"cpu", "memory", "memory-swap", "nvidia-gpu"},
	"dockerfile": {"memory", "memory-swap"},
}

// onProcessBuild answers docker-args-process-build app builder. Builds do not
// inherit: what a process may use is often too little to build it.
func (r resources) onProcessBuild(ctx context.Context, c *trigger.Call) error {
	all, err := r.values(c.Arg(0))
	if err != nil {
		return err
	}
	limits := map[string]string{}
	for place, v := range all {
		if place.process == "build" && place.kind == limit && slices.Contains(buildLimits[c.Arg(1)], place.name) {
			limits[place.name] = v
		}
	}
	return r.answer(ctx, c, dockerArgs(limits, nil))
}

// answer writes the options between blanks, as Dokku does, and what came in.
func (r resources) answer(ctx context.Context, c *trigger.Call, args []string) error {
	if command.EnvOf(ctx, omit) != "1" && !slices.Contains(r.h.Exec.Env, omit+"=1") {
		for _, a := range args {
			if _, err := fmt.Fprintf(c.Out, " %s ", words.Quote([]string{a})); err != nil {
				return err
			}
		}
	}
	_, err := io.Copy(c.Out, c.In)
	return err
}

// onGetProperty answers resource-get-property app process limit|reserve
// resource.
func (r resources) onGetProperty(_ context.Context, c *trigger.Call) error {
	all, err := r.values(c.Arg(0))
	if err != nil {
		return err
	}
	v := inForce(all, c.Arg(1), kind(c.Arg(2)))[c.Arg(3)]
	_, err = fmt.Fprintln(c.Out, v)
	return err
}
