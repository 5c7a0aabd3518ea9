package main

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/slipwayhq/slipway/app/procfileutil"
	"github.com/slipwayhq/slipway/internal/sigil"
	"github.com/slipwayhq/slipway/state"
)

// version is set by the build.
var version = "0.0.0-dev"

// tool is sigil or procfile-util, which read files and the environment as the caller, and so are not the daemon's.
func tool(name string, args []string) int {
	if name == "sigil" {
		dir, _ := os.Getwd() // without one, relative names lead nowhere
		return sigil.Main(context.Background(), args, version, sigil.Streams{
			Env: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr, WorkIn: dir, ParseEnv: state.ParseDotenv,
		})
	}
	var in io.Reader
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		in = os.Stdin
	}
	return procfileutil.Main(args, version, procfileutil.Streams{Getenv: os.Getenv, In: in, Out: os.Stdout, Err: os.Stderr})
}
