package main

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/slipwayhq/slipway/plugin/index"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) index.Index {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ix, err := index.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func TestAnIndexIsMadeOfWhatThePluginsAreNow(t *testing.T) {
	dir := t.TempDir()
	repo, list, to := filepath.Join(dir, "repo"), filepath.Join(dir, "list"), filepath.Join(dir, "index.json")
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-C", repo, "-c", "user.name=a", "-c", "user.email=a@b.c"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.Mkdir(repo, 0o755); err != nil {
		t.Fatal(err)
	}
	git("init", "-q")
	write(t, filepath.Join(repo, "plugin.toml"), "[plugin]\nversion = \"1.2\"\ndescription = \"Does a thing\"\n")
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	write(t, list, "# a list\n\nthing | file://"+repo+" | Mind the gap.\n")

	if err := run(t.Context(), []string{"make", list, to}); err != nil {
		t.Fatal(err)
	}
	first := read(t, to)
	e := first.Plugins[0]
	if first.Serial != 1 || e.Name != "thing" || e.Version != "1.2" || e.Note != "Mind the gap." || e.Commit != git("rev-parse", "HEAD") || len(e.SHA256) != 64 {
		t.Errorf("%+v", first)
	}
	if err := run(t.Context(), []string{"make", list, to}); err != nil || read(t, to).Serial != 1 {
		t.Errorf("an index in which nothing is new: %v", err)
	}
	git("commit", "-q", "--allow-empty", "-m", "two")
	if err := run(t.Context(), []string{"make", list, to, "30"}); err != nil {
		t.Fatal(err)
	}
	if second := read(t, to); second.Serial != 2 || second.Plugins[0].Commit == e.Commit || second.Plugins[0].SHA256 != e.SHA256 || second.Expires.Sub(second.Issued).Hours() != 30*24 {
		t.Errorf("%+v", second)
	}

	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := public.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key.pub"), string(key))
	text, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to+".minisig", string(minisign.Sign(private, text)))
	if err := run(t.Context(), []string{"check", to, filepath.Join(dir, "key.pub")}); err != nil {
		t.Error(err)
	}
	write(t, to, strings.Replace(string(text), "thing", "think", 1))
	if err := run(t.Context(), []string{"check", to, filepath.Join(dir, "key.pub")}); err == nil {
		t.Error("an index that was changed after it was signed is good")
	}
}

func TestListsThatCannotBeMadeAnIndexOf(t *testing.T) {
	dir := t.TempDir()
	list, to := filepath.Join(dir, "list"), filepath.Join(dir, "index.json")
	for _, text := range []string{"thing\n", "thing | file:///nope\n", "a | b | c | d\n"} {
		write(t, list, text)
		if err := run(t.Context(), []string{"make", list, to}); err == nil {
			t.Errorf("%q: no error", text)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%q: an index is written", text)
		}
	}
	if err := run(t.Context(), nil); err == nil {
		t.Error("without arguments: no error")
	}
}
