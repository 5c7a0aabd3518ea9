package plugin

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/plugin/metadata"
)

// roster is who takes part: the enabled external plugins that fit, in the order of their names. It is kept, because every
// trigger asks for it, and made anew when a folder of plugins or a plugin.toml changed.
type roster struct {
	host    *Host
	changed func(members []Installed) // is told each time that the list is made anew

	mu      sync.Mutex
	list    []Installed
	stamps  map[string]stamp // of what the list was made from
	leftOut map[string]string
}

// stamp changes when a file or folder does; the zero value is that of a missing one.
type stamp struct {
	mtime time.Time
	size  int64
	inode uint64
}

// settled is how old a change must be before the next one surely has another mtime: file systems count in ticks of the
// kernel's clock, of 10 ms at most.
const settled = 20 * time.Millisecond

// members lists who takes part. The list must not be changed.
func (r *roster) members() []Installed {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fresh() {
		return r.list
	}
	began := time.Now()
	stamps := map[string]stamp{}
	for _, folder := range []string{"available", "enabled"} {
		dir := r.host.Store.LibPath("plugins", folder)
		stamps[dir] = stampOf(dir)
	}
	var list []Installed
	leftOut := map[string]string{}
	for _, p := range r.host.onDisk() {
		if !p.Enabled {
			continue
		}
		file := filepath.Join(p.Dir, metadata.File)
		stamps[file] = stampOf(file)
		if p.LeftOut != "" {
			leftOut[p.Name] = p.LeftOut
			if r.leftOut[p.Name] != p.LeftOut {
				r.host.log().Warn("a plugin is left out", "plugin", p.Name, "reason", p.LeftOut)
			}
			continue
		}
		if p.Broken != "" {
			r.host.log().Warn("what a plugin says of itself is not heeded", "plugin", p.Name, "reason", p.Broken)
		}
		p.Dir = r.host.Store.LibPath("plugins", "enabled", p.Name)
		list = append(list, p)
	}
	r.list, r.leftOut, r.stamps = list, leftOut, stamps
	r.changed(list)
	for _, s := range stamps {
		if began.Sub(s.mtime) < settled {
			r.stamps = nil // a change of the same tick would look like none
		}
	}
	return list
}

func (r *roster) fresh() bool {
	for path, was := range r.stamps {
		if stampOf(path) != was {
			return false
		}
	}
	return r.stamps != nil
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{mtime: info.ModTime(), size: info.Size(), inode: inode(info)}
}

// member is the plugin of that name, false when it takes no part.
func (r *roster) member(name string) (Installed, bool) {
	for _, p := range r.members() {
		if p.Name == name {
			return p, true
		}
	}
	return Installed{}, false
}

func inode(info os.FileInfo) uint64 {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return sys.Ino
	}
	return 0
}
