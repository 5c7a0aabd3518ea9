package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/internal/archive"
	"github.com/slipwayhq/slipway/state"
)

type archiveArgs struct {
	App  string   `arg:"app"`
	Rest []string `arg:"archive-url,optional"`
	Type string   `flag:"archive-type" default:"tar"`
}

// fromStdin stands for standard input where an archive's URL is expected.
const fromStdin = "--"

// archiveSource is one deploy of an archive.
type archiveSource struct {
	app, url, kind string
	by             author
	actor          string
	stdin          io.Reader
	open           func(ctx context.Context, path string) (io.ReadCloser, error)
}

func (s *service) gitFromArchive(ctx context.Context, c *command.Call, in archiveArgs) error {
	a := archiveSource{app: in.App, kind: in.Type, actor: c.Actor.String(), stdin: c.In, open: s.runner().open}
	switch {
	case c.SystemFiles != nil:
		a.open = c.SystemFiles.Open
	case c.Files != nil:
		a.open = c.Files.Open
	}
	// The parser of flags puts what it does not know at the end.
	rest := in.Rest
	if i := slices.Index(rest, fromStdin); i >= 0 {
		a.url = fromStdin
		rest = slices.Delete(slices.Clone(rest), i, i+1)
	} else if len(rest) > 0 {
		a.url, rest = rest[0], rest[1:]
	}
	for _, word := range append([]string{a.url}, rest...) {
		if strings.HasPrefix(word, "-") && word != fromStdin {
			return command.BadInput("unknown flag: %s", word)
		}
	}
	switch len(rest) {
	case 0:
	case 1:
		a.by = author{name: rest[0]}
	case 2:
		a.by = author{rest[0], rest[1]}
	default:
		return command.BadInput("unexpected argument %q", rest[2])
	}
	if err := a.check(); err != nil {
		return err
	}
	c.Out = c.Out.Combined() // as in git:from-image
	args := []string{a.app, withoutPassword(a.url), a.kind, a.by.name, a.by.email}
	return s.step(ctx, "git-from-archive", args, func(ctx context.Context) error { return s.deployArchive(ctx, c.Out, a) })
}

func (a archiveSource) check() error {
	if a.url == "" {
		return command.BadInput("Please specify an archive url or -- to fetch the archive from stdin")
	}
	switch archive.Kind(a.kind) {
	case archive.Tar, archive.TarGz, archive.Zip:
		return nil
	}
	return command.BadInput("Invalid archive type specified, valid archive types include: tar, tar.gz, zip")
}

// deployArchive deploys a commit of what is in an archive.
func (s *service) deployArchive(ctx context.Context, out *command.Output, a archiveSource) error {
	if err := a.check(); err != nil {
		return err
	}
	kind := archive.Kind(a.kind)
	limits, err := s.archiveLimits()
	if err != nil {
		return err
	}
	dir, err := s.runner().scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	shown := withoutPassword(a.url)
	if a.url == fromStdin {
		out.Step("Fetching %s file from stdin", a.kind)
	} else {
		out.Step("Downloading %s file from %s", a.kind, shown)
	}
	content, err := a.fetch(ctx)
	if err != nil {
		return err
	}
	defer content.Close()
	out.Step("Generating build context")
	switch kind {
	case archive.TarGz:
		out.Text("Extracting gzipped tarball")
	case archive.Zip:
		out.Text("Extracting zipball")
	}
	result, err := archive.Unpack(ctx, content, kind, dir, limits)
	if err != nil {
		return archiveError(err)
	}
	switch {
	case result.Stripped:
		out.Text("Stripping top-level archive folder components")
	default:
		out.Text("Moving unarchived files and folders into place")
	}
	return s.folderStep(ctx, out, dir, a.by, source{
		Request: deploy.Request{App: a.app, Actor: a.actor, Source: "git:from-archive", Metadata: shown},
		kind:    a.kind,
	})
}

func (s *service) archiveLimits() (archive.Limits, error) {
	files, err := s.count(archiveMaxFiles, state.Global)
	if err != nil {
		return archive.Limits{}, err
	}
	bytes, err := s.count(archiveMaxSize, state.Global)
	return archive.Limits{Files: int(files), Bytes: bytes}, err
}

// archiveError adds the next step to what is wrong with an archive.
func archiveError(err error) error {
	var bad *archive.Error
	if !errors.As(err, &bad) {
		return err
	}
	switch bad.Reason {
	case archive.TooManyFiles:
		return command.Fail("%w. Raise the limit with: dokku git:set --global %s <number>", bad, archiveMaxFiles.Name)
	case archive.TooBig:
		return command.Fail("%w. Raise the limit with: dokku git:set --global %s <number>", bad, archiveMaxSize.Name)
	case archive.Damaged:
		return command.Fail("%w. Its type is set with --archive-type tar|tar.gz|zip", bad)
	}
	return command.Fail("%w", bad)
}

// headersWithin is how long a server may take to begin its answer.
const headersWithin = time.Minute

// fetch opens the archive.
func (a archiveSource) fetch(ctx context.Context) (io.ReadCloser, error) {
	if a.url == fromStdin {
		return io.NopCloser(a.stdin), nil
	}
	u, err := url.Parse(a.url)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "file") {
		return nil, command.BadInput("The archive's URL must begin with https://, http:// or file://, or be -- for stdin")
	}
	shown := withoutPassword(a.url)
	fail := func(err error) error { return command.Fail("Cannot fetch the archive %s: %w", shown, err) }
	if u.Scheme == "file" {
		f, err := a.open(ctx, u.Path)
		if err != nil {
			return nil, fail(err)
		}
		return f, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url, nil)
	if err != nil {
		return nil, fail(err)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: headersWithin, DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		var inner *url.Error // its text repeats the URL
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fail(err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fail(fmt.Errorf("the server answered %s", resp.Status))
	}
	return resp.Body, nil
}

// withoutPassword is the URL without a password, for showing and keeping.
func withoutPassword(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text
	}
	u.User = url.User(u.User.Username())
	return u.String()
}
