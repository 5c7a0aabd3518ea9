package server

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/compat/bash"
	"github.com/slipwayhq/slipway/internal/atomicfile"
	"github.com/slipwayhq/slipway/plugin"
)

// tree is what $DOKKU_LIB_ROOT/core-plugins has to hold, so that scripts of plugins find what they find on a Dokku:
//
//	core-plugins/.slipway                   says that the folder is ours; see plugin.OwnsCore
//	core-plugins/config.toml
//	core-plugins/bin/plugn                  the client by the names that scripts call; first in the PATH of scripts
//	core-plugins/available/NAME/            one folder per feature
//	            functions                   what scripts source; package bash
//	            plugin.toml
//	            common, prop, config_sub    programs: the client
//	            subcommands/COMMAND         a command: the client
//	            TRIGGER                     the feature's answer: the client
//	core-plugins/enabled/NAME               -> core-plugins/available/NAME
//	plugins/available/NAME                  -> core-plugins/available/NAME, and
//	plugins/enabled/NAME                    -> plugins/available/NAME, where no plugin of others has the name
//
// Who owns the files is root, or who runs us: scripts that run as root source them. Layout: Dokku debian/postinst.
type tree struct {
	lib     string            // DOKKU_LIB_ROOT
	version string            // of Slipway
	files   map[string]string // path below core-plugins to text
	links   map[string]string // path below core-plugins to target
	names   []string          // of plugins
}

// programFolders are the folders of plugins where Dokku has the programs.
var programFolders = map[string]string{
	"common": "common", "prop": "common", "config_sub": "config", "nginx-property": "nginx-vhosts",
	"chmod-storage-dir": "storage/bin", "chown-storage-dir": "storage/bin", "destroy-storage-dir": "storage/bin",
}

// coreTree is the tree of these features, client being the thin client's path.
func coreTree(h *plugin.Host, all []plugin.Plugin, client string) *tree {
	t := &tree{lib: h.Store.Lib(), version: h.Version, files: map[string]string{}, links: map[string]string{}}
	t.files[plugin.CoreMarker] = "This folder is Slipway's, which writes it at its start. A Dokku's has no such file.\n"
	t.files["config.toml"] = ""
	for _, name := range []string{"dokku", "netrc", "plugn", "procfile-util", "sigil"} {
		if name == "dokku" && sameFile(client, filepath.Join(filepath.Dir(client), name)) {
			// Plugins write the path that `which dokku` prints into crontabs, where it must outlive this folder. The client's
			// folder is the next in the PATH of scripts.
			continue
		}
		t.links["bin/"+name] = client
	}
	about := map[string]string{}
	for _, p := range all {
		folder := "available/" + p.Name + "/"
		about[p.Name] = plugin.About(p.Name)
		for _, trigger := range h.Bus.Of(p.Name) {
			t.links[folder+trigger] = client
		}
		for _, c := range p.Programs {
			if at, ok := programFolders[c.Name]; ok {
				t.links["available/"+at+"/"+c.Name] = client
			}
		}
		for _, c := range p.Commands {
			if sub, ok := subcommandFile(p, c.Name); ok {
				t.links[folder+"subcommands/"+sub] = client
			}
		}
	}
	for _, f := range bash.Files() {
		about[f.Plugin] = plugin.About(f.Plugin)
		t.files["available/"+f.Plugin+"/"+f.Name] = f.Text
	}
	for name, words := range about {
		t.names = append(t.names, name)
		t.files["available/"+name+"/plugin.toml"] = fmt.Sprintf("[plugin]\ndescription = %q\nversion = %q\n[plugin.config]\n", words, h.Version)
		t.links["enabled/"+name] = t.path("available", name)
	}
	return t
}

// subcommandFile is the name of a command in its plugin's folder subcommands. Commands that are named like no feature's
// are those of 00_dokku-standard.
func subcommandFile(p plugin.Plugin, name string) (string, bool) {
	feature, sub, _ := strings.Cut(name, ":")
	switch {
	case p.Name == "00_dokku-standard" && sub == "":
		return name, true
	case feature != p.Called():
		return "", false
	case sub == "":
		return "default", true
	}
	return sub, true
}

