package schedulerdockerlocal

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/trigger"
)

// feature answers Dokku's scheduler-… triggers. The first argument of each is
// the scheduler that is meant; what is for another one is left alone.
type feature struct {
	host      *plugin.Host
	flow      *deploy.Flow
	scheduler *Scheduler
}

func (f feature) triggers() plugin.Triggers {
	t := plugin.Triggers{"scheduler-register-retired": f.onRegisterRetired}
	for name, answer := range map[string]func(context.Context, *trigger.Call) error{
		"scheduler-app-status":  f.onAppStatus,
		"scheduler-deploy":      f.onDeploy,
		"scheduler-inspect":     f.onInspect,
		"scheduler-is-deployed": f.onIsDeployed,
		"scheduler-retire":      f.onRetire,
		"scheduler-stop":        f.onStop,
	} {
		t[name] = func(ctx context.Context, c *trigger.Call) error {
			if c.Arg(0) != f.scheduler.Name() {
				return nil
			}
			return answer(ctx, c)
		}
	}
	return t
}

// live are the instances of an app that its process types have.
func (f feature) live(ctx context.Context, app string) ([]schedule.Instance, error) {
	all, err := f.scheduler.Instances(ctx, app)
	return schedule.In(all, schedule.Live), err
}

// onAppStatus answers scheduler-app-status SCHEDULER APP with "COUNT
// true|false|mixed".
func (f feature) onAppStatus(ctx context.Context, c *trigger.Call) error {
	live, err := f.live(ctx, c.Arg(1))
	if err == nil {
		fmt.Fprintf(c.Out, "%d %s\n", len(live), schedule.RunningState(live))
	}
	return err
}

// onDeploy answers scheduler-deploy SCHEDULER APP TAG [PROCESS]: the release
// that is live gets new instances.
func (f feature) onDeploy(ctx context.Context, c *trigger.Call) error {
	return f.flow.Restart(ctx, c.Output(), deploy.Change{
		App: c.Arg(1), Process: c.Arg(3), Actor: command.ActorOf(ctx).String(), Source: "scheduler-deploy",
	})
}

// onIsDeployed answers scheduler-is-deployed SCHEDULER APP by its exit code.
func (f feature) onIsDeployed(ctx context.Context, c *trigger.Call) error {
	live, err := f.live(ctx, c.Arg(1))
	if err == nil && len(live) == 0 {
		return command.Exit{Code: 1}
	}
	return err
}

// onStop answers scheduler-stop SCHEDULER APP [REMOVE].
func (f feature) onStop(ctx context.Context, c *trigger.Call) error {
	return f.flow.StopInstances(ctx, c.Arg(1), c.Arg(2) == "true")
}

// onRetire answers scheduler-retire SCHEDULER [APP]: of one app, or of all.
func (f feature) onRetire(ctx context.Context, c *trigger.Call) error {
	apps := []string{c.Arg(1)}
	if c.Arg(1) == "" {
		var err error
		if apps, err = f.host.Store.Apps(); err != nil {
			return err
		}
	}
	for _, app := range apps {
		if f.host.Store.AppExists(app) {
			if err := f.flow.RetireLeftovers(ctx, app); err != nil {
				return err
			}
		}
	}
	return f.scheduler.retireRegistered(ctx, c.Arg(1))
}

// defaultWait is Dokku's, where the caller of scheduler-register-retired gives
// none.
const defaultWait = 60 * time.Second

// onRegisterRetired answers scheduler-register-retired APP CONTAINER [SECONDS]:
// the container is removed by the first ps:retire after that time.
func (f feature) onRegisterRetired(_ context.Context, c *trigger.Call) error {
	if c.Arg(1) == "" {
		return nil
	}
	wait := defaultWait
	if text := c.Arg(2); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 0 {
			return command.BadInput("Invalid number of seconds: %q", text)
		}
		wait = time.Duration(seconds) * time.Second
	}
	return f.scheduler.registerRetired(c.Arg(0), c.Arg(1), wait)
}

// shownEnv are the beginnings of variables that are not masked.
// Source: Dokku plugins/scheduler-docker-local/scheduler-inspect.
// Dokku shows all of DOCKER_ too, where logins are found.
var shownEnv = []string{"CACHE_PATH=", "DOKKU_", "DYNO=", "PATH=", "PORT=", "USER="}

// onInspect answers scheduler-inspect SCHEDULER APP with what Docker knows of
// the app's containers, the values of config masked.
func (f feature) onInspect(ctx context.Context, c *trigger.Call) error {
	live, err := f.live(ctx, c.Arg(1))
	if err != nil {
		return err
	}
	if len(live) == 0 {
		return command.Fail("App %s has no containers. Deploy it first: git push dokku@<host>:%s", c.Arg(1), c.Arg(1))
	}
	var all []map[string]any
	for _, i := range live {
		raw, err := f.host.Docker.InspectRaw(ctx, i.ID)
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
	if err == nil {
		fmt.Fprintf(c.Out, "%s\n", b)
	}
	return err
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
