package docker_test

import (
	"context"
	"net"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"

	"github.com/slipwayhq/slipway/docker/dockertest"
)

// TestBuildKitSolvesThroughTheEngine shows that both connections serve BuildKit's own client, with a build that reads a
// folder of ours.
func TestBuildKitSolvesThroughTheEngine(t *testing.T) {
	engine := dockertest.Connect(t)
	ctx := t.Context()
	builder, err := client.New(ctx, "",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return engine.DialBuildKit(ctx) }),
		client.WithSessionDialer(engine.DialSession))
	if err != nil {
		t.Fatal(err)
	}
	defer builder.Close()
	workers, err := builder.ListWorkers(ctx)
	if err != nil || len(workers) == 0 {
		t.Fatalf("workers: %v, %v", workers, err)
	}
	definition, err := llb.Scratch().File(llb.Copy(llb.Local("tree"), "/", "/")).Marshal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := fsutil.NewFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = builder.Solve(ctx, definition, client.SolveOpt{LocalMounts: map[string]fsutil.FS{"tree": tree}}, nil)
	if err != nil {
		t.Fatal(err)
	}
}
