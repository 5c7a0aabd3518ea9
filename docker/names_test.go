package docker

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesAreDokkus(t *testing.T) {
	real, demo := Names{}, Names{Instance: "demo"}
	for got, want := range map[string]string{
		real.Container("blog", "web", 1): "blog.web.1",
		demo.Container("blog", "web", 1): "demo-blog.web.1",
		real.Run("blog", "run", "1234"):  "blog.run.1234",
		demo.Run("blog", "cron", "1234"): "demo-blog.cron.1234",
		real.Image("blog"):               "dokku/blog",
		demo.Image("blog"):               "dokku/demo-blog",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLabels(t *testing.T) {
	what := Labelled{App: "blog", ContainerType: "deploy", Process: "web", Dyno: "web.1", ImageStage: "release", Builder: "dockerfile"}
	want := map[string]string{
		"dokku": "", "org.label-schema.schema-version": "1.0", "org.label-schema.vendor": "dokku",
		"com.dokku.app-name": "blog", "com.dokku.container-type": "deploy", "com.dokku.process-type": "web",
		"com.dokku.dyno": "web.1", "com.dokku.image-stage": "release", "com.dokku.builder-type": "dockerfile",
	}
	if diff := cmp.Diff(want, Names{}.Labels(what)); diff != "" {
		t.Error(diff)
	}
	demo := Names{Instance: "demo"}
	want["com.slipway.instance"] = "demo"
	if diff := cmp.Diff(want, demo.Labels(what)); diff != "" {
		t.Error(diff)
	}
	if !demo.Owns(want) || (Names{}).Owns(want) || demo.Owns(Names{}.Labels(what)) || (Names{}).Owns(nil) {
		t.Error("installations take each other's containers for their own")
	}
	if got := LabelArgs(map[string]string{"b": "", "a": "1"}); !slices.Equal(got, []string{"--label=a=1", "--label=b="}) {
		t.Errorf("options are %q", got)
	}
	if got := demo.Owned("blog"); !maps.Equal(got, map[string]string{"dokku": "", "com.dokku.app-name": "blog", "com.slipway.instance": "demo"}) {
		t.Errorf("filter is %v", got)
	}
}

func TestIPIsThatOfTheNetworkItWasCreatedIn(t *testing.T) {
	ips := map[string]string{"aaa": "10.0.0.2", "bridge": "172.17.0.2", "own": "10.5.0.2"}
	for mode, want := range map[string]string{"default": "172.17.0.2", "bridge": "172.17.0.2", "own": "10.5.0.2", "gone": "10.0.0.2", "host": "127.0.0.1"} {
		if got := (Container{State: "running", NetworkMode: mode, IPs: ips}).IP(); got != want {
			t.Errorf("in %s the address is %q, want %q", mode, got, want)
		}
	}
	if got := (Container{State: "exited", NetworkMode: "host"}).IP(); got != "" {
		t.Errorf("an ended container has the address %q", got)
	}
}

func TestIPPrefersTheBridge(t *testing.T) {
	for want, ips := range map[string]map[string]string{
		"":           {},
		"172.17.0.2": {"aaa": "10.0.0.2", "bridge": "172.17.0.2"},
		"10.0.0.2":   {"zzz": "10.9.0.2", "aaa": "10.0.0.2"},
	} {
		if got := (Container{IPs: ips}).IP(); got != want {
			t.Errorf("of %v the address is %q, want %q", ips, got, want)
		}
	}
}
