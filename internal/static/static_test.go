package static

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var bigCSS = strings.Repeat("body { color: red }\n", 500)

// site is a folder with a page beside it that must never be served.
func site(t testing.TB) http.Handler {
	t.Helper()
	dir := t.TempDir()
	public := filepath.Join(dir, "public")
	for name, text := range map[string]string{
		"secret.txt":                        "SECRET",
		"public/index.html":                 "<h1>home</h1>",
		"public/about.html":                 "about",
		"public/docs/index.html":            "docs",
		"public/docs/page.html":             "page",
		"public/both.html":                  "both.html",
		"public/both/index.html":            "both/index.html",
		"public/empty/data.json":            "{}",
		"public/404.html":                   "our own 404",
		"public/style.css":                  bigCSS,
		"public/assets/index-DiwrgTd4.css":  bigCSS,
		"public/video.mp4":                  "0123456789",
		"public/.env":                       "SECRET",
		"public/.git/config":                "SECRET",
		"public/.well-known/security.txt":   "Contact:",
		"public/.well-known/.hidden":        "SECRET",
		"public/docs/.htaccess":             "SECRET",
		"public/a b/ü.html":                 "umlaut",
		"public/empty-script.js":            "",
		"public/sub.dir/.well-known/secret": "SECRET",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"inside.html": "about.html", "outside.txt": "../secret.txt", "absolute.txt": filepath.Join(dir, "secret.txt"), "up": ".."} {
		if err := os.Symlink(to, filepath.Join(public, link)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(public)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return Handler(root)
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPathsToFiles(t *testing.T) {
	h := site(t)
	for target, want := range map[string]string{
		"/": "<h1>home</h1>", "/index.html": "<h1>home</h1>", "/about": "about", "/about.html": "about",
		"/docs/": "docs", "/docs/page": "page", "/both/": "both/index.html", "/empty/data.json": "{}",
		"/.well-known/security.txt": "Contact:", "/a b/ü": "umlaut", "/inside": "about", "//about": "about", "/docs/../about": "about",
	} {
		if w := get(h, target); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %q", target, w.Code, w.Body)
		}
	}
}

func TestRedirectsToTheOneName(t *testing.T) {
	h := site(t)
	for target, want := range map[string]string{"/docs": "/docs/", "/docs?x=1": "/docs/?x=1", "/about/": "/about", "/both": "/both/", "//docs": "/docs/"} {
		if w := get(h, target); w.Code != 301 || w.Header().Get("Location") != want {
			t.Errorf("%s: %d %q", target, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestNotFoundIsTheSitesOwnPage(t *testing.T) {
	h := site(t)
	for _, target := range []string{"/none", "/empty/", "/empty", "/none/", "/style.css/x"} {
		w := get(h, target, "If-None-Match", "*", "Range", "bytes=0-1")
		if w.Code != 404 || w.Body.String() != "our own 404" || w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %q %v", target, w.Code, w.Body, w.Header())
		}
	}
}

// Security: neither files beside the folder nor dotfiles, by whatever spelling.
func TestNothingSecretIsServed(t *testing.T) {
	h := site(t)
	for _, target := range []string{
		"/../secret.txt", "/..%2fsecret.txt", "/docs/../../secret.txt", "../secret.txt", "/%2e%2e/secret.txt", `/..\secret.txt`, `\..\secret.txt`,
		"/outside.txt", "/outside", "/absolute.txt", "/up/secret.txt", "/up/public/about.html", "//../secret.txt", "/./../secret.txt",
		"/.env", "/.git/config", "/.git/", "/docs/.htaccess", "/.well-known/.hidden", "/sub.dir/.well-known/secret", "/docs/../.env",
		"/secret.txt\x00.html", "/\x00", "/.", "/..", "/...",
	} {
		w := get(h, target)
		if strings.Contains(w.Body.String(), "SECRET") || (w.Code != 404 && w.Body.String() != "<h1>home</h1>") {
			t.Errorf("%q: %d %q", target, w.Code, w.Body)
		}
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	for _, raw := range []string{"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/.%65nv", "/%5c..%5csecret.txt", "/docs/%00"} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", raw)
		answer, _ := io.ReadAll(conn)
		conn.Close()
		if strings.Contains(string(answer), "SECRET") || strings.HasPrefix(string(answer), "HTTP/1.1 200") {
			t.Errorf("%s: %s", raw, answer)
		}
	}
}

// Security: a redirect never leads to another host.
func TestRedirectsStayHere(t *testing.T) {
	h := site(t)
	for _, target := range []string{"//docs", "///docs", `/\docs`, "//evil.example/../docs", "//evil.example/docs"} {
		w := get(h, target)
		if to := w.Header().Get("Location"); to != "" && to != "/docs/" {
			t.Errorf("%s leads to %s", target, to)
		}
	}
}

func TestOnlyGetAndHead(t *testing.T) {
	h := site(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "TRACE", "CONNECT"} {
		r := httptest.NewRequest(method, "/", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	r := httptest.NewRequest(http.MethodHead, "/about", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "5" {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
}

func TestValidatorsAndCaching(t *testing.T) {
	h := site(t)
	w := get(h, "/about")
	tag, modified := w.Header().Get("ETag"), w.Header().Get("Last-Modified")
	if tag == "" || modified == "" || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("%v", w.Header())
	}
	if w := get(h, "/about", "If-None-Match", tag); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("If-None-Match: %d", w.Code)
	}
	if w := get(h, "/about", "If-Modified-Since", modified); w.Code != 304 {
		t.Errorf("If-Modified-Since: %d", w.Code)
	}
	if w := get(h, "/assets/index-DiwrgTd4.css"); w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("hashed: %v", w.Header())
	}
	if w := get(h, "/style.css"); w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("not hashed: %v", w.Header())
	}
}

func TestWhatIsTakenForAHash(t *testing.T) {
	for name, want := range map[string]bool{
		"main.8e0d62a1.js": true, "index-DiwrgTd4.css": true, "2.1f0b3c9d.chunk.js": true, "a-0123456789abcdef0123456789abcdef.png": true,
		"my-component.js": false, "report-20260501.pdf": false, "jquery-3.7.1.min.js": false, "main.js": false, "deadbeef.js": false,
		"some-feedface.js": false, "Holiday-IMG12345.jpg": false, "hello-WORLD123.txt": false,
	} {
		if hashed(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestCompression(t *testing.T) {
	h := site(t)
	w := get(h, "/style.css", "Accept-Encoding", "br, gzip;q=0.5")
	if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Vary") != "Accept-Encoding" || w.Body.Len() > len(bigCSS)/4 {
		t.Fatalf("%d bytes, %v", w.Body.Len(), w.Header())
	}
	zip, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(zip); err != nil || string(text) != bigCSS {
		t.Errorf("%q %v", text, err)
	}
	tag := w.Header().Get("ETag")
	if w := get(h, "/style.css", "Accept-Encoding", "gzip", "If-None-Match", tag); w.Code != 304 {
		t.Errorf("If-None-Match: %d", w.Code)
	}
	for _, accept := range []string{"", "br", "gzip;q=0", "gzip; q=0.0", "identity"} {
		w := get(h, "/style.css", "Accept-Encoding", accept)
		if w.Header().Get("Content-Encoding") != "" || w.Body.String() != bigCSS || w.Header().Get("ETag") == tag || w.Header().Get("Vary") == "" {
			t.Errorf("%q: %v", accept, w.Header())
		}
	}
	for _, target := range []string{"/about", "/video.mp4"} {
		if w := get(h, target, "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s is compressed", target)
		}
	}
}

func TestRanges(t *testing.T) {
	h := site(t)
	w := get(h, "/video.mp4", "Range", "bytes=2-4")
	if w.Code != 206 || w.Body.String() != "234" || w.Header().Get("Content-Range") != "bytes 2-4/10" || w.Header().Get("Accept-Ranges") != "bytes" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	if w := get(h, "/video.mp4", "Range", "bytes=20-"); w.Code != 416 {
		t.Errorf("beyond the end: %d", w.Code)
	}
	if w := get(h, "/style.css", "Range", "bytes=0-3", "Accept-Encoding", "gzip"); w.Code != 206 || w.Body.String() != "body" {
		t.Errorf("of a compressible file: %d %q", w.Code, w.Body)
	}
	if w := get(h, "/video.mp4", "Range", "bytes=2-4", "If-Range", `"old"`); w.Code != 200 || w.Body.Len() != 10 {
		t.Errorf("If-Range: %d", w.Code)
	}
}

func TestAChangedFileIsServedAnew(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	h := Handler(root)
	var tags []string
	for _, text := range []string{"one", "three"} {
		if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		w := get(h, "/")
		if w.Body.String() != text {
			t.Errorf("got %q", w.Body)
		}
		tags = append(tags, w.Header().Get("ETag"))
	}
	if tags[0] == tags[1] {
		t.Error("same tag")
	}
}

func TestStopFinishesRequestsUnderWay(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.bin")
	f, err := os.Create(big)
	if err != nil {
		t.Fatal(err)
	}
	const size = 32 << 20
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	f.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, dir, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	n, err := io.Copy(io.Discard, answer.Body)
	if n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestMissingFolderIsOneSentence(t *testing.T) {
	var stderr strings.Builder
	t.Setenv("PORT", "0")
	if code := Main([]string{"/does/not/exist"}, &stderr); code != 1 || !strings.Contains(stderr.String(), "cannot serve the folder /does/not/exist") {
		t.Errorf("%d %s", code, stderr.String())
	}
}

func FuzzPaths(f *testing.F) {
	for _, s := range []string{"/", "/../secret.txt", "/.well-known/x", "/docs//", "\x00", "/up/..", "/outside.txt/"} {
		f.Add(s)
	}
	h := site(f)
	f.Fuzz(func(t *testing.T, target string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = target
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "SECRET") {
			t.Fatalf("%q gives %q", target, w.Body)
		}
		if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
			t.Fatalf("%q leads to %q", target, to)
		}
	})
}
