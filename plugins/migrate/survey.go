package migrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/internal/authkeys"
	"github.com/slipwayhq/slipway/internal/snapshot"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// survey looks at everything and changes nothing.
func (m *migration) survey(ctx context.Context, folder string) (*plan, error) {
	store := m.host.Store
	// Lists are never null in JSON.
	p := &plan{
		Dokku: dokku{Version: m.dokkuVersion(), Root: store.Root(), Lib: store.Lib()}, Apps: []appSeen{}, Plugins: []string{}, Services: []string{},
		Changes: []change{}, Host: []step{}, Problems: []remark{}, Notes: []remark{}, Backup: backup{Folder: folder},
	}
	if m.host.Names.Instance != "" {
		p.problem("", "", "This Slipway is an instance beside others ("+m.host.Names.Instance+"). Only the one of the whole machine can take over from Dokku.")
	}
	if err := m.surveyEngine(ctx, p); err != nil {
		return nil, err
	}
	if err := m.surveyConfig(p, state.Global); err != nil {
		return nil, err
	}
	if err := m.surveyApps(ctx, p); err != nil {
		return nil, err
	}
	if err := m.surveyKeys(p); err != nil {
		return nil, err
	}
	if err := m.surveyCore(p); err != nil {
		return nil, err
	}
	m.surveyPlugins(p)
	m.surveySettings(p)
	if err := m.machine.survey(ctx, p, m.port(80), m.port(443)); err != nil {
		return nil, err
	}
	p.Done = len(p.Changes) == 0 && !slices.ContainsFunc(p.Host, func(s step) bool { return s.Automatic })
	if !p.Done {
		if err := m.surveyBackup(ctx, p); err != nil {
			return nil, err
		}
	}
	p.Ready = len(p.Problems) == 0
	return p, nil
}

// port is where our proxy listens for what users call this port.
func (m *migration) port(port int) int {
	if m.host.PublicPort == nil {
		return port
	}
	return m.host.PublicPort(port)
}

// dokkuVersion is what Dokku's files say; "" when they say nothing. Source: the dokku script, DOKKU_VERSION.
func (m *migration) dokkuVersion() string {
	for _, name := range []string{"STABLE_VERSION", "VERSION"} {
		if b, err := os.ReadFile(m.host.Store.LibPath(name)); err == nil && strings.TrimSpace(string(b)) != "" {
			return strings.TrimPrefix(strings.TrimSpace(string(b)), "v")
		}
	}
	return ""
}

func (m *migration) surveyEngine(ctx context.Context, p *plan) error {
	if _, err := m.host.Docker.Version(ctx); err != nil {
		if ctx.Err() != nil {
			return err
		}
		p.problem("", "systemctl start docker", fmt.Sprintf("The Docker engine does not answer (%v), so what runs cannot be seen.", err))
	}
	return nil
}

// surveyKeys counts the keys that may deploy, and finds lines that no key of ours has.
func (m *migration) surveyKeys(p *plan) error {
	text, err := m.host.Store.ReadFile(m.host.Store.RootPath(".ssh", "authorized_keys"))
	if err != nil {
		return err
	}
	for n, line := range authkeys.Parse(text) {
		switch trimmed := strings.TrimSpace(line.Text); {
		case line.Key != nil:
			p.Keys++
		case trimmed != "" && trimmed[0] != '#':
			p.note("", "", fmt.Sprintf("Line %d of authorized_keys is no key in Dokku's form. The host's own sshd goes on taking it; Slipway's SSH server does not.", n+1))
		}
	}
	return nil
}

// surveyPlugins lists the community's plugins, which go on working, and the services that they keep.
func (m *migration) surveyPlugins(p *plan) {
	enabled := m.host.Store.LibPath("plugins", "enabled")
	entries, err := os.ReadDir(enabled)
	if err != nil {
		entries = nil // without the folder there are none
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !plugin.IsCore(filepath.Join(enabled, e.Name())) {
			p.Plugins = append(p.Plugins, e.Name())
		}
	}
	services, err := filepath.Glob(m.host.Store.LibPath("services", "*", "*"))
	if err != nil {
		services = nil // the pattern is good
	}
	for _, path := range services {
		if st, err := os.Stat(path); err == nil && st.IsDir() && !strings.HasPrefix(filepath.Base(path), ".") {
			p.Services = append(p.Services, filepath.Base(filepath.Dir(path))+" "+filepath.Base(path))
		}
	}
	if slices.Contains(p.Plugins, "letsencrypt") {
		p.note("", "", "The plugin letsencrypt stays enabled, and certificates that it got stay in use. It renews them through nginx, which is gone: without a certificate of its own, Slipway's proxy gets one by itself (dokku certs:remove APP).")
	}
}

