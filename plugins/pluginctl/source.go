package pluginctl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/archive"
	"github.com/slipwayhq/slipway/plugin/index"
)

// source is where a plugin is got from.
type source struct {
	kind kind
	at   string // URL or path
	// pinned says what must be there, where the index of plugins does; the
	// zero Entry is nothing.
	pinned index.Entry
}

type kind int

const (
	repository kind = iota // anything that git clones
	folder                 // a path on this machine
	tarball                // a URL, or a path with a slash in front
)

// scpLike is git's short form of an SSH address, git@host:path.
var scpLike = regexp.MustCompile(`^git@[A-Za-z0-9.-]+:[^-]`)

// parseSource reads the first argument of plugin:install.
func parseSource(s string) (source, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return source{}, errors.New("it has white space")
	}
	packed := strings.HasSuffix(s, ".tar.gz") || strings.HasSuffix(s, ".tgz")
	path, isFile := strings.CutPrefix(s, "file://")
	switch {
	case isFile || strings.HasPrefix(s, "/"):
		if !filepath.IsAbs(path) {
			return source{}, errors.New("a path must be absolute")
		}
		st, err := os.Stat(path)
		switch {
		case err != nil:
			return source{}, err
		case packed && st.Mode().IsRegular():
			return source{kind: tarball, at: path}, nil
		case !st.IsDir():
			return source{}, errors.New("it is no folder")
		case isBare(path):
			return source{kind: repository, at: "file://" + path}, nil
		}
		return source{kind: folder, at: path}, nil
	case packed:
		u, err := url.Parse(s)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			return source{}, errors.New("an archive is got over https, http or file")
		}
		return source{kind: tarball, at: s}, nil
	case scpLike.MatchString(s):
		return source{kind: repository, at: s}, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || strings.HasPrefix(u.Host, "-") {
		return source{}, errors.New("it is no URL")
	}
	switch u.Scheme {
	case "https", "ssh", "git":
		return source{kind: repository, at: s}, nil
	}
	return source{}, errors.New("its scheme must be https, git, ssh or file")
}

// shown is the source without a password in it.
func (s source) shown() string {
	if u, err := url.Parse(s.at); err == nil && u.User != nil {
		return u.Redacted()
	}
	return s.at
}

// isBare tells whether a folder is a repository without files of its own.
func isBare(path string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			return false
		}
	}
	return true
}

// get puts a plugin into dir, which is not there yet.
func (p *plugins) get(ctx context.Context, out *command.Output, from source, dir, committish string) error {
	if from.kind == folder && committish != "" {
		from = source{kind: repository, at: "file://" + from.at}
	}
	switch from.kind {
	case repository:
		if err := p.gitShown(ctx, out, "", "clone", "--", from.at, dir); err != nil {
			return retry("The plugin could not be cloned from %s", from.shown())
		}
		if committish == "" {
			return nil
		}
		if err := p.checkout(ctx, out, dir, committish); err != nil {
			return err
		}
		if from.pinned.Name != "" {
			return p.verify(ctx, dir, from.pinned)
		}
		return nil
	case folder:
		if committish != "" {
			return command.BadInput("A folder has no branches, commits or tags: leave out --committish")
		}
		return copyFolder(from.at, dir)
	default:
		if committish != "" {
			return command.BadInput("An archive has no branches, commits or tags: leave out --committish")
		}
		return p.unpack(ctx, from, dir)
	}
}

// retry is a failure with the words by which Dokku ends each of them.
func retry(format string, args ...any) error {
	return command.Fail("%s\nPlease retry with valid arguments", fmt.Sprintf(format, args...))
}

// copyFolder copies a folder as it is, without its git repository.
func copyFolder(from, to string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return fmt.Errorf("cannot copy %s: %w", from, err)
	}
	return os.RemoveAll(filepath.Join(to, ".git"))
}

// limits bound an archive of a plugin, which is a few hundred small files.
var limits = archive.Limits{Files: 20000, Bytes: 256 << 20}

// fetchTime bounds the download of one.
const fetchTime = 5 * time.Minute

func (p *plugins) unpack(ctx context.Context, from source, dir string) (err error) {
	body, err := open(ctx, from)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, body) }()
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	sum := sha256.New()
	read := io.TeeReader(body, sum)
	_, err = archive.Unpack(ctx, read, archive.TarGz, dir, limits)
	var unusable *archive.Error
	if errors.As(err, &unusable) {
		return command.Fail("The archive %s cannot be used: %w", from.shown(), err)
	}
	if err != nil || from.pinned.Name == "" {
		return err
	}
	// Also what stands behind the end of the archive.
	if _, err := io.Copy(io.Discard, io.LimitReader(read, limits.Bytes)); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != from.pinned.SHA256 {
		return refused(from.pinned)
	}
	return nil
}

func open(ctx context.Context, from source) (io.ReadCloser, error) {
	if strings.HasPrefix(from.at, "/") {
		return os.Open(from.at)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from.at, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: fetchTime}
	answer, err := client.Do(req)
	if err != nil {
		return nil, retry("The plugin could not be got from %s", from.shown())
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.Join(retry("%s answers with %s", from.shown(), answer.Status), answer.Body.Close())
	}
	return answer.Body, nil
}
