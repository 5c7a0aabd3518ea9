// Package buildkit builds an image from a Dockerfile with the BuildKit that is
// inside every Docker Engine since 18.09. It needs neither buildx nor the
// docker command; source, secrets and registry logins stay with this process
// and travel only when a step asks for them.
//
//	options, err := buildkit.ParseFlags(req.Args) // docker-options of the build phase
//	err = buildkit.Build(ctx, engine, buildkit.Job{
//		App:        "blog",
//		Context:    buildkit.Folder(dir),
//		Dockerfile: buildkit.Dockerfile{Name: "Dockerfile", Content: content},
//		Image:      "dokku/blog:latest",
//		Options:    options,
//		Env:        req.Env,
//		Log:        req.Log,
//	}, out)
//
// The cache is the engine's own and is kept between builds.
package buildkit

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/slipwayhq/slipway/command"
)

// Engine is what a build needs of docker.Engine, which says what
// the methods do.
type Engine interface {
	DialBuildKit(ctx context.Context) (net.Conn, error)
	DialSession(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error)
}

// Job is one build.
type Job struct {
	App        string     // for messages
	Context    Tree       // what COPY and ADD see
	Dockerfile Dockerfile // in the syntax that the engine knows
	// Image is the reference to tag. Files that did not change since the last
	// build of the same repository are not sent again.
	Image   string
	Labels  map[string]string // of the image; those of Options win
	Options Options
	// Env has the values of build arguments and secrets: a variable reaches the
	// build when the Dockerfile has `ARG NAME` or `--mount=type=secret,id=NAME`.
	Env map[string]string
	// DockerConfig is the folder with the config.json that holds the registry
	// logins; empty: DOCKER_CONFIG, or ~/.docker.
	DockerConfig string
	Log          io.Writer // gets every step with its whole output
}

// Dockerfile is a build's recipe.
type Dockerfile struct {
	Name    string // relative to the root of the source, for messages
	Content []byte
	Ignore  []byte // of NAME.dockerignore, which goes before .dockerignore; nil: there is none
}

// hangUpAfter is how long the engine has to end a cancelled build in order
// before the connection is cut, which ends it too.
const hangUpAfter = time.Second

// Build runs the job and returns once the image is in the engine under its
// name. Progress goes to out as it happens. The error of a failing build is a
// command.Error; that of a cancelled ctx is ctx's.
func Build(ctx context.Context, engine Engine, job Job, out *command.Output) error {
	solve, err := job.solveOptions()
	if err != nil {
		return err
	}
	bk, hangUp, err := connect(ctx, engine)
	if err != nil {
		return err
	}
	defer hangUp()
	done := make(chan struct{})
	defer close(done)
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(hangUpAfter):
			hangUp()
		case <-done:
		}
	})
	defer stop()

	status := make(chan *client.SolveStatus)
	result := make(chan error, 1)
	go func() {
		_, err := bk.Solve(ctx, nil, solve, status) // closes status
		result <- err
	}()
	shown := newProgress(out, job.log(), job)
	shown.follow(status)
	err = <-result
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the build was cancelled: %w", ctx.Err())
	case err != nil:
		return shown.failure(job, err)
	}
	return nil
}

// connect opens the engine's build service. The first connection is made here,
// so that an engine that is not there is told by its own error.
func connect(ctx context.Context, engine Engine) (bk *client.Client, hangUp func(), err error) {
	conn, err := engine.DialBuildKit(ctx)
	if err != nil {
		return nil, nil, err
	}
	first := make(chan net.Conn, 1)
	first <- conn
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		select {
		case conn := <-first:
			return conn, nil
		default:
			return engine.DialBuildKit(ctx)
		}
	}
	bk, err = client.New(ctx, "", client.WithContextDialer(dial), client.WithSessionDialer(engine.DialSession))
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("cannot use the engine's build service: %w", err)
	}
	return bk, sync.OnceFunc(func() {
		bk.Close()
		conn.Close() // where it was never used
	}), nil
}
