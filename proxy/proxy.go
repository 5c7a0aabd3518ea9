// Package proxy says what the rest of Slipway may ask of a reverse proxy: which
// hosts and ports lead to which containers of an app, and when the last request
// has left a container that is about to stop.
//
// The main type is [Routes], everything a proxy knows of one app. A [Provider]
// puts it into effect:
//
//	err := provider.Apply(ctx, proxy.Routes{
//		App:   "blog",
//		Hosts: []string{"blog.example.com"},
//		Listeners: []proxy.Listener{
//			{Scheme: "http", Port: 80, Upstreams: []string{"172.17.0.3:5000"}},
//		},
//	})
//	// requests now reach 172.17.0.3; the old container is idle after
//	err = provider.Drain(ctx, "blog", []string{"172.17.0.2:5000"}, 30*time.Second)
//
// Package proxy/client is the Provider of the control plane for Slipway's own data
// plane, package proxy/dataplane is that plane, and package proxy/proxytest is the
// suite that every Provider passes.
package proxy

import (
	"context"
	"time"
)

// Schemes of a Listener.
const (
	HTTP  = "http"
	HTTPS = "https"
)

// A Provider routes requests to apps. All methods may be called from several
// goroutines at once; calls for one app take effect one after the other.
type Provider interface {
	// Apply makes r the whole truth about r.App from the moment it returns:
	// hosts, listeners and upstreams that r does not name are gone. Requests in
	// flight go on with the upstream they have. The control plane calls it at
	// every deploy, scale, stop, domain change, and moved container.
	//
	// After an error the routes from before are still in effect. It is an
	// *InvalidError when r makes no sense, a *TakenError when another app owns a
	// host or port of r, a *PortError when a port cannot be opened.
	Apply(ctx context.Context, r Routes) error

	// Remove forgets the app. Its hosts are unknown hosts from then on. Removing
	// an app that has no routes is no error.
	Remove(ctx context.Context, app string) error

	// Drain returns once no request that entered before the call is in flight to
	// the upstreams, WebSockets included, or when timeout has passed; WebSockets
	// that are still open are then ended. Both are no error. Call it after the
	// Apply that dropped the upstreams and before their containers stop. Upstreams
	// that nothing was ever sent to are idle. An upstream that is still routed to
	// can never be drained: that is an *InvalidError, returned at once.
	Drain(ctx context.Context, app string, upstreams []string, timeout time.Duration) error
}

// Routes is everything a proxy knows of one app. Its JSON form is also the content
// of the route files that the data plane starts from.
type Routes struct {
	// App is the app's name: ^[a-z0-9][a-z0-9.-]*$.
	App string `json:"app"`

	// Hosts are lower-case host names without port. A name "*.example.com" stands
	// for every name below example.com at any depth, but not example.com itself.
	// One host belongs to one app. An exact host wins over a wildcard, a longer
	// wildcard over a shorter one, so an app may own a name below another's
	// wildcard.
	Hosts []string `json:"hosts,omitempty"`

	// AnyHost gives the app every host on its listeners that no app names in
	// Hosts (vhosts disabled). One listener port has at most one such app.
	AnyHost bool `json:"any_host,omitempty"`

	// Listeners are the ports that the app answers on.
	Listeners []Listener `json:"listeners,omitempty"`

	// Stopped says that no web process runs: every request is answered by 503.
	Stopped bool `json:"stopped,omitempty"`

	// TLS is the app's own certificate, nil when it has none.
	TLS *Certificate `json:"tls,omitempty"`
}

// A Listener is one port of an app and the containers behind it.
type Listener struct {
	// Scheme is HTTP or HTTPS. All apps that share a port agree on it.
	Scheme string `json:"scheme"`

	// Port as the user says it: 80, 443, 8080. An installation may bind 80 and 443
	// to other numbers (SLIPWAY_HTTP_PORT, SLIPWAY_HTTPS_PORT); here they stay 80
	// and 443.
	Port int `json:"port"`

	// Redirect is the port of the https:// URL that every request of an HTTP
	// listener is sent to, 0 for none: Upstreams are then not asked.
	Redirect int `json:"redirect,omitempty"`

	// Upstreams are addresses "172.17.0.3:5000". None means that the app has no
	// running web process: 503.
	Upstreams []string `json:"upstreams,omitempty"`
}

// A Certificate is a pair of PEM files. They are read again when they change.
type Certificate struct {
	CertFile string `json:"cert_file"` // absolute path; the leaf first, then its chain
	KeyFile  string `json:"key_file"`  // absolute path
}
