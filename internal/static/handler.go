package static

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
)

// handler serves the files below root, of which no request leads out: os.Root
// refuses .. and links that leave it.
type handler struct {
	root  *os.Root
	cache *cache
}

// Handler serves the files below root.
func Handler(root *os.Root) http.Handler { return &handler{root: root, cache: newCache()} }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name, redirect := h.find(r.URL.Path)
	switch {
	case redirect != "":
		to := url.URL{Path: redirect, RawQuery: r.URL.RawQuery}
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, to.String(), http.StatusMovedPermanently)
	case name == "" || !h.serve(w, r, name):
		h.notFound(w, r)
	}
}

// find maps the path of a URL to a file below root, "" when there is none, or
// to the path where the browser shall go instead.
func (h *handler) find(urlPath string) (name, redirect string) {
	clean := path.Clean("/" + urlPath)
	if hidden(clean) {
		return "", ""
	}
	if clean == "/" {
		return h.regular("index.html"), ""
	}
	name = clean[1:]
	folder := strings.HasSuffix(urlPath, "/")
	index := h.regular(name + "/index.html")
	switch {
	case folder && index != "":
		return index, ""
	case folder && (h.regular(name) != "" || h.regular(name+".html") != ""):
		return "", clean
	case folder:
		return "", ""
	case h.regular(name) != "":
		return name, ""
	case index != "":
		return "", clean + "/"
	default:
		return h.regular(name + ".html"), ""
	}
}

// hidden tells whether any part of the path is a dotfile, or no file's name at
// all. /.well-known/ is there to be seen (RFC 8615).
func hidden(clean string) bool {
	if strings.ContainsAny(clean, "\x00\\") {
		return true
	}
	for i, part := range strings.Split(clean[1:], "/") {
		if strings.HasPrefix(part, ".") && (i != 0 || part != ".well-known") {
			return true
		}
	}
	return false
}

// regular returns the name when a regular file has it, else "".
func (h *handler) regular(name string) string {
	info, err := h.root.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return name
}

// serve answers with a file; false when it cannot be read.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	f, info, ok := h.open(name)
	if !ok {
		return false
	}
	defer f.Close()
	kind := contentType(name)
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	w.Header().Set("Cache-Control", cacheControl(name))
	v, err := h.cache.variant(name, f, info, compressible(kind))
	if err != nil {
		return false
	}
	w.Header().Set("ETag", `"`+v.tag+`"`)
	var content io.ReadSeeker = f
	if compressible(kind) {
		w.Header().Set("Vary", "Accept-Encoding")
		if v.gzip != nil && r.Header.Get("Range") == "" && acceptsGzip(r.Header.Get("Accept-Encoding")) {
			w.Header().Set("ETag", `"`+v.tag+`-gzip"`)
			w.Header().Set("Content-Encoding", "gzip")
			content = bytes.NewReader(v.gzip)
		}
	}
	http.ServeContent(w, r, name, info.ModTime(), content)
	return true
}

func (h *handler) open(name string) (*os.File, fs.FileInfo, bool) {
	f, err := h.root.Open(name)
	if err != nil {
		return nil, nil, false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, nil, false
	}
	return f, info, true
}

// notFound answers with the site's own 404.html, or plainly.
func (h *handler) notFound(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{"Content-Type", "Cache-Control", "ETag", "Content-Encoding"} {
		w.Header().Del(name)
	}
	w.Header().Set("Cache-Control", "no-cache")
	f, info, ok := h.open("404.html")
	if !ok {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", contentType("404.html"))
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_, _ = io.CopyN(w, f, info.Size()) // fails when the browser is gone
	}
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3): gzip is named, and not
// with quality 0.
func acceptsGzip(header string) bool {
	for item := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		_, quality, found := strings.Cut(params, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(quality), 64)
		return !found || (err == nil && q > 0)
	}
	return false
}
