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
