package docker

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/jsonstream"
)

func TestStatusOfAList(t *testing.T) {
	for _, test := range []struct {
		status   string
		exitCode int
		health   string
	}{
		{"Created", 0, ""},
		{"Up 2 minutes", 0, ""},
		{"Up 2 minutes (healthy)", 0, "healthy"},
		{"Up Less than a second (health: starting)", 0, "starting"},
		{"Up About an hour (unhealthy)", 0, "unhealthy"},
		{"Up 3 days (Paused)", 0, ""},
		{"Exited (137) 4 hours ago", 137, ""},
		{"Restarting (1) 5 seconds ago", 1, ""},
		{"Dead", 0, ""},
		{"Exited (", 0, ""},
	} {
		exitCode, health := parseStatus(test.status)
		if exitCode != test.exitCode || health != test.health {
			t.Errorf("%q: got %d, %q", test.status, exitCode, health)
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add("Exited (137) 4 hours ago")
	f.Add("Up 1 second (health: starting)")
	f.Fuzz(func(t *testing.T, status string) {
		exitCode, health := parseStatus(status)
		if exitCode != 0 && health != "" || !slices.Contains([]string{"", "starting", "healthy", "unhealthy"}, health) {
			t.Errorf("%q: got %d, %q", status, exitCode, health)
		}
	})
}

func FuzzParseRestartPolicy(f *testing.F) {
	for _, policy := range []string{"no", "always", "on-failure:10", "on-failure:", "unless-stopped:1"} {
		f.Add(policy)
	}
	f.Fuzz(func(t *testing.T, policy string) {
		mode, retries, err := ParseRestartPolicy(policy)
		if err == nil && formatRestartPolicy(mode, retries) != strings.TrimSuffix(policy, ":0") {
			t.Errorf("%q is read as %q", policy, formatRestartPolicy(mode, retries))
		}
	})
}

func TestComplaintIsDockersOwnWords(t *testing.T) {
	for stderr, want := range map[string]string{
		"Error response from daemon: No such image: x:latest\n":                                                                                  "No such image: x:latest",
		"unknown flag: --nope\n\nUsage:  docker container create [OPTIONS] IMAGE\n\nRun 'docker container create --help' for more information\n": "unknown flag: --nope",
		"unknown flag: --nope\nSee 'docker container create --help'.\n":                                                                          "unknown flag: --nope",
		"Unable to find image 'x:1' locally\nError response from daemon: pull access denied for x\n":                                             "pull access denied for x",
		"docker: Error response from daemon: Conflict.\nSee 'docker create --help'.":                                                             "Conflict.",
		"": "docker failed without a word",
	} {
		if got := complaint(stderr); got != want {
			t.Errorf("of %q is left %q, want %q", stderr, got, want)
		}
	}
}

func TestProgressLeavesOutBars(t *testing.T) {
	for _, test := range []struct {
		message jsonstream.Message
		want    string
	}{
		{jsonstream.Message{Status: "Pulling from library/x", ID: "latest"}, "latest: Pulling from library/x"},
		{jsonstream.Message{Status: "Pull complete", ID: "4f1c", Progress: &jsonstream.Progress{}}, "4f1c: Pull complete"},
		{jsonstream.Message{Status: "Downloading", ID: "4f1c", Progress: &jsonstream.Progress{Current: 1, Total: 2}}, ""},
		{jsonstream.Message{Status: "Status: Downloaded newer image for x"}, "Status: Downloaded newer image for x"},
		{jsonstream.Message{}, ""},
	} {
		if got := progressLine(test.message); got != test.want {
			t.Errorf("%+v gives %q, want %q", test.message, got, test.want)
		}
	}
}

func TestEventsKeepLabelsApartFromTheEnginesAttributes(t *testing.T) {
	event, known := fromMessage(events.Message{
		Type: events.ContainerEventType, Action: events.ActionDie, TimeNano: 1_500_000_000,
		Actor: events.Actor{ID: "4f1c", Attributes: map[string]string{
			"name": "blog.web.1", "image": "dokku/blog", "exitCode": "3", "execDuration": "7", "dokku": "",
		}},
	})
	if !known || event.ExitCode != 3 || event.Name != "blog.web.1" || len(event.Labels) != 1 || event.Time.UnixNano() != 1_500_000_000 {
		t.Errorf("event is %+v", event)
	}
	if _, known := fromMessage(events.Message{Type: events.NetworkEventType, Action: events.ActionDestroy}); known {
		t.Error("the end of a network is taken for the end of a container")
	}
}

func TestOwnNameIsNoLink(t *testing.T) {
	if name := ownName([]string{"/other/alias", "/mine"}); name != "mine" {
		t.Errorf("name is %q", name)
	}
}
