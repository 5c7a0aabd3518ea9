package dockeroptions

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/apps"
	"github.com/slipwayhq/slipway/trigger"
)

func TestStories(t *testing.T) { plugintest.Run(t, Plugin, apps.Plugin) }

func TestOptionsAreSplitAtFlagsAndKeptLiteral(t *testing.T) {
	for text, want := range map[string][]string{
		"--build-arg X=Y --link foo --link bar":        {"--build-arg X=Y", "--link foo", "--link bar"},
		`--label 'com.example.owner=platform team'`:    {"--label 'com.example.owner=platform team'"},
		`--label "a=b c"`:                              {"--label 'a=b c'"},
		"--label=rule=Host(\\`app\\`)":                 nil, // a bare ( is an error for a shell
		"'--label=rule=Host(`app`)'":                   {"'--label=rule=Host(`app`)'"},
		`--label=x=$(id)`:                              {"'--label=x=$(id)'"},
		"--label=x=${HOME}":                            {"'--label=x=${HOME}'"},
		`--group-add $(getent group docker | cut -d:)`: {"--group-add '$(getent group docker | cut -d:)'"},
		`--env "A=\"q\""`:                              {`--env 'A="q"'`},
		`--env 'it'\''s'`:                              {`--env 'it'\''s'`},
		`-v /a\ b:/c`:                                  {`-v '/a b:/c'`},
		"--x a #b":                                     nil,
		`--x "a`:                                       nil,
		"":                                             {},
	} {
		all, err := parse(text)
		if (want == nil) != (err != nil) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := []string{}
		for _, o := range all {
			got = append(got, o.String())
		}
		if want != nil && !slices.Equal(got, want) {
			t.Errorf("%q gave %q, want %q", text, got, want)
		}
	}
}

// What is stored reaches docker as the words that the user meant, through the
// splitter of the deploy flow, and no shell.
func FuzzOption(f *testing.F) {
	for _, s := range []string{`--label "a=b c" -v /x:/y`, "--l=$(id)", "'--label=Host(`x`)'", `-e A=\"b\"`, `--e "a\b'c"`, "--a #b", "a\n-b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parse(text)
		if err != nil {
			return
		}
		for _, o := range all {
			if o.check() != nil {
				continue
			}
			line := o.String()
			if strings.ContainsAny(line, "\n") {
				t.Fatalf("%q is stored as more than one line: %q", text, line)
			}
			back, err := words.Split(line)
			if err != nil || !slices.Equal(back, o) {
				t.Fatalf("%q: stored as %q, which docker gets as %q (%v), not %q", text, line, back, err, o)
			}
			if again := canonical(line); len(again) == 1 && again[0] != line {
				t.Fatalf("%q is not stable: %q", line, again)
			}
		}
	})
}

func FuzzPhases(f *testing.F) {
	f.Add("build,deploy,run")
	f.Add("deploy,deploy")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		var p phases
		if p.UnmarshalText([]byte(text)) != nil {
			return
		}
		for i, name := range p.names {
			if !slices.Contains(allPhases, name) || slices.Contains(p.names[:i], name) {
				t.Fatalf("%q gave %q", text, p.names)
			}
		}
	})
}

// Plugins in any language hand the options of others on through stdin.
func TestWhatComesInGoesOut(t *testing.T) {
	w := plugintest.Make(t, Plugin)
	if err := w.Host.Store.SetList(property(wholeApp, run), "blog", []string{"--read-only"}); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	ctx := trigger.WithStreams(t.Context(), strings.NewReader("--init"), &out, io.Discard)
	if err := w.Host.Bus.Event(ctx, "docker-args-run", "blog", "latest"); err != nil || out.String() != "--init --read-only" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
