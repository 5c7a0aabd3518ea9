package storage

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

type createArgs struct {
	Scheduler    string   `flag:"scheduler" default:"docker-local" help:"docker-local or k3s"`
	Size         string   `flag:"size" help:"size of the claim, such as 2Gi (k3s)"`
	AccessMode   string   `flag:"access-mode" help:"access mode of the claim (k3s)"`
	StorageClass string   `flag:"storage-class-name" help:"storage class of the claim (k3s)"`
	Namespace    string   `flag:"namespace" help:"namespace of the claim (k3s)"`
	Chown        string   `flag:"chown" help:"herokuish, heroku, paketo, root, false, or a number: who owns the folder (docker-local)"`
	Mode         string   `flag:"mode" help:"octal rights of the folder, such as 0755 (docker-local)"`
	Reclaim      string   `flag:"reclaim-policy" help:"Retain or Delete: what becomes of the data when the entry is destroyed"`
	Annotations  []string `flag:"annotation" help:"annotation KEY=VALUE, also repeatedly"`
	Labels       []string `flag:"label" help:"label KEY=VALUE, also repeatedly"`
	Name         string   `arg:"name,optional"`
	Path         string   `arg:"path,optional"`
}

func (s storage) create(ctx context.Context, c *command.Call, in createArgs) error {
	e, err := s.parseEntry(in)
	if err != nil {
		return err
	}
	if strings.HasPrefix(e.Name, legacyPrefix) {
		return command.BadInput("storage entry name %q must not start with reserved prefix %q", e.Name, legacyPrefix)
	}
	if err := e.check(s.home()); err != nil {
		return err
	}
	if err := s.put(ctx, c.Out, e); err != nil {
		return err
	}
	c.Out.Step("Storage entry %s created", e.Name)
	return nil
}

// put writes the entry of storage:create, where there may be one already, and
// makes its folder.
func (s storage) put(ctx context.Context, out *command.Output, e entry) error {
	s.changing.Lock()
	old, err := s.load(e.Name)
	existed := err == nil
	switch {
	case existed && old.Scheduler != e.Scheduler:
		err = command.BadInput("storage entry %q already exists with scheduler %q; refusing to redefine", e.Name, old.Scheduler)
	case e.Scheduler == dockerLocal:
		if existed {
			out.Headers().Step("Storage entry %s already exists, leaving in place", e.Name)
		}
		err = s.saveWithFolder(ctx, out, e)
	default:
		if existed {
			out.Headers().Step("Storage entry %s already exists, leaving in place", e.Name)
		}
		err = s.save(e)
	}
	s.changing.Unlock()
	if err != nil || e.Scheduler == dockerLocal {
		return err
	}
	// The lock is free: a plugin may well ask for the entry.
	if err := s.tellScheduler(ctx, out, "storage-create", e); err != nil {
		return command.Fail("scheduler refused storage entry %q: %w", e.Name, errors.Join(err, s.restore(old, existed, e.Name)))
	}
	return nil
}

// saveWithFolder writes an entry once its folder is as it should be. The caller
// holds the lock.
func (s storage) saveWithFolder(ctx context.Context, out *command.Output, e entry) error {
	owner, err := s.checkFolder(ctx, out, e)
	if err != nil {
		return err
	}
	if err := s.ensureFolder(ctx, out, e, owner); err != nil {
		return err
	}
	return s.save(e)
}

// restore undoes what a scheduler refused.
func (s storage) restore(old entry, existed bool, name string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	if existed {
		return s.save(old)
	}
	return s.remove(name)
}

// parseEntry is the entry that the arguments ask for.
func (s storage) parseEntry(in createArgs) (e entry, err error) {
	e = entry{
		Name: in.Name, Scheduler: in.Scheduler, HostPath: in.Path, Size: in.Size, AccessMode: in.AccessMode, StorageClass: in.StorageClass,
		Namespace: in.Namespace, Chown: in.Chown, ReclaimPolicy: in.Reclaim, SchemaVersion: schemaVersion,
	}
	if err := checkName(in.Name); err != nil {
		return e, err
	}
	if e.Scheduler == dockerLocal && e.HostPath == "" {
		e.HostPath = filepath.Join(s.home(), e.Name)
	}
	if filepath.IsAbs(e.HostPath) {
		e.HostPath = filepath.Clean(e.HostPath)
	}
	if e.Mode, err = parseMode(in.Mode); err != nil {
		return e, err
	}
	if e.Annotations, err = pairs(in.Annotations); err != nil {
		return e, err
	}
	e.Labels, err = pairs(in.Labels)
	return e, err
}

