package command

import (
	"errors"
	"fmt"
)

// Kind classes errors; one switch (ExitCode) maps it to the exit code, and the
// HTTP front end maps it to a status.
type Kind int

// The kinds of errors.
const (
	Internal Kind = iota // something of ours failed
	Invalid              // the caller's input is wrong
	NotFound             // the app named does not exist
	Denied               // the caller may not do this
	Conflict             // the state of things does not allow it now
)

// Error is a failure with a message meant for the user: one sentence, and the
// next step where there is one. Lines after the first are shown likewise.
type Error struct {
	Kind    Kind
	Message string
	Err     error // the cause, may be nil
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Fail is an Error of kind Conflict: the common "this cannot be done".
func Fail(format string, args ...any) error { return newError(Conflict, format, args...) }

// BadInput is an Error of kind Invalid.
func BadInput(format string, args ...any) error { return newError(Invalid, format, args...) }

// Deny is an Error of kind Denied.
func Deny(format string, args ...any) error { return newError(Denied, format, args...) }

// NoSuchApp is the error for an app that does not exist; Dokku exits with 20.
func NoSuchApp(app string) error { return newError(NotFound, "App %s does not exist", app) }

func newError(kind Kind, format string, args ...any) error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// Exit ends a command with a code and without a message of its own: the code
// of a process in a container, or of a query that answers by exit code.
type Exit struct{ Code int }

func (e Exit) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// usageError is bad command line syntax; Dokku's flag parser exits with 2.
type usageError struct {
	cmd *Command
	err error
}

func (e *usageError) Error() string { return e.err.Error() }

// ExitCode is the exit code for the error of a command; nil is 0.
// Source of 20: Dokku docs/development/plugin-triggers.md (app does not exist).
func ExitCode(err error) int {
	var exit Exit
	var usage *usageError
	var e *Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Code
	case errors.As(err, &usage):
		return 2
	case errors.As(err, &e) && e.Kind == NotFound:
		return 20
	default:
		return 1
	}
}
