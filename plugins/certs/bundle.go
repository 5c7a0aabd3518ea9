package certs

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Limits of what is read. A chain of ten certificates with large keys has 25 KB.
const (
	maxFile    = 1 << 20  // of one certificate or key
	maxArchive = 64 << 20 // of a whole tar, unpacked
	maxEntries = 10000    // Dokku: git property archive-max-files
)

// ReadBundle takes the one .crt and the one .key out of a tar that a stranger
// made. Nothing is unpacked to disk. Hidden files are passed over, because macOS
// adds ._server.crt. The words of the errors are Dokku's where it has some.
func ReadBundle(r io.Reader) (certificate, key []byte, err error) {
	plain, err := gunzipped(r)
	if err != nil {
		return nil, nil, notATar(err)
	}
	bounded := &io.LimitedReader{R: plain, N: maxArchive + 1}
	found := map[string][]byte{}
	t := tar.NewReader(bounded)
	for n := 0; ; n++ {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return found[".crt"], found[".key"], complete(found)
		case bounded.N <= 0:
			return nil, nil, fmt.Errorf("Archive exceeds maximum allowed size of %d bytes", maxArchive) //nolint:staticcheck // Dokku's words
		case err != nil:
			return nil, nil, notATar(err)
		case n >= maxEntries:
			return nil, nil, fmt.Errorf("Archive contains more entries than the maximum of %d", maxEntries) //nolint:staticcheck // Dokku's words
		}
		if err := safe(h); err != nil {
			return nil, nil, err
		}
		suffix, wanted := wants(h)
		if !wanted {
			continue
		}
		if _, twice := found[suffix]; twice {
			return nil, nil, fmt.Errorf("Tar archive contains more than one %s file", suffix) //nolint:staticcheck // Dokku's words
		}
		if found[suffix], err = readBounded(t, h.Name); err != nil {
			return nil, nil, err
		}
	}
}

// gunzipped unpacks gzip where it is: tar does so by itself.
func gunzipped(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if magic, _ := b.Peek(2); string(magic) != "\x1f\x8b" {
		return b, nil
	}
	return gzip.NewReader(b)
}

// wants tells whether an entry is a certificate or key.
func wants(h *tar.Header) (suffix string, wanted bool) {
	if h.Typeflag != tar.TypeReg || slices.ContainsFunc(strings.Split(path.Clean(h.Name), "/"), hidden) {
		return "", false
	}
	suffix = path.Ext(h.Name)
	return suffix, suffix == ".crt" || suffix == ".key"
}

func hidden(part string) bool { return strings.HasPrefix(part, ".") }

// safe refuses entries that would reach outside of a folder, as Dokku does,
// though nothing is written here.
func safe(h *tar.Header) error {
	isLink := h.Typeflag == tar.TypeSymlink || h.Typeflag == tar.TypeLink
	switch {
	case strings.HasPrefix(h.Name, "/"):
		return errors.New("Archive contains entries with absolute paths") //nolint:staticcheck // Dokku's words
	case hasParent(h.Name):
		return errors.New("Archive contains entries with parent directory traversal") //nolint:staticcheck // Dokku's words
	case isLink && strings.HasPrefix(h.Linkname, "/"):
		return errors.New("Archive contains symlinks with absolute targets") //nolint:staticcheck // Dokku's words
	case isLink && hasParent(h.Linkname):
		return errors.New("Archive contains symlinks pointing outside extraction directory") //nolint:staticcheck // Dokku's words
	}
	return nil
}

func hasParent(name string) bool { return slices.Contains(strings.Split(name, "/"), "..") }

func complete(found map[string][]byte) error {
	for _, suffix := range []string{".crt", ".key"} {
		if _, ok := found[suffix]; !ok {
			return fmt.Errorf("Tar archive is missing %s file", suffix) //nolint:staticcheck // Dokku's words
		}
	}
	return nil
}

func readBounded(r io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("Cannot read %s: %w", name, err) //nolint:staticcheck // shown as it is
	case len(b) > maxFile:
		return nil, fmt.Errorf("%s has more than %d bytes, which is no certificate or key", name, maxFile)
	}
	return b, nil
}

func notATar(err error) error {
	return fmt.Errorf("Tar archive containing server.crt and server.key expected on stdin: %w", err) //nolint:staticcheck // Dokku's words
}
