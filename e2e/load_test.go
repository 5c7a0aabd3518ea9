package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// load asks a host for a page all the time, over connections that are kept
// and over new ones, and remembers every answer that was not wanted.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	wanted   []string // bodies
	answered int
	failed   []string
}

// loadPause is how long each of the load's clients waits between requests.
const loadPause = 5 * time.Millisecond

// startLoad begins; the answers wanted are status 200 and one of the bodies.
func (in *installation) startLoad(host, path string, bodies ...string) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel, wanted: bodies}
	for n := range 3 {
		l.done.Go(func() {
			client := &http.Client{Transport: in.transport(n == 0), Timeout: 20 * time.Second}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				l.ask(ctx, client, fmt.Sprintf("http://127.0.0.1:%d%s", in.httpPort, path), host)
				time.Sleep(loadPause)
			}
		})
	}
	return l
}

func (l *load) ask(ctx context.Context, client *http.Client, url, host string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		l.fail(err.Error())
		return
	}
	req.Host = host
	start := time.Now()
	resp, err := client.Do(req)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	l.answered++
	good := err == nil && resp.StatusCode == http.StatusOK && slices.Contains(l.wanted, strings.TrimSpace(string(body)))
	l.mu.Unlock()
	switch {
	case err != nil:
		l.fail(fmt.Sprintf("%s after %s: %v", start.Format("15:04:05.000"), time.Since(start), err))
	case !good:
		l.fail(fmt.Sprintf("%s after %s: %d %q", start.Format("15:04:05.000"), time.Since(start), resp.StatusCode, body))
	}
}

func (l *load) fail(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = append(l.failed, what)
}

// want changes the wanted bodies.
func (l *load) want(bodies ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted = bodies
}

// check reports what failed since the last check and how much was answered.
func (l *load) check(t testing.TB) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failed) > 0 {
		t.Errorf("%d of %d requests failed: %s", len(l.failed), l.answered, strings.Join(l.failed[:min(5, len(l.failed))], "; "))
	}
	if l.answered == 0 {
		t.Error("no request was answered")
	}
	l.failed, l.answered = nil, 0
}

// stop ends the load.
func (l *load) stop() {
	l.cancel()
	l.done.Wait()
}
