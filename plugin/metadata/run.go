package metadata

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Run says how a plugin's hooks and commands are run.
type Run struct {
	As As
	// Command is the program of a process plugin with its arguments. A relative path is one in the plugin's folder.
	Command []string
	// URL is where an HTTP plugin is reached; a config key "url" that has a value takes its place.
	URL string
	// Auth is how an HTTP plugin knows that it is us: hmac, bearer or none. The secret is the config key "secret".
	Auth string
	// Insecure allows http: to other machines.
	Insecure bool
}

// As is a way to run a plugin.
type As string

// The ways.
const (
	Executables As = "executables" // a file per hook
	Process     As = "process"     // one program that stays, spoken to over its standard input and output
	HTTP        As = "http"        // a server elsewhere
)

type runTable struct {
	As       string   `toml:"as"`
	Command  []string `toml:"command"`
	URL      string   `toml:"url"`
	Auth     string   `toml:"auth"`
	Insecure bool     `toml:"insecure"`
}

func (t runTable) parse(config []Key) (Run, error) {
	r := Run{As: As(t.As), Command: t.Command, URL: t.URL, Auth: t.Auth, Insecure: t.Insecure}
	has := func(key string) bool {
		return slices.ContainsFunc(config, func(k Key) bool { return k.Name == key })
	}
	switch r.As {
	case "", Executables:
		r.As = Executables
	case Process:
		if len(r.Command) == 0 || r.Command[0] == "" {
			return Run{}, errors.New(`run: a process needs a command, such as command = ["./hello"]`)
		}
		if slices.ContainsFunc(r.Command, func(arg string) bool { return strings.ContainsRune(arg, 0) }) {
			return Run{}, errors.New("run: the command has a NUL byte")
		}
		if strings.Contains(r.Command[0], "/") && !filepath.IsAbs(r.Command[0]) && !filepath.IsLocal(r.Command[0]) {
			return Run{}, fmt.Errorf("run: the command %q is outside of the plugin's folder", r.Command[0])
		}
	case HTTP:
		if r.URL == "" && !has("url") {
			return Run{}, errors.New("run: url says nowhere where the plugin is reached")
		}
		if r.URL != "" {
			if err := r.CheckURL(r.URL); err != nil {
				return Run{}, fmt.Errorf("run: %w", err)
			}
		}
		if r.Auth == "" {
			r.Auth = "hmac"
		}
		if !slices.Contains([]string{"hmac", "bearer", "none"}, r.Auth) {
			return Run{}, fmt.Errorf("run: auth is hmac, bearer or none, not %q", r.Auth)
		}
		if r.Auth != "none" && !has("secret") {
			return Run{}, fmt.Errorf("run: auth %s needs a config key secret", r.Auth)
		}
	default:
		return Run{}, fmt.Errorf("run: as is executables, process or http, not %q", t.As)
	}
	return r, nil
}

// CheckURL says why a plugin cannot be reached at a URL, nil when it can: what is not on this machine is encrypted.
func (r Run) CheckURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("the url %q begins with neither https: nor http: as it must", s)
	}
	if u.User != nil {
		return errors.New("the url has a password in it: use auth")
	}
	if u.Scheme == "http" && !r.Insecure && !loopback(u.Hostname()) {
		return fmt.Errorf("the url %q is not encrypted: use https, or insecure = true in a network of your own", s)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Kinds are the parts of Slipway that a plugin can be a driver of.
var Kinds = []string{"builder", "scheduler", "proxy"}

func drivers(table map[string][]string) (map[string][]string, error) {
	for kind, list := range table {
		if !slices.Contains(Kinds, kind) {
			return nil, fmt.Errorf("drivers: %q is none of %s", kind, strings.Join(Kinds, ", "))
		}
		if _, err := names("drivers."+kind, list); err != nil {
			return nil, err
		}
	}
	return table, nil
}
