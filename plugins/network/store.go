package network

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
)

// deployed is Dokku's property of apps that had a deploy.
var deployed = state.Property{Plugin: "common", Name: "deployed", Scope: state.AppOnly}

// listeners are the addresses HOST:PORT of the running instances of a process
// type, by their number, or the one that network:set static-web-listener gave.
func (n network) listeners(app, process string) ([]string, error) {
	if process == "web" {
		static, err := n.h.Store.Get(staticWebListener, app)
		if err != nil {
			return nil, err
		}
		if static != "" {
			return []string{static}, nil
		}
	}
	files, err := filepath.Glob(filepath.Join(globEscape(n.h.Store.RootPath(app)), "IP."+globEscape(process)+".*"))
	if err != nil {
		return nil, err
	}
	var indexes []int
	for _, file := range files {
		if i, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(file), "IP."+process+".")); err == nil {
			indexes = append(indexes, i)
		}
	}
	slices.Sort(indexes)
	var out []string
	for _, i := range indexes {
		dyno := process + "." + strconv.Itoa(i)
		ip, err := n.h.Store.ReadFile(n.h.Store.RootPath(app, "IP."+dyno))
		if err != nil {
			return nil, err
		}
		port, err := n.h.Store.ReadFile(n.h.Store.RootPath(app, "PORT."+dyno))
		if err != nil {
			return nil, err
		}
		if port = strings.TrimSpace(port); port == "" {
			port = "5000"
		}
		out = append(out, strings.TrimSpace(ip)+":"+port)
	}
	return out, nil
}

// globEscape makes a path match itself only.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// writeAddress writes IP.TYPE.N or PORT.TYPE.N of an app, without a line's end,
// as Dokku has them.
func (n network) writeAddress(kind, app, process, index, value string) error {
	path := n.h.Store.RootPath(app, kind+"."+process+"."+index)
	if now, err := n.h.Store.ReadFile(path); err == nil && now == value {
		return nil
	}
	return n.h.Store.WriteFile(path, []byte(value), 0o644)
}

// clear removes the files of an app's addresses.
func (n network) clear(app string) error {
	var failed []error
	for _, kind := range []string{"IP", "PORT"} {
		files, err := filepath.Glob(filepath.Join(globEscape(n.h.Store.RootPath(app)), kind+".*"))
		failed = append(failed, err)
		for _, file := range files {
			if err := os.Remove(file); !errors.Is(err, os.ErrNotExist) {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// buildConfig writes the addresses of what runs of an app.
func (n network) buildConfig(ctx context.Context, out *command.Output, app string) error {
	if v, err := n.h.Store.Get(deployed, app); err != nil || v != "true" {
		return err
	}
	if static, err := n.h.Store.Get(staticWebListener, app); err != nil || static != "" {
		return err
	}
	if selected, err := n.h.Computed("scheduler", "selected", app); err != nil || selected != "docker-local" {
		return err
	}
	out.Step("Ensuring network configuration is in sync for %s", app)
	live, err := schedule.LiveOn(ctx, n.h.Docker, n.h.Names, app)
	if err != nil {
		return err
	}
	for _, i := range live {
		if !i.Running || i.IP == "" {
			continue
		}
		if err := n.h.Bus.Event(ctx, "network-write-ipaddr", app, i.Process, strconv.Itoa(i.Index), i.IP); err != nil {
			return err
		}
	}
	return nil
}
