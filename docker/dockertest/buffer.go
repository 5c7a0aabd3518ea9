package dockertest

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

// Buffer is a buffer that one goroutine writes and another reads, such as the screen of somebody who follows logs. The zero
// value is empty and ready.
type Buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is what was written since the last Take.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Take is String, and empties the buffer.
func (b *Buffer) Take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}

// EventuallyShows waits until the buffer has a text; see Eventually.
func (b *Buffer) EventuallyShows(t testing.TB, text string) {
	t.Helper()
	Eventually(t, "the buffer shows "+text, func() bool { return strings.Contains(b.String(), text) })
}
