package docker_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/dockertest"
)

// BenchmarkCreate compares docker's command line, which Create uses, with the bare API: the price of options that mean
// what they mean to Docker.
func BenchmarkCreate(b *testing.B) {
	engine := dockertest.Connect(b)
	image := dockertest.BusyBox(b, engine)
	api, err := client.New(client.FromEnv)
	if err != nil {
		b.Fatal(err)
	}
	defer api.Close()
	for name, create := range map[string]func(ctx context.Context) (string, error){
		"command line": func(ctx context.Context) (string, error) {
			return engine.Create(ctx, []string{"--env=A=1", "--label=b=2", "--init", image, "true"})
		},
		"API": func(ctx context.Context) (string, error) {
			created, err := api.ContainerCreate(ctx, client.ContainerCreateOptions{
				Config: &container.Config{Image: image, Cmd: []string{"true"}, Env: []string{"A=1"}, Labels: map[string]string{"b": "2"}},
			})
			return created.ID, err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				id, err := create(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := engine.Remove(b.Context(), id); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// BenchmarkList lists 100 containers of one app among them.
func BenchmarkList(b *testing.B) {
	engine := dockertest.Connect(b)
	image := dockertest.BusyBox(b, engine)
	set := dockertest.Name(b)
	for i := range 100 {
		dockertest.CreateWith(b, engine, []string{"--label=set=" + set, fmt.Sprintf("--label=number=%d", i)}, image)
	}
	for name, labels := range map[string]map[string]string{
		"all 100":  {"set": set},
		"1 of 100": {"set": set, "number": "7"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				found, err := engine.List(b.Context(), docker.Filter{All: true, Labels: labels})
				if err != nil || len(found) == 0 {
					b.Fatalf("%d containers, %v", len(found), err)
				}
			}
		})
	}
}
