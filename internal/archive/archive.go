// Package archive unpacks archives that strangers made. Nothing is written
// outside of the folder given, whatever the archive says, and no more than the
// limits allow.
//
//	result, err := archive.Unpack(ctx, body, archive.TarGz, dir, archive.Limits{Files: 10000, Bytes: 1 << 30})
//
// Refused are absolute paths and paths with "..", links that lead out of the
// folder (directly, or through other links), devices, pipes and sockets. Owners
// and times are not kept; files get mode 0644 or, when anybody may execute them,
// 0755; folders 0755: no setuid or setgid. Writing goes through os.Root, so
// that the kernel's view of links is the one that counts.
//
// When everything is in one top folder its content is moved up, as Dokku does:
// archives of a repository come that way.
package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Kind is the format of an archive.
type Kind string

// The kinds, by the names that git:from-archive takes.
const (
	Tar   Kind = "tar"
	TarGz Kind = "tar.gz"
	Zip   Kind = "zip"
)

// Limits bound an archive.
type Limits struct {
	Files int   // entries, folders and links included
	Bytes int64 // of all files together, unpacked; and of the archive itself
}

// Result is what was unpacked.
type Result struct {
	Files    int   // entries
	Bytes    int64 // of all files together
	Stripped bool  // the content of the one top folder was moved up
}

// Error says why an archive is refused, in one sentence for users: Dokku's
// words where it has them (plugins/common/archive-functions).
type Error struct {
	Reason Reason
	Text   string
}

func (e *Error) Error() string { return e.Text }

// Reason classes the errors.
type Reason int

// The reasons.
const (
	Damaged      Reason = iota // not an archive of that kind, or cut off
	Unsafe                     // it would reach outside of the folder
	TooManyFiles               // more than Limits.Files
	TooBig                     // more than Limits.Bytes
)

func unsafe(format string, args ...any) error {
	return &Error{Unsafe, fmt.Sprintf(format, args...)}
}

func damaged(kind Kind, err error) error {
	return &Error{Damaged, fmt.Sprintf("The archive cannot be read as %s: %v", kind, err)}
}

// Unpack writes what is in the archive r into the empty folder dir. After an
// error the folder's content is undefined.
//
// Errors: *Error when the archive is at fault, the error of ctx, or one of the
// file system.
func Unpack(ctx context.Context, r io.Reader, kind Kind, dir string, limits Limits) (Result, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Result{}, fmt.Errorf("cannot unpack: %w", err)
	}
	defer root.Close()
	w := &writer{ctx: ctx, root: root, limits: limits}
	r = &boundedReader{ctx: ctx, r: r, left: limits.Bytes, limit: limits.Bytes}
	switch kind {
	case Tar:
		err = w.tar(r, kind)
	case TarGz:
		err = w.tarGz(r)
	case Zip:
		err = w.zip(r)
	default:
		err = fmt.Errorf("cannot unpack: there is no archive type %q", kind)
	}
	if err != nil {
		return Result{}, err
	}
	if w.result.Stripped, err = strip(root); err != nil {
		return Result{}, fmt.Errorf("cannot unpack: %w", err)
	}
	if err := checkLinks(root); err != nil {
		return Result{}, err
	}
	return w.result, nil
}

// boundedReader ends a read when ctx ends or when there is more than the limit.
type boundedReader struct {
	ctx         context.Context //nolint:containedctx // lives for one call of Unpack
	r           io.Reader
	left, limit int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooBig(b.limit)
	}
	return n, err
}

func tooBig(limit int64) error {
	return &Error{TooBig, fmt.Sprintf("Archive exceeds maximum allowed size of %d bytes", limit)}
}

func tooMany(limit int) error {
	return &Error{TooManyFiles, fmt.Sprintf("Archive contains more than %d entries which exceeds the maximum of %d", limit, limit)}
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
