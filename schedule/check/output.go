package check

import (
	"context"
	"fmt"
	"io"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// Logger is what ShowOutput needs of docker.Engine, which says what
// the methods do.
type Logger interface {
	Logs(ctx context.Context, id string, options docker.LogOptions, stdout, stderr io.Writer) error
}

// ShowOutput shows the last lines (-1: all) that the container wrote, as Dokku does after its checks.
func ShowOutput(ctx context.Context, engine Logger, target Target, lines int, out *command.Output) error {
	quiet := out.Headers()
	place := fmt.Sprintf("%s container output (%.12s %s)", target.App, target.ContainerID, target.Dyno())
	quiet.Title("Start of %s", place)
	// One writer for both streams, so that their lines keep their order.
	text := quiet.Indented()
	err := engine.Logs(ctx, target.ContainerID, docker.LogOptions{Tail: lines}, text, text)
	text.Close()
	quiet.Title("End of %s", place)
	if err != nil {
		return fmt.Errorf("cannot show the output of %s: %w", target.Dyno(), err)
	}
	return nil
}
