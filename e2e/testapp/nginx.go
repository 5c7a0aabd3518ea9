package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const nginxPid = "/run/nginx.pid"

var (
	serverName = regexp.MustCompile(`(?m)^\s*server_name\s+([^;]+);`)
	server     = regexp.MustCompile(`(?m)^\s*server\s+([0-9.]+:[0-9]+);`)
)

// nginx stands for the nginx of a Dokku machine: it has ports 80 and 443, leads hosts to the containers that
// /home/dokku/*/nginx.conf names, with the certificates beside it, and ends when it is called with -s quit.
func nginx(ctx context.Context) error {
	if len(os.Args) == 3 && os.Args[1] == "-s" && os.Args[2] == "quit" {
		text, err := os.ReadFile(nginxPid)
		if err != nil {
			return err
		}
		pid, err := strconv.Atoi(string(text))
		if err != nil {
			return err
		}
		return syscall.Kill(pid, syscall.SIGQUIT)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGQUIT)
	defer stop()
	plain, err := net.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	secure, err := tls.Listen("tcp", ":443", &tls.Config{GetCertificate: certificate, MinVersion: tls.VersionTLS12})
	if err != nil {
		return err
	}
	if err := os.WriteFile(nginxPid, []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	defer os.Remove(nginxPid)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: upstream(r.In.Host)})
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("Server", "nginx")
			return nil
		},
	}
	srv := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		ended <- srv.Shutdown(context.WithoutCancel(ctx))
	}()
	go func() { _ = srv.Serve(secure) }() // ends as the other does, whose error is ours
	if err := srv.Serve(plain); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

// certificate is that of the app that a host leads to.
func certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	file, _ := configOf(hello.ServerName)
	dir := filepath.Join(filepath.Dir(file), "tls")
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key"))
	return &cert, err
}

// upstream is the container that a host leads to, "" for none.
func upstream(host string) string {
	_, address := configOf(host)
	return address
}

// configOf is the nginx.conf that has a host, and the container that it leads to.
func configOf(host string) (file, address string) {
	files, err := filepath.Glob("/home/dokku/*/nginx.conf")
	if err != nil {
		return "", ""
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		name, address := serverName.FindSubmatch(text), server.FindSubmatch(text)
		if name != nil && address != nil && strings.TrimSpace(string(name[1])) == host {
			return file, string(address[1])
		}
	}
	return "", ""
}
