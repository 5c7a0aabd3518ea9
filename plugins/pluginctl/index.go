package pluginctl

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin/index"
	"github.com/slipwayhq/slipway/state"
)

// official has the index that came with this version, its signature, and the
// key that signs it. hack/plugin-index makes them.
//
//go:embed official/index.json official/index.json.minisig official/index.pub
var official embed.FS

// indexKey and indexURL are where the index is from, and who signs it.
var (
	indexKey = state.Property{
		Plugin: "plugin", Name: "index-key", Scope: state.GlobalOnly, Validate: checkKey,
		Help: "The public key of minisign that signs the index of plugins; the one of Slipway where none is set",
	}
	indexURL = state.Property{
		Plugin: "plugin", Name: "index-url", Scope: state.GlobalOnly, Validate: checkIndexURL,
		Default: "https://raw.githubusercontent.com/slipwayhq/slipway/main/plugins/pluginctl/official/index.json",
		Help:    "Where plugin:index-update gets the index of plugins; its signature is at this URL with .minisig",
	}
)

func checkKey(value string) error {
	if _, err := index.ParseKey(value); err != nil {
		return fmt.Errorf("%.100q is no public key of minisign: a line that begins with RW", value)
	}
	return nil
}

// checkIndexURL takes URLs over which nobody else can see who asks; the
// signature says whether what comes is right.
func checkIndexURL(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && (u.Scheme != "http" || !net.ParseIP(u.Hostname()).IsLoopback())) {
		return fmt.Errorf("%q is no https: URL", value)
	}
	return nil
}

// key is the one whose index is believed.
func (p *plugins) key() (index.Key, error) {
	text, err := p.host.Store.Get(indexKey, state.Global)
	if err != nil {
		return index.Key{}, err
	}
	if text == "" {
		own, err := official.ReadFile("official/index.pub")
		if err != nil {
			return index.Key{}, err
		}
		text = string(own)
	}
	key, err := index.ParseKey(text)
	if err != nil {
		return index.Key{}, command.Fail("The property index-key of plugin cannot be used: %w. Clear it: dokku plugin:set --global index-key", err)
	}
	return key, nil
}

// stored is the file with the index that was got last: its signature, which is
// four lines, and then the index, so that one is never without the other.
func (p *plugins) stored() string { return p.host.Store.LibPath("data", "slipway", "plugin-index") }

// signatureLines is the length of a signature. Source: minisign(1), signature format.
const signatureLines = 4

// join makes the stored file.
func join(signature, ix []byte) []byte {
	return slices.Concat(bytes.TrimRight(signature, "\n"), []byte("\n"), ix)
}

// split cuts the stored file.
func split(text []byte) (signature, ix []byte) {
	parts := bytes.SplitAfterN(text, []byte("\n"), signatureLines+1)
	if len(parts) <= signatureLines {
		return text, nil
	}
	return bytes.Join(parts[:signatureLines], nil), parts[signatureLines]
}

// index is the newer one of what plugin:index-update got and what came with
// this version, among those that the key has signed. The zero Index is none.
func (p *plugins) index() (index.Index, error) {
	key, err := p.key()
	if err != nil {
		return index.Index{}, err
	}
	text, err := official.ReadFile("official/index.json")
	if err != nil {
		return index.Index{}, err
	}
	signature, err := official.ReadFile("official/index.json.minisig")
	if err != nil {
		return index.Index{}, err
	}
	newest, err := index.Open(text, signature, key)
	if err != nil && !errors.Is(err, index.ErrSignature) { // of another key: it is not meant
		return index.Index{}, fmt.Errorf("cannot read the index of plugins that came with this version: %w", err)
	}
	saved, err := os.ReadFile(p.stored())
	if errors.Is(err, fs.ErrNotExist) {
		return newest, nil
	}
	if err != nil {
		return index.Index{}, err
	}
	signature, text = split(saved)
	if ix, err := index.Open(text, signature, key); err == nil && ix.Serial > newest.Serial {
		newest = ix
	}
	return newest, nil
}

// someIndex is index, or says how to get one.
func (p *plugins) someIndex() (index.Index, error) {
	ix, err := p.index()
	if err == nil && ix.Serial == 0 {
		err = command.Fail("There is no index of plugins yet that the key of this server has signed. Get it: dokku plugin:index-update")
	}
	return ix, err
}

// entry is what the index has of a plugin that is to be installed.
func (p *plugins) entry(name string) (index.Entry, error) {
	ix, err := p.someIndex()
	if err != nil {
		return index.Entry{}, err
	}
	e, ok := ix.Find(name)
	if !ok {
		return index.Entry{}, command.Fail("The index of plugins has no %s. Look for one: dokku plugin:search WORD. Or name where it is: dokku plugin:install URL\nPlease retry with valid arguments", name)
	}
	if err := ix.Current(p.now()); err != nil {
		return index.Entry{}, command.Fail("The index of plugins cannot be relied on: %w. Get a new one: dokku plugin:index-update", err)
	}
	return e, nil
}

// sourceOf is where an entry is got from.
func sourceOf(e index.Entry) (source, error) {
	at := e.Git
	if at == "" {
		at = e.Archive
	}
	from, err := parseSource(at)
	if err != nil {
		return source{}, command.Fail("The index says that %s is at %s, which cannot be used: %w", e.Name, at, err)
	}
	if e.Git != "" {
		from.kind, from.at = repository, at // a folder with files of its own is one too
	}
	from.pinned = e
	return from, nil
}

// verify compares a checkout with what the index says of the plugin.
func (p *plugins) verify(ctx context.Context, dir string, e index.Entry) error {
	sum, err := index.SumCommit(ctx, func(ctx context.Context, args ...string) *exec.Cmd { return p.git(ctx, dir, args...) }, e.Commit)
	if err != nil {
		return err
	}
	if head, err := p.gitOutput(ctx, dir, "rev-parse", "HEAD"); err != nil || head != e.Commit {
		return errors.Join(err, refused(e))
	}
	if sum != e.SHA256 {
		return refused(e)
	}
	return nil
}

func refused(e index.Entry) error {
	return command.Fail("What was got of the plugin %s is not what the index says, so it is not installed: its files have another checksum. Tell its maintainers, and look for a new index: dokku plugin:index-update", e.Name)
}

// indexTime bounds the download of an index.
const indexTime = time.Minute

// download gets a small file.
func download(ctx context.Context, at string) (_ []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, indexTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, command.Fail("The index of plugins cannot be got: %w", err)
	}
	defer func() { err = closing(err, answer.Body) }()
	if answer.StatusCode != http.StatusOK {
		return nil, command.Fail("The index of plugins cannot be got: %s answers with %s", source{at: at}.shown(), answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, index.MaxSize+1))
}

// readFile reads a small file of the caller.
func readFile(ctx context.Context, files command.Files, name string) (_ []byte, err error) {
	file, err := files.Open(ctx, name)
	if err != nil {
		return nil, command.Fail("The index of plugins cannot be read: %w", err)
	}
	defer func() { err = closing(err, file) }()
	return io.ReadAll(io.LimitReader(file, index.MaxSize+1))
}

// isURL tells a URL from the name of a file.
func isURL(s string) bool { return strings.Contains(s, "://") }
