package buildkit_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/slipwayhq/slipway/build/buildkit"
	"github.com/slipwayhq/slipway/docker/dockertest"
)

// The benchmarks build the same source, whose steps are all in the cache;
// compare them in one run. SLIPWAY_BENCH_DOCKER names a docker command that can
// build with BuildKit by itself (20.10), where the one in PATH lacks buildx.
//
//	go test ./build/buildkit -run none -bench Cached -benchtime 20x

const cachedDockerfile = "FROM " + base + "\nWORKDIR /app\nCOPY package.txt .\nRUN cat package.txt\nCOPY . .\nCMD [\"true\"]\n"

// benchSource is a source of 500 files and 5 MB.
func benchSource(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	content := bytes.Repeat([]byte("0123456789"), 1000)
	files := map[string][]byte{"Dockerfile": []byte(cachedDockerfile), "package.txt": []byte("packages")}
	for i := range 500 {
		files[fmt.Sprintf("src%d/file%d.js", i%20, i)] = content
	}
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

func BenchmarkCachedBuild(b *testing.B) {
	engine := dockertest.Connect(b)
	job := buildkit.Job{Context: buildkit.Folder(benchSource(b)), Image: dockertest.Name(b) + ":latest"}
	run := func() {
		if r := build(b.Context(), b, engine, job, cachedDockerfile); r.err != nil {
			b.Fatal(r.err)
		}
	}
	run()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		run()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1024, "kept-KiB")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/1024, "KiB/op")
}

// BenchmarkCachedBuildOfPush has the source in new files each time, as a push
// has.
func BenchmarkCachedBuildOfPush(b *testing.B) {
	engine := dockertest.Connect(b)
	source := benchSource(b)
	job := buildkit.Job{Image: dockertest.Name(b) + ":latest"}
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
			b.Fatal(err)
		}
		job.Context = buildkit.Folder(dir)
		b.StartTimer()
		if r := build(b.Context(), b, engine, job, cachedDockerfile); r.err != nil {
			b.Fatal(r.err)
		}
	}
}

func BenchmarkCachedDockerBuild(b *testing.B) {
	engine := dockertest.Connect(b)
	dir, image := benchSource(b), dockertest.Name(b)+":latest"
	b.Cleanup(func() { _ = exec.Command("docker", "image", "rm", image).Run() })
	run := func() {
		cli := engine.CLI()
		cli.Bin = os.Getenv("SLIPWAY_BENCH_DOCKER")
		cmd := cli.Command(b.Context(), "build", "-q", "-t", image, dir)
		cmd.Env = append(cmd.Env, "DOCKER_BUILDKIT=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Skipf("docker build with BuildKit does not run here: %v\n%s", err, out)
		}
	}
	run()
	for b.Loop() {
		run()
	}
}
