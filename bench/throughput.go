package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/proxy/client"
)

const (
	loadConns   = 32
	loadSeconds = 1
	loadRounds  = 10
)

// A contender is one proxy in front of the same upstream.
type contender struct {
	name string
	addr string
	rate []float64       // requests per second, of each round
	p99  []time.Duration // of each round
}

func (c *contender) medianRate() float64      { slices.Sort(c.rate); return c.rate[len(c.rate)/2] }
func (c *contender) medianP99() time.Duration { slices.Sort(c.p99); return c.p99[len(c.p99)/2] }

// nginxConf has the upstream, and nginx as a proxy as it comes (a connection
// for each request) and with connections that stay open. %[1]s is the folder,
// then follow the three ports.
const nginxConf = `worker_processes auto;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx-error.log;
%[5]s
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s/tmp-body; proxy_temp_path %[1]s/tmp-proxy; fastcgi_temp_path %[1]s/tmp-fastcgi; uwsgi_temp_path %[1]s/tmp-uwsgi; scgi_temp_path %[1]s/tmp-scgi;
  keepalive_requests 100000000;
  upstream closing { server 127.0.0.1:%[2]d; }
  upstream open { server 127.0.0.1:%[2]d; keepalive 64; keepalive_requests 100000000; }
  server { listen 127.0.0.1:%[2]d; default_type text/plain; return 200 "%[6]s"; }
  server {
    listen 127.0.0.1:%[3]d;
    location / { proxy_pass http://closing; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; }
  }
  server {
    listen 127.0.0.1:%[4]d;
    location / { proxy_pass http://open; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; }
  }
}
`

// throughput compares the data plane with Go's bare ReverseProxy and with
// nginx, each in a process of its own, in turns.
func (b *bench) throughput(ctx context.Context, plane *installation, c *client.Client) (rows []row, err error) {
	for _, tool := range []string{"nginx", "wrk"} {
		if _, err := exec.LookPath(tool); err != nil {
			return []row{{what: "throughput (skipped: " + tool + " is not here; run hack/bench on Debian or Ubuntu)"}}, nil
		}
	}
	var ports [4]int
	for i := range ports {
		if ports[i], err = freePort(); err != nil {
			return nil, err
		}
	}
	upstream := "127.0.0.1:" + strconv.Itoa(ports[0])
	stopNginx, err := startNginx(ctx, plane.dir, ports)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stopNginx()) }()
	bareAddr := "127.0.0.1:" + strconv.Itoa(ports[3])
	bare := exec.CommandContext(ctx, filepath.Join(b.tools, "bare"), bareAddr, upstream)
	if err := bare.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = bare.Process.Kill()
		_ = bare.Wait() // says that it was killed
	}()
	if err := c.Apply(ctx, route("app-500", upstream)); err != nil {
		return nil, err
	}
	all := []*contender{
		{name: "ours", addr: plane.address()},
		{name: "Go's ReverseProxy", addr: bareAddr},
		{name: "nginx as it comes", addr: "127.0.0.1:" + strconv.Itoa(ports[1])},
		{name: "nginx with upstream keepalive", addr: "127.0.0.1:" + strconv.Itoa(ports[2])},
	}
	for _, c := range all {
		if err := waitFor(c.addr); err != nil {
			return nil, err
		}
	}
	for round := range loadRounds {
		for i := range all { // each is first, second and last in turn
			if err := all[(i+round)%len(all)].load(ctx); err != nil {
				return nil, err
			}
		}
	}
	ours := all[0]
	for i, peer := range all[1:] {
		r := row{
			what: "requests per second, against " + peer.name, ours: quantity{ours.medianRate(), perSecond},
			peer: quantity{peer.medianRate(), perSecond}, whose: peer.name,
		}
		if i == 0 {
			r.budget, r.note = budget{ratioMin, quantity{value: 0.9}}, noteThroughput
		}
		rows = append(rows, r)
	}
	for _, peer := range all[1:] {
		rows = append(rows, row{what: "p99 of these requests, against " + peer.name, ours: took(ours.medianP99()), peer: took(peer.medianP99()), whose: peer.name})
	}
	return rows, nil
}

// startNginx runs nginx on the first three ports in the foreground.
func startNginx(ctx context.Context, dir string, ports [4]int) (stop func() error, err error) {
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // its workers could not read the folder otherwise
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConf, dir, ports[0], ports[1], ports[2], user, strings.Repeat("0123456789abcdef", 64))
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "nginx", "-p", dir, "-c", conf, "-e", filepath.Join(dir, "nginx-error.log"), "-g", "daemon off;")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // SIGKILL would leave its workers behind
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("nginx: %w\n%s", err, stderr.String())
		}
		return nil
	}
	if err := waitFor("127.0.0.1:" + strconv.Itoa(ports[2])); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

func waitFor(addr string) error {
	var err error
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var c net.Conn
		if c, err = net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
	}
	return err
}

var (
	rateLine = regexp.MustCompile(`(?m)^Requests/sec:\s+([0-9.]+)$`)
	p99Line  = regexp.MustCompile(`(?m)^\s+99%\s+([0-9.]+(?:us|ms|s))$`)
	badLine  = regexp.MustCompile(`(?m)^\s+(?:Non-2xx|Socket errors).*$`)
)

// load is one round of wrk. An answer that is not 200 is an error.
func (c *contender) load(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "wrk", "-t1", fmt.Sprintf("-c%d", loadConns), fmt.Sprintf("-d%ds", loadSeconds), "--latency",
		"-H", "Host: app-500.bench.localhost", "http://"+c.addr+"/some/path?query=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("wrk: %w\n%s", err, out)
	}
	if bad := badLine.Find(out); bad != nil {
		return fmt.Errorf("%s: %s", c.name, bytes.TrimSpace(bad))
	}
	rate, p99 := rateLine.FindSubmatch(out), p99Line.FindSubmatch(out)
	if rate == nil || p99 == nil {
		return fmt.Errorf("wrk said what cannot be read:\n%s", out)
	}
	perSecond, err := strconv.ParseFloat(string(rate[1]), 64)
	if err != nil {
		return err
	}
	slowest, err := time.ParseDuration(string(p99[1]))
	if err != nil {
		return err
	}
	c.rate, c.p99 = append(c.rate, perSecond), append(c.p99, slowest)
	return nil
}
