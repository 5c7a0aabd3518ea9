package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var roomy = Limits{Files: 1000, Bytes: 1 << 20}

// item is one entry of a test's archive.
type item struct {
	name string
	typ  byte // as in a tar; 0 is a file
	body string
	link string
	mode int64
}

func makeTar(t testing.TB, items ...item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, i := range items {
		h := &tar.Header{Name: i.name, Typeflag: i.typ, Linkname: i.link, Size: int64(len(i.body)), Mode: i.mode, Format: tar.FormatPAX}
		if i.typ == 0 {
			h.Typeflag = tar.TypeReg
		}
		if i.typ == tar.TypeXGlobalHeader {
			h = &tar.Header{Typeflag: i.typ, Name: i.name, PAXRecords: map[string]string{"comment": "rev"}}
		}
		must(t, w.WriteHeader(h))
		_, err := io.WriteString(w, i.body)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func makeZip(t testing.TB, items ...item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, i := range items {
		h := &zip.FileHeader{Name: i.name, Method: zip.Deflate}
		h.SetMode(fs.FileMode(i.mode))
		body := i.body
		if i.typ == tar.TypeSymlink {
			h.SetMode(fs.ModeSymlink | 0o777)
			body = i.link
		}
		f, err := w.CreateHeader(h)
		must(t, err)
		if !strings.HasSuffix(i.name, "/") {
			_, err = io.WriteString(f, body)
			must(t, err)
		}
	}
	must(t, w.Close())
	return b.Bytes()
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unpack unpacks into a fresh folder and returns it.
func unpack(t testing.TB, b []byte, kind Kind, limits Limits) (string, Result, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "inner")
	must(t, os.Mkdir(dir, 0o755))
	r, err := Unpack(context.Background(), bytes.NewReader(b), kind, dir, limits)
	return dir, r, err
}

// tree lists a folder: path to content, "-> target" for links, "/" for folders.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	must(t, filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		name, _ := filepath.Rel(dir, p)
		switch {
		case e.IsDir():
			got[name] = "/"
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(p)
			got[name] = "-> " + target
			return err
		default:
			b, err := os.ReadFile(p)
			got[name] = string(b)
			return err
		}
		return nil
	}))
	return got
}

func TestUnpack(t *testing.T) {
	items := []item{
		{name: "pax_global_header", typ: tar.TypeXGlobalHeader},
		{name: "./", typ: tar.TypeDir},
		{name: "./a", body: "1", mode: 0o600},
		{name: "bin/", typ: tar.TypeDir},
		{name: "bin/run", body: "#!", mode: 0o6755},
		{name: "deep/er/x", body: "2"},
		{name: "a", body: "again"},
		{name: "link", typ: tar.TypeSymlink, link: "deep/er"},
		{name: "deep/up", typ: tar.TypeSymlink, link: "../a"},
		{name: "gone", typ: tar.TypeSymlink, link: "nowhere"},
	}
	want := map[string]string{
		"a": "again", "bin": "/", "bin/run": "#!", "deep": "/", "deep/er": "/", "deep/er/x": "2",
		"link": "-> deep/er", "deep/up": "-> ../a", "gone": "-> nowhere",
	}
	raw := makeTar(t, items...)
	for kind, b := range map[Kind][]byte{Tar: raw, TarGz: zipped(t, raw), Zip: makeZip(t, items[2:]...)} {
		dir, r, err := unpack(t, b, kind, roomy)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		if r.Stripped || r.Bytes != 9 {
			t.Errorf("%s: %+v", kind, r)
		}
		st, err := os.Stat(filepath.Join(dir, "bin/run"))
		must(t, err)
		if st.Mode() != 0o755 {
			t.Errorf("security: %s: mode %v", kind, st.Mode())
		}
	}
}

func TestHardLink(t *testing.T) {
	dir, r, err := unpack(t, makeTar(t, item{name: "a", body: "12"}, item{name: "b", typ: tar.TypeLink, link: "./a"}), Tar, roomy)
	must(t, err)
	if diff := cmp.Diff(map[string]string{"a": "12", "b": "12"}, tree(t, dir)); diff != "" || r.Bytes != 4 {
		t.Error(diff, r)
	}
}

func TestOneTopFolderIsStripped(t *testing.T) {
	for _, items := range [][]item{
		{{name: "blog-1/"}, {name: "blog-1/a", body: "1"}, {name: "blog-1/blog-1", body: "2"}, {name: "blog-1/s/t", body: "3"}},
		{{name: "blog-1/a", body: "1"}, {name: "blog-1/blog-1", body: "2"}, {name: "blog-1/s/t", body: "3"}},
	} {
		dir, r, err := unpack(t, makeZip(t, items...), Zip, roomy)
		must(t, err)
		if diff := cmp.Diff(map[string]string{"a": "1", "blog-1": "2", "s": "/", "s/t": "3"}, tree(t, dir)); diff != "" || !r.Stripped {
			t.Error(diff, r)
		}
	}
}

