package index

import (
	"errors"
	"fmt"
	"strings"

	"aead.dev/minisign"
)

// Key is the public half of the key that signs an index.
type Key struct{ key minisign.PublicKey }

// ParseKey reads a key as minisign writes it: a line of base64, with or
// without a line of comment before it.
func ParseKey(text string) (Key, error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var k Key
	if len(lines) > 2 || k.key.UnmarshalText([]byte(strings.TrimSpace(lines[len(lines)-1]))) != nil {
		return Key{}, errors.New("it is no public key of minisign: a line that begins with RW")
	}
	return k, nil
}

// String is the key as one line.
func (k Key) String() string {
	text, err := k.key.MarshalText()
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// ErrSignature says that the key did not sign this.
var ErrSignature = errors.New("its signature is not that of the key")

// Open reads an index that key has signed; signature is a file of minisign. It
// reads nothing of one whose signature is not right.
func Open(text, signature []byte, key Key) (Index, error) {
	if len(text) > MaxSize {
		return Index{}, fmt.Errorf("it is larger than %d bytes", MaxSize)
	}
	if !minisign.Verify(key.key, text, signature) {
		return Index{}, ErrSignature
	}
	return Parse(text)
}
