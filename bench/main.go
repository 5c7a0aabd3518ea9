// Bench measures a whole Slipway: real binaries, real Docker, git and ssh, each
// figure beside its peer or its floor in the same run. hack/bench runs it with
// nginx and wrk at hand.
//
//	go run ./bench -bin bin [-only deploys,idle] [-o docs/benchmarks.md]
//
// Ratio is always ours ÷ the peer's. The installation is one of its own, below a
// temporary folder, and is removed at the end with its containers and images.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one run.
type bench struct {
	in    *installation
	tools string     // folder of hello, nothing, bare
	web   repository // of the app "web", after deploys
}

// part is one of the measurements, in the order in which they run: a later one
// may use what an earlier one deployed.
type part struct {
	name string
	run  func(*bench, context.Context) (section, error)
}

var parts = []part{
	{"commands", (*bench).commands},
	{"scripts", (*bench).scripts},
	{"deploys", (*bench).deploys},
	{"load", (*bench).underLoad},
	{"routes", (*bench).routes},
	{"triggers", (*bench).triggers},
	{"idle", (*bench).idle},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bin := flag.String("bin", "bin", "folder of slipway and slipwayd")
	only := flag.String("only", "", "parts to run, separated by commas; all when empty")
	page := flag.String("o", "", "also write the page to this file")
	flag.Parse()
	if err := measure(ctx, *bin, *only, *page); err != nil {
		fmt.Fprintln(os.Stderr, " !     The benchmark did not end well:", err)
		stop()
		os.Exit(1)
	}
}

func measure(ctx context.Context, bin, only, page string) (err error) {
	if bin, err = filepath.Abs(bin); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{tools: filepath.Join(dir, "tools")}
	if err := build(ctx, b.tools); err != nil {
		return err
	}
	b.in, err = install(ctx, dir, bin)
	if b.in != nil {
		defer func() { err = errors.Join(err, b.in.remove()) }()
	}
	if err != nil {
		return err
	}
	var out bytes.Buffer
	on, before := machine(ctx), load()
	fmt.Printf("%s, load average %s\n\n", on, before)
	for _, p := range parts {
		if only != "" && !slices.Contains(strings.Split(only, ","), p.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "-----> Measuring", p.name)
		s, err := p.run(b, ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Print(s.markdown())
		out.WriteString(s.markdown())
	}
	if page == "" {
		return nil
	}
	head := fmt.Sprintf(preface, on, time.Now().UTC().Format(time.DateOnly), before, load())
	return writePage(page, slices.Concat([]byte(head), out.Bytes()))
}

// build makes the programs that are measured against, or deployed.
func build(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", dir+"/", "./bench/hello", "./bench/nothing", "./bench/bare", "./examples/plugins/hello-go")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return run(cmd)
}
