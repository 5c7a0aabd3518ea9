package trigger

import (
	"strings"
	"testing"
)

// Security: what is logged of triggers holds no value of a config var.
func TestDescribeHidesSecrets(t *testing.T) {
	for want, call := range map[string][]string{
		"post-create blog": {"post-create", "blog"},
		"post-config-update blog set KEY=*** OTHER=***":     {"post-config-update", "blog", "set", "KEY=s3cret", "OTHER=s3cret\ns3cret"},
		"user-auth dokku ann config:set blog KEY=***":       {"user-auth", "dokku", "ann", "config:set", "blog", "KEY=s3cret"},
		"config-set --no-restart blog A=***":                {"config-set", "--no-restart", "blog", "A=s3cret"},
		"git-from-archive blog https://***@example.com/x":   {"git-from-archive", "blog", "https://me:s3cret@example.com/x"},
		"ps-set-scale blog true false web=1":                {"ps-set-scale", "blog", "true", "false", "web=1"},
		`domains-add blog "a\nb"`:                           {"domains-add", "blog", "a\nb"},
		"scheduler-run docker-local blog 1 KEY=*** echo hi": {"scheduler-run", "docker-local", "blog", "1", "KEY=s3cret", "echo", "hi"},
	} {
		if got := Describe(call[0], call[1:]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add("post-config-update", "KEY=value\n")
	f.Add("x", "http://u:p@h")
	f.Fuzz(func(t *testing.T, name, arg string) {
		if strings.Contains(name, "\n") {
			return
		}
		if got := Describe(name, []string{arg, arg}); strings.Contains(got, "\n") {
			t.Errorf("%q is more than a line", got)
		}
	})
}
