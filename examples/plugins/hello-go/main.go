// Command hello is the example plugin in Go: a program that stays. With --listen ADDRESS it serves the same over HTTP, signed
// with the secret in the environment variable HELLO_SECRET.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/sdk"
	"github.com/slipwayhq/slipway/sdk/wire"
)

var plugin = sdk.Plugin{
	Commands: []sdk.Command{
		{Name: "hello:greet", Usage: "<name>", Help: "Greet somebody", Run: greet, Idempotent: true},
		{Name: "hello:ask", Help: "Ask for a name, and greet", Run: ask},
		{Name: "hello:crash", Help: "Die", Run: crash},
		{Name: "hello:echo", Help: "Print what comes in", Run: echo},
		{Name: "hello:env", Usage: "<name>", Help: "Print a variable", Run: env},
		{Name: "hello:exit", Usage: "<code>", Help: "Fail", Run: exit},
		{Name: "hello:wait", Usage: "<file>", Help: "Wait until interrupted, and note it in a file", Run: wait},
		{Name: "hello:admin", Help: "Something for root only", Access: wire.ForRoot, Run: greet},
	},
	Triggers: []sdk.Trigger{
		{Name: "post-create", Run: created},
		{Name: "hello-answer", Run: answer, Idempotent: true},
		{Name: "hello-fail", Run: fail},
		{Name: "hello-run", Run: run},
		{Name: "hello-slow", Run: slow},
		{Name: "hello-stdin", Run: echo},
		{Name: "slipway-proxy-apply", Run: echo}, // a proxy that only says what it is told
	},
}

func greet(_ context.Context, c *sdk.Call) error {
	if c.Arg(0) == "" {
		return errors.New("Please specify a name") //nolint:staticcheck // shown as it is
	}
	_, err := fmt.Fprintf(c.Out, "%s, %s\n", c.Config("greeting"), c.Arg(0))
	return err
}

func ask(_ context.Context, c *sdk.Call) error {
	fmt.Fprintln(c.Out, "Who?")
	name, err := bufio.NewReader(c.In).ReadString('\n')
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "Hello, %s\n", strings.TrimSpace(name))
	return err
}

func echo(_ context.Context, c *sdk.Call) error {
	_, err := io.Copy(c.Out, c.In)
	return err
}

func env(_ context.Context, c *sdk.Call) error {
	_, err := fmt.Fprintln(c.Out, c.Env[c.Arg(0)])
	return err
}

func exit(_ context.Context, c *sdk.Call) error {
	fmt.Fprintln(c.Out, "out")
	fmt.Fprintln(c.Err, "err")
	code, err := strconv.Atoi(c.Arg(0))
	if err != nil {
		return err
	}
	return sdk.Exit(code)
}

func crash(context.Context, *sdk.Call) error {
	os.Exit(7)
	return nil
}

func wait(ctx context.Context, c *sdk.Call) error {
	fmt.Fprintln(c.Out, "waiting")
	<-ctx.Done()
	return os.WriteFile(c.Arg(0), []byte("cancelled\n"), 0o600)
}

func created(_ context.Context, c *sdk.Call) error {
	_, err := fmt.Fprintf(c.Out, "hello: created %s\n", c.Arg(0))
	return err
}

func answer(_ context.Context, c *sdk.Call) error {
	_, err := fmt.Fprintf(c.Out, "hello %s\n", c.Arg(0))
	return err
}

func fail(_ context.Context, c *sdk.Call) error {
	fmt.Fprintln(c.Err, "it failed")
	return sdk.Exit(3)
}

// run runs a command in the middle of another one, inside of the locks that it holds.
func run(_ context.Context, c *sdk.Call) error {
	r, err := c.Dokku(c.Args...)
	if err != nil {
		return err
	}
	fmt.Fprint(c.Out, r.Stdout)
	fmt.Fprint(c.Err, r.Stderr)
	if r.Exit != 0 {
		return sdk.Exit(r.Exit)
	}
	return nil
}

// slow cares about nothing.
func slow(context.Context, *sdk.Call) error {
	time.Sleep(10 * time.Minute)
	return nil
}

func main() {
	var err error
	if len(os.Args) == 3 && os.Args[1] == "--listen" {
		err = listen(os.Args[2])
	} else {
		err = sdk.Serve(plugin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func listen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	server := &http.Server{Handler: plugin.Handler(os.Getenv("HELLO_SECRET")), ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(l)
}
