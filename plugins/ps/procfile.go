package ps

import (
	"context"
	"fmt"
	"strconv"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// procfile reads the Procfile of an app's last deploy; "" when it had none.
func (p *ps) procfile(name string) (string, error) {
	return p.host.Store.ReadFile(p.host.Store.LibPath("data", "ps", name, "Procfile"))
}

// onProcfileExists answers procfile-exists(app): it fails when there is none.
func (p *ps) onProcfileExists(_ context.Context, c *trigger.Call) error {
	text, err := p.procfile(c.Arg(0))
	if err == nil && text == "" {
		err = command.Fail("Procfile does not exist")
	}
	return err
}

// onProcfileCommand answers procfile-get-command(app, type[, port]) with the
// command of a process type, config vars and $PORT filled in; nothing when the
// Procfile has no such type.
func (p *ps) onProcfileCommand(_ context.Context, c *trigger.Call) error {
	text, err := p.procfile(c.Arg(0))
	if err != nil || text == "" {
		return err
	}
	file, err := app.ParseProcfile(text)
	if err != nil {
		return command.BadInput("%w", err)
	}
	line, ok := file.Command(c.Arg(1))
	if !ok {
		return nil
	}
	env, err := p.host.Store.MergedEnv(c.Arg(0))
	if err != nil {
		return err
	}
	if env["PORT"] == "" {
		port, err := strconv.Atoi(c.Arg(2))
		if err != nil || port < 1 {
			port = defaultPort
		}
		env["PORT"] = strconv.Itoa(port)
	}
	fmt.Fprintln(c.Out, app.Expand(line, env))
	return nil
}

// defaultPort is what $PORT is where nothing says otherwise.
const defaultPort = 5000