// TestSecurityAttacks has archives that try to reach outside.
func TestSecurityAttacks(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("s"), 0o600))
	link := func(name, target string) item { return item{name: name, typ: tar.TypeSymlink, link: target} }
	hard := func(name, target string) item { return item{name: name, typ: tar.TypeLink, link: target} }
	for name, items := range map[string][]item{
		"absolute path":                    {{name: "/tmp/slipway-evil", body: "x"}},
		"parent path":                      {{name: "../evil", body: "x"}},
		"parent path inside":               {{name: "a/../../evil", body: "x"}},
		"parent that cancels":              {{name: "a/../b", body: "x"}},
		"absolute link":                    {link("l", "/etc/passwd")},
		"parent link":                      {link("l", "../evil")},
		"parent link in a folder":          {link("a/l", "../../evil")},
		"file through a link":              {link("l", ".."), {name: "l/evil", body: "x"}},
		"file through an absolute link":    {link("l", "/tmp"), {name: "l/slipway-evil", body: "x"}},
		"link through a link":              {{name: "p/q/x", body: "1"}, link("p/q/d", "../.."), link("p/q/r", "d/../inner2")},
		"folder replaced by a link":        {{name: "d/x", body: "1"}, link("d", "..")},
		"link out once the top is dropped": {link("top/l", "../evil"), {name: "top/a", body: "1"}},
		"hard link to a parent":            {hard("h", "../secret")},
		"hard link, absolute":              {hard("h", secret)},
		"hard link to nothing":             {hard("h", "missing")},
		"hard link to a link":              {link("l", "a"), hard("h", "l")},
		"hard link to a folder":            {{name: "d/x"}, hard("h", "d")},
		"hard link through a link":         {link("l", "a/b"), hard("h", "l/../../../secret")},
		"device":                           {{name: "dev", typ: tar.TypeBlock}},
		"character device":                 {{name: "dev", typ: tar.TypeChar}},
		"pipe":                             {{name: "fifo", typ: tar.TypeFifo}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _, err := unpack(t, makeTar(t, items...), Tar, roomy)
			var refused *Error
			if name == "folder replaced by a link" {
				if err == nil {
					t.Error("it was unpacked")
				}
			} else if !errors.As(err, &refused) || refused.Reason != Unsafe {
				t.Errorf("got %v", err)
			}
			if outside, _ := os.ReadDir(filepath.Dir(dir)); len(outside) != 1 {
				t.Errorf("written outside: %v", outside)
			}
		})
	}
	if _, err := os.Stat("/tmp/slipway-evil"); err == nil {
		t.Error("written to /tmp")
	}
}

func TestSecurityZipSlip(t *testing.T) {
	for _, items := range [][]item{
		{{name: "../evil", body: "x"}},
		{{name: `..\evil`, body: "x"}},
		{{name: `C:\..\..\evil`, body: "x"}},
		{{name: "/evil", body: "x"}},
		{{name: "l", typ: tar.TypeSymlink, link: "../"}, {name: "l/evil", body: "x"}},
		{{name: "l", typ: tar.TypeSymlink, link: "/etc"}},
		{{name: "l", typ: tar.TypeSymlink, link: strings.Repeat("../", 2000)}},
	} {
		dir, _, err := unpack(t, makeZip(t, items...), Zip, roomy)
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != Unsafe {
			t.Errorf("%v: got %v", items, err)
		}
		if outside, _ := os.ReadDir(filepath.Dir(dir)); len(outside) != 1 {
			t.Errorf("%v: written outside: %v", items, outside)
		}
	}
}

func TestSecurityBombs(t *testing.T) {
	megabyte := make([]byte, 1<<20)
	var z bytes.Buffer
	zw := zip.NewWriter(&z)
	f, err := zw.Create("bomb")
	must(t, err)
	for range 8 {
		_, err = f.Write(megabyte)
		must(t, err)
	}
	must(t, zw.Close())

	// A gzip may have many members: few bytes each, and quickly made.
	member := zipped(t, megabyte)
	var header bytes.Buffer
	must(t, tar.NewWriter(&header).WriteHeader(&tar.Header{Name: "bomb", Size: 1 << 30, Mode: 0o644}))
	file := append(zipped(t, header.Bytes()), bytes.Repeat(member, 1<<10)...)

	var folder bytes.Buffer
	must(t, tar.NewWriter(&folder).WriteHeader(&tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o755}))
	million := bytes.Repeat(zipped(t, bytes.Repeat(folder.Bytes(), 1000)), 1000)

	for _, bomb := range []struct {
		name   string
		b      []byte
		kind   Kind
		reason Reason
	}{
		{"zip", z.Bytes(), Zip, TooBig},
		{"tar.gz", file, TarGz, TooBig},
		{"a million entries", million, TarGz, TooManyFiles},
		{"a gigabyte of zeros", bytes.Repeat(member, 1<<10), TarGz, Damaged},
	} {
		dir, _, err := unpack(t, bomb.b, bomb.kind, Limits{Files: 1000, Bytes: 4 << 20})
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != bomb.reason {
			t.Errorf("%s: got %v", bomb.name, err)
		}
		if st, err := os.Stat(filepath.Join(dir, "bomb")); err == nil && st.Size() > 5<<20 {
			t.Errorf("%s: %d bytes were written", bomb.name, st.Size())
		}
	}
}

