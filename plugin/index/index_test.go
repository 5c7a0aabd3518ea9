package index

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"
)

var now = time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)

func sample() Index {
	return Index{
		Format: Format, Serial: 7, Issued: now.Add(-time.Hour), Expires: now.Add(time.Hour),
		Plugins: []Entry{
			{Name: "letsencrypt", Description: "Certificates for free", Archive: "https://example.com/le.tar.gz", SHA256: strings.Repeat("0", 64)},
			{
				Name: "postgres", Version: "1.2.3", Description: "PostgreSQL service", Git: "https://example.com/dokku-postgres.git",
				Commit: strings.Repeat("a", 40), SHA256: strings.Repeat("b", 64),
			},
		},
	}
}

func encode(t testing.TB, ix Index) []byte {
	t.Helper()
	text, err := json.Marshal(ix)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newKey(t testing.TB) (Key, minisign.PrivateKey) {
	t.Helper()
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Key{public}, private
}

// Security: nothing of an index is believed that the key has not signed.
func TestOnlyWhatTheKeySignedIsRead(t *testing.T) {
	key, private := newKey(t)
	other, _ := newKey(t)
	text := encode(t, sample())
	signature := minisign.Sign(private, text)
	if ix, err := Open(text, signature, key); err != nil || ix.Serial != 7 {
		t.Fatalf("%+v, %v", ix, err)
	}
	changed := bytes.Replace(text, []byte("postgres"), []byte("postgrez"), 1)
	comment := bytes.Replace(signature, []byte("trusted comment: "), []byte("trusted comment: x"), 2)
	for name, try := range map[string]struct {
		text, signature []byte
		key             Key
	}{
		"changed text": {changed, signature, key}, "other key": {text, signature, other}, "no signature": {text, nil, key},
		"changed comment": {text, comment, key}, "half a signature": {text, signature[:len(signature)/2], key}, "no key": {text, signature, Key{}},
	} {
		if _, err := Open(try.text, try.signature, try.key); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

func TestKeysAreReadAsMinisignWritesThem(t *testing.T) {
	key, _ := newKey(t)
	for _, text := range []string{key.String(), key.String() + "\n", "untrusted comment: minisign public key\n" + key.String() + "\n"} {
		if got, err := ParseKey(text); err != nil || got.String() != key.String() {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "RW", "x\ny\n" + key.String(), key.String()[1:]} {
		if _, err := ParseKey(text); err == nil {
			t.Errorf("%q is taken for a key", text)
		}
	}
}

// The files of minisign itself are taken, and the other way round.
func TestSignaturesAreThoseOfMinisign(t *testing.T) {
	if _, err := exec.LookPath("minisign"); err != nil {
		t.Skip("minisign is not installed")
	}
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	text := encode(t, sample())
	write := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(file(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) []byte {
		t.Helper()
		content, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("minisign", args...).CombinedOutput(); err != nil {
			t.Fatalf("minisign %v: %v: %s", args, err, out)
		}
	}
	write("index.json", text)
	run("-G", "-W", "-p", file("key.pub"), "-s", file("key"))
	run("-S", "-s", file("key"), "-m", file("index.json"))
	key, err := ParseKey(string(read("key.pub")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(text, read("index.json.minisig"), key); err != nil {
		t.Error(err)
	}
	ours, private := newKey(t)
	write("index.json.minisig", minisign.Sign(private, text))
	run("-V", "-P", ours.String(), "-m", file("index.json"))
}

func TestWhatAnIndexMustNotHave(t *testing.T) {
	for name, change := range map[string]func(ix *Index){
		"newer format":      func(ix *Index) { ix.Format = 2 },
		"no serial":         func(ix *Index) { ix.Serial = 0 },
		"never expires":     func(ix *Index) { ix.Expires = time.Time{} },
		"twice":             func(ix *Index) { ix.Plugins[0].Name = "postgres" },
		"out of order":      func(ix *Index) { ix.Plugins[0].Name = "zulu" },
		"name is a path":    func(ix *Index) { ix.Plugins[1].Name = "../postgres" },
		"name is an option": func(ix *Index) { ix.Plugins[0].Name = "-x" },
		"no description":    func(ix *Index) { ix.Plugins[1].Description = "" },
		"two lines":         func(ix *Index) { ix.Plugins[1].Description = "a\nb" },
		"terminal code":     func(ix *Index) { ix.Plugins[1].Note = "\x1b[31m" },
		"short commit":      func(ix *Index) { ix.Plugins[1].Commit = "abc1234" },
		"branch":            func(ix *Index) { ix.Plugins[1].Commit = "master" },
		"no sum":            func(ix *Index) { ix.Plugins[1].SHA256 = "" },
		"two sources":       func(ix *Index) { ix.Plugins[1].Archive = "https://example.com/x.tgz" },
		"no source":         func(ix *Index) { ix.Plugins[1].Git = "" },
		"http":              func(ix *Index) { ix.Plugins[1].Git = "http://example.com/x.git" },
		"ext":               func(ix *Index) { ix.Plugins[1].Git = "ext::sh -c id" },
		"option for git":    func(ix *Index) { ix.Plugins[1].Git = "--upload-pack=id" },
		"option for ssh":    func(ix *Index) { ix.Plugins[1].Git = "ssh://-oProxyCommand=id/x" },
		"password":          func(ix *Index) { ix.Plugins[1].Git = "https://me:pw@example.com/x.git" },
		"relative path":     func(ix *Index) { ix.Plugins[1].Git = "file://x/y" },
		"archive of zip":    func(ix *Index) { ix.Plugins[0].Archive = "https://example.com/x.zip" },
	} {
		ix := sample()
		change(&ix)
		if _, err := Parse(encode(t, ix)); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
	if _, err := Parse(encode(t, sample())); err != nil {
		t.Error(err)
	}
	if _, err := Parse([]byte(`{"format":2,"plugins":"all others"}`)); err == nil || !strings.Contains(err.Error(), "update Slipway") {
		t.Errorf("an index of a later format: %v", err)
	}
}

// Security: whoever can serve files cannot give a server an index of before,
// which has plugins with known holes.
func TestAnIndexOfBeforeIsRefused(t *testing.T) {
	before, next := sample(), sample()
	next.Serial = 6
	if err := next.Follows(before, now); err == nil {
		t.Error("an older one is taken")
	}
	next.Serial = 8
	if err := next.Follows(before, now); err != nil {
		t.Error(err)
	}
	if err := next.Follows(before, next.Expires); err == nil {
		t.Error("one that expired is taken")
	}
}

func TestFindAndSearch(t *testing.T) {
	ix := sample()
	for _, name := range []string{"postgres", "dokku-postgres"} {
		if e, ok := ix.Find(name); !ok || e.Name != "postgres" {
			t.Errorf("%s: %v", name, e)
		}
	}
	if _, ok := ix.Find("post"); ok {
		t.Error("a part of a name is found")
	}
	for words, want := range map[string]int{"": 2, "POSTGRES": 1, "service sql": 1, "free sql": 0} {
		if got := ix.Search(strings.Fields(words)...); len(got) != want {
			t.Errorf("%q: %v", words, got)
		}
	}
}

func TestSumIsThatOfTheFilesOfACommit(t *testing.T) {
	dir := t.TempDir()
	git := func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@t", "-c", "core.autocrlf=false"}, args...)...)
		cmd.Dir = dir
		return cmd
	}
	commit := func() string {
		t.Helper()
		for _, args := range [][]string{{"add", "-A"}, {"commit", "-qm", "x"}} {
			if out, err := git(t.Context(), args...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		sum, err := SumCommit(t.Context(), git, "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := git(t.Context(), "init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write("a", "hello\n", 0o644)
	write("b/c", "", 0o755)
	// Made by: printf '100644 %s a\n100755 %s b/c\n' "$(sha256sum <a | cut -c-64)" "$(sha256sum <b/c | cut -c-64)" | sha256sum
	first := commit()
	want, err := exec.Command("bash", "-c", `cd "$1" && printf '100644 %s a\n100755 %s b/c\n' "$(sha256sum <a | cut -c-64)" "$(sha256sum <b/c | cut -c-64)" | sha256sum | cut -c-64`, "-", dir).Output()
	if err != nil || first != strings.TrimSpace(string(want)) {
		t.Errorf("%s, want %s (%v)", first, want, err)
	}
	sums := map[string]bool{first: true}
	changes := []func() error{
		func() error { write("a", "hellO\n", 0o644); return nil },
		func() error { return os.Chmod(filepath.Join(dir, "a"), 0o755) },
		func() error { return os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "d")) },
		func() error { return os.Symlink("/etc/passwd", filepath.Join(dir, "e")) },
		// The text of a commit is what counts, not what a checkout makes of it.
		func() error { write(".gitattributes", "d ident eol=crlf\n", 0o644); return nil },
	}
	for i, change := range changes {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		sum := commit()
		if sums[sum] {
			t.Errorf("change %d does not change the sum", i)
		}
		sums[sum] = true
	}
	if _, err := SumCommit(t.Context(), git, "nope"); err == nil {
		t.Error("a commit that is not there has a sum")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add([]byte(`{"format":1,"serial":1,"issued":"2026-01-01T00:00:00Z","expires":"2027-01-01T00:00:00Z","plugins":[{"name":"x","git":"ssh://git@h/x"}]}`))
	f.Add([]byte(`{"format":1e0}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		ix, err := Parse(text)
		if err != nil {
			return
		}
		for _, e := range ix.Plugins {
			if strings.ContainsAny(e.Name, "/\x00\n ") || e.Name == "." || e.Name == ".." || strings.HasPrefix(e.Git, "-") || strings.HasPrefix(e.Archive, "-") ||
				strings.ContainsAny(e.Description+e.Note+e.Version+e.Homepage, "\n\r\x1b\x00") {
				t.Errorf("%+v is taken", e)
			}
		}
		if again, err := Parse(encode(t, ix)); err != nil || again.Serial != ix.Serial {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	key, private := newKey(f)
	f.Add(encode(f, sample()), minisign.Sign(private, []byte("something else")))
	f.Fuzz(func(t *testing.T, text, signature []byte) {
		if ix, err := Open(text, signature, key); err == nil {
			t.Errorf("%+v is believed", ix)
		}
	})
}
