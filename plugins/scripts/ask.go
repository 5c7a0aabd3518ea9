package scripts

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// ask is one call of the program common.
type ask struct {
	scripts
	call   *command.Call
	words  words
	quiet  bool // errors are not shown
	global bool
}

var asks = map[string]func(ask, context.Context) error{
	"is-valid-app-name":     func(a ask, _ context.Context) error { return validName(a.words.arg(0), newName) },
	"is-valid-app-name-old": func(a ask, _ context.Context) error { return validName(a.words.arg(0), oldName) },
	"verify-app-name":       ask.verifyApp,
	"is-deployed":           ask.isDeployed,
	"scheduler-detect":      ask.scheduler,
	"plugn-trigger-exists":  ask.triggerExists,
	"image-is-cnb-based":    func(a ask, ctx context.Context) error { return a.imageIs(ctx, "builder-image-is-cnb", a.words.arg(0)) },
	"image-is-herokuish-based": func(a ask, ctx context.Context) error {
		return a.imageIs(ctx, "builder-image-is-herokuish", a.words.arg(0))
	},
	"docker-cleanup":      ask.cleanUp,
	"copy-from-image":     ask.copyFile,
	"copy-dir-from-image": ask.copyFolder,
	"compose-up":          ask.composeUp,
	"compose-down":        ask.composeDown,
}

func (s scripts) common(ctx context.Context, c *command.Call, in words) error {
	a := ask{scripts: s, call: c}
	for _, word := range in.Words {
		switch word {
		case "--quiet", "--quiet=true":
			a.quiet = true
		case "--global", "--global=true":
			a.global = true
		default:
			a.words.Words = append(a.words.Words, word)
		}
	}
	name := a.words.arg(0)
	run := asks[name]
	if run == nil {
		return command.BadInput("Invalid common command call: %s", name)
	}
	a.words.Words = a.words.Words[1:]
	err := run(a, ctx)
	if err != nil && a.quiet {
		return command.Exit{Code: command.ExitCode(err)}
	}
	return err
}

// How an app may be called, and how it once might. Source: Dokku plugins/common/common.go, IsValidAppName and
// IsValidAppNameOld.
var (
	newName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)
	oldName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
)

func validName(name string, form *regexp.Regexp) error {
	switch {
	case name == "":
		return command.BadInput("Please specify an app to run the command on")
	case !form.MatchString(name):
		return command.BadInput("App name must begin with lowercase alphanumeric character, and may only contain lowercase alphanumerics, dots, and hyphens")
	}
	return nil
}

// verifyApp: those whom the caller may not see do not exist for it.
func (a ask) verifyApp(ctx context.Context) error {
	app := a.words.arg(0)
	if err := validName(app, oldName); err != nil {
		return err
	}
	if !a.host.AppVisible(ctx, app) {
		return command.NoSuchApp(app)
	}
	return nil
}

// deployed is kept by the deploy flow.
var deployed = state.Property{Plugin: "common", Name: "deployed", Scope: state.AppOnly}

func (a ask) isDeployed(context.Context) error {
	app := a.words.arg(0)
	if _, err := ParsePart(app); err != nil {
		return command.BadInput("%w", err)
	}
	value, err := a.host.Store.Get(deployed, app)
	if err == nil && value != "true" {
		return command.Fail("App %s not deployed", app)
	}
	return err
}

func (a ask) app() string {
	if a.global {
		return state.Global
	}
	return a.words.arg(0)
}

func (a ask) scheduler(context.Context) error {
	app := a.app()
	if _, err := ParsePart(app); err != nil {
		return command.BadInput("%w", err)
	}
	name, err := a.host.Computed("scheduler", "selected", app)
	return a.answer(name, err)
}

// answer prints without an end of line, as Dokku's program does.
func (a ask) answer(text string, err error) error {
	if err != nil {
		return err
	}
	_, err = a.call.Out.Stdout().Write([]byte(text))
	return err
}

func (a ask) triggerExists(context.Context) error {
	return a.answer(strconv.FormatBool(a.host.Bus.Handled(a.words.arg(0))), nil)
}

func (a ask) imageIs(ctx context.Context, trigger, image string) error {
	answer, err := a.host.Bus.Query(ctx, trigger, a.words.arg(1), image)
	return a.answer(either(answer == "true", "true", "false"), err)
}

// cleanUp is the command cleanup, unless builder:set skip-cleanup says that nothing is to be cleaned up.
func (a ask) cleanUp(ctx context.Context) error {
	app := a.app()
	if a.words.arg(1) != "true" {
		of := app
		if of == "" {
			of = state.Global
		}
		if _, err := ParsePart(of); err != nil {
			return command.BadInput("%w", err)
		}
		skip, err := a.host.Computed("builder", "skip-cleanup", of)
		if err != nil {
			return err
		}
		if skip == "true" || a.host.Exec.Getenv("DOKKU_SKIP_CLEANUP") == "true" {
			a.call.Out.Step("DOKKU_SKIP_CLEANUP set. Skipping dokku cleanup")
			return nil
		}
	}
	argv := []string{"cleanup"}
	if app != "" && app != state.Global {
		argv = append(argv, app)
	}
	call := *a.call
	if code := a.host.Dispatch(ctx, &call, argv); code != 0 {
		return command.Exit{Code: code}
	}
	return nil
}

// asCaller starts processes for the caller: as root for root, else as hooks run.
func (a ask) asCaller() *plugin.Exec {
	exec := a.host.Exec
	if a.call.Actor.Root {
		exec.User = nil
	}
	return &exec
}

// composeUp is for PROJECT FILE; so is composeDown.
func (a ask) composeUp(ctx context.Context) error {
	return a.compose(ctx, "Unable to start compose project", "up", "--detach", "--quiet-pull")
}

func (a ask) composeDown(ctx context.Context) error {
	return a.compose(ctx, "Unable to stop "+a.words.arg(0), "down", "--remove-orphans")
}

func (a ask) compose(ctx context.Context, failure string, args ...string) error {
	project, file := a.words.arg(0), a.words.arg(1)
	if project == "" || file == "" || strings.HasPrefix(project, "-") || strings.HasPrefix(file, "-") {
		return command.BadInput("Name a project and a compose file")
	}
	cmd := a.asCaller().Command(ctx, "docker", slices.Concat([]string{"compose", "--file", file, "--project-name", project}, args)...)
	cmd.Dir = "/tmp"
	cmd.Stdout, cmd.Stderr = a.call.Out.Stdout(), a.call.Out.Stderr()
	if err := cmd.Run(); err != nil {
		return errors.Join(command.Fail("%s. The docker command needs its plugin compose", failure), ctx.Err())
	}
	return nil
}

// nginx is where the proxy nginx answers scripts, once it is provided. What a plugin does with nginx has no effect until then,
// and saying so is better than letting it believe that, for instance, its password protects an app.
func (s scripts) nginx(_ context.Context, _ *command.Call, _ words) error {
	return command.Fail("There is no nginx here: Slipway's own proxy serves the apps, and what a plugin configures for nginx has no effect")
}