func TestLimits(t *testing.T) {
	exact := makeTar(t, item{name: "a", body: "12345"}, item{name: "b", body: "67890"})
	size := int64(len(exact))
	var e *Error
	if _, _, err := unpack(t, exact, Tar, Limits{Files: 2, Bytes: size}); err != nil {
		t.Error(err)
	}
	if _, _, err := unpack(t, exact, Tar, Limits{Files: 1, Bytes: size}); !errors.As(err, &e) || e.Reason != TooManyFiles {
		t.Errorf("got %v", err)
	}
	if _, _, err := unpack(t, exact, Tar, Limits{Files: 2, Bytes: size - 1}); !errors.As(err, &e) || e.Reason != TooBig {
		t.Errorf("got %v", err)
	}
	if _, _, err := unpack(t, zipped(t, exact), TarGz, Limits{Files: 2, Bytes: 9}); !errors.As(err, &e) || e.Reason != TooBig {
		t.Errorf("got %v", err)
	}
	// A zip whose list is longer than any archive within the limits has.
	var many []item
	for range 3000 {
		many = append(many, item{name: strings.Repeat("n", 1000), body: ""})
	}
	if _, _, err := unpack(t, makeZip(t, many...), Zip, Limits{Files: 10, Bytes: 1 << 30}); !errors.As(err, &e) || e.Reason != TooManyFiles {
		t.Errorf("got %v", err)
	}
}

func TestDamaged(t *testing.T) {
	whole := makeTar(t, item{name: "a", body: strings.Repeat("x", 2000)})
	for kind, all := range map[Kind][][]byte{
		Tar:   {nil, []byte("hello"), whole[:700], bytes.Repeat([]byte("x"), 2000)},
		TarGz: {nil, []byte("hello"), whole, zipped(t, whole)[:30], zipped(t, nil)},
		Zip:   {nil, []byte("hello"), whole, makeZip(t, item{name: "a", body: "xyz"})[5:], makeZip(t)},
	} {
		for i, b := range all {
			var e *Error
			if _, _, err := unpack(t, b, kind, roomy); !errors.As(err, &e) || e.Reason != Damaged {
				t.Errorf("%s %d: got %v", kind, i, err)
			}
		}
	}
	if _, _, err := unpack(t, whole, "rar", roomy); err == nil {
		t.Error("rar was unpacked")
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Unpack(ctx, bytes.NewReader(makeTar(t, item{name: "a"})), Tar, t.TempDir(), roomy)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	items := []item{
		{name: "a", body: "1"},
		{name: "d/b", body: "2"},
		{name: "l", typ: tar.TypeSymlink, link: "d/../a"},
		{name: "d/m", typ: tar.TypeSymlink, link: ".."},
		{name: "d/m/c", body: "3"},
	}
	raw := makeTar(f, append(items, item{name: "h", typ: tar.TypeLink, link: "a"})...)
	f.Add(raw, 0)
	f.Add(zipped(f, raw), 1)
	f.Add(makeZip(f, items...), 2)
	f.Fuzz(func(t *testing.T, b []byte, which int) {
		kind := []Kind{Tar, TarGz, Zip}[uint(which)%3]
		dir, r, err := unpack(t, b, kind, Limits{Files: 50, Bytes: 1 << 16})
		outside, readErr := os.ReadDir(filepath.Dir(dir))
		must(t, readErr)
		if len(outside) != 1 {
			t.Fatalf("written outside: %v", outside)
		}
		if err != nil {
			return
		}
		if r.Files > 50 || r.Bytes > 1<<16 {
			t.Fatalf("beyond the limits: %+v", r)
		}
		real, _ := filepath.EvalSymlinks(dir)
		must(t, filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.Type() != fs.ModeSymlink {
				return err
			}
			if to, err := filepath.EvalSymlinks(p); err == nil && to != real && !strings.HasPrefix(to, real+"/") {
				t.Fatalf("%s leads to %s", p, to)
			}
			return nil
		}))
	})
}
