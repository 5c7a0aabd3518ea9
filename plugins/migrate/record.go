package migrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/internal/atomicfile"
	"github.com/slipwayhq/slipway/internal/snapshot"
)

// phase is how far a migration got.
type phase string

const (
	taking phase = "taking" // the backup is whole; files, apps and host are being changed
	taken  phase = "taken"
	giving phase = "giving" // --undo is under way
)

// record is what is written down of a migration, before each thing that it does: $DOKKU_LIB_ROOT/data/slipway/dokku.json.
type record struct {
	Phase    phase               `json:"phase"`
	Started  time.Time           `json:"started"`
	Folder   string              `json:"folder"`   // of the backup
	Releases map[string]int      `json:"releases"` // apps taken over, to their release then
	Running  map[string][]string `json:"running"`  // the containers that were taken over, by app
	Locks    []keptFile          `json:"locks"`    // deploy locks that were there, which the backup leaves out
	Host     []hostStep          `json:"host"`     // what was done to the host
}

// note adds what migrate does to the host, with what was there. What an attempt before noted stays: it came first.
func (r *record) note(steps []step) {
	for _, s := range steps {
		noted := slices.ContainsFunc(r.Host, func(h hostStep) bool { return h.Kind == s.apply.Kind && h.Name == s.apply.Name })
		if s.Automatic && !noted {
			r.Host = append(r.Host, s.apply)
		}
	}
}

func (m *migration) recordPath() string { return m.host.Store.LibPath("data", "slipway", "dokku.json") }

// readRecord gives what is written down; ok is false when nothing was ever migrated.
func (m *migration) readRecord() (rec record, ok bool, err error) {
	ok, err = readJSON(m.recordPath(), &rec)
	return rec, ok, err
}

func (m *migration) writeRecord(rec record) error { return m.writeJSON(m.recordPath(), rec) }

// readJSON reads a file of ours into what to points to; ok is false when there is none.
func readJSON(path string, to any) (ok bool, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return true, nil
}

// writeJSON writes a file of ours below DOKKU_LIB_ROOT.
func (m *migration) writeJSON(path string, what any) error {
	b, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return m.host.Store.WriteFile(path, append(b, '\n'), 0o600)
}

// The files in the folder of a backup.
const (
	archiveFile = "dokku.tar.gz"       // the tree as it was
	beforeFile  = "dokku.json"         // its manifest
	afterFile   = "after-migrate.json" // the manifest of what migrate left: what differs later, others did
)

// readManifest reads one of them; ok is false when there is none.
func readManifest(path string) (m snapshot.Manifest, ok bool, err error) {
	ok, err = readJSON(path, &m)
	return m, ok, err
}

func writeManifest(path string, m snapshot.Manifest) error {
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("cannot write a manifest: %w", err)
	}
	return atomicfile.Write(path, append(b, '\n'), 0o600)
}

func removeIfThere(path string) error { return ifThere(os.Remove(path)) }

// ifThere is err, but nil when it says that there is no such file.
func ifThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func inside(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}
