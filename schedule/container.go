package schedule

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// Labels of our own on deployed containers. What the engine says of a
// container is then enough to know its place, without a file beside it.
const (
	LabelDeploy  = "com.slipway.deploy"
	LabelRelease = "com.slipway.release"
	LabelPort    = "com.slipway.port"    // $PORT, "0" when it has none
	LabelRestart = "com.slipway.restart" // the restart policy that it gets once it is live
)

// FromContainer reads an instance back from its container.
func FromContainer(names docker.Names, c docker.Container) Instance {
	i := Instance{
		ID: c.ID, Name: c.Name, App: c.Labels[docker.LabelApp], Process: c.Labels[docker.LabelProcess],
		Deploy: c.Labels[LabelDeploy], Running: c.State == "running", Status: c.State,
		Restart: c.Labels[LabelRestart], Created: c.Created, Started: c.StartedAt,
	}
	_, index, _ := strings.Cut(c.Labels[docker.LabelDyno], ".")
	i.Index, _ = strconv.Atoi(index)
	i.Release, _ = strconv.Atoi(c.Labels[LabelRelease])
	i.Port, _ = strconv.Atoi(c.Labels[LabelPort])
	if i.Running {
		i.IP = c.IP()
	}
	switch lasting := names.Container(i.App, i.Process, i.Index); {
	case c.Name == lasting:
		i.State = Live
	case strings.HasPrefix(c.Name, lasting+".upcoming-"):
		i.State = Upcoming
	default:
		i.State = Retired
	}
	return i
}

// Lister is what LiveOn needs of docker.Engine, which says what
// the methods do.
type Lister interface {
	List(ctx context.Context, filter docker.Filter) ([]docker.Container, error)
}

// LiveOn lists the live instances of an app on an engine, running or not, in
// Dokku's order, for commands that look at containers but do not schedule.
func LiveOn(ctx context.Context, engine Lister, names docker.Names, app string) ([]Instance, error) {
	labels := names.Owned(app)
	labels[docker.LabelContainerType] = "deploy"
	containers, err := engine.List(ctx, docker.Filter{Labels: labels, All: true})
	if err != nil {
		return nil, fmt.Errorf("cannot list the containers of %s: %w", app, err)
	}
	var live []Instance
	for _, c := range containers {
		if i := FromContainer(names, c); names.Owns(c.Labels) && i.State == Live {
			live = append(live, i)
		}
	}
	Sort(live)
	return live, nil
}
