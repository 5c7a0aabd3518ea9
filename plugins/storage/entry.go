package storage

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// The schedulers that entries can be of.
const (
	dockerLocal = "docker-local"
	k3s         = "k3s"
)

// The reclaim policies: what becomes of the data when the entry goes.
const (
	retain = "Retain"
	remove = "Delete"
)

// schemaVersion is that of the files. Source: Dokku plugins/storage/entry.go.
const schemaVersion = 1

// entry is a place for data, as its file has it.
type entry struct {
	Name          string            `json:"name"`
	Scheduler     string            `json:"scheduler"`
	HostPath      string            `json:"host_path,omitempty"`
	Size          string            `json:"size,omitempty"`
	AccessMode    string            `json:"access_mode,omitempty"`
	StorageClass  string            `json:"storage_class,omitempty"`
	Namespace     string            `json:"namespace,omitempty"`
	Chown         string            `json:"chown,omitempty"`
	Mode          string            `json:"mode,omitempty"`
	ReclaimPolicy string            `json:"reclaim_policy,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Labels        map[string]string `json:"labels,omitempty"`
	SchemaVersion int               `json:"schema_version"`
}

// isFolder tells a folder of the host from a volume of docker.
func (e entry) isFolder() bool { return filepath.IsAbs(e.HostPath) }

// host is what the entry is called in a mount.
func (e entry) host() string {
	if e.HostPath == "" {
		return e.Name
	}
	return e.HostPath
}

// legacyPrefix is kept for entries of mounts without a name.
const legacyPrefix = "legacy-"

// maxName is how long a name may be: longer ones do not fit into the names of
// Helm's releases.
const maxName = 45

var (
	nameRE   = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	volumeRE = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)
	modeRE   = regexp.MustCompile(`^[0-7]{3,4}$`)
)

// checkName refuses what cannot name an entry.
func checkName(name string) error {
	switch {
	case name == "":
		return errNoName
	case len(name) > maxName:
		return command.BadInput("storage entry name %q is too long (max %d characters); helm release names cap our budget", name, maxName)
	case !nameRE.MatchString(name):
		return command.BadInput("storage entry name %q must be a DNS-1123 label (lowercase letters, digits, and dashes; cannot start or end with a dash)", name)
	}
	return nil
}

// parseMode reads the rights of a folder; "" leaves them alone.
func parseMode(mode string) (string, error) {
	switch {
	case mode == "":
		return "", nil
	case !modeRE.MatchString(mode):
		return "", command.BadInput("Unsupported directory mode %q. Value must be a 3 or 4 digit octal mode, such as 0755", mode)
	case len(mode) == 3:
		return "0" + mode, nil
	}
	return mode, nil
}

// check refuses an entry that its scheduler could not have. home is where the
// folders of entries are.
func (e entry) check(home string) error {
	if err := checkName(e.Name); err != nil {
		return err
	}
	if strings.ContainsAny(e.HostPath, ":\n\r\x00") {
		return command.BadInput("storage entry %q host_path must not contain a colon or a line break, got %q", e.Name, e.HostPath)
	}
	if e.ReclaimPolicy != "" && e.ReclaimPolicy != retain && e.ReclaimPolicy != remove {
		return command.BadInput("storage entry %q has unsupported reclaim policy %q", e.Name, e.ReclaimPolicy)
	}
	switch e.Scheduler {
	case dockerLocal:
		return e.checkDockerLocal(filepath.Join(home, e.Name))
	case k3s:
		return e.checkK3s()
	}
	return command.BadInput("storage entry %q has unsupported scheduler %q (supported: docker-local, k3s)", e.Name, e.Scheduler)
}

func (e entry) checkDockerLocal(usual string) error {
	if e.HostPath == "" {
		return command.BadInput("storage entry %q (docker-local) is missing host_path", e.Name)
	}
	if !e.isFolder() && !volumeRE.MatchString(e.HostPath) {
		return command.BadInput("storage entry %q host_path must be an absolute path or a docker named volume token, got %q", e.Name, e.HostPath)
	}
	for _, f := range [][2]string{{"size", e.Size}, {"storage-class-name", e.StorageClass}, {"access-mode", e.AccessMode}} {
		if f[1] != "" {
			return command.BadInput("storage entry %q (docker-local) does not accept --%s", e.Name, f[0])
		}
	}
	if _, err := parseMode(e.Mode); err != nil {
		return err
	}
	if e.ReclaimPolicy == remove && e.HostPath != usual {
		return command.BadInput("storage entry %q (docker-local) only accepts --reclaim-policy Delete on the default host path (%s)", e.Name, usual)
	}
	return nil
}

func (e entry) checkK3s() error {
	switch {
	case e.Size == "":
		return command.BadInput("storage entry %q (k3s) requires --size", e.Name)
	case e.StorageClass != "" && e.HostPath != "":
		return command.BadInput("storage entry %q (k3s) cannot set both --storage-class-name and a host path; the cluster provisions class-backed volumes", e.Name)
	case e.HostPath != "" && !e.isFolder():
		return command.BadInput("storage entry %q host_path must be absolute, got %q", e.Name, e.HostPath)
	case e.Mode != "":
		return command.BadInput("storage entry %q (k3s) does not accept --mode", e.Name)
	}
	switch e.AccessMode {
	case "", "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod":
		return nil
	}
	return command.BadInput("storage entry %q has unsupported access mode %q", e.Name, e.AccessMode)
}

// errNoName is for commands about an entry without one.
var errNoName = command.BadInput("storage entry name is required")

func noSuchEntry(name string) error {
	return command.BadInput("storage entry %q does not exist", name)
}

// missing says that a mount has lost its entry.
func missing(app, name string) error {
	return command.Fail("attachment on %q references missing entry %q\nCreate it with: dokku storage:create %s, or unmount it with: dokku storage:unmount %s %s", app, name, name, app, name)
}
