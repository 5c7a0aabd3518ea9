package deploy

import (
	"slices"
	"testing"
)

func TestTheLastRestartPolicyOfAllOptionsCounts(t *testing.T) {
	rest, policy := takeRestart([]string{"--restart=no", "--init", "--restart", "always", "--label=a=--restart=b"})
	if policy != "always" || !slices.Equal(rest, []string{"--init", "--label=a=--restart=b"}) {
		t.Errorf("%q %q", rest, policy)
	}
	if rest, policy := takeRestart(nil); rest != nil || policy != "" {
		t.Errorf("%q %q", rest, policy)
	}
}

func TestOptionsThatPublishPortsAreSeen(t *testing.T) {
	for _, c := range []struct {
		want bool
		args []string
	}{
		{true, []string{"--init", "-p", "80:80"}},
		{true, []string{"-p80:80"}},
		{true, []string{"--publish=80:80"}},
		{true, []string{"--publish-all"}},
		{true, []string{"-P"}},
		{false, []string{"--pid=host", "--privileged", "-v", "/p:/p"}},
	} {
		if got := publishes(c.args); got != c.want {
			t.Errorf("%q: %t", c.args, got)
		}
	}
}
