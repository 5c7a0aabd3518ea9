package trigger

import "context"

type inputKey struct{}

// WithInput says that what the caller sends is meant for whoever answers the
// Events fired with ctx, as with `echo text | plugn trigger NAME`, or for the
// program that scheduler-run starts.
//
// Without it external handlers read nothing. Dokku's inherit the descriptor and
// leave it alone unless they read; here what is sent must be taken from the
// caller before anybody knows whether it is read, and then a loop such as
// `while read app; do dokku ps:restart $app; done < list` would end after its
// first line.
func WithInput(ctx context.Context) context.Context {
	return context.WithValue(ctx, inputKey{}, true)
}

func forHandlers(ctx context.Context) bool { return ctx.Value(inputKey{}) != nil }
