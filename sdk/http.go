package sdk

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/sdk/signing"
	"github.com/slipwayhq/slipway/sdk/wire"
)

// Handler serves the plugin over HTTP. Requests must be signed with the secret, the one that `dokku plugin:config NAME set
// secret=…` gave Slipway. One process must serve all requests of a plugin that reads input or asks Slipway for something.
func (p Plugin) Handler(secret string) http.Handler {
	s := newServer(p)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxLine))
		if err != nil {
			http.Error(w, "the message is too long", http.StatusRequestEntityTooLarge)
			return
		}
		if err := signing.Verify(r.Header, secret, body, time.Now()); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		m, err := wire.Parse(bytes.TrimSpace(body))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		if m.Method != wire.Invoke {
			if answer, ok := s.handle(m); ok {
				_ = wire.Write(w, answer) // an error: Slipway is gone
			} else {
				w.WriteHeader(http.StatusNoContent)
			}
			return
		}
		var writing sync.Mutex
		send := func(m wire.Message) error {
			writing.Lock()
			defer writing.Unlock()
			if err := wire.Write(w, m); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		}
		_ = send(s.begin(r.Context(), m, send)()) // likewise
	})
}
