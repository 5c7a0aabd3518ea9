package dataplane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/control"
)

// A controlServer answers the control plane. See package control for what it says.
type controlServer struct {
	path    string
	version string
	plane   *plane
	before  *predecessor // is told what we are told; may be nil
	log     *slog.Logger

	own    os.FileInfo // our socket, under whatever name
	ln     net.Listener
	http   *http.Server
	served sync.WaitGroup
}

// listenControl opens the socket at path; callers wait in it until serve. A socket that
// is there is replaced: that of a proxy that was killed, or of before.
func listenControl(path, version string, p *plane, before *predecessor, log *slog.Logger) (*controlServer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	// It is made private under another name, so that it is never open to others.
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.Remove(fresh); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false)
	err = os.Chmod(fresh, 0o600)
	var own os.FileInfo
	if err == nil {
		own, err = os.Stat(fresh)
	}
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close(), os.Remove(fresh))
	}
	s := &controlServer{path: path, version: version, plane: p, before: before, log: log, own: own, ln: ln}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	return s, nil
}

func (s *controlServer) serve() {
	s.served.Go(func() {
		if err := s.http.Serve(s.ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the control socket stopped; restart the proxy", "error", err)
		}
	})
}

// close removes the socket and ends what is being asked; a Drain that waits is cut
// short, as its requests are about to end anyway.
func (s *controlServer) close() error {
	err := errors.Join(s.removeSocket(), s.http.Close())
	if cerr := s.ln.Close(); cerr != nil && !errors.Is(cerr, net.ErrClosed) {
		err = errors.Join(err, cerr)
	}
	s.served.Wait()
	return err
}

// removeSocket removes our own socket and not that of a successor.
func (s *controlServer) removeSocket() error {
	var err error
	for _, name := range []string{s.path, s.path + control.BeforeSuffix} {
		if there, serr := os.Stat(name); serr == nil && os.SameFile(there, s.own) {
			err = errors.Join(err, os.Remove(name))
		}
	}
	return err
}

func (s *controlServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /apply", answer(func(r *http.Request) (any, error) {
		if err := s.plane.apply(r.URL.Query().Get("app")); err != nil {
			return nil, err
		}
		return nil, s.before.tell(r, nil)
	}))
	mux.Handle("POST /remove", answer(func(r *http.Request) (any, error) {
		s.plane.remove(r.URL.Query().Get("app"))
		return nil, s.before.tell(r, nil)
	}))
	mux.Handle("POST /drain", answer(func(r *http.Request) (any, error) {
		var d control.Drain
		app := r.URL.Query().Get("app")
		if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
			return nil, &proxy.InvalidError{App: app, Reason: "the body of the drain request is broken: " + err.Error()}
		}
		var both errgroup.Group
		both.Go(func() error { return s.plane.drain(r.Context(), app, d.Upstreams, d.Timeout) })
		both.Go(func() error { return s.before.tell(r, d) })
		return nil, both.Wait()
	}))
	mux.Handle("GET /table", answer(func(*http.Request) (any, error) {
		return s.plane.snapshot(), nil
	}))
	mux.Handle("GET /healthz", answer(func(*http.Request) (any, error) {
		return control.Health{Version: s.version, Apps: s.plane.size()}, nil
	}))
	mux.HandleFunc("POST /listeners", s.sendListeners)
	mux.Handle("POST /retire", answer(func(*http.Request) (any, error) {
		s.plane.retire()
		return nil, nil
	}))
	return mux
}

// answer is a handler that returns what to say.
type answer func(*http.Request) (any, error)

// ServeHTTP implements http.Handler. It is the one place where errors are rendered.
func (f answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v, err := f(r)
	status := http.StatusOK
	switch {
	case errors.Is(err, context.Canceled):
		return // nobody listens any more
	case err != nil:
		p := control.Of(err)
		v, status = p, p.Status()
	case v == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}
