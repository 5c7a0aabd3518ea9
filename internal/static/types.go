package static

import (
	"path"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// contentTypes are our own: an image FROM scratch has no /etc/mime.types.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8",
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".webmanifest": "application/manifest+json",
	".txt": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8", ".csv": "text/csv; charset=utf-8",
	".xml": "application/xml", ".rss": "application/rss+xml", ".atom": "application/atom+xml",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav", ".mp4": "video/mp4", ".webm": "video/webm",
	".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip", ".wasm": "application/wasm",
}

// contentType goes by the extension; "" leaves it to net/http, which looks at
// the content.
func contentType(name string) string { return contentTypes[strings.ToLower(path.Ext(name))] }

// compressible tells whether a content type is text, or as compact as text.
func compressible(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	switch kind {
	case "application/json", "application/manifest+json", "application/xml", "application/rss+xml", "application/atom+xml",
		"application/wasm", "image/svg+xml", "image/x-icon", "font/ttf", "font/otf":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

// cacheControl lets browsers keep files whose name changes with their content
// for a year; all others they ask for again, which the ETag makes cheap.
func cacheControl(name string) string {
	if contentType(name) != contentTypes[".html"] && hashed(path.Base(name)) {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// hashRE finds what may be a hash before an extension: main.8e0d62a1.js,
// index-DiwrgTd4.css, 2.1f0b3c9d.chunk.js. It is compiled when it is needed:
// the thin client, which is in the same binary, starts in a few milliseconds.
var hashRE = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[.\-_]([0-9a-f]{8,64}|[0-9A-Za-z_\-]{8})\.`)
})

// hashed tells whether a file's name contains a hash as bundlers write it: hex
// with a letter and a digit, or eight characters (Vite, Rollup, esbuild) of
// which some are upper, some lower case and some digits. Words and dates, such
// as in "my-component.js" and "report-20260501.pdf", are not taken for one.
func hashed(base string) bool {
	for _, m := range hashRE().FindAllStringSubmatch(base, -1) {
		h := m[1]
		digit := strings.ContainsFunc(h, unicode.IsDigit)
		upper := strings.ContainsFunc(h, unicode.IsUpper)
		lower := strings.ContainsFunc(h, unicode.IsLower)
		hex := strings.Trim(h, "0123456789abcdef") == ""
		if digit && lower && (upper || hex) {
			return true
		}
	}
	return false
}
