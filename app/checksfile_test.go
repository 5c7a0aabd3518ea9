package app_test

import (
	"reflect"
	"testing"

	"github.com/slipwayhq/slipway/app"
)

func TestChecksFile(t *testing.T) {
	text := app.ExpandChecks(`# the old way
WAIT=2 # wait 2 seconds
TIMEOUT=5
ATTEMPTS=2

{{ var "ENDPOINT" }} {{ $ENDPOINT }}
/ Hello  World! # not this
//admin.example.com
https://example.com/x?a=b
{{ var "UNSET" }}
`, map[string]string{"ENDPOINT": "/health"})
	got, err := app.ParseChecks(text)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name, path, content string) app.Healthcheck {
		return app.Healthcheck{Type: "startup", Name: name, Path: path, Content: content, Wait: 2, Timeout: 5, Attempts: 2}
	}
	want := []app.Healthcheck{check("check-1", "/health", "/health"), check("check-2", "/", "Hello  World!"), check("check-3", "/", ""), check("check-4", "/x?a=b", "")}
	want[2].HTTPHeaders = []app.HTTPHeader{{Name: "Host", Value: "admin.example.com"}}
	want[3].HTTPHeaders, want[3].Scheme = []app.HTTPHeader{{Name: "Host", Value: "example.com"}}, "https"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	for text, want := range map[string]string{
		"/\nWAIT=soon": `line 2: WAIT must be a whole number, not "soon"`,
		"WAIT=-1":      `line 1: WAIT must be a whole number, not "-1"`,
		"FOO=bar":      `line 1: "FOO=bar" is neither a path such as /health nor WAIT=, TIMEOUT= or ATTEMPTS=`,
		"{{ if 1 }}":   `line 1: "{{" is neither a path such as /health nor WAIT=, TIMEOUT= or ATTEMPTS=`,
	} {
		if _, err := app.ParseChecks(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestChecksFileReplacesTheWebChecks(t *testing.T) {
	own := app.AppJSON{Healthchecks: map[string][]app.Healthcheck{"web": {{Name: "old"}}, "worker": {{Name: "w"}}}}
	got, err := own.WithChecks("/health\n")
	if err != nil || len(got.Healthchecks["web"]) != 1 || got.Healthchecks["web"][0].Path != "/health" || got.Healthchecks["worker"][0].Name != "w" {
		t.Errorf("%v %+v", err, got)
	}
	if own.Healthchecks["web"][0].Name != "old" {
		t.Error("the manifest given was changed")
	}
	if got, err := own.WithChecks("# nothing\n"); err != nil || got.Healthchecks["web"][0].Name != "old" {
		t.Errorf("%v %+v", err, got)
	}
}

func FuzzParseChecks(f *testing.F) {
	f.Add("WAIT=2 # x\n/ a b\n//h/p\nhttps://h\n{{ var \"A\" }}")
	f.Fuzz(func(t *testing.T, text string) {
		checks, err := app.ParseChecks(app.ExpandChecks(text, map[string]string{"A": "/a"}))
		if err != nil {
			return
		}
		for _, c := range checks {
			if c.Path == "" || c.Path[0] != '/' || c.Wait < 0 {
				t.Fatalf("%q has %+v", text, c)
			}
		}
	})
}
