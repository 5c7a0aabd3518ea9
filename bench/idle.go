package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	idleApps = 100
	settle   = 3 * time.Second // between a start and the look at its memory
)

// reportLimit is for a report of all hundred apps, which asks Docker once.
var reportLimit = budget{atMost, took(200 * time.Millisecond)}

// idle deploys 100 apps with a running container each and looks at what the two
// processes take when nothing happens.
func (b *bench) idle(ctx context.Context) (section, error) {
	in := b.in
	s := section{title: "A hundred apps"}
	if b.web.dir == "" {
		var err error
		if b.web, err = b.repository(ctx, "web"); err != nil {
			return s, err
		}
		if err := b.web.pushToLive(ctx, "web"); err != nil {
			return s, err
		}
	}
	if err := in.dokku(ctx, "--force", "apps:destroy", "web"); err != nil {
		return s, err
	}
	if err := b.fleet(ctx, 0, 10); err != nil {
		return s, err
	}
	report := func(feature string) (time.Duration, error) {
		got, err := inTurn(ctx, 20, only(func() error { return in.dokku(ctx, feature+":report") }))
		if err != nil {
			return 0, err
		}
		return got[0].median(), nil
	}
	ten, err := report("ps")
	if err != nil {
		return s, err
	}
	if err := b.fleet(ctx, 10, idleApps); err != nil {
		return s, err
	}
	hundred, err := report("ps")
	if err != nil {
		return s, err
	}
	domains, err := report("domains")
	if err != nil {
		return s, err
	}
	used, err := in.resident("serve")
	if err != nil {
		return s, err
	}
	s.rows = append(s.rows,
		againstDokku("`ps:report` of 10 apps", ten, dokkuReport),
		row{what: fmt.Sprintf("`ps:report` of %d apps with a container each", idleApps), ours: took(hundred), peer: took(ten), whose: "`ps:report` of 10", budget: reportLimit},
		row{what: fmt.Sprintf("`domains:report` of %d apps", idleApps), ours: took(domains), budget: reportLimit})
	var times sample
	for range 5 {
		if err := in.stop("serve"); err != nil {
			return s, err
		}
		t, err := in.start(ctx, "serve")
		if err != nil {
			return s, err
		}
		times = append(times, t)
	}
	if err := errors.Join(in.stop("proxy")); err != nil {
		return s, err
	}
	proxyStart, err := in.start(ctx, "proxy")
	if err != nil {
		return s, err
	}
	time.Sleep(settle)
	serve, err := in.resident("serve")
	if err != nil {
		return s, err
	}
	proxy, err := in.resident("proxy")
	if err != nil {
		return s, err
	}
	limit := budget{atMost, quantity{100, megabytes}}
	s.rows = append(s.rows,
		row{what: "start of the control plane, until it answers", ours: took(times.sorted().median())},
		row{what: "start of the data plane, until it answers", ours: took(proxyStart)},
		row{what: "memory of `slipwayd serve`, idle after a start", ours: quantity{serve, megabytes}, budget: limit, note: noteMemory},
		row{what: "memory of `slipwayd serve`, just after the deploys", ours: quantity{used, megabytes}, budget: limit},
		row{what: "memory of `slipwayd proxy`, idle after a start", ours: quantity{proxy, megabytes}, budget: limit})
	return s, nil
}

// fleet deploys the apps of the given numbers, two at a time, from one archive.
func (b *bench) fleet(ctx context.Context, from, to int) error {
	archive := filepath.Join(b.in.dir, "fleet.tar")
	if err := b.web.git(ctx, "archive", "-o", archive, "HEAD"); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for i := from; i < to; i++ {
		g.Go(func() error {
			name := fmt.Sprintf("fleet-%03d", i)
			f, err := os.Open(archive)
			if err != nil {
				return err
			}
			defer f.Close()
			if err := b.in.dokku(gctx, "apps:create", name); err != nil {
				return err
			}
			cmd := b.in.command(gctx, filepath.Join(b.in.bin, "slipway"), "git:from-archive", name, "--")
			cmd.Stdin = io.Reader(f)
			return run(cmd)
		})
	}
	return g.Wait()
}

// resident is the memory of one of the processes in MB (10^6 bytes): RssAnon,
// RssFile and RssShmem together, as the kernel has it.
func (in *installation) resident(name string) (float64, error) {
	text := field(fmt.Sprintf("/proc/%d/status", in.procs[name].Process.Pid), "VmRSS")
	kib, err := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	if err != nil {
		return 0, fmt.Errorf("cannot read the memory of slipwayd %s: %w", name, err)
	}
	return kib * 1024 / 1e6, nil
}
