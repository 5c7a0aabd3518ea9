// Package wire has the messages that Slipway and a plugin of the kinds process and http exchange. A message is JSON-RPC 2.0
// on a line of its own: over the standard input and output of a process, or over HTTP. docs/plugins/protocol.md shows whole
// conversations.
//
//	→ {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocol":1,"slipway":"0.3.0","plugin":"hello"}}
//	← {"jsonrpc":"2.0","id":1,"result":{"protocol":1,"commands":[{"name":"hello:greet","usage":"<name>","help":"Greet"}]}}
//	→ {"jsonrpc":"2.0","id":2,"method":"call","params":{"kind":"command","name":"hello:greet","args":["Ann"],…}}
//	← {"jsonrpc":"2.0","method":"stdout","params":{"call":2,"text":"Hello, Ann\n"}}
//	← {"jsonrpc":"2.0","id":2,"result":{"exit":0}}
package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Protocol is the version of these messages. A plugin that answers initialize with another one is refused.
const Protocol = 1

// Methods that Slipway calls.
const (
	Initialize = "initialize" // a request: Hello; answered by Registration
	Invoke     = "call"       // a request: Call; answered by End. Its id is what other messages name it by
	Cancel     = "cancel"     // a notification: CallID. The call shall end; its answer is awaited for some seconds
)

// Methods that a plugin calls.
const (
	Stdout = "stdout" // Output; as a request it is answered when the text was written
	Stderr = "stderr" // likewise
	Stdin  = "stdin"  // a request: CallID; answered by Input
	Run    = "run"    // a request: RunCommand; answered by RunResult
	Fire   = "trigger"
	Log    = "log" // a notification: LogLine
)

