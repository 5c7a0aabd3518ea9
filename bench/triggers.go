package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// hook is the script that answers a trigger; its floor is starting it without anything of ours.
const hook = "#!/usr/bin/env bash\nset -eo pipefail\necho \"$1\"\n"

// triggers measures what a trigger costs by who answers it: in this process, as slipwayd does it.
func (b *bench) triggers(ctx context.Context) (s section, err error) {
	s = section{title: "Triggers"}
	dir := filepath.Join(b.in.dir, "plugins")
	store, err := state.Open(state.Config{Root: filepath.Join(dir, "home"), Lib: filepath.Join(dir, "lib")})
	if err != nil {
		return s, err
	}
	host := &plugin.Host{Store: store, Log: slog.New(slog.DiscardHandler), Version: "0.0.0", Exec: plugin.Exec{Env: os.Environ()}}
	external := plugin.NewExternal(host)
	defer external.Close()
	host.Bus = trigger.NewBus(external)
	server := exec.CommandContext(ctx, filepath.Join(b.tools, "hello-go"), "--listen", "127.0.0.1:0")
	server.Env = append(os.Environ(), "HELLO_SECRET=s3cret")
	out, err := server.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := server.Start(); err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.Process.Kill()); _ = server.Wait() }()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return s, err
	}
	enabled := store.LibPath("plugins", "enabled")
	files := map[string]string{
		"script/hello-script": hook,
		"process/plugin.toml": fmt.Sprintf("[plugin.run]\nas = \"process\"\ncommand = [%q]\n", filepath.Join(b.tools, "hello-go")),
		"web/plugin.toml":     fmt.Sprintf("[plugin.config.secret]\ndefault = \"s3cret\"\n[plugin.run]\nas = \"http\"\nurl = %q\n", strings.TrimSpace(url)),
	}
	for i := range 3 {
		files[fmt.Sprintf("other-%d/post-deploy", i)] = hook
	}
	write := func(prefix string) error {
		if err := os.RemoveAll(enabled); err != nil {
			return err
		}
		for path, text := range files {
			if prefix != "" && !strings.HasPrefix(path, prefix) {
				continue
			}
			path = filepath.Join(enabled, path)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil { //nolint:gosec // scripts
				return err
			}
		}
		return nil
	}
	ask := func(name, want string) task {
		return only(func() error {
			got, err := host.Bus.Query(ctx, name, "blog")
			if err == nil && got != want {
				err = fmt.Errorf("%s is answered by %q", name, got)
			}
			return err
		})
	}
	if err := write("other"); err != nil {
		return s, err
	}
	nobody, err := inTurn(ctx, 1000, ask("hello-nobody", ""))
	if err != nil {
		return s, err
	}
	if err := write(""); err != nil {
		return s, err
	}
	bare := only(func() error {
		got, err := exec.CommandContext(ctx, filepath.Join(enabled, "script", "hello-script"), "blog").Output()
		if err == nil && string(got) != "blog\n" {
			err = fmt.Errorf("the script says %q", got)
		}
		return err
	})
	scripts, err := inTurn(ctx, 200, ask("hello-script", "blog"), bare)
	if err != nil {
		return s, err
	}
	var stay []time.Duration
	for _, name := range []string{"process", "web"} {
		if err := write(name); err != nil {
			return s, err
		}
		got, err := inTurn(ctx, 500, ask("hello-answer", "hello blog"))
		if err != nil {
			return s, err
		}
		stay = append(stay, got[0].median())
	}
	whose := "the same script by fork and exec"
	s.rows = []row{
		{what: "trigger that nobody answers, with three plugins", ours: took(nobody[0].median())},
		{what: "trigger that a bash script answers", ours: took(scripts[0].median()), peer: took(scripts[1].median()), whose: whose},
		{what: "trigger that a process answers", ours: took(stay[0]), peer: took(scripts[1].median()), whose: whose},
		{what: "trigger that a server on this machine answers over HTTP, signed", ours: took(stay[1]), peer: took(scripts[1].median()), whose: whose},
	}
	return s, nil
}
