package command

import (
	"io"
	"os"
)

// Inheritable is what a caller sends, where it handed over the descriptor that it has itself. A child process gets that one,
// and so takes of the input what it reads and leaves the rest to whoever is next, as a child of the caller would.
type Inheritable interface {
	// Inherit is the caller's own descriptor, to be given to a child process and not to be read or closed; nil when there is
	// none, or when something of the input was read already.
	Inherit() *os.File
}

// Inherit is the descriptor behind what a caller sends, nil for none.
func Inherit(in io.Reader) *os.File {
	if i, ok := in.(Inheritable); ok {
		return i.Inherit()
	}
	return nil
}
