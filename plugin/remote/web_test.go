package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/sdk/wire"
)

func web(t *testing.T, h http.Handler, change func(*Target)) *Web {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	target := Target{URL: server.URL + "/plugin", Auth: "hmac", Secret: "s3cret"}
	if change != nil {
		change(&target)
	}
	w := NewWeb(Config{Name: "hello", Slipway: "1.2.3", Log: slog.New(slog.DiscardHandler)}, func() (Target, error) { return target, nil })
	t.Cleanup(w.Close)
	return w
}

func TestAServerIsCalled(t *testing.T) {
	w := web(t, hello.Handler("s3cret"), nil)
	r, err := w.Registration(context.Background())
	if err != nil || len(r.Commands) != len(hello.Commands) || r.Triggers[0].Name != "post-create" {
		t.Fatalf("%+v %v", r, err)
	}
	if got, err := invoke(t, w, "hello:greet", "", "Ann"); err != nil || got != "Hello, Ann\n" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := invoke(t, w, "hello:shout", "what comes in"); err != nil || got != "WHAT COMES IN" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := invoke(t, w, "hello:fail", ""); !errors.Is(err, command.Exit{Code: 3}) || got != "it is broken\n" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := invoke(t, w, "hello:say", ""); err == nil || err.Error() != "The kettle is empty" {
		t.Error(err)
	}
	if got, err := invoke(t, w, "post-create", "", "blog"); err != nil || got != "[config:set --no-restart blog MOOD=good]\n0 [collect docker-args-deploy]\n" {
		t.Errorf("%q %v", got, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := invokeFor(ctx, w, "hello:wait", ""); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > grace {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// A server need not know more than one message: its answer may be all of the body.
func TestASimpleServerAnswersInOneMessage(t *testing.T) {
	w := web(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" || r.Header.Get("Content-Type") != "application/json" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		m, err := wire.NewReader(r.Body).Read()
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, `{"jsonrpc":"2.0","method":"stdout","params":{"call":%s,"text":"hi\n"}}`+"\n"+`{"jsonrpc":"2.0","id":%s,"result":{"exit":0}}`, m.ID, m.ID)
	}), func(target *Target) { target.Auth = "bearer" })
	if got, err := invoke(t, w, "hello:x", ""); err != nil || got != "hi\n" {
		t.Errorf("%q %v", got, err)
	}
}

// Security: a request that is not signed with the secret is refused, and a redirection is not followed.
func TestOnlyThePluginIsSpokenTo(t *testing.T) {
	for _, change := range []func(*Target){
		func(target *Target) { target.Secret = "other" }, func(target *Target) { target.Auth = "none" }, func(target *Target) { target.Auth = "bearer" },
	} {
		w := web(t, hello.Handler("s3cret"), change)
		if _, err := w.Registration(context.Background()); err == nil || err.Error() != "The plugin hello cannot be reached: it answers with status 401 Unauthorized" {
			t.Error(err)
		}
	}
	var followed atomic.Bool
	w := web(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			followed.Store(true)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}), nil)
	if _, err := w.Registration(context.Background()); err == nil || followed.Load() || !strings.Contains(err.Error(), "status 307") {
		t.Errorf("followed %v, %v", followed.Load(), err)
	}
}

// What may be repeated is, as long as nobody saw anything of it.
func TestWhatIsRepeated(t *testing.T) {
	for _, test := range []struct {
		name, call string
		fail       func(w http.ResponseWriter, id string)
		want       int32
		ok         bool
	}{
		{"idempotent, unavailable", "hello:greet", func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusServiceUnavailable) }, 2, true},
		{"idempotent, closed", "hello:greet", func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) }, 2, true},
		{"not idempotent, unavailable", "hello:fail", func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusServiceUnavailable) }, 1, false},
		{"not idempotent, closed", "hello:fail", func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) }, 1, false},
		{"idempotent, refused", "hello:greet", func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusForbidden) }, 1, false},
		{"idempotent, something was printed", "hello:greet", func(w http.ResponseWriter, id string) {
			fmt.Fprintf(w, `{"jsonrpc":"2.0","method":"stdout","params":{"call":%s,"text":"half"}}`+"\n", id)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, 1, false},
		{"the plugin's own error", "hello:greet", func(w http.ResponseWriter, id string) {
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"error":{"code":1,"message":"no"}}`, id)
		}, 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int32
			w := web(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				m, _ := wire.NewReader(r.Body).Read()
				if calls.Add(1) == 1 {
					test.fail(w, string(m.ID))
					return
				}
				fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"exit":0}}`, m.ID)
			}), nil)
			_, err := invoke(t, w, test.call, "")
			if (err == nil) != test.ok || calls.Load() != test.want {
				t.Errorf("%d calls, %v", calls.Load(), err)
			}
		})
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	w := web(t, http.NotFoundHandler(), func(target *Target) { target.URL = "http://127.0.0.1:1/" })
	began := time.Now()
	_, err := invoke(t, w, "hello:fail", "")
	if err == nil || err.Error() != "The plugin hello cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused" {
		t.Error(err)
	}
	if took := time.Since(began); took < retryDelay || took > 10*time.Second {
		t.Errorf("it was tried for %s", took)
	}
}

func TestAServersAnswerThatIsNone(t *testing.T) {
	for body, want := range map[string]string{
		"":         "The plugin hello ended in the middle of hello:fail: it closed the connection without an answer",
		"<html>\n": "The plugin hello cannot be reached: not a message",
		`{"jsonrpc":"2.0","id":"other","result":{}}`: `The plugin hello cannot be reached: it answers the request "other"`,
	} {
		w := web(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, body)
		}), nil)
		if _, err := invoke(t, w, "hello:fail", ""); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
