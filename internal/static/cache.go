package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"
)

const (
	maxHashed     = 64 << 20 // files up to this size are tagged by content
	maxCompressed = 8 << 20  // … and compressed, up to this one
	minCompressed = 1 << 10  // smaller ones gain nothing
	maxHeld       = 64 << 20 // of compressed bytes in memory
)

// cache holds what is computed once per file: its tag and its compressed form.
type cache struct {
	mu    sync.Mutex
	files map[identity]*variant
	held  int
}

// identity changes when the file does.
type identity struct {
	name  string
	size  int64
	mtime time.Time
}

// variant is a file as it goes out.
type variant struct {
	once sync.Once
	tag  string // the ETag without quotes
	gzip []byte // nil: not compressed
	err  error
}

func newCache() *cache { return &cache{files: map[identity]*variant{}} }

// variant computes tag and compressed form of an open file the first time. The
// tag is a hash of the content: files in images often share one time of change.
func (c *cache) variant(name string, f io.ReaderAt, info fs.FileInfo, compress bool) (*variant, error) {
	id := identity{name, info.Size(), info.ModTime()}
	c.mu.Lock()
	v := c.files[id]
	if v == nil {
		v = &variant{}
		c.files[id] = v
	}
	c.mu.Unlock()
	v.once.Do(func() {
		v.err = v.compute(io.NewSectionReader(f, 0, info.Size()), info, compress)
		c.hold(id, v)
	})
	if v.err != nil {
		c.forget(id)
	}
	return v, v.err
}

func (v *variant) compute(content io.ReadSeeker, info fs.FileInfo, compress bool) error {
	if info.Size() > maxHashed {
		v.tag = fmt.Sprintf("%x-%x", info.Size(), info.ModTime().UnixNano())
		return nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return err
	}
	v.tag = hex.EncodeToString(hash.Sum(nil)[:16])
	if !compress || info.Size() < minCompressed || info.Size() > maxCompressed {
		return nil
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if _, err := io.Copy(zip, content); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	if b.Len() < int(info.Size()) {
		v.gzip = bytes.Clone(b.Bytes())
	}
	return nil
}

// hold counts the memory that v takes and starts over when there is too much.
func (c *cache) hold(id identity, v *variant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held += len(v.gzip); c.held > maxHeld {
		c.files, c.held = map[identity]*variant{id: v}, len(v.gzip)
	}
}

func (c *cache) forget(id identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.files, id)
}
