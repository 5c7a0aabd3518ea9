package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
)

// tarGz unpacks a gzipped tar.
func (w *writer) tarGz(r io.Reader) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return blame(TarGz, err)
	}
	defer z.Close()
	// Headers and padding count too, so that a small archive of nothing but
	// headers ends somewhere.
	headers := int64(w.limits.Files) * maxHeader
	return w.tar(&boundedReader{ctx: w.ctx, r: z, left: w.limits.Bytes + headers, limit: w.limits.Bytes}, TarGz)
}

// maxHeader is what one entry's headers take in a tar or in the list of a zip,
// generously: two blocks of 512 bytes and a long name or attributes.
const maxHeader = 4 << 10

// tar unpacks a tar.
func (w *writer) tar(r io.Reader, kind Kind) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return w.notEmpty(kind)
		}
		if err != nil {
			return blame(kind, err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader { // `git archive` puts the revision there
			w.result.Files++
			continue
		}
		name, skip, err := w.entry(h.Name)
		if err != nil {
			return err
		}
		if skip {
			continue
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = w.folder(name)
		case tar.TypeReg, tar.TypeGNUSparse:
			err = w.file(name, h.FileInfo().Mode(), t)
		case tar.TypeSymlink:
			err = w.symlink(name, h.Linkname)
		case tar.TypeLink:
			err = w.hardLink(name, h.Linkname)
		default:
			err = unsafe("The archive has an entry that is no file, folder or link: %q", h.Name)
		}
		if err != nil {
			return blame(kind, err)
		}
	}
}

// notEmpty refuses what has no entry at all, such as a file of zeros.
func (w *writer) notEmpty(kind Kind) error {
	if w.result.Files == 0 {
		return damaged(kind, errors.New("it has no entries"))
	}
	return nil
}

// zip unpacks a zip, which is read from its end, and so needs a file first.
func (w *writer) zip(r io.Reader) error {
	spool, err := os.CreateTemp("", "slipway-zip-")
	if err != nil {
		return err
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	size, err := io.Copy(spool, r)
	if err != nil {
		return blame(Zip, err)
	}
	// The list of entries is read as a whole: bound it.
	list := &boundedReaderAt{r: io.NewSectionReader(spool, 0, size), left: int64(w.limits.Files)*maxHeader + 1<<20, files: w.limits.Files}
	z, err := zip.NewReader(list, size)
	if err != nil {
		return blame(Zip, err)
	}
	list.off = true
	if len(z.File) == 0 {
		return w.notEmpty(Zip)
	}
	for _, f := range z.File {
		if err := w.zipEntry(f); err != nil {
			return blame(Zip, err)
		}
	}
	return nil
}

func (w *writer) zipEntry(f *zip.File) error {
	// Some programs on Windows write backslashes.
	slashed := strings.ReplaceAll(f.Name, `\`, "/")
	name, skip, err := w.entry(slashed)
	if err != nil || skip {
		return err
	}
	mode := f.Mode()
	if mode.IsDir() || strings.HasSuffix(slashed, "/") {
		return w.folder(name)
	}
	if mode.Type() != 0 && mode.Type() != fs.ModeSymlink {
		return unsafe("The archive has an entry that is no file, folder or link: %q", f.Name)
	}
	content, err := f.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if mode.Type() != fs.ModeSymlink {
		return w.file(name, mode, &boundedReader{ctx: w.ctx, r: content, left: w.limits.Bytes, limit: w.limits.Bytes})
	}
	const maxTarget = 4096 // PATH_MAX
	target, err := io.ReadAll(io.LimitReader(content, maxTarget))
	if err != nil {
		return err
	}
	return w.symlink(name, string(target))
}

// boundedReaderAt ends reading when more was read than is left, until off.
type boundedReaderAt struct {
	r     io.ReaderAt
	left  int64
	files int
	off   bool
}

func (b *boundedReaderAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := b.r.ReadAt(p, at)
	if b.left -= int64(n); b.left < 0 && !b.off {
		return 0, tooMany(b.files)
	}
	return n, err
}

// blame gives the fault to the archive unless it is clearly elsewhere: with the
// caller, or with this machine's file system.
func blame(kind Kind, err error) error {
	var known *Error
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &known):
		return known
	case isContext(err) || errors.As(err, &pathErr) || errors.As(err, &linkErr):
		return err
	}
	return damaged(kind, err)
}
