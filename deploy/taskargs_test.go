package deploy

import (
	"slices"
	"testing"
)

func TestTasksRunWithoutTheLimitsOfProcesses(t *testing.T) {
	args := []string{"--memory=1m", "-m", "1m", "-v", "/a:/b", "--publish-all", "--label=x", "--restart", "always", "-p", "80:80", "--cpus=2", "--read-only", "--memory"}
	if got, want := withoutLimits(args), []string{"-v", "/a:/b", "--label=x", "--read-only"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
