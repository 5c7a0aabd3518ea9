package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Reader reads messages.
type Reader struct{ scanner *bufio.Scanner }

// NewReader reads from r.
func NewReader(r io.Reader) *Reader {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), MaxLine)
	return &Reader{s}
}

// Read is the next message; io.EOF when there is none. After any other error the rest cannot be read.
func (r *Reader) Read() (Message, error) {
	for r.scanner.Scan() {
		line := bytes.TrimSpace(r.scanner.Bytes())
		if len(line) > 0 {
			return Parse(line)
		}
	}
	if err := r.scanner.Err(); err != nil {
		return Message{}, err
	}
	return Message{}, io.EOF
}

// Parse reads one message.
func Parse(line []byte) (Message, error) {
	var m Message
	if err := json.Unmarshal(line, &m); err != nil {
		return Message{}, fmt.Errorf("not a message: %w: %s", err, clip(line))
	}
	if bytes.Equal(m.ID, []byte("null")) {
		m.ID = nil
	}
	switch {
	case m.JSONRPC != "2.0":
		return Message{}, fmt.Errorf(`not a message: jsonrpc is not "2.0": %s`, clip(line))
	case m.Method == "" && len(m.ID) == 0 && m.Error != nil:
		return Message{}, m.Error
	case m.Method == "" && len(m.ID) == 0:
		return Message{}, fmt.Errorf("not a message: it has neither method nor id: %s", clip(line))
	case m.Method == "" && m.Error == nil && m.Result == nil:
		return Message{}, fmt.Errorf("not a message: a response without result and error: %s", clip(line))
	case len(m.ID) > 0 && (m.ID[0] == '{' || m.ID[0] == '['):
		return Message{}, fmt.Errorf("not a message: the id is neither a number nor a text: %s", clip(line))
	}
	return m, nil
}

// clip is the beginning of a line, for an error.
func clip(line []byte) string {
	const most = 200
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}
