package schedule

import (
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/docker"
)

func dynos(instances []Instance) []string {
	var out []string
	for _, i := range instances {
		out = append(out, i.Dyno())
	}
	return out
}

func TestWebComesFirstThenTypesByNameThenByIndex(t *testing.T) {
	instances := []Instance{
		{Process: "worker", Index: 2},
		{Process: "web", Index: 10},
		{Process: "cron", Index: 1},
		{Process: "worker", Index: 1},
		{Process: "web", Index: 2},
		{Process: "Web", Index: 1}, // another type
	}
	Sort(instances)
	want := []string{"web.2", "web.10", "Web.1", "cron.1", "worker.1", "worker.2"}
	if got := dynos(instances); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// While a deploy is under way a place has two instances: neither goes before the other.
func TestInstancesOfOnePlaceKeepTheirOrder(t *testing.T) {
	instances := []Instance{{ID: "old", Process: "web", Index: 1}, {ID: "new", Process: "web", Index: 1}}
	Sort(instances)
	if instances[0].ID != "old" || instances[1].ID != "new" {
		t.Errorf("%+v", instances)
	}
}

func TestInAndOfKeepWhatTheyAreAskedFor(t *testing.T) {
	instances := []Instance{
		{Process: "web", Index: 1, State: Live},
		{Process: "web", Index: 2, State: Upcoming},
		{Process: "worker", Index: 1, State: Retired},
		{Process: "worker", Index: 2, State: Live},
	}
	for _, test := range []struct {
		what string
		got  []Instance
		want []string
	}{
		{"live", In(instances, Live), []string{"web.1", "worker.2"}},
		{"leftovers", In(instances, Retired, Upcoming), []string{"web.2", "worker.1"}},
		{"no state", In(instances), nil},
		{"workers", Of(instances, "worker"), []string{"worker.1", "worker.2"}},
		{"a type that does not run", Of(instances, "cron"), nil},
	} {
		if got := dynos(test.got); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
	if len(instances) != 4 || instances[1].Dyno() != "web.2" {
		t.Errorf("the list that was asked is another now: %+v", instances)
	}
}

func TestTheNameOfAContainerSaysItsState(t *testing.T) {
	names := docker.Names{Instance: "demo"}
	for name, want := range map[string]State{
		"demo-blog.web.2":                 Live,
		"demo-blog.web.2.upcoming-abc123": Upcoming,
		"demo-blog.web.2.1700000000-5f":   Retired,
		"blog.web.2":                      Retired, // of another installation's names, so not the one that serves
	} {
		labels := names.Labels(docker.Labelled{App: "blog", ContainerType: "deploy", Process: "web", Dyno: "web.2"})
		labels[LabelDeploy], labels[LabelRelease], labels[LabelPort] = "d1", "7", "5000"
		i := FromContainer(names, docker.Container{
			ID: "1", Name: name, State: "exited", Labels: labels, IPs: map[string]string{"bridge": "172.17.0.9"},
		})
		if i.State != want || i.Index != 2 || i.Release != 7 || i.Port != 5000 || i.Deploy != "d1" || i.Running || i.IP != "" {
			t.Errorf("%s: %+v, want %s", name, i, want)
		}
	}
}

// Labels are what anybody may put on a container: those that make no sense are no reason to fail.
func TestLabelsThatAreNoNumbersAreZero(t *testing.T) {
	i := FromContainer(docker.Names{}, docker.Container{Name: "x", State: "running", Labels: map[string]string{
		docker.LabelDyno: "web", LabelRelease: "x", LabelPort: "",
	}})
	if i.Index != 0 || i.Release != 0 || i.Port != 0 || i.State != Retired || !i.Running {
		t.Errorf("%+v", i)
	}
}
