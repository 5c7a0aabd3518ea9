package registry

import (
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
)

func TestServers(t *testing.T) {
	for v, good := range map[string]bool{
		"ghcr.io": true, "127.0.0.1:5000": true, "registry.example.com/team": true, "ghcr.io/": true, "docker.io": true, "localhost:5000": true,
		"": false, "a b": false, "-rf": false, "https://x": false, "x:y": false, "a/../b": false, "a;b": false,
	} {
		if err := validServer(v); (err == nil) != good {
			t.Errorf("%q: %v", v, err)
		}
	}
}

func FuzzServer(f *testing.F) {
	for _, s := range []string{"ghcr.io", "127.0.0.1:5000", "a/b", "A:1/x", "x//y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if validServer(s) == nil && (docker.CheckImageName(strings.TrimSuffix(s, "/")+"/app:1") != nil || strings.ContainsAny(s, " \n") || strings.HasPrefix(s, "-")) {
			t.Errorf("%q passes", s)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"{{ .AppName }}", "a/{{.AppName}}-b", "{{", "{{ printf \"%s\" .AppName }}", "{{range 1}}", "x:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		repo, err := render(s, "blog")
		if err == nil && docker.CheckImageName(repo+":1") != nil {
			t.Errorf("%q gives %q", s, repo)
		}
	})
}

func FuzzTags(f *testing.F) {
	for _, s := range []string{"latest", "a,b", ",", "a b", strings.Repeat("x", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if validTags(s) != nil {
			return
		}
		for tag := range strings.SplitSeq(s, ",") {
			if docker.CheckImageName("app:"+tag) != nil {
				t.Errorf("%q passes with %q", s, tag)
			}
		}
	})
}
