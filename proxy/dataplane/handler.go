package dataplane

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// maxAttempts is on how many upstreams a request is tried, if it can be repeated.
const maxAttempts = 3

// A handler is the one Caddy handler of each server: it finds the app of a request and
// has Caddy's reverse_proxy forward it.
type handler struct {
	id    string // Caddy's name for this kind of handler
	plane *plane
	to    http.RoundTripper
	proxy *reverseproxy.Handler
}

var (
	_ caddyhttp.MiddlewareHandler = (*handler)(nil)
	_ caddy.Provisioner           = (*handler)(nil)
	_ caddy.CleanerUpper          = (*handler)(nil)
)

// CaddyModule implements caddy.Module.
func (h *handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  caddy.ModuleID("http.handlers." + h.id),
		New: func() caddy.Module { return &handler{id: h.id, plane: h.plane, to: h.to} },
	}
}

// Provision implements caddy.Provisioner.
func (h *handler) Provision(ctx caddy.Context) error {
	h.proxy = &reverseproxy.Handler{
		Transport:     h.to,
		LoadBalancing: &reverseproxy.LoadBalancing{SelectionPolicy: source{}, Retries: maxAttempts - 1},
	}
	return h.proxy.Provision(ctx)
}

// Cleanup implements caddy.CleanerUpper: it ends WebSockets.
func (h *handler) Cleanup() error { return h.proxy.Cleanup() }

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	local := r.Context().Value(http.LocalAddrContextKey).(*localAddr)
	now := time.Now()
	if h.plane.retired.Load() != nil && r.Header["Upgrade"] == nil {
		w.Header().Set("Connection", "close") // HTTP/2 as well: net/http makes a GOAWAY of it
	}
	e := &exchange{plane: h.plane, host: hostname(r.Host), port: local.port, now: now.UnixNano()}
	if !e.next() {
		switch {
		case e.site == nil:
			unknownHost.write(w)
		case e.redirect > 0:
			redirect(w, r, e)
		default:
			notRunning.write(w)
		}
		return nil
	}
	defer e.leave()
	app := e.site.routes.App
	if r.Method == http.MethodConnect && r.ProtoMajor == 1 {
		noTunnel.write(w) // a web server is not a forward proxy
		return nil
	}
	if r.Header["Upgrade"] != nil {
		u := newUpgradeWriter(w, r, e)
		defer u.done()
		w = u
	}
	r.Header["X-Forwarded-Port"] = local.header
	r.Header["X-Request-Start"] = []string{msec(now)}
	for _, name := range believed {
		delete(r.Header, name)
	}
	caddyhttp.SetVar(r.Context(), exchangeVar, e)
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e))

	err := h.proxy.ServeHTTP(w, r, next)
	if err == nil {
		return nil
	}
	e.fail()
	status := http.StatusBadGateway
	if he, ok := errors.AsType[caddyhttp.HandlerError](err); ok && he.StatusCode >= 500 {
		status = he.StatusCode
	}
	h.plane.log.Warn("an upstream did not answer", "app", app, "status", status, "error", err)
	if status == http.StatusGatewayTimeout {
		tooSlow.write(w)
	} else {
		noAnswer.write(w)
	}
	return nil
}

// redirect sends a request to the same place over HTTPS. The port is always named, as in
// Dokku's nginx.conf. The answer is not to be kept: the app may lose its certificate.
func redirect(w http.ResponseWriter, r *http.Request, e *exchange) {
	uri := r.URL.RequestURI()
	if !strings.HasPrefix(uri, "/") { // OPTIONS *
		uri = "/"
	}
	w.Header().Set("Location", "https://"+e.host+":"+strconv.Itoa(e.redirect)+uri)
	onlyHTTPS.write(w)
}

// believed are other headers by which frameworks and libraries learn who the client is and how it came, and one that CGI
// programs take for the variable HTTP_PROXY (https://httpoxy.org). What clients say of themselves in them is dropped;
// those of one content delivery network, such as True-Client-IP, are between it and the app.
var believed = []string{
	"Forwarded", "X-Real-Ip", "X-Forwarded", "X-Forwarded-Ssl", "X-Forwarded-Scheme",
	"X-Url-Scheme", "Front-End-Https", "Proxy",
}

// msec is nginx's $msec: seconds since 1970 with milliseconds, "1700000000.123".
func msec(t time.Time) string {
	ms := t.UnixMilli()
	b := strconv.AppendInt(make([]byte, 0, 14), ms/1000, 10)
	rest := ms % 1000
	return string(append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10)))
}
