package fake

import (
	"errors"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/docker"
)

func TestArgsAreReadAsDockerReadsThem(t *testing.T) {
	args, err := parseArgs([]string{
		"--name=blog.web.1", "--init", "--rm=false", "-it", "-eA=1", "-e", "B=2", "--env", "C=--name=x", "-v=/a:/b",
		"--net=front", "--network", "back", "dokku/blog", "serve", "--init=false", "-e", "D=4",
	})
	if err != nil {
		t.Fatal(err)
	}
	args.All = nil
	want := Args{
		Options: map[string][]string{
			"name": {"blog.web.1"}, "init": {"true"}, "rm": {"false"}, "interactive": {"true"}, "tty": {"true"},
			"env": {"A=1", "B=2", "C=--name=x"}, "volume": {"/a:/b"}, "network": {"front", "back"},
		},
		Image: "dokku/blog",
		Cmd:   []string{"serve", "--init=false", "-e", "D=4"},
	}
	if diff := cmp.Diff(want, args); diff != "" {
		t.Error(diff)
	}
	if !args.Switch("init") || args.Switch("rm") || args.Switch("privileged") {
		t.Error("switches are wrong")
	}
	if value, given := args.Option("network"); value != "back" || !given {
		t.Errorf("the last network is %q, %v", value, given)
	}
	for _, wrong := range [][]string{{}, {"--"}, {"--name"}, {"-e"}, {"-Z", "image"}, {"--nope=1", "image"}, {"--init=maybe", "image"}} {
		if _, err := parseArgs(wrong); !errors.Is(err, docker.ErrInvalid) {
			t.Errorf("%q gives %v", wrong, err)
		}
	}
}

// TestArgsKnowEveryOptionOfDocker compares the tables with the docker command that is installed.
func TestArgsKnowEveryOptionOfDocker(t *testing.T) {
	help, err := exec.CommandContext(t.Context(), "docker", "container", "create", "--help").Output()
	if err != nil {
		t.Skip("no docker command to compare with: ", err)
	}
	option := regexp.MustCompile(`(?m)^ {2}(?:-(\w), | {4})--([\w-]+)(?: (\S+))?(?: |$)`)
	found := option.FindAllStringSubmatch(string(help), -1)
	if len(found) < 80 {
		t.Fatalf("only %d options in docker's help", len(found))
	}
	for _, match := range found {
		short, name, value := match[1], match[2], match[3]
		if isSwitch := value == ""; isSwitch != switches[name] || isSwitch == withValue[name] {
			t.Errorf("--%s %s is not in the right table", name, value)
		}
		if short != "" && longNames[short] != name {
			t.Errorf("-%s is %s, not %s", short, name, longNames[short])
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add("--name=x\x1f-it\x1f-eA=1\x1f--env\x1fB=2\x1fimage\x1fcmd")
	f.Add("--\x1fimage")
	f.Add("-e\x1f-\x1f--=")
	f.Fuzz(func(t *testing.T, joined string) {
		argv := strings.Split(joined, "\x1f")
		args, err := parseArgs(argv)
		if err != nil {
			return
		}
		tail := append([]string{args.Image}, args.Cmd...)
		if len(tail) > len(argv) || !slices.Equal(argv[len(argv)-len(tail):], tail) {
			t.Errorf("%q: image and command are %q", argv, tail)
		}
	})
}
