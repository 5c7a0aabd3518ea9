package plugin

import (
	"context"
	"slices"
	"strings"

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
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(allowed, n) }), nil
}
