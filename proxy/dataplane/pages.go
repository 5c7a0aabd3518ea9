package dataplane

import (
	"io"
	"net/http"
	"strconv"
)

// A page is what the data plane answers by itself. None names an app or an address.
type page struct {
	status     int
	text       string
	retryAfter int // seconds, 0 for none
}

var (
	unknownHost = page{status: http.StatusNotFound, text: "No app answers to this host name.\n"}
	notRunning  = page{status: http.StatusServiceUnavailable, text: "This app is not running at the moment.\n", retryAfter: 10}
	noAnswer    = page{status: http.StatusBadGateway, text: "This app did not answer.\n"}
	tooSlow     = page{status: http.StatusGatewayTimeout, text: "This app took too long to answer.\n"}
	onlyHTTPS   = page{status: http.StatusMovedPermanently, text: "This app answers over https.\n"}
	noTunnel    = page{status: http.StatusMethodNotAllowed, text: "This is not a forward proxy.\n"}
)

func (p page) write(w http.ResponseWriter) {
	h := w.Header()
	h.Del("Server")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(p.text)))
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	w.WriteHeader(p.status)
	_, _ = io.WriteString(w, p.text) // the client may be gone
}
