package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/client"
)

const routedApps = 1000

// dataPlane starts a data plane of its own with 1,000 apps, which lead nowhere.
func (b *bench) dataPlane(ctx context.Context) (*installation, *client.Client, error) {
	in := &installation{dir: filepath.Join(b.in.dir, "plane"), bin: b.in.bin, instance: b.in.instance + "-plane", procs: map[string]*exec.Cmd{}}
	for _, p := range []*int{&in.http, &in.https} {
		var err error
		if *p, err = freePort(); err != nil {
			return nil, nil, err
		}
	}
	if err := os.MkdirAll(in.dir, 0o755); err != nil {
		return nil, nil, err
	}
	if _, err := in.start(ctx, "proxy"); err != nil {
		return in, nil, err
	}
	c := client.New(client.Config{Routes: filepath.Join(in.lib(), "data", "proxy", "routes"), Socket: filepath.Join(in.lib(), "run", "proxy.sock")})
	for i := range routedApps {
		if err := c.Apply(ctx, route(fmt.Sprintf("app-%d", i), "172.17.0.2:5000")); err != nil {
			return in, nil, err
		}
	}
	return in, c, nil
}

func route(app, upstream string) proxy.Routes {
	return proxy.Routes{App: app, Hosts: []string{app + ".bench.localhost"}, Listeners: []proxy.Listener{{Scheme: proxy.HTTP, Port: 80, Upstreams: []string{upstream}}}}
}

// routes measures the data plane alone.
func (b *bench) routes(ctx context.Context) (s section, err error) {
	s = section{title: "The data plane"}
	in, c, err := b.dataPlane(ctx)
	if in != nil {
		defer func() { err = errors.Join(err, in.stop("proxy")) }()
	}
	if err != nil {
		return s, err
	}
	change, err := changeRoute(ctx, in, c)
	if err != nil {
		return s, err
	}
	s.rows = append(s.rows, row{
		what: fmt.Sprintf("route change with %d apps, until a request is answered by the new upstream", routedApps), ours: took(change),
		budget: budget{atMost, took(5 * time.Millisecond)}, note: noteRoute,
	})
	rows, err := b.throughput(ctx, in, c)
	s.rows = append(s.rows, rows...)
	return s, err
}

// changeRoute moves one app to and fro between two upstreams.
func changeRoute(ctx context.Context, in *installation, c *client.Client) (time.Duration, error) {
	var upstreams []string
	for i := range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, i) })}
		defer srv.Close()
		go func() { _ = srv.Serve(l) }() // ends with Close
		upstreams = append(upstreams, l.Addr().String())
	}
	n := 0
	got, err := inTurn(ctx, 100, only(func() error {
		n++
		if err := c.Apply(ctx, route("app-500", upstreams[n%2])); err != nil {
			return err
		}
		page, err := in.get(ctx, http.DefaultClient, "app-500")
		if err == nil && page != fmt.Sprint(n%2) {
			err = fmt.Errorf("app-500 answers %q after a change of its route", page)
		}
		return err
	}))
	if err != nil {
		return 0, err
	}
	return got[0].median(), nil
}
