package check

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
)

func TestPathChecks(t *testing.T) {
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				_, _ = w.Write([]byte("please log in"))
				return
			}
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}
	}
	body := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	for name, test := range map[string]struct {
		check   app.Healthcheck
		handler http.Handler
		want    string // the reason of the failure; "": it passes
	}{
		"ok":                                {app.Healthcheck{Path: "/"}, status(204), ""},
		"not found":                         {app.Healthcheck{Path: "/health"}, status(404), "/health answered with status 404"},
		"content":                           {app.Healthcheck{Path: "/", Content: "My App"}, body("<h1>My App</h1>"), ""},
		"other content":                     {app.Healthcheck{Path: "/", Content: "My App"}, body("It works!"), `the answer of / does not contain "My App"`},
		"relative redirect":                 {app.Healthcheck{Path: "/", Content: "log in"}, redirect("/login"), ""},
		"redirect to the app's host":        {app.Healthcheck{Path: "/", Content: "log in"}, redirect("http://blog.example.com/login"), ""},
		"redirect to HTTPS":                 {app.Healthcheck{Path: "/"}, redirect("https://blog.example.com/"), ""},
		"redirect elsewhere":                {app.Healthcheck{Path: "/"}, redirect("http://www.example.org/"), ""},
		"redirect elsewhere, with content":  {app.Healthcheck{Path: "/", Content: "x"}, redirect("http://www.example.org/"), "/ answered with status 302"},
		"endless redirect":                  {app.Healthcheck{Path: "/"}, redirect("/again"), ""},
		"unknown scheme":                    {app.Healthcheck{Path: "/", Scheme: "gopher"}, status(200), `the scheme "gopher" of the check is neither http nor https`},
		"path that is no path":              {app.Healthcheck{Path: "/%zz"}, status(200), `the path "/%zz" of the check is not valid`},
		"path that would be another server": {app.Healthcheck{Path: "@example.org/"}, status(200), ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Behaviour{}, func(l *lab) {
				l.handler = test.handler
				test.check.Name, test.check.Attempts = "home", 1
				_, err := l.run(Config{Checks: []app.Healthcheck{test.check}})
				if test.want == "" && err != nil {
					t.Errorf("%v\n%s", err, &l.stderr)
				}
				if test.want != "" {
					l.fails(err, "1")
					l.shows(&l.stderr, " !     Failure in name='home': "+test.want)
				}
			})
		})
	}
}

func TestHeadersOfPathChecks(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		var seen []http.Request
		l.handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = append(seen, *r) })
		target := l.target()
		target.TLS = true
		for _, check := range []app.Healthcheck{
			{Path: "/a?b=c"},
			{Path: "/", HTTPHeaders: []app.HTTPHeader{{Name: "host", Value: "other.example.com"}, {Name: "X-Forwarded-Proto", Value: "http"}}},
		} {
			if err := l.runner().http(l.t.Context(), target, newProbe(target, check, Settings{})); err != nil {
				t.Fatal(err)
			}
		}
		if r := seen[0]; r.Host != "blog.example.com" || r.Header.Get("X-Forwarded-Proto") != "https" || r.RequestURI != "/a?b=c" || r.Header.Get("Accept") != "*/*" {
			t.Errorf("%s %s %v", r.Host, r.RequestURI, r.Header)
		}
		if r := seen[1]; r.Host != "other.example.com" || r.Header.Get("X-Forwarded-Proto") != "http" {
			t.Errorf("%s %v", r.Host, r.Header)
		}
	})
}

func TestAnAnswerThatDoesNotComeFails(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-time.After(time.Minute) })
		took, err := l.run(Config{Checks: []app.Healthcheck{{Name: "home", Path: "/", Attempts: 2, Timeout: 3, Wait: 1}}})
		l.fails(err, "1")
		if took != 6*time.Second {
			t.Errorf("after %v", took)
		}
		l.shows(&l.stderr, "/ did not answer within 3 s")
		<-time.After(time.Hour) // the handlers end
	})
}

func TestAutoNames(t *testing.T) {
	target := Target{Port: 5000}
	for want, check := range map[string]app.Healthcheck{
		"port 6000": {Listening: true, Port: 6000},
		"/health":   {Path: "/health"},
		"pg_ready":  {Command: []string{"pg_ready", "-q"}},
		"uptime":    {Uptime: 3},
		"mine":      {Name: "mine", Path: "/"},
	} {
		if got := newProbe(target, check, Settings{}).Name; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLoadReadsTheProperties(t *testing.T) {
	values := map[string]string{"wait": "3", "timeout": "", "attempts": "7", "default-wait": "20"}
	s, err := Load(func(name string) (string, error) { return values[name], nil })
	if want := (Settings{Wait: 3 * time.Second, Attempts: 7, DefaultWait: 20 * time.Second}); err != nil || s != want {
		t.Errorf("%+v, %v", s, err)
	}
	values["timeout"] = "soon"
	if _, err := Load(func(name string) (string, error) { return values[name], nil }); err == nil || !strings.Contains(err.Error(), `checks property timeout is "soon"`) {
		t.Error(err)
	}
}

func TestOfType(t *testing.T) {
	checks := []app.Healthcheck{{Name: "a"}, {Name: "b", Type: Startup}, {Name: "c", Type: Liveness}, {Name: "d", Type: Readiness}}
	for kind, want := range map[string]int{Startup: 2, Liveness: 1, Readiness: 1} {
		if got := OfType(checks, kind); len(got) != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

// In an image of herokuish only /exec finds what the buildpacks installed.
func TestCommandsInHerokuishGoThroughExec(t *testing.T) {
	var seen []string
	look := func(o docker.ExecOptions, _ io.Reader, _, _ io.Writer) int {
		seen = o.Cmd
		return 0
	}
	for user, want := range map[string]string{"herokuishuser": "[/exec rake db:check]", "nobody": "[rake db:check]"} {
		bubble(t, fake.Behaviour{Exec: look}, func(l *lab) {
			id, err := l.engine.Create(t.Context(), []string{"--name=blog.web.2", "--env=USER=" + user, "blog"})
			if err == nil {
				err = l.engine.Start(t.Context(), id)
			}
			if err != nil {
				t.Fatal(err)
			}
			l.id = id
			if _, err := l.run(Config{Checks: []app.Healthcheck{{Name: "db", Command: []string{"rake", "db:check"}}}}); err != nil {
				t.Fatal(err)
			}
		})
		if got := fmt.Sprint(seen); got != want {
			t.Errorf("%s: ran %s", user, got)
		}
	}
}
