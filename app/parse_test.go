package app_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/app"
)

func TestProcfileKeepsOrderAndDropsComments(t *testing.T) {
	got, err := app.ParseProcfile("# what runs\r\n\nworker: sidekiq -c 5  # five\nweb:  serve http://0.0.0.0:$PORT // here\n// end\nRelease_1: a:b\n")
	if err != nil {
		t.Fatal(err)
	}
	want := app.Procfile{{"worker", "sidekiq -c 5"}, {"web", "serve http://0.0.0.0:$PORT"}, {"Release_1", "a:b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c, ok := got.Command("web"); !ok || c != "serve http://0.0.0.0:$PORT" {
		t.Errorf("web runs %q, %v", c, ok)
	}
	if _, ok := got.Command("clock"); ok {
		t.Error("there is no clock")
	}
}

func TestProcfileErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"web: a\n<<<<<<< HEAD\n":               "line 2 of the Procfile is not `type: command`",
		"web: a\nweb: b":                       "line 2 of the Procfile: the process type web is already on line 1",
		"web:\n":                               "line 1 of the Procfile: the process type web has no command",
		"web: # nothing":                       "line 1 of the Procfile: the process type web has no command",
		"\n\nwe b: a":                          `line 3 of the Procfile: "we b"`,
		strings.Repeat("x", 64) + ": too long": "at most 63",
		": a":                                  `line 1 of the Procfile: ""`,
	} {
		if _, err := app.ParseProcfile(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzProcfile(f *testing.F) {
	for _, s := range []string{"web: a", "web: a # b\nworker: c", "x", ":", "\ufeffweb: x", "web: //\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		procs, err := app.ParseProcfile(text)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, p := range procs {
			if _, err := app.ParseProcessType(p.Type); err != nil || p.Command == "" || seen[p.Type] ||
				strings.ContainsAny(p.Command, "\n\x00") {
				t.Fatalf("%q gave %+v", text, p)
			}
			seen[p.Type] = true
		}
	})
}

func TestScaleRoundTrip(t *testing.T) {
	s, err := app.ParseScale([]string{"worker=2", "web=0", "web=3"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"web=3", "worker=2"}, s.Lines()); diff != "" {
		t.Error(diff)
	}
	if s.Of("web") != 3 || s.Of("clock") != 0 || (app.Scale{}).Of("web") != 1 {
		t.Error("the defaults are wrong")
	}
}

func TestScaleErrors(t *testing.T) {
	for item, want := range map[string]string{
		"web=x": "Invalid count for process type web", "web=-1": "Invalid count for process type web",
		"web=99999999999999999999": "Invalid count for process type web",
		"web":                      "Missing count for process type web", "web=": "Missing count for process type web",
		"bad!=1": "process type may only contain", "=1": "process type may only contain",
	} {
		if _, err := app.ParseScale([]string{item}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", item, err, want)
		}
	}
}

func FuzzScale(f *testing.F) {
	f.Add("web=1")
	f.Add("a=b=c")
	f.Fuzz(func(t *testing.T, item string) {
		s, err := app.ParseScale([]string{item})
		if err != nil {
			return
		}
		again, err := app.ParseScale(s.Lines())
		if err != nil || !cmp.Equal(s, again) {
			t.Fatalf("%q: %v became %v: %v", item, s, again, err)
		}
	})
}

func TestAppJSON(t *testing.T) {
	got, err := app.ParseAppJSON([]byte(`{
		// comments are fine
		"name": "ignored",
		"env": {"PLAIN": "v", "SECRET": {"generator": "secret", "required": false},},
		"formation": {"web": {"quantity": 2}, "worker": {}},
		"healthchecks": {"web": [{"path": "ready", "attempts": 7, "httpHeaders": [{"name": "A", "value": "b"}]}, {"uptime": 3}, {}]},
		"scripts": {"dokku": {"predeploy": "make"}, "postdeploy": "seed"},
		"cron": [{"command": "tick", "schedule": "*/5 * * * *", "concurrency_policy": "allow"}],
		"buildpacks": [{"url": "heroku/go"}],
	}`))
	if err != nil {
		t.Fatal(err)
	}
	two, no := 2, false
	want := app.AppJSON{
		Env:       map[string]app.EnvVar{"PLAIN": {Value: "v"}, "SECRET": {Generator: "secret", Required: &no}},
		Formation: map[string]app.Formation{"web": {Quantity: &two}, "worker": {}},
		Healthchecks: map[string][]app.Healthcheck{"web": {
			{Type: "startup", Path: "/ready", Attempts: 7, Timeout: 5, Wait: 5, Scheme: "http", HTTPHeaders: []app.HTTPHeader{{Name: "A", Value: "b"}}},
			{Type: "startup", Uptime: 3, Attempts: 3, Timeout: 5, Wait: 5, Scheme: "http"},
			{Type: "startup", Path: "/", Attempts: 3, Timeout: 5, Wait: 5, Scheme: "http"},
		}},
		Cron:       []app.CronTask{{Command: "tick", Schedule: "*/5 * * * *", ConcurrencyPolicy: "allow"}},
		Buildpacks: []app.Buildpack{{URL: "heroku/go"}},
	}
	want.Scripts.Dokku.Predeploy, want.Scripts.Postdeploy = "make", "seed"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, nothing := range []string{"", " \n", "{}", "null", `{"env": null, "cron": []}`} {
		if got, err := app.ParseAppJSON([]byte(nothing)); err != nil || !cmp.Equal(got, app.AppJSON{}) {
			t.Errorf("%q: %+v, %v", nothing, got, err)
		}
	}
}