// Message is one line: a request (id and method), a notification (method) or a response (id).
type Message struct {
	JSONRPC string          `json:"jsonrpc"` // always "2.0"
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// Error is a request that failed. Its message is shown to the user.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

// Codes of errors. Source: JSON-RPC 2.0, section 5.1; Failed is ours.
const (
	NoSuchMethod = -32601
	BadParams    = -32602
	Failed       = -32000
)

// Hello is what a plugin is told first.
type Hello struct {
	Protocol int    `json:"protocol"`
	Slipway  string `json:"slipway"` // its version
	Plugin   string `json:"plugin"`  // the name that the plugin has here
}

// Registration is what a plugin answers.
type Registration struct {
	Protocol int       `json:"protocol"`
	Commands []Command `json:"commands,omitempty"`
	Triggers []Trigger `json:"triggers,omitempty"`
}

// Command is one that a plugin answers.
type Command struct {
	Name   string `json:"name"`            // "hello:greet"
	Usage  string `json:"usage,omitempty"` // "<name>"
	Help   string `json:"help,omitempty"`  // one line
	Access string `json:"access,omitempty"`
	// Idempotent says that it may be called again when nothing is known of how it ended.
	Idempotent bool `json:"idempotent,omitempty"`
}

// Who may call a command.
const (
	ForAll   = ""      // every key
	ForAdmin = "admin" // root, and keys whose name contains admin
	ForRoot  = "root"  // root on the host
)

// Trigger is one that a plugin answers.
type Trigger struct {
	Name       string `json:"name"`
	Idempotent bool   `json:"idempotent,omitempty"` // see Command
}

// Call is one run of a command or of a trigger's handler.
type Call struct {
	Kind    string            `json:"kind"` // command or trigger
	Name    string            `json:"name"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"` // what an executable would have as environment
	Context Context           `json:"context"`
}

// Kinds of calls.
const (
	KindCommand = "command"
	KindTrigger = "trigger"
)

// Context says for whom a call is made. All of it is in Env too, under Dokku's names.
type Context struct {
	Command     string   `json:"command,omitempty"` // that the user typed
	App         string   `json:"app,omitempty"`     // of --app
	User        string   `json:"user,omitempty"`
	Key         string   `json:"key,omitempty"` // name of the SSH key, "" for a local user
	Fingerprint string   `json:"fingerprint,omitempty"`
	Quiet       bool     `json:"quiet,omitempty"`
	Trace       bool     `json:"trace,omitempty"`
	Force       bool     `json:"force,omitempty"`
	Labels      []string `json:"labels,omitempty"`
	Color       bool     `json:"color,omitempty"` // whether escape sequences for colour may be printed
	Terminal    bool     `json:"terminal,omitempty"`
}

// End is how a call ended. An exit code other than 0 is shown to the user by what the plugin printed.
type End struct {
	Exit int `json:"exit"`
}

// CallID names a call.
type CallID struct {
	Call json.RawMessage `json:"call"`
}

// Output is a piece of what a call prints.
type Output struct {
	Call json.RawMessage `json:"call"`
	Data
}

// Input is a piece of what a call reads.
type Input struct {
	Data
	EOF bool `json:"eof,omitempty"` // there is nothing behind it
}

// RunCommand asks for a command to be run as the caller of the call, inside of the locks that the call is in.
type RunCommand struct {
	Call  json.RawMessage `json:"call"`
	Args  []string        `json:"args"` // ["config:set", "--no-restart", "blog", "A=b"]
	Stdin Data            `json:"stdin,omitzero"`
}

// RunResult is how it ended.
type RunResult struct {
	Exit   int  `json:"exit"`
	Stdout Data `json:"stdout,omitzero"`
	Stderr Data `json:"stderr,omitzero"`
}

// FireTrigger asks for a trigger to be fired.
type FireTrigger struct {
	Call  json.RawMessage `json:"call"`
	Name  string          `json:"name"`
	Args  []string        `json:"args"`
	Shape string          `json:"shape"` // event, query or collect
}

// Shapes of triggers.
const (
	Event   = "event"   // all handlers; what they print is shown to the user
	Query   = "query"   // what the handlers print is the answer
	Collect = "collect" // each one's answer
)

// FireResult has the answers: none of an event, one of a query.
type FireResult struct {
	Answers []string `json:"answers,omitempty"`
}

// LogLine goes to the log of slipwayd.
type LogLine struct {
	Level   string `json:"level,omitempty"` // debug, info (the default), warn or error
	Message string `json:"message"`
}

// Data is bytes: text where they are valid UTF-8, base64 where they are not. Who reads must know both.
type Data struct {
	Text   string `json:"text,omitempty"`
	Base64 string `json:"base64,omitempty"`
}

// DataOf packs bytes.
func DataOf(b []byte) Data {
	if utf8.Valid(b) {
		return Data{Text: string(b)}
	}
	return Data{Base64: base64.StdEncoding.EncodeToString(b)}
}

// Bytes unpacks them.
func (d Data) Bytes() ([]byte, error) {
	if d.Base64 == "" {
		return []byte(d.Text), nil
	}
	b, err := base64.StdEncoding.DecodeString(d.Base64)
	if err != nil {
		return nil, fmt.Errorf("base64: %w", err)
	}
	return b, nil
}

// New makes a request, or with a nil id a notification.
func New(id json.RawMessage, method string, params any) (Message, error) {
	b, err := marshal(params)
	return Message{JSONRPC: "2.0", ID: id, Method: method, Params: b}, err
}

// Response answers a request with result, or with err where there is one.
func Response(id json.RawMessage, result any, err error) (Message, error) {
	m := Message{JSONRPC: "2.0", ID: id}
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Code: Failed, Message: err.Error()}
		}
		m.Error = e
		return m, nil
	}
	b, err := marshal(result)
	m.Result = b
	return m, err
}

// IsRequest tells whether an answer is waited for.
func (m Message) IsRequest() bool { return m.Method != "" && len(m.ID) > 0 }

// IsResponse tells whether it answers a request.
func (m Message) IsResponse() bool { return m.Method == "" && len(m.ID) > 0 }

// MaxLine bounds one message, in bytes.
const MaxLine = 16 << 20

// Write writes one message as a line.
func Write(w io.Writer, m Message) error {
	b, err := marshal(m)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// marshal is json.Marshal that leaves <, > and & as they are: nothing of this is put into HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
