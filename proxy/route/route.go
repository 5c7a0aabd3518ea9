// Package route keeps the routes of each app in a file of its own, from which the
// data plane starts when the control plane is not there. The control plane writes
// the files, the data plane only reads them.
//
// The main type is [Dir], a folder with one file APP.json for each app:
//
//	dir := route.Dir("/var/lib/dokku/data/proxy/routes")
//	err := dir.Store(routes)        // atomic and durable
//	routes, err := dir.Load("blog") // fs.ErrNotExist: the app has no routes
//
// A file holds the JSON form of proxy.Routes. Fields that this version does not know
// are ignored, so that an older data plane can serve what a newer control plane wrote.
package route

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/proxy"
)

const suffix = ".json"

// Dir is the path of the folder of route files.
type Dir string

// file is the content of a route file.
type file struct {
	proxy.Routes
	// Boot is the boot of the host in which the file was written. After another
	// boot containers have other addresses, and an old one may be another app's.
	Boot string `json:"boot,omitempty"`
}

// bootID names the boot that the host is in, "" where the kernel does not say.
// Source: proc(5), /proc/sys/kernel/random/boot_id.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// Load reads the routes of app. Routes that were written before the host was
// booted have no upstreams: nobody knows yet whose those addresses are now. The error is an fs.ErrNotExist when it has none, a
// *proxy.InvalidError when app cannot be a name or the file makes no sense.
func (d Dir) Load(app string) (proxy.Routes, error) {
	path, err := d.path(app)
	if err != nil {
		return proxy.Routes{}, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return proxy.Routes{}, fmt.Errorf("cannot read routes of %s: %w", app, err)
	}
	return parse(app, data, bootID())
}

// Parse reads the content of the route file of app. Every error is a
// *proxy.InvalidError.
func Parse(app string, data []byte) (proxy.Routes, error) { return parse(app, data, "") }

func parse(app string, data []byte, boot string) (proxy.Routes, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return proxy.Routes{}, &proxy.InvalidError{App: app, Reason: "its route file is broken: " + err.Error()}
	}
	r := f.Routes
	if f.Boot != "" && boot != "" && f.Boot != boot {
		for i := range r.Listeners {
			r.Listeners[i].Upstreams = nil
		}
	}
	if r.App != app {
		return proxy.Routes{}, &proxy.InvalidError{App: app, Reason: fmt.Sprintf("its route file is that of app %q", r.App)}
	}
	if err := r.Validate(); err != nil {
		return proxy.Routes{}, err
	}
	return r, nil
}

// Apps returns the names of the apps that have a route file, sorted. A folder that
// does not exist has none. Files that are not route files are passed over.
func (d Dir) Apps() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list routes: %w", err)
	}
	var apps []string
	for _, e := range entries {
		app, ok := strings.CutSuffix(e.Name(), suffix)
		if ok && proxy.ValidApp(app) && !e.IsDir() {
			apps = append(apps, app)
		}
	}
	return apps, nil
}

// Store writes r.App's file. When it returns nil the content survives a power cut;
// after an error, or a kill at any instant, the old file is intact.
func (d Dir) Store(r proxy.Routes) error {
	if err := r.Validate(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(file{Routes: r, Boot: bootID()}, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode routes of %s: %w", r.App, err)
	}
	path, err := d.path(r.App)
	if err != nil {
		return err
	}
	if err := writeFile(path, append(data, '\n')); err != nil {
		return fmt.Errorf("cannot write routes of %s: %w", r.App, err)
	}
	return nil
}

// Delete removes the file of app. It is no error when there is none.
func (d Dir) Delete(app string) error {
	path, err := d.path(app)
	if err != nil {
		return err
	}
	err = os.Remove(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("cannot remove routes of %s: %w", app, err)
	}
	return nil
}

func (d Dir) path(app string) (string, error) {
	if !proxy.ValidApp(app) {
		return "", &proxy.InvalidError{App: fmt.Sprintf("%q", app), Reason: "this is not the name of an app"}
	}
	return filepath.Join(string(d), app+suffix), nil
}

// dirMode and fileMode: routes hold no secrets, but name them to nobody else.
const (
	dirMode  fs.FileMode = 0o750
	fileMode fs.FileMode = 0o640
)
