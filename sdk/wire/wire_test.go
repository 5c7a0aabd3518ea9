package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestMessagesAreWrittenAndRead(t *testing.T) {
	var b bytes.Buffer
	request, err := New(json.RawMessage("7"), Stdout, Output{Call: json.RawMessage("3"), Data: DataOf([]byte("a\nb"))})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := Response(json.RawMessage(`"x"`), End{Exit: 3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	failure, err := Response(json.RawMessage("8"), nil, errors.New("no"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []Message{request, answer, failure} {
		if err := Write(&b, m); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"jsonrpc":"2.0","id":7,"method":"stdout","params":{"call":3,"text":"a\nb"}}
{"jsonrpc":"2.0","id":"x","result":{"exit":3}}
{"jsonrpc":"2.0","id":8,"error":{"code":-32000,"message":"no"}}
`
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
	r := NewReader(strings.NewReader("\n" + want))
	for range 3 {
		if _, err := r.Read(); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestDataThatIsNoTextTravelsAsBase64(t *testing.T) {
	for _, s := range []string{"", "text", "ä", "\xff\x00\xfe", "half a rune \xc3"} {
		got, err := DataOf([]byte(s)).Bytes()
		if err != nil || string(got) != s {
			t.Errorf("%q: %q %v", s, got, err)
		}
	}
	if _, err := (Data{Base64: "***"}).Bytes(); err == nil {
		t.Error("bad base64 is taken")
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	for _, line := range []string{
		"", "hello", "[]", `{"jsonrpc":"1.0","id":1,"result":1}`, `{"jsonrpc":"2.0"}`, `{"jsonrpc":"2.0","id":1}`, `{"jsonrpc":"2.0","id":{},"method":"x"}`,
		`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}`,
	} {
		if m, err := Parse([]byte(line)); err == nil {
			t.Errorf("%s: %+v", line, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"jsonrpc":"2.0","id":7,"method":"stdout","params":{"call":3,"text":"a"}}`)
	f.Add(`{"jsonrpc":"2.0","id":null,"method":"log"}`)
	f.Add(`{"jsonrpc":"2.0","id":"x","result":null}`)
	f.Fuzz(func(t *testing.T, line string) {
		m, err := Parse([]byte(line))
		if err != nil {
			return
		}
		if m.Method == "" && len(m.ID) == 0 {
			t.Errorf("%q: %+v", line, m)
		}
		var b bytes.Buffer
		if err := Write(&b, m); err != nil {
			t.Fatalf("%q cannot be written: %v", line, err)
		}
		if strings.Count(b.String(), "\n") != 1 {
			t.Errorf("%q is more than a line", line)
		}
	})
}
