package metadata

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDokkusFourLines(t *testing.T) {
	got, err := Parse([]byte("[plugin]\ndescription = \"dokku postgres service plugin\"\nversion = \"1.48.0\"\n[plugin.config]\n"))
	want := Plugin{Version: "1.48.0", Description: "dokku postgres service plugin", Run: Run{As: Executables}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestEverythingThatCanBeSaid(t *testing.T) {
	got, err := Parse([]byte(`
[plugin]
name = "hello"
version = 1.5
description = "two\nlines"
author = "unknown keys are left alone"
hook-timeout = "30s"
[plugin.compatibility]
minimum = "0.3"
maximum = "v1"
conflicts = ["greet"]
[plugin.config]
old-style = "declared, and no more"
[plugin.config.times]
type = "integer"
default = 3
help = "How often"
[plugin.config.mood]
values = ["good", "bad"]
default = "good"
[plugin.config.secret]
secret = true
[plugin.run]
as = "http"
url = "https://hello.example.com/dokku"
[plugin.drivers]
builder = ["hello", "bye"]
`))
	limit := 30 * time.Second
	want := Plugin{
		Name: "hello", Version: "1.5", Description: "two lines", Minimum: "0.3", Maximum: "1", Conflicts: []string{"greet"}, HookTimeout: &limit,
		Config: []Key{
			{Name: "mood", Type: String, Values: []string{"good", "bad"}, Default: "good"},
			{Name: "old-style", Type: String},
			{Name: "secret", Type: String, Secret: true},
			{Name: "times", Type: Integer, Default: "3", Help: "How often"},
		},
		Run:     Run{As: HTTP, URL: "https://hello.example.com/dokku", Auth: "hmac"},
		Drivers: map[string][]string{"builder": {"hello", "bye"}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		"[plugin]\nversion = ":                                                   "line 2: ",
		"[plugin]\nhook-timeout = 5":                                             "line 2: ",
		"[plugin]\nhook-timeout = \"soon\"":                                      `hook-timeout: "soon" is no time limit`,
		"[plugin]\nhook-timeout = \"-1s\"":                                       "is no time limit",
		"[plugin.compatibility]\nminimum = \"next\"":                             `minimum: "next" is no version`,
		"[plugin.compatibility]\nmaximum = \"1.2.3.4\"":                          `maximum: "1.2.3.4" is no version`,
		"[plugin.compatibility]\nminimum = \"1-beta\"":                           "is no version",
		"[plugin.compatibility]\nconflicts = [\"../x\"]":                         `conflicts: "../x" is no name`,
		"[plugin.config]\n\"a b\" = 1":                                           `"a b" is no name of a key`,
		"[plugin.config]\na-b = 1\na_b = 1":                                      "are one variable, CONFIG_A_B",
		"[plugin.config.a]\ntype = \"list\"":                                     `config.a: the type "list"`,
		"[plugin.config.a]\ntype = \"integer\"\ndefault = \"x\"":                 "config.a: default: a is a whole number, not x",
		"[plugin.config.a]\ndefault = [1]":                                       "default is a text",
		"[plugin.config.a]\nvalues = 1":                                          "values is a list",
		"[plugin.config.a]\nsecret = \"yes\"":                                    "secret is true or false",
		"[plugin.run]\nas = \"magic\"":                                           `not "magic"`,
		"[plugin.run]\nas = \"process\"":                                         "a process needs a command",
		"[plugin.run]\nas = \"process\"\ncommand = [\"../x\"]":                   "outside of the plugin's folder",
		"[plugin.run]\nas = \"http\"":                                            "says nowhere",
		"[plugin.run]\nas = \"http\"\nurl = \"ftp://x\"":                         "neither https: nor http:",
		"[plugin.run]\nas = \"http\"\nurl = \"http://example.com\"":              "is not encrypted",
		"[plugin.run]\nas = \"http\"\nurl = \"https://a:b@example.com\"":         "password in it",
		"[plugin.run]\nas = \"http\"\nurl = \"https://h\"":                       "needs a config key secret",
		"[plugin.run]\nas = \"http\"\nurl = \"http://[::1]/\"\nauth = \"magic\"": "auth is hmac, bearer or none",
		"[plugin.drivers]\nmagic = [\"x\"]":                                      "none of builder",
		"[plugin.drivers]\nbuilder = [\"-x\"]":                                   `drivers.builder: "-x" is no name`,
		strings.Repeat("#", maxSize+1):                                           "larger than",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestUnsuitable(t *testing.T) {
	for _, test := range []struct {
		minimum, maximum Version
		slipway, want    string
	}{
		{"", "", "1.2.3", ""},
		{"1.2", "", "1.2.0", ""},
		{"1.2", "", "1.1.9", "it needs Slipway 1.2 or newer, and this is 1.1.9"},
		{"1.2.3", "", "v1.2.3-4-gabcdef0-dirty", ""},
		{"0.10", "", "0.9.0", "it needs Slipway 0.10 or newer, and this is 0.9.0"},
		{"", "1", "1.99.99", ""},
		{"", "1", "2.0.0", "it works up to Slipway 1, and this is 2.0.0"},
		{"", "1.2", "1.2.7", ""},
		{"", "1.2", "1.3.0", "it works up to Slipway 1.2, and this is 1.3.0"},
		{"", "1.2.3", "1.2.4", "it works up to Slipway 1.2.3, and this is 1.2.4"},
		{"9", "", "unknown", ""},
		{"9", "", "c319b46-dirty", ""},
	} {
		p := Plugin{Minimum: test.minimum, Maximum: test.maximum}
		if got := p.Unsuitable(test.slipway); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

func TestValuesAreChecked(t *testing.T) {
	for _, test := range []struct {
		key   Key
		value string
		ok    bool
	}{
		{Key{Type: String}, "any thing", true},
		{Key{Type: String}, "a\x00b", false},
		{Key{Type: Integer}, "-12", true},
		{Key{Type: Integer}, "1.5", false},
		{Key{Type: Boolean}, "true", true},
		{Key{Type: Boolean}, "yes", false},
		{Key{Type: Duration}, "1h30m", true},
		{Key{Type: Duration}, "30", false},
		{Key{Type: String, Values: []string{"a", "b"}}, "b", true},
		{Key{Type: String, Values: []string{"a", "b"}}, "c", false},
	} {
		if err := test.key.Check(test.value); (err == nil) != test.ok {
			t.Errorf("%+v: %v", test, err)
		}
	}
	secret := Key{Name: "token", Type: Integer, Secret: true}
	if err := secret.Check("s3cret"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("security: the error shows a secret: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[plugin]\nversion = \"1\"\ndescription = \"a\\nb\"\n")
	f.Add("[plugin.config.a]\ntype = \"integer\"\ndefault = 3\n[plugin.run]\nas = \"process\"\ncommand = [\"./x\"]\n")
	f.Add("[plugin.compatibility]\nminimum = \"1.2\"\nconflicts = [\"x\"]\n[plugin.drivers]\nbuilder = [\"x\"]\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse([]byte(text))
		if err != nil {
			return
		}
		if strings.ContainsAny(p.Name+p.Version+p.Description, "\n\r\t\x00") {
			t.Errorf("%q gives %+v", text, p)
		}
		for _, k := range p.Config {
			if k.Default != "" && k.Check(k.Default) != nil {
				t.Errorf("%q: the default of %s is not one of its values", text, k.Name)
			}
			if strings.ContainsAny(k.Variable(), "-= \n") {
				t.Errorf("%q: the variable %q", text, k.Variable())
			}
		}
		if p.Run.As == "" || (p.Run.As == Process && len(p.Run.Command) == 0) {
			t.Errorf("%q: %+v", text, p.Run)
		}
		_ = p.Unsuitable("1.2.3")
	})
}
