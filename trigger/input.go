package trigger

import "context"

type inputKey struct{}

// WithInput says that what the caller sends is meant for whoever answers the
// Events fired with ctx, as with `echo text | plugn trigger NAME`, or for the
// program that scheduler-run starts.
//
// A local caller hands its descriptor over (command.Inheritable), which external
// handlers inherit, as with Dokku, whatever the trigger. From others, what is sent
// must be taken before anybody knows whether it is read, so without this external
// handlers read nothing of theirs.
func WithInput(ctx context.Context) context.Context {
	return context.WithValue(ctx, inputKey{}, true)
}

func forHandlers(ctx context.Context) bool { return ctx.Value(inputKey{}) != nil }
