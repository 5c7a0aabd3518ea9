package proxytest

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func failover(t *testing.T, p Plane) {
	gone := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	p.apply(t, Web("blog", "blog.example.com", gone, Upstream(t, "blog")))
	for range 20 {
		p.want(t, "blog.example.com", 80, http.StatusOK, "blog")
	}
	res, err := http.NewRequest(http.MethodPost, "http://"+p.Addr(80)+"/", strings.NewReader("a body"))
	if err != nil {
		t.Fatal(err)
	}
	res.Host = "blog.example.com"
	got, err := http.DefaultClient.Do(res)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	if got.StatusCode != http.StatusOK {
		t.Errorf("POST with one upstream gone: %d", got.StatusCode)
	}
}

func badGateway(t *testing.T, p Plane) {
	p.apply(t, Web("blog", "blog.example.com", fmt.Sprintf("127.0.0.1:%d", freePort(t))))
	p.apply(t, Web("shop", "shop.example.com", Upstream(t, "shop")))
	status, body, _ := p.get(t, "blog.example.com", 80)
	if status != http.StatusBadGateway || strings.Contains(body, "127.0.0.1") || strings.Contains(body, "shop") {
		t.Errorf("an app that is gone: %d %q", status, body)
	}
}

func forwarded(t *testing.T, p Plane) {
	seen := make(chan *http.Request, 1)
	p.apply(t, Web("blog", "blog.example.com", Serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r }))))
	req, err := http.NewRequest(http.MethodGet, "http://"+p.Addr(80)+"/path?q=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "Blog.example.com:1234"
	for _, h := range []string{
		"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Host", "X-Forwarded-Ssl", "X-Request-Start",
		"Forwarded", "X-Real-IP", "X-Forwarded-Scheme", "Proxy",
	} {
		req.Header.Set(h, "spoofed")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	got := <-seen
	_, port, err := net.SplitHostPort(p.Addr(80))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Port": port,
		"X-Forwarded-Host": "Blog.example.com:1234", "X-Forwarded-Ssl": "",
		"Forwarded": "", "X-Real-IP": "", "X-Forwarded-Scheme": "", "Proxy": "",
	} {
		if v := strings.Join(got.Header.Values(name), "|"); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	if got.Host != "Blog.example.com:1234" || got.URL.String() != "/path?q=1" {
		t.Errorf("the app saw host %q and URL %q", got.Host, got.URL)
	}
	var sec, ms int64
	if _, err := fmt.Sscanf(got.Header.Get("X-Request-Start"), "%d.%03d", &sec, &ms); err != nil || time.Since(time.UnixMilli(sec*1000+ms)).Abs() > time.Minute {
		t.Errorf("X-Request-Start: %q, want seconds.milliseconds of now", got.Header.Get("X-Request-Start"))
	}
}
