package trigger

import (
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/command"
)

// HookError is the failure of an executable of an external plugin: it ended with
// a code other than 0, or could not be run.
type HookError struct {
	Plugin, Trigger string
	Err             error // a command.Exit where it ended by itself
}

func (e *HookError) Error() string { return fmt.Sprintf("%s: %s: %v", e.Plugin, e.Trigger, e.Err) }

func (e *HookError) Unwrap() error { return e.Err }

// failed says which handler an error is from, unless the error is a message
// meant for the user as it is.
func failed(h Handler, err error) error {
	switch {
	case errors.As(err, new(*command.Error)), errors.As(err, new(*HookError)) && !h.external:
		return err
	case h.external:
		return &HookError{h.Plugin, h.Trigger, err}
	}
	return fmt.Errorf("%s: %s: %w", h.Plugin, h.Trigger, err)
}
