// Command testapp is the app that the end-to-end tests deploy: one static
// binary that answers what a test wants to see from inside a container.
//
//	/            the text of the file /version
//	/env/NAME    the value of a variable
//	/headers     the request's host, address and headers as JSON
//	/ws          sends back what it gets after an upgrade
//	/sse         three server-sent events, each when the one before was read: 50 ms apart
//	/upload      number and SHA-256 of the bytes of the body
//	/download?n= n bytes
//	/slow?ms=    answers after that time
//	/host        the container's host name
//	/status/N    status N
//	/crash       exits
//
// It listens on $PORT of the address in $BIND (all when unset). Called as
// "testapp idle" it listens on nothing and waits for SIGTERM. Under the name
// nginx it stands for that (nginx.go).
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if filepath.Base(os.Args[0]) == "nginx" {
		if err := nginx(ctx); err != nil {
			log.Fatal(err)
		}
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "idle" {
		fmt.Println("idle")
		<-ctx.Done()
		return
	}
	if err := serve(ctx); err != nil {
		log.Fatal(err)
	}
}

// serve answers until ctx ends, then ends what is in flight.
func serve(ctx context.Context) error {
	version, err := os.ReadFile("/version")
	if err != nil {
		return err
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "5000"
	}
	srv := &http.Server{Addr: os.Getenv("BIND") + ":" + port, Handler: routes(version), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		ended <- srv.Shutdown(grace)
	}()
	fmt.Printf("testapp listens on %s\n", srv.Addr)
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

func routes(version []byte) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write(version) })
	mux.HandleFunc("/env/{name}", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, os.Getenv(r.PathValue("name")))
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"host": r.Host, "remote": r.RemoteAddr, "headers": r.Header})
	})
	mux.HandleFunc("/host", func(w http.ResponseWriter, _ *http.Request) {
		name, _ := os.Hostname()
		io.WriteString(w, name)
	})
	mux.HandleFunc("/status/{n}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(number(r.PathValue("n"))) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Duration(number(r.FormValue("ms"))) * time.Millisecond)
		w.Write(version)
	})
	mux.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	mux.HandleFunc("/ws", echo)
	mux.HandleFunc("/sse", events)
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		fmt.Fprintf(w, "%d %x %v", n, sum.Sum(nil), err)
	})
	mux.HandleFunc("/download", func(w http.ResponseWriter, r *http.Request) {
		block := make([]byte, 1<<16)
		for n := number(r.FormValue("n")); n > 0; n -= len(block) {
			if _, err := w.Write(block[:min(n, len(block))]); err != nil {
				return
			}
		}
	})
	return mux
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// echo takes over the connection and sends back every byte.
func echo(w http.ResponseWriter, _ *http.Request) {
	c, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer c.Close()
	io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	io.Copy(c, buffered)
}

func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for n := range 3 {
		fmt.Fprintf(w, "data: %d\n\n", n)
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
