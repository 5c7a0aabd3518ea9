// Package static is the web server in the images of static sites: the slipway
// binary called as static-server. It serves one folder: index files, clean URLs
// (/about is about.html), 404.html, validators and caching headers,
// compression, range requests. It never leaves the folder, lists none, and
// shows no dotfile outside .well-known.
//
//	http.ListenAndServe(":5000", static.Handler(root))
package static

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	defaultRoot = "/app/public"
	defaultPort = "5000"
	// stopTime is how long requests under way may take after SIGTERM; Docker
	// waits 30 seconds by default (ps:set stop-timeout-seconds).
	stopTime = 25 * time.Second
)

// Main serves the folder args[0] (default /app/public) on $PORT (default 5000)
// until SIGTERM or SIGINT and returns the exit code.
func Main(args []string, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	dir, port := defaultRoot, os.Getenv("PORT")
	if len(args) > 0 {
		dir = args[0]
	}
	if port == "" {
		port = defaultPort
	}
	l, err := net.Listen("tcp", ":"+port)
	if err == nil {
		fmt.Fprintf(stderr, "serving %s on %s\n", dir, l.Addr())
		err = serve(ctx, dir, l)
	}
	if err != nil {
		fmt.Fprintf(stderr, "static-server: %s\n", err)
		return 1
	}
	return 0
}

// serve serves dir until ctx ends, then finishes the requests under way.
func serve(ctx context.Context, dir string, l net.Listener) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		l.Close()
		return fmt.Errorf("cannot serve the folder %s: %w", dir, err)
	}
	defer root.Close()
	srv := &http.Server{Handler: Handler(root), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	stopped := make(chan error, 1)
	unregister := context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		stopped <- srv.Shutdown(limit)
	})
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		unregister()
		return err
	}
	return <-stopped
}
