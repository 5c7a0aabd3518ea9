package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// What real Dokku 0.39 took on the same kind of machine. Source: the issue that
// asks for this benchmark.
const (
	dokkuVersion    = 36 * time.Millisecond
	dokkuVersionSSH = 267 * time.Millisecond
	dokkuCreate     = 3 * time.Second
	dokkuReport     = 4300 * time.Millisecond
	dokkuPush       = 29 * time.Second
	dokkuConfig     = 26 * time.Second
	dokkuScale      = 53 * time.Second
)

// againstDokku is the row that compares with one of these.
func againstDokku(what string, ours, theirs time.Duration) row {
	return row{what: what, ours: took(ours), peer: took(theirs), whose: "Dokku", budget: tenTimes}
}

// commands measures what a user waits for who types a command.
func (b *bench) commands(ctx context.Context) (section, error) {
	in := b.in
	s := section{title: "Commands"}
	port, stop, err := sshFloor(in.dir)
	if err != nil {
		return s, err
	}
	defer stop() //nolint:errcheck // nothing of it is kept
	local := func(args ...string) task {
		return only(func() error { return in.dokku(ctx, args...) })
	}
	remote := func(port int) task {
		argv := append(in.sshArgv(port), "dokku@127.0.0.1", "version")
		return only(func() error { return run(in.command(ctx, argv[0], argv[1:]...)) })
	}
	process := func(name string) task {
		return only(func() error { return run(exec.CommandContext(ctx, name)) })
	}
	got, err := inTurn(ctx, 60, process("/bin/true"), process(filepath.Join(b.tools, "nothing")),
		local("apps:list"), local("version"), remote(port), remote(in.ssh))
	if err != nil {
		return s, err
	}
	nothing, goNothing, list, version, sshNothing, ssh := got[0].median(), got[1].median(), got[2].median(), got[3].median(), got[4].median(), got[5].median()
	s.rows = append(s.rows,
		row{what: "`apps:list`, beyond a process that does nothing", ours: took(list), peer: took(nothing), whose: "`/bin/true`", budget: budget{beyond, took(10 * time.Millisecond)}},
		row{what: "`version`, beyond a Go program that does nothing", ours: took(version), peer: took(goNothing), whose: "`func main() {}`", note: noteVersion},
		withNote(againstDokku("`version`", version, dokkuVersion), noteVersion),
		row{what: "`ssh dokku@host version`", ours: took(ssh), peer: took(sshNothing), whose: "ssh to a server that does nothing", note: noteSSH},
		againstDokku("`ssh dokku@host version`", ssh, dokkuVersionSSH))

	n := 0
	got, err = inTurn(ctx, 10, only(func() error {
		n++
		return in.dokku(ctx, "apps:create", fmt.Sprintf("empty-%d", n))
	}))
	if err != nil {
		return s, err
	}
	s.rows = append(s.rows, againstDokku("`apps:create`", got[0].median(), dokkuCreate))
	for i := range n {
		if err := in.dokku(ctx, "--force", "apps:destroy", fmt.Sprintf("empty-%d", i+1)); err != nil {
			return s, err
		}
	}
	return s, nil
}

func withNote(r row, note string) row { r.note = note; return r }
