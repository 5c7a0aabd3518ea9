package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/build"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
)

// Properties that the flow itself keeps; plugins/ps declares them.
var (
	// ScaleList holds lines "web=1".
	ScaleList = state.Property{Plugin: "ps", Name: "scale", Scope: state.AppOnly, Internal: true}
	// CanScale is "false" while app.json's formation rules the scale.
	CanScale = state.Property{Plugin: "ps", Name: "can-scale", Scope: state.AppOnly, Default: "true", Internal: true}
	// Deployed is "true" once a release was live.
	Deployed = state.Property{Plugin: "common", Name: "deployed", Scope: state.AppOnly, Default: "false", Internal: true}
)

// Scale is the number of instances by process type. An app that was never
// scaled has one web process.
func (f *Flow) Scale(name string) (map[string]int, error) {
	lines, err := f.host.Store.List(ScaleList, name)
	if err != nil {
		return nil, err
	}
	scale := map[string]int{}
	for _, l := range lines {
		process, count, ok := strings.Cut(l, "=")
		process = strings.TrimSpace(process)
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if !ok || err != nil || n < 0 {
			return nil, fmt.Errorf("cannot read the scale of %s: the line %q is not TYPE=N", name, l)
		}
		if _, twice := scale[process]; !twice { // the first counts, as with Dokku
			scale[process] = n
		}
	}
	if len(scale) == 0 {
		scale["web"] = 1
	}
	return scale, nil
}

// setScale writes the scale.
func (f *Flow) setScale(name string, scale map[string]int) error {
	var lines []string
	for _, p := range slices.Sorted(maps.Keys(scale)) {
		lines = append(lines, fmt.Sprintf("%s=%d", p, scale[p]))
	}
	return f.host.Store.SetList(ScaleList, name, lines)
}

// formationBefore is what applyFormation changes, as it is now.
func (f *Flow) formationBefore(name string) (b before, err error) {
	if b.Scale, err = f.Scale(name); err != nil {
		return b, err
	}
	b.CanScale, err = f.host.Store.Computed(CanScale, name)
	return b, err
}

// applyFormation brings the scale in line with a release: app.json's formation
// rules it, and process types that are new begin with 0 (web with 1).
func (f *Flow) applyFormation(name string, rel app.Release) error {
	scale, err := f.Scale(name)
	if err != nil {
		return err
	}
	procs, err := app.ParseProcfile(rel.Procfile)
	if err != nil {
		return err
	}
	for _, p := range procs {
		if _, ok := scale[p.Type]; !ok {
			scale[p.Type] = 0
		}
	}
	manifest, err := parseAppJSON(rel)
	if err != nil {
		return err
	}
	canScale := "true"
	for process, formation := range manifest.Formation {
		if formation.Quantity != nil {
			scale[process] = *formation.Quantity
			canScale = "false"
		}
	}
	if err := f.host.Store.Set(CanScale, name, canScale); err != nil {
		return err
	}
	return f.setScale(name, scale)
}

func parseAppJSON(rel app.Release) (parsed app.AppJSON, err error) {
	if rel.AppJSON != "" {
		parsed, err = app.ParseAppJSON([]byte(rel.AppJSON))
	}
	if err != nil {
		return app.AppJSON{}, fmt.Errorf("release %d has an invalid app.json: %w", rel.Number, err)
	}
	if parsed, err = parsed.WithChecks(rel.Checks); err != nil {
		return app.AppJSON{}, fmt.Errorf("release %d has an invalid %s file: %w", rel.Number, app.ChecksFile, err)
	}
	return parsed, nil
}

// processCommand is the argument vector of a process type: start-cmd set by
// the operator, else that of the image's kind, else the Procfile's, else the
// image's own (nil).
func (f *Flow) processCommand(rel app.Release, kind build.Kind, process string, env map[string]string) ([]string, error) {
	line := ""
	for _, property := range []string{"start-cmd", "dockerfile-start-cmd"} {
		v, err := f.host.Computed("ps", property, rel.App)
		if err != nil {
			return nil, err
		}
		if v != "" && process == "web" {
			line = v
			break
		}
	}
	if argv := kind.Start(process); line == "" && argv != nil {
		return argv, nil
	}
	if line == "" {
		procs, err := app.ParseProcfile(rel.Procfile)
		if err != nil {
			return nil, err
		}
		for _, p := range procs {
			if p.Type == process {
				line = p.Command
			}
		}
	}
	if line == "" {
		if process != "web" {
			return nil, command.Fail("The Procfile has no process type %s. Scale it away with: dokku ps:scale %s %s=0", process, rel.App, process)
		}
		return nil, nil
	}
	argv, err := app.Argv(line, env)
	if err != nil {
		return nil, command.BadInput("Invalid command of process %s in the Procfile: %w", process, err)
	}
	return argv, nil
}