// pairs reads KEY=VALUE, several of them also separated by commas.
func pairs(given []string) (map[string]string, error) {
	if len(given) == 0 {
		return nil, nil
	}
	values := map[string]string{}
	for _, text := range given {
		fields, err := csv.NewReader(strings.NewReader(text)).Read()
		if err != nil {
			return nil, command.BadInput("expected key=value, got %q", text)
		}
		for _, f := range fields {
			key, value, ok := strings.Cut(f, "=")
			if !ok || key == "" {
				return nil, command.BadInput("expected key=value, got %q", f)
			}
			values[key] = value
		}
	}
	return values, nil
}

type infoArgs struct {
	Format string `flag:"format" default:"text" help:"text or json"`
	Name   string `arg:"name,optional"`
}

func (s storage) info(_ context.Context, c *command.Call, in infoArgs) error {
	if err := checkFormat(in.Format); err != nil {
		return err
	}
	e, err := s.load(in.Name)
	if err != nil {
		return err
	}
	if in.Format == "json" {
		return indented(c.Out, e)
	}
	c.Out.Headers().Step("Storage entry %s", e.Name)
	for _, row := range [][2]string{
		{"Scheduler:", e.Scheduler},
		{"Host path:", e.HostPath},
		{"Size:", e.Size},
		{"Access mode:", e.AccessMode},
		{"Storage class:", e.StorageClass},
		{"Namespace:", e.Namespace},
		{"Chown:", e.Chown},
		{"Mode:", e.Mode},
		{"Reclaim policy:", e.ReclaimPolicy},
	} {
		if row[1] != "" {
			c.Out.Text("%-17s %s", row[0], row[1])
		}
	}
	return nil
}

func checkFormat(format string) error {
	if format != "text" && format != "json" {
		return command.BadInput("Invalid --format value specified")
	}
	return nil
}

// indented prints v as JSON over several lines, as Dokku does for entries.
func indented(out *command.Output, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		out.Line("%s", text)
	}
	return err
}

type listEntriesArgs struct {
	Scheduler string `flag:"scheduler" help:"only those of this scheduler"`
	Format    string `flag:"format" default:"text" help:"text or json"`
}

func (s storage) listEntries(_ context.Context, c *command.Call, in listEntriesArgs) error {
	if err := checkFormat(in.Format); err != nil {
		return err
	}
	all, err := s.entries()
	if err != nil {
		return err
	}
	shown := []entry{}
	for _, e := range all {
		if in.Scheduler == "" || e.Scheduler == in.Scheduler {
			shown = append(shown, e)
		}
	}
	if in.Format == "json" {
		return indented(c.Out, shown)
	}
	if len(shown) == 0 {
		c.Out.Headers().Step("No storage entries registered")
		return nil
	}
	c.Out.Headers().Step("Storage entries:")
	for _, e := range shown {
		c.Out.Text("%s\t%s\t%s", e.Name, e.Scheduler, e.HostPath)
	}
	return nil
}

type ensureArgs struct {
	Chown     string `flag:"chown" default:"herokuish" help:"herokuish, heroku, paketo, root, false, or a number"`
	Directory string `arg:"directory,optional"`
}

func (s storage) ensureDirectory(ctx context.Context, c *command.Call, in ensureArgs) error {
	c.Out.Warn("Deprecated: please use 'storage:create' instead of 'storage:ensure-directory'")
	if err := checkDirectory(in.Directory); err != nil {
		return err
	}
	if in.Chown == "" {
		return errChown
	}
	owner, err := s.owner(ctx, c.Out, in.Chown)
	if err != nil {
		return err
	}
	path := filepath.Join(s.home(), in.Directory)
	c.Out.Step("Ensuring %s exists", path)
	if err := s.h.Store.MkdirAll(path, 0o755); err != nil {
		return err
	}
	if owner != nobody {
		c.Out.Headers().Text("Setting directory ownership to %d:%d", owner, owner)
		if err := s.chown(ctx, in.Directory, "", owner); err != nil {
			return err
		}
	}
	c.Out.Headers().Text("Directory ready for mounting")
	return nil
}

// checkDirectory refuses what cannot be the name of a folder in home.
func checkDirectory(name string) error {
	if name == "" {
		return command.BadInput("Please specify a directory to create")
	}
	for _, r := range name {
		if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", r) {
			return command.BadInput("Directory can only contain the following set of characters: [A-Za-z0-9_-]")
		}
	}
	return nil
}
