package plugin

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/slipwayhq/slipway/command"
)

// VisibleApps lists the apps that the caller may see: what the trigger
// user-auth-app prints of them, or all where nobody answers it. The caller is
// whom ctx carries. A plugin that fails hides what it did not name.
// Dokku: plugins/common/functions.go, filterApps.
func (h *Host) VisibleApps(ctx context.Context) ([]string, error) {
	names, err := h.Store.Apps()
	if err != nil || len(names) == 0 {
		return names, err
	}
	return h.visible(ctx, names)
}

// AppVisible tells whether the app exists for the caller.
func (h *Host) AppVisible(ctx context.Context, app string) bool {
	if !h.Store.AppExists(app) {
		return false
	}
	names, err := h.visible(ctx, []string{app})
	return err == nil && len(names) == 1
}

func (h *Host) visible(ctx context.Context, names []string) ([]string, error) {
	if !h.Bus.Handled("user-auth-app") {
		return names, nil
	}
	known, _ := ctx.Value(seenKey{}).(*seen)
	if visible, ok := known.get(names); ok {
		return visible, nil
	}
	actor := command.ActorOf(ctx)
	key := actor.KeyName
	if key == "" {
		key = "default" // Dokku's SSH_NAME of a local caller
	}
	answers, err := h.Bus.Collect(ctx, "user-auth-app", append([]string{actor.User, key}, names...)...)
	if err != nil {
		return nil, err
	}
	allowed := strings.Fields(strings.Join(answers, "\n"))
	visible := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(allowed, n) })
	known.keep(names, visible)
	return visible, nil
}

// seen is what user-auth-app has answered in one call of a command.
type seen struct {
	mu      sync.Mutex
	answers map[string][]string
}

type seenKey struct{}

// AskedOnce makes plugins be asked by user-auth-app once for each list of apps in
// what is done with ctx, which is one call of a command.
func AskedOnce(ctx context.Context) context.Context {
	return context.WithValue(ctx, seenKey{}, &seen{answers: map[string][]string{}})
}

func (s *seen) get(names []string) ([]string, bool) {
	if s == nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	visible, ok := s.answers[strings.Join(names, "\n")]
	return slices.Clone(visible), ok
}

func (s *seen) keep(names, visible []string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[strings.Join(names, "\n")] = slices.Clone(visible)
}