func TestAppJSONErrorsNameTheKeyOrTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"{\n\"env\": {\n  oops\n}}":                                      "line 3",
		`[]`:                                                             "the file must be an object, not a list",
		`{"env": []}`:                                                    "env must be an object, not a list",
		`{"env": {"A": 5}}`:                                              "env.A: must be a string or an object",
		`{"env": {"A": {"value": 5}}}`:                                   "env.A.value must be a string, not a number",
		`{"env": {"A B": ""}}`:                                           `env: "A B" is not the name of a variable`,
		`{"env": {"A": {"generator": "x"}}}`:                             `env.A.generator: "x" is unknown`,
		`{"formation": {"web": {"quantity": "2"}}}`:                      "formation.web.quantity must be a whole number, not a string",
		`{"formation": {"web": {"quantity": 1.5}}}`:                      "formation.web.quantity must be a whole number, not a number",
		`{"formation": {"web": {"quantity": -1}}}`:                       "formation.web.quantity: -1",
		`{"formation": {"w b": {}}}`:                                     `formation: "w b"`,
		`{"healthchecks": {"web": {}}}`:                                  "healthchecks.web must be a list, not an object",
		`{"healthchecks": {"web": [{}, {"attempts": "x"}]}}`:             "healthchecks.web[1].attempts must be a whole number, not a string",
		`{"healthchecks": {"web": [{"httpHeaders": [{"name": true}]}]}}`: "httpHeaders.name must be a string, not true or false",
		`{"healthchecks": {"web": [{"name": "a", "path": "/", "uptime": 3}]}}`: "healthchecks.web[0].name: healthcheck name='a' cannot contain both an http 'path' to check and an 'uptime' seconds value",
		`{"healthchecks": {"web": [{"command": ["x"], "listening": true}]}}`:   "cannot contain both a container 'command' to execute and a 'listening' true value",
		`{"healthchecks": {"web": [{"type": "x"}]}}`:                           `healthchecks.web[0].type: "x" is none of`,
		`{"healthchecks": {"web": [{"wait": -1}]}}`:                            "healthchecks.web[0].wait: -1",
		`{"healthchecks": {"web": [{"port": 70000}]}}`:                         "healthchecks.web[0].port: 70000",
		`{"healthchecks": {"web": [{"scheme": "ftp"}]}}`:                       "healthchecks.web[0].scheme",
		`{"scripts": {"dokku": {"predeploy": []}}}`:                            "scripts.dokku.predeploy must be a string, not a list",
		`{"buildpacks": [{}]}`:                                                 "buildpacks[0].url is missing",
	} {
		if _, err := app.ParseAppJSON([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func FuzzAppJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"env": {"A": "b"}}`, `{"healthchecks": {"web": [{"path": "/"}]}}`, `{"cron": [{"command": "x", "schedule": "@daily"}]}`,
		`{"cron": [{"command": "x", "schedule": "CRON_TZ=UTC 1 * * * *"}]}`, `{"formation": {"web": {"quantity": 1}}}`, `[`, `{"env":{"A":nulL}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := app.ParseAppJSON(file)
		if err != nil {
			return
		}
		for name, checks := range a.Healthchecks {
			for _, c := range checks {
				if c.Attempts < 1 || c.Timeout < 1 || c.Type == "" || c.Scheme == "" {
					t.Fatalf("%q: %s: %+v", file, name, c)
				}
			}
		}
	})
}
