package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	redeploys   = 20
	loadWorkers = 10
	loadPause   = 50 * time.Millisecond // between two requests of a worker
)

// underLoad deploys again and again while requests come at a constant rate,
// half of them on connections that stay open.
func (b *bench) underLoad(ctx context.Context) (section, error) {
	s := section{title: "Redeploys under constant load"}
	loadCtx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		mu       sync.Mutex
		failures []string
		times    sample
		workers  sync.WaitGroup
	)
	for w := range loadWorkers {
		client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: w%2 == 0}}
		workers.Go(func() {
			defer client.CloseIdleConnections()
			tick := time.NewTicker(loadPause)
			defer tick.Stop()
			for {
				select {
				case <-loadCtx.Done():
					return
				case <-tick.C:
				}
				start := time.Now()
				_, err := b.in.get(ctx, client, "web")
				mu.Lock()
				times = append(times, time.Since(start))
				if err != nil {
					failures = append(failures, err.Error())
				}
				mu.Unlock()
			}
		})
	}
	start := time.Now()
	for range redeploys {
		if err := b.web.touch(ctx); err != nil {
			return s, err
		}
		if err := b.web.pushToLive(ctx, "web"); err != nil {
			return s, err
		}
	}
	all := time.Since(start)
	stop()
	workers.Wait()
	slices.Sort(times)
	note := fmt.Sprintf("%d requests in %s, %.0f/s; median %s, p99 %s, longest %s.", len(times), all.Round(100*time.Millisecond), float64(len(times))/all.Seconds(),
		took(times.median()), took(times.quantile(0.99)), took(times.quantile(1)))
	if len(failures) > 0 {
		note += " First failure: " + failures[0]
	}
	s.rows = []row{
		{what: fmt.Sprintf("requests failed during %d pushes", redeploys), ours: quantity{float64(len(failures)), count}, budget: budget{atMost, quantity{0, count}}, note: note},
	}
	return s, nil
}
