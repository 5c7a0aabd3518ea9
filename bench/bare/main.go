// Bare is Go's own ReverseProxy with nothing around it, a peer of the data
// plane: bare ADDRESS UPSTREAM.
package main

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bare ADDRESS UPSTREAM")
		os.Exit(2)
	}
	target := &url.URL{Scheme: "http", Host: os.Args[2]}
	err := http.ListenAndServe(os.Args[1], &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256},
	})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
