package logs

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// configPath is the file that Vector's container has as /etc/vector/vector.json,
// and watches.
func (l *logs) configPath() string { return l.host.Store.LibPath("data", "logs", "vector.json") }

// writeConfig writes Vector's configuration anew, for all apps but one that is
// about to go.
func (l *logs) writeConfig(without string) error {
	l.writing.Lock() // so that the last to write has seen all that was set
	defer l.writing.Unlock()
	scopes, err := l.scopes(without)
	if err != nil {
		return err
	}
	cfg, err := buildConfig(scopes)
	if err != nil {
		return err
	}
	text, err := cfg.encode()
	if err != nil {
		return err
	}
	return l.host.Store.WriteFile(l.configPath(), text, 0o600)
}

// scopes are those of all apps, and last the global one.
func (l *logs) scopes(without string) ([]scope, error) {
	apps, err := l.host.Store.Apps()
	if err != nil {
		return nil, err
	}
	global := globalScope()
	if global, err = l.fill(global, state.Global); err != nil {
		return nil, err
	}
	var all []scope
	for _, app := range apps {
		if app == without {
			continue
		}
		s, err := l.fill(appScope(app), app)
		if err != nil {
			return nil, err
		}
		if s.alias != global.alias {
			global.overrides = append(global.overrides, override{app, s.alias})
		}
		all = append(all, s)
	}
	return append(all, global), nil
}

func (l *logs) fill(s scope, app string) (scope, error) {
	var err error
	if s.alias, err = l.host.Store.Computed(labelAlias, app); err != nil {
		return s, err
	}
	if s.sink, err = l.host.Store.Get(vectorSink, app); err != nil {
		return s, err
	}
	s.cronSink, err = l.host.Store.Get(vectorCronSink, app)
	return s, err
}

// onAppsChanged answers triggers of an app's life. The configuration can be
// written again at any time, so that a failure does not fail what was done.
func (l *logs) onAppsChanged(_ context.Context, c *trigger.Call) error {
	without := ""
	if c.Name == "post-delete" {
		without = c.Arg(0)
	}
	if err := l.writeConfig(without); err != nil {
		c.Output().Warn("Unable to write updated vector config: %s", err)
	}
	return nil
}

// afterSet writes the configuration when one of its properties was set.
func (l *logs) afterSet(out interface {
	Text(format string, args ...any)
}, property string,
) error {
	switch property {
	case labelAlias.Name, vectorSink.Name, vectorCronSink.Name:
	default:
		return nil
	}
	out.Text("Writing updated vector config to %s", l.configPath())
	if err := l.writeConfig(""); err != nil {
		return fmt.Errorf("cannot write vector's configuration: %w", err)
	}
	return nil
}
