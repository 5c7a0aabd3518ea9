package pluginctl_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"

	"github.com/slipwayhq/slipway/plugin/index"
	"github.com/slipwayhq/slipway/plugins/pluginctl"
	"github.com/slipwayhq/slipway/state"
)

// publisher signs indexes whose key a server believes.
type publisher struct {
	world
	key     minisign.PrivateKey
	folder  string
	entries []index.Entry
}

func publish(w world, entries ...index.Entry) *publisher {
	w.t.Helper()
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := public.MarshalText()
	if err != nil {
		w.t.Fatal(err)
	}
	key, err := index.ParseKey(string(text))
	if err != nil {
		w.t.Fatal(err)
	}
	property := state.Property{Plugin: "plugin", Name: "index-key"}
	if err := w.Host.Store.Set(property, state.Global, key.String()); err != nil {
		w.t.Fatal(err)
	}
	return &publisher{w, private, filepath.Dir(w.Host.Store.Root()), entries}
}

// file writes an index and its signature into the caller's folder, and returns its name. Change may be nil.
func (p *publisher) file(serial int64, change func(ix *index.Index)) string {
	p.t.Helper()
	ix := index.Index{Format: index.Format, Serial: serial, Issued: clock().Add(-time.Hour), Expires: clock().Add(time.Hour), Plugins: p.entries}
	if change != nil {
		change(&ix)
	}
	text, err := json.Marshal(ix)
	if err != nil {
		p.t.Fatal(err)
	}
	path := filepath.Join(p.folder, "index.json")
	for name, content := range map[string][]byte{path: text, path + ".minisig": minisign.Sign(p.key, text)} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	return filepath.Base(path)
}

// entryOf is that of a repository at one of its tags.
func entryOf(t *testing.T, repo, tag string) index.Entry {
	t.Helper()
	git := func(ctx context.Context, args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, "git", append([]string{"-C", repo}, args...)...)
	}
	commit, err := git(t.Context(), "rev-parse", tag+"^{commit}").Output()
	if err != nil {
		t.Fatal(err)
	}
	e := index.Entry{Name: "thing", Version: tag, Description: "Does a thing", Git: "file://" + repo, Commit: strings.TrimSpace(string(commit))}
	e.SHA256, err = index.SumCommit(t.Context(), git, e.Commit)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAPluginOfTheIndexIsInstalledAtItsCommit(t *testing.T) {
	w := make(t)
	p := publish(w, entryOf(t, repository(t), "v2"))
	w.fails("no index of plugins yet", "plugin:install", "thing")
	w.ok("plugin:index-update", p.file(1, nil))
	w.ok("plugin:install", "thing")
	w.want("plugin:list", w.listed("thing"), "thing 2 enabled a test")
	w.fails("says which commit of thing", "plugin:install", "thing", "--committish", "v3")
	w.ok("plugin:uninstall", "thing")
	w.ok("plugin:install", "dokku-thing", "--name", "other")
	w.want("plugin:list", w.listed("other"), "other 2 enabled a test")
}

// Security: what runs as root is what the index says, or nothing of it runs.
func TestAPluginThatIsNotWhatTheIndexSaysIsNotInstalled(t *testing.T) {
	repo := repository(t)
	for name, change := range map[string]func(e *index.Entry){
		"sum":    func(e *index.Entry) { e.SHA256 = strings.Repeat("0", 64) },
		"commit": func(e *index.Entry) { e.Commit = entryOf(t, repo, "v3").Commit },
		"absent": func(e *index.Entry) { e.Commit = strings.Repeat("a", 40) },
	} {
		t.Run(name, func(t *testing.T) {
			w := make(t)
			e := entryOf(t, repo, "v2")
			change(&e)
			w.ok("plugin:index-update", publish(w, e).file(1, nil))
			w.fails("", "plugin:install", "thing")
			w.left("thing")
			w.want("hooks that ran", w.ran(), "")
		})
	}
}

func TestAnArchiveOfTheIndexIsComparedToo(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "thing.tar.gz")
	pack(t, archive, files("9"))
	content, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := index.SumArchive(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	w := make(t)
	p := publish(w, index.Entry{Name: "thing", Description: "Does a thing", Archive: "file://" + archive, SHA256: sum})
	w.ok("plugin:index-update", p.file(1, nil))
	if err := os.WriteFile(archive, append(content, 0), 0o644); err != nil { // bytes behind the archive's end count
		t.Fatal(err)
	}
	w.fails("another checksum", "plugin:install", "thing")
	w.left("thing")
	w.want("hooks that ran", w.ran(), "")
	if err := os.WriteFile(archive, content, 0o644); err != nil {
		t.Fatal(err)
	}
	w.ok("plugin:install", "thing")
	w.want("plugin:list", w.listed("thing"), "thing 9 enabled a test")
}