func (t *tree) path(elem ...string) string {
	return filepath.Join(append([]string{t.lib, "core-plugins"}, elem...)...)
}

// write brings the folders to what they should be: what differs is replaced, one file at a time, and what does not belong
// there is removed. The marker is first, so that one who was cut off goes on.
func (t *tree) write() error {
	if err := t.put(plugin.CoreMarker); err != nil {
		return err
	}
	for path := range t.files {
		if err := t.put(path); err != nil {
			return err
		}
	}
	for path, target := range t.links {
		if err := os.MkdirAll(filepath.Dir(t.path(path)), 0o755); err != nil {
			return fmt.Errorf("cannot write the functions of plugins: %w", err)
		}
		if err := link(target, t.path(path)); err != nil {
			return err
		}
	}
	return t.tidy()
}

func (t *tree) put(path string) error {
	at := t.path(path)
	st, err := os.Lstat(at)
	if err == nil && st.Mode().IsRegular() && st.Mode().Perm() == 0o644 {
		if text, err := os.ReadFile(at); err == nil && string(text) == t.files[path] {
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return fmt.Errorf("cannot write the functions of plugins: %w", err)
	}
	return atomicfile.Write(at, []byte(t.files[path]), 0o644)
}

// link makes path a link to target, in one step where there is another.
func link(target, path string) error {
	if now, err := os.Readlink(path); err == nil && now == target {
		return nil
	}
	temporary := path + ".new"
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	if err := os.Symlink(target, temporary); err != nil {
		return fmt.Errorf("cannot link %s: %w", path, err)
	}
	return os.Rename(temporary, path)
}

// tidy removes what is in core-plugins and should not be.
func (t *tree) tidy() error {
	return filepath.WalkDir(t.path(), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(t.path(), path)
		if err != nil || rel == "." {
			return err
		}
		_, file := t.files[rel]
		_, linked := t.links[rel]
		if file || linked || e.IsDir() && t.hasIn(rel) {
			return nil
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		if e.IsDir() {
			return filepath.SkipDir
		}
		return nil
	})
}

func (t *tree) hasIn(folder string) bool {
	for path := range t.files {
		if strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	for path := range t.links {
		if strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	return false
}

// writeTree writes core-plugins where it is ours, and links its plugins where plugins are looked for.
func (cp *controlPlane) writeTree() error {
	ours, err := plugin.OwnsCore(cp.tree.lib)
	if err != nil {
		return err
	}
	if !ours {
		cp.log.Warn("core-plugins is a Dokku's and stays as it is; plugins of others use it until slipway migrate takes the machine over", "path", cp.tree.path())
		return nil
	}
	if err := cp.tree.write(); err != nil {
		return err
	}
	return cp.linkPlugins()
}

func (cp *controlPlane) linkPlugins() error {
	store := cp.host.Store
	available, enabled := store.LibPath("plugins", "available"), store.LibPath("plugins", "enabled")
	for _, dir := range []string{enabled, available} { // the links of the first lead into the second
		if err := store.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := dropCoreLinks(dir, cp.tree.names); err != nil {
			return err
		}
	}
	if config := store.LibPath("plugins", "config.toml"); !exists(config) {
		if err := store.WriteFile(config, nil, 0o644); err != nil {
			return err
		}
	}
	for _, name := range cp.tree.names {
		for _, l := range [][2]string{{cp.tree.path("available", name), filepath.Join(available, name)}, {filepath.Join(available, name), filepath.Join(enabled, name)}} {
			if exists(l[1]) && !plugin.IsCore(l[1]) {
				break // a plugin of others
			}
			if err := link(l[0], l[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropCoreLinks removes links to features that are no more.
func dropCoreLinks(dir string, names []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !known[e.Name()] && plugin.IsCore(path) {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameFile tells whether both paths lead to one file that is there.
func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