// surveySettings finds settings of Dokku's in shell files, which Slipway does not read.
func (m *migration) surveySettings(p *plan) {
	files := []string{m.machine.path("etc", "default", "dokku"), m.host.Store.RootPath("dokkurc")}
	more, err := filepath.Glob(m.host.Store.RootPath(".dokkurc", "*"))
	if err == nil {
		files = append(files, more...)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if names := exported(string(b)); len(names) > 0 {
			p.note("", "", fmt.Sprintf("%s sets %s for Dokku. Slipway does not read it; its settings are in /etc/default/slipway.", path, strings.Join(names, ", ")))
		}
	}
}

// exported are the names that a shell file assigns to.
func exported(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		name, _, assigned := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if assigned && state.ValidKey(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// surveyBackup says how large the backup gets at most, and whether there is room for it.
func (m *migration) surveyBackup(ctx context.Context, p *plan) error {
	size, _, err := snapshot.Size(ctx, m.tree(p.Backup.Folder))
	if err != nil {
		return err
	}
	p.Backup.Bytes = size
	at := p.Backup.Folder
	for {
		var st unix.Statfs_t
		err := unix.Statfs(at, &st)
		if err == nil {
			p.Backup.Free = int64(st.Bavail) * st.Bsize
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			return fmt.Errorf("cannot see how much room there is in %s: %w", p.Backup.Folder, err)
		}
		at = filepath.Dir(at)
	}
	if p.Backup.Free < size {
		p.problem("", "Give a folder on another disk: slipway migrate --backup FOLDER", fmt.Sprintf("There is no room for the backup in %s: %s are needed at most, %s are free.", p.Backup.Folder, bytes(size), bytes(p.Backup.Free)))
	}
	return nil
}

func bytes(n int64) string {
	const unit = 1024
	switch {
	case n < unit*unit:
		return fmt.Sprintf("%d KiB", (n+unit-1)/unit)
	case n < unit*unit*unit:
		return fmt.Sprintf("%d MiB", n/(unit*unit))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(unit*unit*unit))
}

// lockFile is the name of the file that a deploy holds.
const lockFile = ".deploy.lock"

// ours are the folders and files below DOKKU_LIB_ROOT that no Dokku has: they are neither kept nor removed with its own.
var ours = []string{"run", ".slipwayd.lock", "data/slipway", "data/ssh", "data/proxy", "data/deploys", "data/releases"}

// tree is all that is Dokku's: both state folders, and folders of apps that are links to somewhere else. What apps and
// services store is left out: neither program changes it, and it must never be put back over newer data.
func (m *migration) tree(backup string) snapshot.Tree {
	store := m.host.Store
	lib, err := filepath.EvalSymlinks(store.Lib())
	if err != nil {
		lib = store.Lib()
	}
	roots := []string{store.Root(), store.Lib()}
	entries, err := os.ReadDir(store.Root())
	if err != nil {
		entries = nil // Scan says what is wrong
	}
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink != 0 && store.AppExists(e.Name()) {
			roots = append(roots, store.AppDir(e.Name()))
		}
	}
	return snapshot.Tree{Roots: roots, Skip: func(path string) bool {
		if filepath.Base(path) == lockFile || path == backup {
			return true
		}
		if !inside(path, lib) {
			return false
		}
		rel, err := filepath.Rel(lib, path)
		if err != nil {
			return false
		}
		if slices.Contains(ours, rel) || filepath.Dir(rel) == "data/storage" {
			return true
		}
		if filepath.Dir(rel) == backupsDir && strings.HasPrefix(filepath.Base(rel), backupPrefix) {
			return true
		}
		parts := strings.Split(rel, "/")
		return len(parts) == 4 && parts[0] == "services" && parts[3] == "data"
	}}
}

// defaultFolder is where a backup goes that nobody said anything about.
func (m *migration) defaultFolder() string {
	at := time.Now().UTC()
	for {
		folder := m.host.Store.LibPath(backupsDir, backupPrefix+at.Format("20060102T150405Z"))
		if !exists(folder) {
			return folder
		}
		at = at.Add(time.Second) // another one within this second
	}
}

// Where backups go, below DOKKU_LIB_ROOT.
const (
	backupsDir   = "backups"
	backupPrefix = "dokku-"
)
