package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// preface begins the page; machine, date and load are filled in.
const preface = `# Benchmarks

Written by ` + "`make bench`" + `. Every figure stands beside a peer or a floor that was measured in the same run, in turn with it; times are
medians. Ratio is ours ÷ the peer's. "Dokku" is what real Dokku took on the same kind of machine; the aim is a ratio of 0.1 at most.

%s. Measured on %s; the load average was %s before the run and %s after it, this run's own work included.

`

// The notes explain figures that do not speak for themselves.
const (
	noteVersion = "The floor of any client written in Go is a Go program that does nothing. On top come the key exchange of one SSH login and its " +
		"eight round trips. Ten times faster than Dokku's 36 ms would be 3.6 ms, into which a process start and a login do not fit."
	noteSSH        = "The floor has the same libraries and key types, and no control plane behind it: what ssh itself needs to start, agree on keys and log in."
	notePush       = "Until git has ended and the URL answers with the new revision. The floor has neither a build nor a check nor a route."
	noteRoute      = "With its two fsyncs: the route file, and its folder. The request on top is one through the proxy."
	noteThroughput = "wrk with 32 connections, an upstream of nginx that answers 1 kB, no access logs; all on the same cores, so that the generator and " +
		"the upstream take their share of each. Medians of ten rounds of a second, in turns."
	noteMemory = "Resident, with the mapped pages of the binary, which the two processes share."
)

// handwritten begins what people wrote below the tables; it stays.
const handwritten = "<!-- Below this line the page is written by hand. -->"

func writePage(path string, tables []byte) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	_, kept, _ := bytes.Cut(old, []byte(handwritten))
	page := slices.Concat(bytes.TrimSpace(tables), []byte("\n\n"+handwritten+"\n\n"), bytes.TrimSpace(kept))
	return os.WriteFile(path, append(bytes.TrimSpace(page), '\n'), 0o644)
}

// machine says what this ran on.
func machine(ctx context.Context) string {
	docker, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Output()
	if err != nil {
		docker = []byte("unknown")
	}
	return fmt.Sprintf("Machine: %d × %s, %d GiB, Linux %s, %s, Docker %s", runtime.NumCPU(),
		field("/proc/cpuinfo", "model name"), memory()>>20, strings.TrimSpace(read("/proc/sys/kernel/osrelease")), runtime.Version(),
		strings.TrimSpace(string(docker)))
}

// load is how many processes wanted to run in the last minute.
func load() string {
	first, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	return first
}

// memory is that of the machine, in KiB.
func memory() int {
	n, err := strconv.Atoi(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"))
	if err != nil {
		return 0
	}
	return n
}

// field is the value of the first line "name : value" of a file of the kernel,
// "" when there is none.
func field(file, name string) string {
	for line := range strings.Lines(read(file)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func read(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(b)
}
