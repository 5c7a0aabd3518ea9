package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"text/template"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// templateData is what a compose template of a plugin is given.
// Source: Dokku plugins/logs/functions.go, vectorTemplateData.
type templateData struct {
	DokkuLibRoot   string
	DokkuLogsDir   string
	VectorImage    string
	VectorNetworks []string
}

func (l *logs) templateData(image string, networks []string) templateData {
	return templateData{
		DokkuLibRoot: l.host.HostPath("DOKKU_LIB_HOST_ROOT", l.host.Store.Lib()),
		DokkuLogsDir: l.host.HostPath("DOKKU_LOGS_HOST_DIR", l.host.LogsDir()),
		VectorImage:  image, VectorNetworks: networks,
	}
}

// networks are those that Vector's container is in; none: the bridge.
func (l *logs) networks() ([]string, error) {
	value, err := l.host.Store.Get(vectorNetworks, state.Global)
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// template is the path of the compose template that a plugin answers
// vector-template-source with; "" when none does.
func (l *logs) template(ctx context.Context) (string, error) {
	return l.host.Bus.Query(ctx, "vector-template-source")
}

// compose runs `docker compose` on a plugin's template.
func (l *logs) compose(ctx context.Context, out *command.Output, source string, data templateData, args ...string) (err error) {
	text, err := os.ReadFile(source)
	if err != nil {
		return command.Fail("Unable to read compose template: %w", err)
	}
	parsed, err := template.New("compose.yml").Parse(string(text))
	if err != nil {
		return command.Fail("Unable to parse compose template: %w", err)
	}
	file, err := os.CreateTemp("", "vector-compose-*.yml")
	if err != nil {
		return fmt.Errorf("cannot write the compose file: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	if err := errors.Join(parsed.Execute(file, data), file.Close()); err != nil {
		return command.Fail("Unable to execute compose template: %w", err)
	}
	if err := l.host.CLI.Command(ctx, "compose", "version").Run(); err != nil {
		return command.Fail("Required docker compose plugin is not installed. Install it: apt-get install docker-compose-plugin")
	}
	cmd := l.host.CLI.Command(ctx, append([]string{"compose", "--file", file.Name(), "--project-name", l.project()}, args...)...)
	cmd.Stdout, cmd.Stderr = out.Stdout(), out.Stderr()
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case errors.As(err, &exit):
		return command.Fail("docker compose failed for the project %s", l.project())
	case err != nil:
		return fmt.Errorf("cannot run docker compose: %w", err)
	}
	return nil
}
