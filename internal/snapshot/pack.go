package snapshot

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"time"
)

// ErrChanging says that a file changed while it was packed.
var ErrChanging = errors.New("it is being written to")

// Pack writes the tree to an archive, a tar.gz whose names are the absolute paths without the leading slash, and returns its
// manifest. A file that grows or shrinks meanwhile is ErrChanging.
func Pack(ctx context.Context, tree Tree, to io.Writer) (Manifest, error) {
	return pack(ctx, to, tree.walk)
}

// PackSome is Pack of single entries; folders without what is in them. Those that do not exist are left out.
func PackSome(ctx context.Context, paths []string, to io.Writer) (Manifest, error) {
	return pack(ctx, to, func(ctx context.Context, visit func(Entry) error) error {
		for _, path := range paths {
			entry, err := lstat(path)
			if err == nil && entry.Kind != "" {
				err = visit(entry)
			}
			if gone(err) != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
		}
		return nil
	})
}

func pack(ctx context.Context, to io.Writer, walk func(context.Context, func(Entry) error) error) (Manifest, error) {
	packed, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(packed)
	manifest := Manifest{}
	err = walk(ctx, func(entry Entry) error {
		if err := addEntry(archive, &entry); err != nil {
			return fmt.Errorf("%s: %w", entry.Path, err)
		}
		manifest[entry.Path] = entry
		return nil
	})
	return manifest, errors.Join(err, archive.Close(), packed.Close())
}

func addEntry(archive *tar.Writer, entry *Entry) error {
	header := header(*entry)
	if entry.Kind != File {
		return archive.WriteHeader(header)
	}
	file, err := os.Open(entry.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	entry.Size, header.Size = info.Size(), info.Size()
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	sum := sha256.New()
	if n, err := io.Copy(io.MultiWriter(archive, sum), io.LimitReader(file, entry.Size)); err != nil || n < entry.Size {
		return errors.Join(err, ErrChanging)
	}
	if n, err := file.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return ErrChanging
	}
	entry.SHA256 = hexSum(sum)
	return nil
}

func header(e Entry) *tar.Header {
	h := &tar.Header{
		Name: strings.TrimPrefix(e.Path, "/"), Mode: int64(e.Mode.Perm()), Uid: e.UID, Gid: e.GID, ModTime: time.Unix(0, e.Time), Format: tar.FormatPAX,
	}
	for bit, flag := range map[os.FileMode]int64{os.ModeSetuid: 0o4000, os.ModeSetgid: 0o2000, os.ModeSticky: 0o1000} { // tar(5)
		if e.Mode&bit != 0 {
			h.Mode |= flag
		}
	}
	switch e.Kind {
	case Folder:
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
	case Link:
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.Target, 0o777
	default:
		h.Typeflag = tar.TypeReg
	}
	return h
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
