package dataplane

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddytls"

	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/proxytest"
)

// issue writes a certificate for host into dir, with a serial number to know it by.
func issue(t *testing.T, dir, host string, serial int64) proxy.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := proxy.Certificate{CertFile: filepath.Join(dir, host+".crt"), KeyFile: filepath.Join(dir, host+".key")}
	for path, block := range map[string]*pem.Block{c.CertFile: {Type: "CERTIFICATE", Bytes: der}, c.KeyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// shake asks for a TLS connection to name and returns the serial number of what it is shown.
func shake(m *Main, name string, protocols ...string) (int64, string, error) {
	c, err := tls.Dial("tcp", m.Addr(443).String(), &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: protocols})
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = c.Close() }()
	s := c.ConnectionState()
	return s.PeerCertificates[0].SerialNumber.Int64(), s.NegotiatedProtocol, nil
}

func secure(app, host string, cert *proxy.Certificate, upstream string) proxy.Routes {
	r := proxytest.Web(app, host, upstream)
	r.Listeners = append(r.Listeners, proxy.Listener{Scheme: proxy.HTTPS, Port: 443, Upstreams: []string{upstream}})
	r.TLS = cert
	return r
}

func TestHTTPS(t *testing.T) {
	m, c := start(t)
	dir := t.TempDir()
	up := proxytest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s", r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Port"))
	}))
	blog, shop := issue(t, dir, "blog.example.com", 1), issue(t, dir, "shop.example.com", 2)
	apply(t, c, secure("blog", "blog.example.com", &blog, up))
	apply(t, c, secure("shop", "shop.example.com", &shop, up))
	apply(t, c, secure("bare", "bare.example.com", nil, up))

	for name, want := range map[string]int64{"blog.example.com": 1, "shop.example.com": 2, "BLOG.example.com": 1} {
		if serial, proto, err := shake(m, name, "h2", "http/1.1"); err != nil || serial != want || proto != "h2" {
			t.Errorf("%s: certificate %d, protocol %s, %v; want certificate %d, h2", name, serial, proto, err, want)
		}
	}
	for _, name := range []string{"nobody.example.com", "bare.example.com", ""} {
		if serial, _, err := shake(m, name); err == nil {
			t.Errorf("%q was shown certificate %d", name, serial)
		}
	}

	pool := x509.NewCertPool()
	data, err := os.ReadFile(blog.CertFile)
	if err != nil || !pool.AppendCertsFromPEM(data) {
		t.Fatal(err)
	}
	for _, h2 := range []bool{false, true} {
		browser := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: h2,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", m.Addr(443).String())
			},
		}}
		res, err := browser.Get("https://blog.example.com/")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		browser.CloseIdleConnections()
		_, port, _ := net.SplitHostPort(m.Addr(443).String())
		if string(body) != "https "+port || (res.ProtoMajor == 2) != h2 {
			t.Errorf("over %s the app saw %q, want https and port %s", res.Proto, body, port)
		}
	}
}

// An app whose domains are disabled answers to every name on its ports, by its own certificate. Source: Dokku's
// nginx.conf.sigil, which leaves server_name out.
func TestAnAppOfAnyHostIsServedOverHTTPS(t *testing.T) {
	m, c := start(t)
	dir := t.TempDir()
	up := proxytest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "any "+r.Host) }))
	blog, every := issue(t, dir, "blog.example.com", 1), issue(t, dir, "any.example.com", 7)
	apply(t, c, secure("blog", "blog.example.com", &blog, up))
	any := secure("any", "", &every, up)
	any.Hosts, any.AnyHost = nil, true
	apply(t, c, any)
	for name, want := range map[string]int64{"blog.example.com": 1, "nobody.example.com": 7, "": 7} {
		if serial, _, err := shake(m, name); err != nil || serial != want {
			t.Errorf("%q: certificate %d, %v; want %d", name, serial, err, want)
		}
	}
	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer browser.CloseIdleConnections()
	address := m.Addr(443).String() // a browser that is given an IP address sends no name in the handshake
	res, err := browser.Get("https://" + address + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "any "+address {
		t.Errorf("%q, %v", body, err)
	}
}

func TestCertificateIsReadAgainWhenItChanges(t *testing.T) {
	m, c := start(t)
	dir := t.TempDir()
	cert := issue(t, dir, "blog.example.com", 1)
	apply(t, c, secure("blog", "blog.example.com", &cert, proxytest.Upstream(t, "blog")))
	want := func(serial int64) {
		t.Helper()
		if got, _, err := shake(m, "blog.example.com"); err != nil || got != serial {
			t.Errorf("certificate %d, %v, want %d", got, err, serial)
		}
	}
	want(1)
	issue(t, dir, "blog.example.com", 2)
	want(2)
	// A pair that does not fit, as while it is being replaced, leaves the old one.
	key, err := os.ReadFile(cert.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cert.KeyFile, []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(2)
	if err := os.WriteFile(cert.KeyFile, bytes.Clone(key), 0o600); err != nil {
		t.Fatal(err)
	}
	want(2)
}

func TestCertificatesMayOnlyBeObtainedForHostsOfTheTable(t *testing.T) {
	m, c := start(t)
	apply(t, c, proxytest.Web("blog", "blog.example.com *.blog.example.com", proxytest.Upstream(t, "blog")))
	p := &permission{plane: m.plane}
	for _, name := range []string{"blog.example.com", "a.blog.example.com", "BLOG.example.com."} {
		if err := p.CertificateAllowed(context.Background(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"example.com", "nobody.example.com", "", "127.0.0.1"} {
		if err := p.CertificateAllowed(context.Background(), name); !errors.Is(err, caddytls.ErrPermissionDenied) {
			t.Errorf("%q: %v, want it denied", name, err)
		}
	}
}
