package migrate

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/internal/atomicfile"
)

// keptFile is a small file as it was, for what the backup does not have: deploy locks, which are files to Dokku, and files
// of the host.
type keptFile struct {
	Path string      `json:"path"`
	Text string      `json:"text"`
	Mode fs.FileMode `json:"mode"`
	UID  int         `json:"uid"`
	GID  int         `json:"gid"`
	Time int64       `json:"time"` // of its last change, nanoseconds since 1970
}

// keep reads the regular file at path; ok is false when there is none.
func keep(path string) (f keptFile, ok bool, err error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return f, false, ifThere(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return f, false, ifThere(err)
	}
	f = keptFile{Path: path, Text: string(text), Mode: info.Mode().Perm(), Time: info.ModTime().UnixNano()}
	if st, known := info.Sys().(*syscall.Stat_t); known {
		f.UID, f.GID = int(st.Uid), int(st.Gid)
	}
	return f, true, nil
}

// putBack writes the file as it was, with its owner and times. Its folder is made when it is gone.
func (f keptFile) putBack() error {
	if now, ok, err := keep(f.Path); err != nil || ok && now == f {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	if err := atomicfile.WriteAs(f.Path, []byte(f.Text), f.Mode, &atomicfile.Owner{UID: f.UID, GID: f.GID}); err != nil {
		return fmt.Errorf("cannot put %s back: %w", f.Path, err)
	}
	if err := os.Chtimes(f.Path, time.Time{}, time.Unix(0, f.Time)); err != nil {
		return fmt.Errorf("cannot put %s back: %w", f.Path, err)
	}
	return nil
}