// kind is how commands run in a release's image.
func (f *Flow) kind(ctx context.Context, rel app.Release) (build.Kind, error) {
	image, err := f.host.Docker.ImageInspect(ctx, rel.ImageID)
	if err != nil {
		return "", fmt.Errorf("cannot read the image of release %d of %s: %w", rel.Number, rel.App, err)
	}
	env, err := f.host.Store.Env(rel.App)
	return build.KindOf(image, env), err
}

// initProcess tells whether containers of a release get Docker's init process:
// as is set, else all but those of linuxserver.io's images, which bring one that
// must be the first. Source: Dokku plugins/scheduler-docker-local/bin.
func (f *Flow) initProcess(ctx context.Context, rel app.Release) (bool, error) {
	v, err := f.rawProperty("scheduler-docker-local", "init-process", rel.App)
	if err != nil || v != "" {
		return v == "true", err
	}
	image, err := f.host.Docker.ImageInspect(ctx, rel.ImageID)
	return image.Labels["org.opencontainers.image.vendor"] != "linuxserver.io", err
}

// webPort is the container port that $PORT names.
func (f *Flow) webPort(ctx context.Context, name string) (int, error) {
	maps, err := f.portMaps(ctx, name)
	return listenPort(maps), err
}

// listenPort is the port of the first line of a port map that connections are
// made to; 0 when the app is reached by UDP only, so that there is none.
// Source: Dokku plugins/scheduler-docker-local/bin/scheduler-deploy-process-container.
func listenPort(maps []portMap) int {
	if len(maps) == 0 {
		return 5000
	}
	for _, m := range maps {
		if m.Scheme != "udp" {
			return m.Container
		}
	}
	return 0
}

// publishedPorts are the container ports of web that the host publishes, each
// on a free port of all its addresses: none unless network:set
// bind-all-interfaces says so.
func (f *Flow) publishedPorts(ctx context.Context, name string) ([]int, error) {
	bind, err := f.networkProperty(ctx, name, "bind-all-interfaces")
	if err != nil || bind != "true" {
		return nil, err
	}
	portMaps, err := f.tcpMaps(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(portMaps) == 0 {
		return []int{5000}, nil
	}
	var ports []int
	for _, m := range portMaps {
		if !slices.Contains(ports, m.Container) {
			ports = append(ports, m.Container)
		}
	}
	return ports, nil
}

// networkProperty asks for a property of the network plugin in force.
func (f *Flow) networkProperty(ctx context.Context, name, property string) (string, error) {
	v, err := f.host.Bus.Query(ctx, "network-get-property", name, property)
	return strings.TrimSpace(v), err
}

// portMap is one line scheme:host-port:container-port of the app's port map.
type portMap struct {
	Scheme          string
	Host, Container int
}

// tcpMaps are the lines of the port map that connections are made to.
func (f *Flow) tcpMaps(ctx context.Context, name string) ([]portMap, error) {
	all, err := f.portMaps(ctx, name)
	return slices.DeleteFunc(all, func(m portMap) bool { return m.Scheme == "udp" }), err
}

func (f *Flow) portMaps(ctx context.Context, name string) ([]portMap, error) {
	text, err := f.host.Bus.Query(ctx, "ports-get", name)
	if err != nil {
		return nil, err
	}
	var out []portMap
	for line := range strings.FieldsSeq(text) {
		parts := strings.Split(line, ":")
		if len(parts) != 3 {
			return nil, fmt.Errorf("cannot read the port map of %s: %q", name, line)
		}
		hostPort, err1 := strconv.Atoi(parts[1])
		containerPort, err2 := strconv.Atoi(parts[2])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("cannot read the port map of %s: %q", name, line)
		}
		out = append(out, portMap{parts[0], hostPort, containerPort})
	}
	return out, nil
}

// collectArgs asks plugins for options of docker and splits what they print
// into an argument vector.
func (f *Flow) collectArgs(ctx context.Context, name string, args ...string) ([]string, error) {
	answers, err := f.host.Bus.Collect(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range answers {
		split, err := words.Split(a)
		if err != nil {
			return nil, fmt.Errorf("cannot read the options from %s: %w", name, err)
		}
		out = append(out, split...)
	}
	return out, nil
}

// place is one instance that an app should have.
type place struct {
	process string
	index   int
	task    bool // it is a one-off task of a deploy, not one of the app's processes
}

// args are the arguments by which triggers name the place: none for a task.
// Source: Dokku plugins/app-json/functions.go, createdContainerID.
func (p place) args() []string {
	if p.task {
		return nil
	}
	return []string{p.process, itoa(p.index)}
}

// places lists all places of a scale, web first.
func places(scale map[string]int) []place {
	var out []place
	for _, p := range slices.SortedFunc(maps.Keys(scale), schedule.ProcessOrder) {
		for i := 1; i <= scale[p]; i++ {
			out = append(out, place{process: p, index: i})
		}
	}
	return out
}
