package storage

import (
	"context"
	"errors"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// settable are the properties of an entry, sorted.
var settable = []string{"access-mode", "chown", "mode", "namespace", "reclaim-policy", "size", "storage-class-name"}

// setArgs: the flags are those of Dokku before 0.38.27. They are lists so that
// an empty value can be told from none.
type setArgs struct {
	AccessMode   []string `flag:"access-mode" help:"[DEPRECATED] use storage:set <name> access-mode <value>"`
	Chown        []string `flag:"chown" help:"[DEPRECATED] use storage:set <name> chown <value>"`
	Mode         []string `flag:"mode" help:"[DEPRECATED] use storage:set <name> mode <value>"`
	Namespace    []string `flag:"namespace" help:"[DEPRECATED] use storage:set <name> namespace <value>"`
	Reclaim      []string `flag:"reclaim-policy" help:"[DEPRECATED] use storage:set <name> reclaim-policy <value>"`
	Size         []string `flag:"size" help:"[DEPRECATED] use storage:set <name> size <value>"`
	StorageClass []string `flag:"storage-class-name" help:"[DEPRECATED] use storage:set <name> storage-class-name <value>"`
	Annotations  []string `flag:"annotation" help:"[DEPRECATED] use storage:annotations:set"`
	Labels       []string `flag:"label" help:"[DEPRECATED] use storage:labels:set"`
	Name         string   `arg:"name,optional"`
	Property     string   `arg:"property,optional"`
	Value        string   `arg:"value,optional"`
}

// assignment gives a property of an entry a value; "" unsets it.
type assignment struct{ property, value string }

// flags are the properties given in the old way.
func (in setArgs) flags() []assignment {
	var all []assignment
	for i, given := range [][]string{in.AccessMode, in.Chown, in.Mode, in.Namespace, in.Reclaim, in.Size, in.StorageClass} {
		if len(given) > 0 {
			all = append(all, assignment{settable[i], given[len(given)-1]})
		}
	}
	return all
}

func (s storage) set(ctx context.Context, c *command.Call, in setArgs) error {
	changes := in.flags()
	withMaps := len(in.Annotations)+len(in.Labels) > 0
	switch {
	case in.Property != "" && (len(changes) > 0 || withMaps):
		return command.BadInput("storage:set accepts either a property and a value or flags, not both")
	case in.Property != "":
		changes = []assignment{{in.Property, in.Value}}
	case len(changes) == 0 && !withMaps:
		return command.BadInput("No property specified")
	}
	if in.Property == "" && len(changes) > 0 {
		c.Out.Warn("Deprecated: please use 'storage:set <name> <property> [<value>]' instead of flags")
	}
	if withMaps {
		c.Out.Warn("Deprecated: please use 'storage:annotations:set' and 'storage:labels:set' instead of --annotation and --label")
	}
	annotations, err := pairs(in.Annotations)
	if err != nil {
		return err
	}
	labels, err := pairs(in.Labels)
	if err != nil {
		return err
	}
	return s.change(ctx, c.Out, in.Name, func(e *entry) (folder bool, err error) {
		for _, a := range changes {
			if err := a.apply(e); err != nil {
				return false, err
			}
			folder = folder || a.property == "chown" || a.property == "mode"
		}
		if annotations != nil {
			e.Annotations = annotations
		}
		if labels != nil {
			e.Labels = labels
		}
		return folder, nil
	}, func() { c.Out.Step("Storage entry %s updated", in.Name) })
}

// apply changes one property. What Kubernetes cannot change is refused.
func (a assignment) apply(e *entry) (err error) {
	switch a.property {
	case "access-mode":
		if a.value != e.AccessMode {
			return command.BadInput("storage:set cannot change access-mode in place; recreate the entry")
		}
	case "storage-class-name":
		if a.value != e.StorageClass {
			return command.BadInput("storage:set cannot change storage-class-name in place; recreate the entry")
		}
	case "chown":
		e.Chown = a.value
	case "mode":
		e.Mode, err = parseMode(a.value)
	case "namespace":
		e.Namespace = a.value
	case "reclaim-policy":
		e.ReclaimPolicy = a.value
	case "size":
		e.Size = a.value
	default:
		return command.BadInput("Invalid property specified, valid properties include: %s", strings.Join(settable, ", "))
	}
	return err
}

// change changes an entry where it is kept, and its folder where edit says so;
// done is called when all went well.
func (s storage) change(ctx context.Context, out *command.Output, name string, edit func(e *entry) (folder bool, err error), done func()) error {
	old, e, err := s.changeStored(ctx, out, name, edit)
	if err == nil && e.Scheduler != dockerLocal {
		if err = s.tellScheduler(ctx, out, "storage-create", e); err != nil {
			err = command.Fail("scheduler refused the change of storage entry %q: %w", name, errors.Join(err, s.restore(old, true, name)))
		}
	}
	if err == nil {
		done()
	}
	return err
}

func (s storage) changeStored(ctx context.Context, out *command.Output, name string, edit func(e *entry) (folder bool, err error)) (old, e entry, err error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	if old, err = s.load(name); err != nil {
		return old, e, err
	}
	e = old
	folder, err := edit(&e)
	if err != nil {
		return old, e, err
	}
	if err := e.check(s.home()); err != nil {
		return old, e, err
	}
	if folder && e.Scheduler == dockerLocal {
		return old, e, s.saveWithFolder(ctx, out, e)
	}
	return old, e, s.save(e)
}
