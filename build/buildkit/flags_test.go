package buildkit

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/command"
)

func TestParseFlags(t *testing.T) {
	for _, c := range []struct {
		args string // words, separated by |
		want Options
	}{
		{"", Options{}},
		{"--build-arg|A=1|--build-arg=B=x=y|--build-arg|C", Options{BuildArgs: []BuildArg{{"A", "1", true}, {"B", "x=y", true}, {"C", "", false}}}},
		{"--label|a=b c|--label=bare", Options{Labels: map[string]string{"a": "b c", "bare": ""}}},
		{"--target=web|--platform|linux/arm64|-f|a/Dockerfile", Options{Target: "web", Platform: "linux/arm64", File: "a/Dockerfile"}},
		{"-fDockerfile.prod|-t=x:1|--tag|y:2", Options{File: "Dockerfile.prod", Tags: []string{"x:1", "y:2"}}},
		{"--no-cache|--pull=false", Options{NoCache: true}},
		{"--no-cache-filter=a,b", Options{NoCache: true, NoCacheStages: []string{"a", "b"}}},
		{"--secret|id=npm,src=.npmrc|--secret=type=env,id=x,env=Y|--secret|id=z", Options{Secrets: []Secret{{ID: "npm", File: ".npmrc"}, {ID: "x", Env: "Y"}, {ID: "z"}}}},
		{"--ssh|default|--ssh=key=/a,/b", Options{SSH: []SSH{{ID: "default"}, {ID: "key", Paths: []string{"/a", "/b"}}}}},
		{"--add-host|db:10.0.0.1|--add-host=six=::1|--add-host=h:host-gateway", Options{AddHosts: []string{"db=10.0.0.1", "six=::1"}, Ignored: []string{"--add-host=h:host-gateway"}}},
		{"--network|none|--ulimit=nofile=10|--shm-size|64m", Options{Network: "none", Ulimits: []string{"nofile=10"}, ShmSize: "64m"}},
		{"--cache-from|a/b:c|--cache-from=type=registry,ref=d", Options{CacheFrom: []string{"a/b:c", "d"}}},
		// A link of a service plugin, which is for all phases.
		{"--link|dokku.postgres.db:dokku-postgres-db|-v=/a:/b|-p80:80|--privileged|--memory|1g", Options{Ignored: []string{"--link", "-v", "-p", "--privileged", "--memory"}}},
	} {
		var args []string
		if c.args != "" {
			args = strings.Split(c.args, "|")
		}
		got, err := ParseFlags(args)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.args, diff)
		}
	}
}

func TestParseFlagsErrorsNameTheFlag(t *testing.T) {
	for args, want := range map[string]string{
		"--bogus=1":              "--bogus is not known",
		"-x":                     "-x is not known",
		".":                      `"." , which is not an option`,
		"--build-arg":            "--build-arg of the build phase needs a value",
		"--build-arg==x":         "--build-arg of the build phase is wrong",
		"--no-cache=perhaps":     `--no-cache of the build phase is wrong: "perhaps"`,
		"--network=mynet":        `"mynet", only default, host or none`,
		"--secret=src=x":         "id=… is missing",
		"--secret=id=a,foo=b":    `"foo"`,
		"--add-host=x":           `"x" is not NAME:ADDRESS`,
		"--add-host=x:y":         `"y" is not an address`,
		"--cache-from=type=gha":  "only an image",
		"--output=type=local":    "--output of the build phase is wrong: it is not supported",
		"--secret=id=\"a":        "--secret",
		"--cache-from=type=x,\"": "--cache-from",
	} {
		_, err := ParseFlags([]string{args})
		if e := (*command.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Message, strings.Replace(want, " ,", ",", 1)) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func FuzzParseFlags(f *testing.F) {
	f.Add("--build-arg\nA=1\n--secret\nid=a,src=b")
	f.Add("-f\n\n--\n-\n-t=\n--add-host=a:::1")
	f.Add("--cache-from=type=registry,\"ref=a\"")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseFlags(strings.Split(text, "\n"))
		if e := (*command.Error)(nil); err != nil && !errors.As(err, &e) {
			t.Errorf("not an error for users: %v", err)
		}
		for _, s := range o.Secrets {
			if s.ID == "" || (s.File != "" && s.Env != "") {
				t.Errorf("secret %+v", s)
			}
		}
		for _, a := range o.BuildArgs {
			if a.Name == "" || strings.Contains(a.Name, "=") {
				t.Errorf("argument %+v", a)
			}
		}
	})
}
