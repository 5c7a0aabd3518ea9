package storage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

type mountArgs struct {
	ContainerDir string   `flag:"container-dir" help:"where the entry is in the container"`
	Phases       []string `flag:"phase" help:"deploy or run, also repeatedly; both when left out"`
	Process      string   `flag:"process-type" help:"for this process type only"`
	Subpath      string   `flag:"volume-subpath" help:"a path below the entry"`
	Readonly     bool     `flag:"volume-readonly" help:"mount it read-only"`
	Chown        string   `flag:"volume-chown" help:"who owns what is mounted, as for storage:create --chown"`
	Options      string   `flag:"volume-options" help:"options of docker, such as noexec,nosuid"`
	App          string   `arg:"app"`
	Entry        string   `arg:"name,optional"`
}

// mount is storage:mount, of an entry or in the short form.
func (s storage) mount(ctx context.Context, c *command.Call, in mountArgs) error {
	if strings.Contains(in.Entry, ":") {
		return s.mountShort(in.App, in.Entry)
	}
	m := mount{
		Entry: in.Entry, ContainerPath: in.ContainerDir, Process: in.Process, Subpath: in.Subpath,
		Readonly: in.Readonly, Options: in.Options, Chown: in.Chown,
	}
	for _, list := range in.Phases {
		for phase := range strings.SplitSeq(list, ",") {
			if !slices.Contains(m.Phases, phase) {
				m.Phases = append(m.Phases, phase)
			}
		}
	}
	if len(m.Phases) == 0 {
		m.Phases = []string{deploy, run}
	}
	if m.Process == "" {
		m.Process = everyProcess
	}
	return s.mountEntry(ctx, c.Out, in.App, m)
}

func (s storage) mountEntry(ctx context.Context, out *command.Output, app string, m mount) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	if m.Entry == "" {
		return command.BadInput("Please specify a storage entry, or two valid paths divided by colon, to mount")
	}
	e, err := s.load(m.Entry)
	if err != nil {
		return command.BadInput("%w; create it first with `dokku storage:create`", err)
	}
	if m.ContainerPath == "" {
		return command.BadInput("--container-dir is required when mounting a named storage entry")
	}
	if err := m.check(); err != nil {
		return err
	}
	if m.Subpath != "" && !e.isFolder() && m.Options != "" {
		return command.BadInput("docker takes no --volume-options for a --volume-subpath of the volume %s", e.HostPath)
	}
	owner, err := s.owner(ctx, out, m.Chown)
	if err != nil {
		return err
	}
	if owner != nobody && e.Scheduler == dockerLocal {
		if !s.usual(e) {
			return s.notUsual(e, "--volume-chown")
		}
		if err := s.chownMounted(ctx, out, e, m, owner); err != nil {
			return err
		}
	}
	all, err := s.mounts(app)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(other mount) bool { return other.place() == m.place() })
	if i >= 0 {
		all[i] = m
	} else {
		all = append(all, m)
	}
	if err := s.saveMounts(app, all); err != nil {
		return err
	}
	if i >= 0 {
		out.Step("Storage entry %s mount at %s on %s updated", e.Name, m.ContainerPath, app)
	} else {
		out.Step("Storage entry %s mounted at %s on %s", e.Name, m.ContainerPath, app)
	}
	return nil
}

// chownMounted gives the folder that a mount shows to its owner, making it
// first where it is missing.
func (s storage) chownMounted(ctx context.Context, out *command.Output, e entry, m mount, owner int) error {
	err := s.open(e.Name, func(_, folder *os.Root) error {
		if m.Subpath == "" {
			return nil
		}
		return folder.MkdirAll(m.Subpath, 0o755)
	})
	if err != nil {
		return fmt.Errorf("unable to make %s: %w", filepath.Join(e.HostPath, m.Subpath), err)
	}
	out.Text("Setting directory ownership to %d:%d", owner, owner)
	return s.chown(ctx, e.Name, m.Subpath, owner)
}

func (s storage) mountShort(app, text string) error {
	host, m, err := parseShort(text)
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	all, err := s.mounts(app)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(other mount) bool { return other.place() == m.place() }) {
		return command.Fail("Mount path already exists.")
	}
	return s.addLegacy(app, legacyEntry(host), m, all)
}

// addLegacy adds a mount of an entry without a name of its own to an app's
// mounts. The caller holds the lock.
func (s storage) addLegacy(app string, e entry, m mount, all []mount) error {
	old, err := s.load(e.Name)
	if err != nil {
		if err := s.save(e); err != nil {
			return err
		}
	} else if old.HostPath != e.HostPath || old.Scheduler != e.Scheduler {
		return command.Fail("legacy entry %q already exists with conflicting fields", e.Name)
	}
	return s.saveMounts(app, append(all, m))
}

type unmountArgs struct {
	ContainerDir string `flag:"container-dir" help:"which of several mounts of the entry"`
	App          string `arg:"app"`
	Entry        string `arg:"name,optional"`
}

func (s storage) unmount(_ context.Context, _ *command.Call, in unmountArgs) error {
	name, place := in.Entry, in.ContainerDir
	short := strings.Contains(in.Entry, ":")
	if short {
		_, m, err := parseShort(in.Entry)
		if err != nil {
			return err
		}
		name, place = m.Entry, m.ContainerPath
	}
	if name == "" {
		return command.BadInput("Please specify a storage entry, or two valid paths divided by colon, to unmount")
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	all, err := s.mounts(in.App)
	if err != nil {
		return err
	}
	var keep []mount
	var gone []string
	for _, m := range all {
		if m.Entry == name && (place == "" || m.ContainerPath == place) {
			gone = append(gone, m.ContainerPath)
		} else {
			keep = append(keep, m)
		}
	}
	switch {
	case len(gone) == 0 && short:
		return command.Fail("Mount path does not exist.")
	case len(gone) == 0 && place == "":
		return command.Fail("storage entry %q is not mounted on app %q", name, in.App)
	case len(gone) == 0:
		return command.Fail("storage entry %q is not mounted at %q on app %q", name, place, in.App)
	case len(gone) > 1 && place == "":
		slices.Sort(gone)
		return command.Fail("storage entry %q is mounted at multiple paths on app %q (%s); pass --container-dir to disambiguate",
			name, in.App, strings.Join(gone, ", "))
	}
	return s.saveMounts(in.App, keep)
}
