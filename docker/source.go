package docker

import (
	"errors"
	"io"
	"sync"
)

// source is a request's body that remembers the error with which its reader failed: the API's client reports that as if
// the engine could not be reached.
type source struct {
	io.Reader
	mu     sync.Mutex // the transport reads on a goroutine of its own
	failed error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.mu.Lock()
		s.failed = err
		s.mu.Unlock()
	}
	return n, err
}

// blame is the reader's error where it was the cause of err, else err.
func (s *source) blame(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.failed != nil {
		return &sourceError{s.failed}
	}
	return err
}

// sourceError is the error of a body's reader, which translate passes on as it is.
type sourceError struct{ error }
