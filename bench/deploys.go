package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// repository is a clone with the app that is pushed: a Dockerfile and a binary.
type repository struct {
	in  *installation
	dir string
}

const dockerfile = "FROM scratch\nCOPY hello /\nCOPY content /\nCMD [\"/hello\"]\n"

func (b *bench) repository(ctx context.Context, name string) (repository, error) {
	r := repository{b.in, filepath.Join(b.in.dir, "repo-"+name)}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return r, err
	}
	hello, err := os.ReadFile(filepath.Join(b.tools, "hello"))
	if err != nil {
		return r, err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(r.dir, "Dockerfile"), []byte(dockerfile), 0o644),
		os.WriteFile(filepath.Join(r.dir, "hello"), hello, 0o755),
		r.git(ctx, "init", "-q", "-b", "main"))
	if err != nil {
		return r, err
	}
	return r, r.change(ctx)
}

func (r repository) git(ctx context.Context, args ...string) error {
	cmd := r.in.command(ctx, "git", args...)
	cmd.Dir = r.dir
	return run(cmd)
}

// change commits content that was never built before.
func (r repository) change(ctx context.Context) error {
	content := fmt.Sprintf("%s %d\n", r.in.instance, time.Now().UnixNano())
	if err := os.WriteFile(filepath.Join(r.dir, "content"), []byte(content), 0o644); err != nil {
		return err
	}
	if err := r.git(ctx, "add", "-A"); err != nil {
		return err
	}
	return r.git(ctx, "commit", "-q", "-m", "change")
}

// touch commits nothing, which deploys what is built already.
func (r repository) touch(ctx context.Context) error {
	return r.git(ctx, "commit", "-q", "--allow-empty", "-m", "again")
}

func (r repository) push(ctx context.Context, app, refs string) error {
	return r.git(ctx, "push", "-q", fmt.Sprintf("ssh://dokku@127.0.0.1:%d/%s", r.in.ssh, app), refs)
}

func (r repository) rev(ctx context.Context) (string, error) {
	cmd := r.in.command(ctx, "git", "rev-parse", "HEAD")
	cmd.Dir = r.dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// pushToLive pushes and returns when the URL answers with the new revision and
// git has ended.
func (r repository) pushToLive(ctx context.Context, app string) error {
	rev, err := r.rev(ctx)
	if err != nil {
		return err
	}
	if err := r.push(ctx, app, "main"); err != nil {
		return err
	}
	return r.in.live(ctx, app, rev)
}

// live waits until the app's page has the text.
func (in *installation) live(ctx context.Context, app, text string) error {
	var last string
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		page, err := in.get(ctx, http.DefaultClient, app)
		if err == nil && strings.Contains(page, text) {
			return nil
		}
		last = fmt.Sprintf("%q, %v", page, err)
	}
	return fmt.Errorf("%s does not answer %q: %s", app, text, last)
}

// get asks the data plane for an app's page; any status but 200 is an error.
func (in *installation) get(ctx context.Context, client *http.Client, app string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+in.address()+"/", nil)
	if err != nil {
		return "", err
	}
	req.Host = app + ".bench.localhost"
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return string(page), err
}

// container starts one container of the app's image as docker itself does it:
// what no deploy can do without.
func (b *bench) container(ctx context.Context, n int) error {
	var g errgroup.Group
	for range n {
		g.Go(func() error {
			return run(exec.CommandContext(ctx, "docker", "run", "-d", "--label", "com.slipway.instance="+b.in.instance,
				"--label", "com.slipway.bench=floor", "-e", "PORT=5000", "dokku/"+b.in.instance+"-web:latest"))
		})
	}
	return g.Wait()
}

// clear removes those containers.
func (b *bench) clear(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "docker", "ps", "-aq", "--filter", "label=com.slipway.bench=floor", "--filter", "label=com.slipway.instance="+b.in.instance).Output()
	if err != nil || len(out) == 0 {
		return err
	}
	return run(exec.CommandContext(ctx, "docker", append([]string{"rm", "-f"}, strings.Fields(string(out))...)...))
}

// deploys measures from git push, config:set and ps:scale to the app's answer.
func (b *bench) deploys(ctx context.Context) (section, error) {
	in := b.in
	s := section{title: "Deploys"}
	r, err := b.repository(ctx, "web")
	if err != nil {
		return s, err
	}
	news := 0
	first, err := inTurn(ctx, 3, task{
		before: func() error { news++; return r.change(ctx) },
		do:     func() error { return r.pushToLive(ctx, fmt.Sprintf("new-%d", news)) },
	})
	if err != nil {
		return s, err
	}
	for i := range news {
		if err := in.dokku(ctx, "--force", "apps:destroy", fmt.Sprintf("new-%d", i+1)); err != nil {
			return s, err
		}
	}
	if err := r.pushToLive(ctx, "web"); err != nil {
		return s, err
	}
	b.web = r
	n := 0
	got, err := inTurn(ctx, 7,
		task{func() error { return r.touch(ctx) }, func() error { return r.pushToLive(ctx, "web") }},
		task{func() error { return r.change(ctx) }, func() error { return r.pushToLive(ctx, "web") }},
		task{func() error { n++; return nil }, func() error { return r.push(ctx, "web", fmt.Sprintf("main:refs/heads/other-%d", n)) }},
		only(func() error { return in.dokku(ctx, "config:set", "web", fmt.Sprintf("ROUND=%d", n)) }),
		task{func() error { return in.dokku(ctx, "ps:scale", "web", "web=1") }, func() error { return in.dokku(ctx, "ps:scale", "web", "web=3") }},
		task{func() error { return errors.Join(in.dokku(ctx, "ps:scale", "web", "web=1"), b.clear(ctx)) }, func() error { return b.container(ctx, 1) }},
		task{func() error { return b.clear(ctx) }, func() error { return b.container(ctx, 2) }},
	)
	if err = errors.Join(err, b.clear(ctx)); err != nil {
		return s, err
	}
	cached, changed, store, config, scale, one, two := got[0].median(), got[1].median(), got[2].median(), got[3].median(), got[4].median(), got[5].median(), got[6].median()
	floor := "`git push` of a branch that is only stored, and `docker run -d`"
	s.rows = []row{
		{what: "push to live, cached build", ours: took(cached), peer: took(store + one), whose: floor, budget: budget{atMost, took(2 * time.Second)}, note: notePush},
		againstDokku("push to live, cached build", cached, dokkuPush),
		{what: "push to live, one layer changed", ours: took(changed), peer: took(store + one), whose: floor},
		{what: "first push to live, which creates the app", ours: took(first[0].median()), peer: took(store + one), whose: floor},
		{what: "`config:set` with restart", ours: took(config), peer: took(one), whose: "`docker run -d`"},
		againstDokku("`config:set` with restart", config, dokkuConfig),
		{what: "`ps:scale` 1→3", ours: took(scale), peer: took(two), whose: "two `docker run -d` at once"},
		againstDokku("`ps:scale` 1→3", scale, dokkuScale),
	}
	return s, nil
}
