package index

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// File is a file of a commit.
type File struct {
	Mode   string // 100644, 100755, or 120000 for a link, whose contents are its target
	Path   string
	SHA256 [sha256.Size]byte
}

// Sum is the sum of a commit's files: the SHA-256, in hexadecimal digits, of a
// line "MODE SHA256 PATH" for each, in the order of the bytes of their paths.
func Sum(files []File) string {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s %x %s\n", f.Mode, f.SHA256, f.Path)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SumArchive is the sum of an archive, which is that of its bytes.
func SumArchive(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// maxBytes bounds the files of a plugin together, which are a few hundred small ones.
const maxBytes = 256 << 20

// SumCommit is the sum of a commit in a repository. It is made of what is
// committed, whatever a checkout makes of that; git prepares a git command in
// the repository.
func SumCommit(ctx context.Context, git func(ctx context.Context, args ...string) *exec.Cmd, commit string) (string, error) {
	list, err := git(ctx, "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit).Output()
	if err != nil {
		return "", fmt.Errorf("cannot list the files of %s: %w", commit, err)
	}
	files, ids, err := parseTree(list)
	if err != nil {
		return "", err
	}
	cmd := git(ctx, "cat-file", "--batch")
	cmd.Stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	if len(ids) == 0 {
		cmd.Stdin = strings.NewReader("")
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	err = readBlobs(bufio.NewReader(out), files)
	_, drain := io.Copy(io.Discard, out)
	if err := errors.Join(err, drain, cmd.Wait()); err != nil {
		return "", fmt.Errorf("cannot read the files of %s: %w", commit, err)
	}
	return Sum(files), nil
}

// parseTree reads what git ls-tree -r -z prints: MODE blob ID<TAB>PATH<NUL>.
func parseTree(list []byte) (files []File, ids []string, err error) {
	for record := range bytes.SplitSeq(list, []byte{0}) {
		if len(record) == 0 {
			continue
		}
		about, path, ok := strings.Cut(string(record), "\t")
		words := strings.Fields(about)
		if !ok || len(words) != 3 || words[1] != "blob" || strings.Contains(path, "\n") {
			return nil, nil, fmt.Errorf("a plugin has files only, no %q", record)
		}
		files, ids = append(files, File{Mode: words[0], Path: path}), append(ids, words[2])
	}
	return files, ids, nil
}

// readBlobs reads what git cat-file --batch prints for each file:
// ID blob SIZE, and the contents with a line's end.
func readBlobs(r *bufio.Reader, files []File) error {
	left := int64(maxBytes)
	for i := range files {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		words := strings.Fields(line)
		if len(words) != 3 || words[1] != "blob" {
			return fmt.Errorf("%s is not there", files[i].Path)
		}
		size, err := strconv.ParseInt(words[2], 10, 64)
		if left -= size; err != nil || size < 0 || left < 0 {
			return errors.New("its files are too large together")
		}
		h := sha256.New()
		if _, err := io.CopyN(h, r, size); err != nil {
			return err
		}
		copy(files[i].SHA256[:], h.Sum(nil))
		if _, err := r.Discard(1); err != nil {
			return err
		}
	}
	return nil
}
