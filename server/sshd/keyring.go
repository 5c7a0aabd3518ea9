package sshd

import (
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/internal/authkeys"
)

// keyring is authorized_keys in memory, by public key. Of a key that stands
// there twice the first line counts.
type keyring struct {
	path string
	log  *slog.Logger

	mu    sync.Mutex
	stamp stamp
	keys  map[string]allowedKey
}

type allowedKey struct {
	name, fingerprint string
	limits            authkeys.Restrictions
}

// stamp changes when the file does.
type stamp struct {
	mtime time.Time
	size  int64
	inode uint64
}

func newKeyring(path string, log *slog.Logger) *keyring { return &keyring{path: path, log: log} }

// find returns the key when it may be used now from addr. public is in wire
// format.
func (r *keyring) find(public []byte, addr netip.Addr) (allowedKey, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refresh()
	k, ok := r.keys[string(public)]
	return k, ok && k.limits.Allow(addr, time.Now())
}

func (r *keyring) refresh() {
	info, err := os.Stat(r.path)
	if err != nil {
		if !os.IsNotExist(err) {
			r.log.Error("cannot read the SSH keys", "error", err)
		}
		r.keys, r.stamp = nil, stamp{}
		return
	}
	now := stampOf(info)
	if now == r.stamp {
		return
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		r.log.Error("cannot read the SSH keys", "error", err)
		r.keys, r.stamp = nil, stamp{}
		return
	}
	r.keys, r.stamp = map[string]allowedKey{}, now
	for _, line := range authkeys.Parse(string(text)) {
		if line.Key == nil {
			continue
		}
		limits, err := line.Key.Restrictions()
		if err != nil {
			r.log.Warn("an SSH key is not used", "name", line.Key.Name, "reason", err)
			continue
		}
		id := string(line.Key.Public.Marshal())
		if _, twice := r.keys[id]; !twice {
			r.keys[id] = allowedKey{line.Key.Name, gossh.FingerprintSHA256(line.Key.Public), limits}
		}
	}
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{mtime: info.ModTime(), size: info.Size()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = sys.Ino
	}
	return s
}
