package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// The kinds of error, for errors.Is.
var (
	ErrNotFound    = errors.New("not found")                      // no such container, image or path
	ErrConflict    = errors.New("conflict")                       // a name in use, an image in use, a container in the wrong state
	ErrInvalid     = errors.New("invalid")                        // an argument that can never work
	ErrUnreachable = errors.New("cannot reach the Docker engine") // the engine does not answer
)

// Error is what an engine answered: a kind and the engine's own words.
type Error struct {
	Kind error  // one of the Err values, or nil
	Text string // without "Error response from daemon:"
}

func (e *Error) Error() string { return e.Text }

func (e *Error) Unwrap() error { return e.Kind }

// Errorf makes an error of one kind with a text of its own.
func Errorf(kind error, format string, args ...any) error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// Unreachable is the one sentence for an engine that does not answer at host.
func Unreachable(host string) error {
	return Errorf(ErrUnreachable, "cannot reach the Docker engine at %s: is it running? (systemctl start docker)", host)
}

// daemonPrefix is what the API's client and docker's command line put before the engine's own words.
const daemonPrefix = "Error response from daemon: "

// translate turns an error of the API's client into ours. The errors of a context stay recognisable.
func (c *Client) translate(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	var ours *sourceError
	if errors.As(err, &ours) {
		return ours.error
	}
	if client.IsErrConnectionFailed(err) || isDialError(err) {
		return Unreachable(c.host)
	}
	text := strings.TrimPrefix(strings.TrimSpace(err.Error()), daemonPrefix)
	return &Error{Kind: kindOf(err), Text: text}
}

func kindOf(err error) error {
	switch {
	case cerrdefs.IsNotFound(err):
		return ErrNotFound
	case cerrdefs.IsConflict(err):
		return ErrConflict
	case cerrdefs.IsInvalidArgument(err):
		return ErrInvalid
	}
	return kindOfText(err.Error())
}

// kindOfText finds the kind in the engine's words, for docker's command line, which has no other sign of it, and for what
// engine 20.10 answers with a plain 500.
func kindOfText(text string) error {
	lower := strings.ToLower(text)
	for _, known := range []struct {
		words string
		kind  error
	}{
		{"cannot connect to the docker daemon", ErrUnreachable},
		{"failed to connect to the docker api", ErrUnreachable},
		{"is already in use by container", ErrConflict},
		{"no such image", ErrNotFound},
		{"manifest unknown", ErrNotFound},
		{"invalid reference format", ErrInvalid},
		{"unknown flag", ErrInvalid},
		{"unknown shorthand flag", ErrInvalid},
		{"invalid argument", ErrInvalid},
	} {
		if strings.Contains(lower, known.words) {
			return known.kind
		}
	}
	return nil
}

// isDialError finds the errors of a connection that could not be made or broke, which the API's client passes on bare
// where it hijacks a connection or reads a stream.
func isDialError(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}