// Security: an index that is not signed, of before, or too old leaves what is there.
func TestAnIndexIsOnlyReplacedByANewerOneOfTheSameKey(t *testing.T) {
	w := make(t)
	p := publish(w, entryOf(t, repository(t), "v2"))
	w.ok("plugin:index-update", p.file(5, nil))
	served := func() string { return w.ok("plugin:search", "--format", "json").Stdout }
	before := served()

	p.entries[0].Description = "Something else"
	w.fails("older (4) than the one that is here (5)", "plugin:index-update", p.file(4, nil))
	w.fails("expired on", "plugin:index-update", p.file(6, func(ix *index.Index) { ix.Expires = clock().Add(-time.Minute) }))
	w.fails("format 2", "plugin:index-update", p.file(6, func(ix *index.Index) { ix.Format = 2 }))
	path := filepath.Join(p.folder, p.file(6, nil))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte("thing"), []byte("think"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	w.fails("not that of the key", "plugin:index-update", "index.json")
	if err := os.Remove(path + ".minisig"); err != nil {
		t.Fatal(err)
	}
	w.fails("index.json.minisig", "plugin:index-update", "index.json")
	w.want("the index", served(), before)

	w.ok("plugin:index-update", p.file(6, nil))
	if !strings.Contains(served(), "Something else") {
		t.Error("a newer index is not taken")
	}
	// Another key believes in nothing that this one signed.
	publish(w)
	w.fails("no index of plugins yet", "plugin:search")
}

func TestAnIndexIsGotOverHTTP(t *testing.T) {
	w := make(t)
	p := publish(w, entryOf(t, repository(t), "v2"))
	p.file(3, nil)
	server := httptest.NewServer(http.FileServer(http.Dir(p.folder)))
	defer server.Close()
	w.ok("plugin:index-update", server.URL+"/index.json")
	w.ok("plugin:info", "thing")
	w.fails("404", "plugin:index-update", server.URL+"/nope.json")
	w.fails("is no https: URL", "plugin:index-update", "http://example.com/index.json")
}

// What was there may be damaged: then it is as if it was not.
func TestAStoredIndexThatIsDamagedIsNotBelieved(t *testing.T) {
	w := make(t)
	p := publish(w, entryOf(t, repository(t), "v2"))
	w.ok("plugin:index-update", p.file(3, nil))
	path := w.Host.Store.LibPath("data", "slipway", "plugin-index")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range [][]byte{nil, text[:40], text[:len(text)-9], bytes.Replace(text, []byte("thing"), []byte("think"), 1)} {
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		w.fails("no index of plugins yet", "plugin:install", "thing")
	}
	w.ok("plugin:index-update", p.file(3, nil))
	w.ok("plugin:install", "thing")
}

// The index that comes with Slipway is one that servers believe.
func TestTheOfficialIndexCanBeUsed(t *testing.T) {
	text, signature, keyText := pluginctl.Official()
	key, err := index.ParseKey(string(keyText))
	if err != nil {
		t.Fatal(err)
	}
	ix, err := index.Open(text, signature, key)
	if err != nil {
		t.Fatal(err)
	}
	w := make(t)
	for _, e := range ix.Plugins {
		if w.Host.Compiled(e.Name) {
			t.Errorf("the plugin %s would take the place of a feature", e.Name)
		}
	}
	if got := w.ok("plugin:search", "postgres").Stdout; !strings.Contains(got, "  postgres ") {
		t.Errorf("plugin:search postgres: %s", got)
	}
	late := pluginctl.OfficialIssued().Add(50 * 365 * 24 * time.Hour)
	old := makeAt(t, func() time.Time { return late })
	if got := old.ok("plugin:search", "postgres"); !strings.Contains(got.Stderr, "expired on") {
		t.Errorf("an index that has expired is shown without a word: %+v", got)
	}
	old.fails("expired on", "plugin:install", "postgres")
}

// pack makes a .tar.gz of executables.
func pack(t *testing.T, path string, files map[string]string) {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
