package certs

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/plugin/plugintest"
)

func TestStories(t *testing.T) { plugintest.Run(t, Plugin) }

// file is an entry of a tar.
type file struct {
	name, text string
	kind       byte // tar.TypeReg where it is 0
	link       string
}

func archive(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: 0o600, Typeflag: f.kind, Linkname: f.link}
		if f.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBundle(t *testing.T) {
	crt, key := file{name: "a/server.crt", text: "C"}, file{name: "a/b/example.com.key", text: "K"}
	good := archive(t, file{name: "a/", kind: tar.TypeDir}, crt, file{name: "a/._server.crt", text: "macOS"}, file{name: ".git/x.key"},
		file{name: "readme"}, key, file{name: "a/link.crt", kind: tar.TypeSymlink, link: "server.crt"})
	for _, text := range [][]byte{good, zipped(t, good)} {
		c, k, err := ReadBundle(bytes.NewReader(text))
		if err != nil || string(c) != "C" || string(k) != "K" {
			t.Errorf("got %q, %q, %v", c, k, err)
		}
	}
	many := make([]file, maxEntries+1)
	for i := range many {
		many[i].name = "x"
	}
	for want, text := range map[string][]byte{
		"Tar archive is missing .crt file":                                     archive(t, key),
		"Tar archive is missing .key file":                                     archive(t, crt),
		"Tar archive contains more than one .crt file":                         archive(t, crt, crt, key),
		"Tar archive contains more than one .key file":                         archive(t, crt, key, file{name: "other.key"}),
		"Archive contains entries with absolute paths":                         archive(t, crt, key, file{name: "/etc/x.crt"}),
		"Archive contains entries with parent directory traversal":             archive(t, file{name: "a/../../x.crt"}),
		"Archive contains symlinks with absolute targets":                      archive(t, file{name: "x.crt", kind: tar.TypeSymlink, link: "/etc/shadow"}),
		"Archive contains symlinks pointing outside extraction directory":      archive(t, file{name: "x.crt", kind: tar.TypeSymlink, link: "../x"}),
		"Archive contains more entries than the maximum of 10000":              archive(t, many...),
		"big.crt has more than 1048576 bytes":                                  archive(t, file{name: "big.crt", text: strings.Repeat("x", maxFile+1)}),
		"Archive exceeds maximum allowed size of 67108864 bytes":               zipped(t, archive(t, file{name: "x", text: strings.Repeat("x", maxArchive)}, crt)),
		"Tar archive containing server.crt and server.key expected on stdin: ": []byte("no tar"),
	} {
		if _, _, err := ReadBundle(bytes.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestCertificateFromATar(t *testing.T) {
	w := plugintest.Make(t, Plugin)
	makeApp(t, w, "blog")
	pair, _, err := selfSigned("example.com", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text := archive(t, file{name: "server.crt", text: string(pair.Certificate)}, file{name: "server.key", text: string(pair.Key)})
	if r := w.Run(plugintest.Root, string(text), "certs:add", "blog"); r.Code != 0 || r.Stdout+r.Stderr != "" {
		t.Fatalf("%+v", r)
	}
	if r := w.Dokku("certs:show", "blog", "key"); r.Stdout != string(pair.Key) {
		t.Errorf("%+v", r)
	}
}

func makeApp(t *testing.T, w *plugintest.World, name string) {
	t.Helper()
	if err := w.Host.Store.MkdirAll(w.Host.Store.AppDir(name), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestGenerate(t *testing.T) {
	w := plugintest.Make(t, Plugin)
	makeApp(t, w, "blog")
	w.Watched = map[string]bool{"post-certs-update": true, "domains-add": true}
	r := w.Dokku("certs:generate", "blog", "*.Example.com")
	before, request, _ := strings.Cut(r.Stdout, "-----BEGIN")
	want := `-----> Installing certificate and key...
-----> The following is a certificate signing request that can be used
-----> to generate an 'officially' signed SSL certificate for blog at *.example.com
-----> by a CA of your choosing.
`
	if r.Code != 0 || before != want || r.Stderr != "" {
		t.Fatalf("%+v", r)
	}
	block, rest := pem.Decode([]byte("-----BEGIN" + request))
	if block == nil || len(rest) > 0 {
		t.Fatalf("no request, or more: %q", rest)
	}
	asked, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || asked.CheckSignature() != nil || !slices.Equal(asked.DNSNames, []string{"*.example.com"}) || asked.Subject.CommonName != "*.example.com" {
		t.Errorf("%v %+v", err, asked)
	}
	if got := w.Fired; !slices.Equal(got, []string{"post-certs-update blog", "domains-add blog *.example.com"}) {
		t.Errorf("fired %q", got)
	}
	text, err := os.ReadFile(w.Host.Store.RootPath("blog", "tls", "server.crt"))
	if err != nil {
		t.Fatal(err)
	}
	chain, err := parseChain(text)
	if err != nil || chain[0].VerifyHostname("www.example.com") != nil || chain[0].NotAfter.Sub(chain[0].NotBefore) != validFor {
		t.Errorf("%v %+v", err, chain)
	}
	if r := w.Dokku("certs:generate", "blog", "example.com"); r.Code != 0 || r.Stdout != "-----> blog has an SSL endpoint already defined\n" {
		t.Errorf("%+v", r)
	}
}

// Security: nobody but the owner reads a key.
func TestFilesArePrivate(t *testing.T) {
	w := plugintest.Make(t, Plugin)
	makeApp(t, w, "blog")
	if r := w.Dokku("certs:generate", "blog", "example.com"); r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	for name, want := range map[string]os.FileMode{"": 0o750, keyFile: 0o600, certificateFile: 0o640, requestFile: 0o640} {
		if info, err := os.Stat(w.Host.Store.RootPath("blog", "tls", name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v %v", name, info.Mode(), err)
		}
	}
}

// A disk that is full, or any other refusal, leaves the pair that was there.
func TestFailedWriteLeavesTheOldPair(t *testing.T) {
	w := plugintest.Make(t, Plugin)
	makeApp(t, w, "blog")
	if r := w.Dokku("certs:generate", "blog", "example.com"); r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	before := w.Dokku("certs:show", "blog", "key").Stdout
	// The second of the new files cannot be written.
	if err := os.MkdirAll(w.Host.Store.RootPath("blog", "tls", certificateFile+".new", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	pair, _, err := selfSigned("example.org", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text := archive(t, file{name: "server.crt", text: string(pair.Certificate)}, file{name: "server.key", text: string(pair.Key)})
	if r := w.Run(plugintest.Root, string(text), "certs:update", "blog"); r.Code == 0 {
		t.Errorf("%+v", r)
	}
	if after := w.Dokku("certs:show", "blog", "key").Stdout; after != before {
		t.Error("the key changed without its certificate")
	}
}

func FuzzBundle(f *testing.F) {
	f.Add(archive(f, file{name: "server.crt", text: "C"}, file{name: "server.key", text: "K"}))
	f.Add(archive(f, file{name: "../server.crt"}, file{name: "x", kind: tar.TypeLink, link: "/x"}))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, k, err := ReadBundle(bytes.NewReader(text))
		if err == nil && (len(c) > maxFile || len(k) > maxFile) {
			t.Fatalf("%d and %d bytes", len(c), len(k))
		}
	})
}

func FuzzPair(f *testing.F) {
	pair, _, err := selfSigned("example.com", time.Now())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pair.Certificate, pair.Key)
	f.Add(pair.Key, pair.Certificate)
	f.Fuzz(func(t *testing.T, certificate, key []byte) {
		p, err := ParsePair(certificate, key)
		if err != nil {
			return
		}
		if p.leaf == nil {
			t.Fatal("a good pair has no certificate")
		}
		if _, err := parseChain(certificate); err != nil {
			t.Skip("what follows the certificate cannot be read") // only the report is the poorer
		}
	})
}

func FuzzDomain(f *testing.F) {
	for _, s := range []string{"example.com", "*.Example.com", "1.2.3.4", "a b", "$(x)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var d Domain
		if d.UnmarshalText([]byte(s)) == nil && strings.ContainsAny(string(d), " /\\\"'$`\n") {
			t.Fatalf("%q is taken as %q", s, d)
		}
	})
}
