package storage

import (
	"crypto/sha1" //nolint:gosec // a name, as Dokku makes it
	"encoding/hex"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/words"
)

// The phases in which mounts are.
const (
	deploy = "deploy"
	run    = "run"
)

// everyProcess stands for all process types.
const everyProcess = "_default_"

// mount is how an app uses an entry, as it is stored.
type mount struct {
	Entry         string   `json:"entry_name"`
	ContainerPath string   `json:"container_path"`
	Phases        []string `json:"phases"`
	Process       string   `json:"process_type,omitempty"`
	Subpath       string   `json:"subpath,omitempty"`
	Readonly      bool     `json:"readonly,omitempty"`
	Options       string   `json:"volume_options,omitempty"`
	Chown         string   `json:"volume_chown,omitempty"`
}

var optionsRE = regexp.MustCompile(`^[A-Za-z0-9_=.,-]*$`)

// check refuses a mount that docker could not make, or that would be another
// one than was meant.
func (m mount) check() error {
	switch {
	case !strings.HasPrefix(m.ContainerPath, "/"):
		return command.BadInput("attachment container path %q must be absolute", m.ContainerPath)
	case strings.ContainsAny(m.ContainerPath, ":\n\r\x00"):
		return command.BadInput("attachment container path %q must not contain a colon or a line break", m.ContainerPath)
	case path.Clean(m.ContainerPath) == "/":
		return command.BadInput("attachment container path must not be / itself")
	case !optionsRE.MatchString(m.Options):
		return command.BadInput("--volume-options %q must be options of docker, separated by commas, such as noexec,nosuid", m.Options)
	case m.Subpath != "" && !filepath.IsLocal(m.Subpath), strings.ContainsAny(m.Subpath, ":,\n\r\x00"):
		return command.BadInput("--volume-subpath %q must be a path below the entry, without colons and commas", m.Subpath)
	}
	for _, phase := range m.Phases {
		if phase != deploy && phase != run {
			return command.BadInput("attachment phase %q is not supported (must be %q or %q)", phase, deploy, run)
		}
	}
	if m.Process != everyProcess {
		if _, err := app.ParseProcessType(m.Process); err != nil {
			return command.BadInput("%w", err)
		}
	}
	return nil
}

// place tells two mounts of one app apart.
func (m mount) place() [3]string { return [3]string{m.Entry, m.ContainerPath, m.Process} }

// in tells whether the mount is for containers of a phase and a process type;
// process is "" where there is none.
func (m mount) in(phase, process string) bool {
	return slices.Contains(m.Phases, phase) &&
		(phase != deploy || process == "" || m.Process == "" || m.Process == everyProcess || m.Process == process)
}

// options are those of docker's -v, with ro among them.
func (m mount) options() string {
	if !m.Readonly {
		return m.Options
	}
	return strings.TrimSuffix("ro,"+m.Options, ",")
}

// short is HOST:CONTAINER[:OPTIONS].
func (m mount) short(host string) string {
	text := host + ":" + m.ContainerPath
	if o := m.options(); o != "" {
		text += ":" + o
	}
	return text
}

// args are the options of docker for the mount.
func (m mount) args(e entry) []string {
	if m.Subpath != "" && !e.isFolder() {
		text := "type=volume,source=" + e.HostPath + ",target=" + m.ContainerPath + ",volume-subpath=" + m.Subpath
		if m.Readonly {
			text += ",readonly"
		}
		return []string{"--mount", text}
	}
	host := e.HostPath
	if m.Subpath != "" {
		host = filepath.Join(host, m.Subpath)
	}
	return []string{"-v", m.short(host)}
}

// text is args as triggers print them.
func (m mount) text(e entry) string { return words.Quote(m.args(e)) }

// parseShort reads HOST:CONTAINER[:OPTIONS]; the mount is not checked. The texts
// are Dokku's.
func parseShort(text string) (host string, m mount, err error) {
	m = mount{Phases: []string{deploy, run}, Process: everyProcess}
	host, rest, _ := strings.Cut(text, ":")
	if strings.HasPrefix(text, "/") {
		if !strings.HasPrefix(rest, "/") {
			return "", m, errPaths
		}
	} else if !volumeRE.MatchString(host) || !strings.HasPrefix(rest, "/") {
		return "", m, errVolume
	}
	var options string
	m.ContainerPath, options, _ = strings.Cut(rest, ":")
	var left []string
	for o := range strings.SplitSeq(options, ",") {
		if o == "ro" {
			m.Readonly = true
		} else if o != "" {
			left = append(left, o)
		}
	}
	m.Options = strings.Join(left, ",")
	e := legacyEntry(host)
	m.Entry = e.Name
	return host, m, nil
}

var (
	errPaths  = command.BadInput("Storage path must be two valid paths divided by colon.")
	errVolume = command.BadInput("Volume name must be two characters or more. Volume name must not contain invalid characters. Storage path must be two valid paths divided by colon.")
)

// legacyEntry is the entry of a mount that names none. One host path has one
// entry, for all apps. Source: Dokku plugins/storage/entry.go.
func legacyEntry(host string) entry {
	hashed := host
	if !strings.HasPrefix(host, "/") {
		hashed = "vol:" + host
	}
	sum := sha1.Sum([]byte(hashed)) //nolint:gosec // as above
	return entry{
		Name: legacyPrefix + hex.EncodeToString(sum[:])[:10], Scheduler: dockerLocal, HostPath: host, SchemaVersion: schemaVersion,
	}
}
