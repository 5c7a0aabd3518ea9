package resource

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/apps"
)

func TestStories(t *testing.T) { plugintest.Run(t, Plugin, apps.Plugin) }

// A value that is accepted reaches docker as one option.
func FuzzValue(f *testing.F) {
	for _, v := range []string{"0.5", "500m", "128", "128MB", "1g", "-1", "all", "bogus", "1 g", "count=2", "10Mbps", "1e9"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, name := range names {
			if check(name, v) != nil {
				continue
			}
			args := dockerArgs(map[string]string{name: v}, map[string]string{name: v})
			back, err := words.Split(words.Quote(args))
			if err != nil || !slices.Equal(back, args) {
				t.Fatalf("%s %q gives %q, read back as %q: %v", name, v, args, back, err)
			}
			for _, a := range args {
				if !strings.HasPrefix(a, "--") || strings.ContainsAny(a, "\n\x00") {
					t.Fatalf("%s %q gives %q", name, v, args)
				}
			}
		}
	})
}

func TestValuesAsDockerTakesThem(t *testing.T) {
	for _, c := range [][3]string{
		{"memory", "128", "128m"},
		{"memory", "512MB", "512MB"},
		{"memory", "512M", "512M"},
		{"memory", "1g", "1g"},
		{"memory-swap", "1073741824", "1073741824"},
		{"memory-swap", "-1", "-1"},
		{"cpu", "0.5", "0.5"},
		{"cpu", "250m", "0.25"},
	} {
		if got := dockerValue(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s is %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

// DOKKU_OMIT_RESOURCE_ARGS in the server's own environment counts too.
func TestResourcesAreLeftOutWhenTheServerSaysSo(t *testing.T) {
	w := plugintest.Make(t, Plugin)
	if err := w.Host.Store.Set(property(everyProcess, limit, "memory"), "blog", "128"); err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		answer, err := w.Host.Bus.Query(t.Context(), "docker-args-process-deploy", "blog", "dockerfile", "latest", "web", "1")
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if got := ask(); got != "--memory=128m" {
		t.Errorf("got %q", got)
	}
	w.Host.Exec.Env = append(w.Host.Exec.Env, omit+"=1")
	if got := ask(); got != "" {
		t.Errorf("got %q", got)
	}
}
