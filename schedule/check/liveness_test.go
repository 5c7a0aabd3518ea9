package check

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
)

// watch watches until something happens, and tells what and when.
func (l *lab) watch(ctx context.Context, checks ...app.Healthcheck) (failures, warnings []Failure, err error) {
	err = l.runner().watch(ctx, l.target(), checks,
		func(f Failure) { warnings = append(warnings, f) }, func(f Failure) { failures = append(failures, f) })
	return failures, warnings, err
}

func TestLivenessFailsAfterItsAttemptsInARow(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		bad := []bool{false, true, true, false, true, true, true}
		l.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n := len(l.asked) - 1; n >= len(bad) || bad[n] {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		failures, _, err := l.watch(l.t.Context(), app.Healthcheck{Name: "live", Path: "/live", Attempts: 3, Wait: 10, InitialDelay: 5})
		if err != nil || len(failures) != 1 || failures[0].Name != "live" || failures[0].Reason.Error() != "/live answered with status 500" {
			t.Errorf("%+v %v", failures, err)
		}
		if want := 65 * time.Second; len(l.asked) != 7 || l.since() != want || l.asked[0] != 5*time.Second {
			t.Errorf("asked at %v, ended at %v", l.asked, l.since())
		}
	})
}

func TestLivenessThatOnlyWarnsGoesOn(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.handler = status(500)
		ctx, cancel := context.WithTimeout(l.t.Context(), 45*time.Second)
		defer cancel()
		failures, warnings, err := l.watch(ctx, app.Healthcheck{Path: "/", Attempts: 2, Wait: 10, Warn: true})
		if !errors.Is(err, context.DeadlineExceeded) || len(failures) > 0 || len(warnings) != 2 {
			t.Errorf("%v %v %v", failures, warnings, err)
		}
	})
}

func TestLivenessEndsWithTheContainer(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		go func() {
			<-time.After(time.Minute)
			l.engine.Exit(l.id, 0)
		}()
		failures, _, err := l.watch(l.t.Context(), app.Healthcheck{Path: "/"}, app.Healthcheck{Listening: true})
		if err != nil || len(failures) > 0 || l.since() != time.Minute {
			t.Errorf("%v %v at %v", failures, err, l.since())
		}
	})
}

func TestWithoutLivenessChecksNothingIsWatched(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		if failures, _, err := l.watch(l.t.Context()); err != nil || len(failures) > 0 || l.since() != 0 {
			t.Errorf("%v %v", failures, err)
		}
	})
}

// Security: Dokku runs the command of onFailure, which anybody who may push can
// write, on the host as root.
func TestOnFailureRunsItsCommandInTheContainer(t *testing.T) {
	var ran [][]string
	note := func(o docker.ExecOptions, _ io.Reader, _, _ io.Writer) int {
		ran = append(ran, o.Cmd)
		return len(o.Cmd)
	}
	bubble(t, fake.Behaviour{Exec: note}, func(l *lab) {
		l.handler = status(500)
		_, err := l.run(Config{Checks: []app.Healthcheck{
			{Name: "home", Path: "/", Attempts: 1, OnFailure: &app.OnFailure{Command: []string{"touch", "/failed"}}},
		}})
		l.fails(err, "1")
		if !slices.EqualFunc(ran, [][]string{{"touch", "/failed"}}, slices.Equal) {
			t.Errorf("ran %q", ran)
		}
		l.shows(&l.stderr, " !     Error in onFailure of name='home': its command exited with code 2\n")
	})
}

func TestOnFailurePostsTheReason(t *testing.T) {
	var got struct {
		Name   string   `json:"healthcheck_name"`
		Errors []string `json:"errors"`
	}
	code := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(code)
	}))
	defer server.Close()
	p := probe{Healthcheck: app.Healthcheck{Name: "home", OnFailure: &app.OnFailure{URL: server.URL}}}
	if err := post(t.Context(), server.Client(), p, errors.New("no answer")); err != nil {
		t.Fatal(err)
	}
	if got.Name != "home" || !slices.Equal(got.Errors, []string{"no answer"}) {
		t.Errorf("%+v", got)
	}
	code = http.StatusTeapot
	if err := post(t.Context(), server.Client(), p, errors.New("no answer")); err == nil || err.Error() != "its url answered with status 418" {
		t.Error(err)
	}
}

// Security: a URL that came with a push reaches nothing of this machine.
func TestOnFailureDoesNotReachThisMachine(t *testing.T) {
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"} {
		p := probe{Healthcheck: app.Healthcheck{OnFailure: &app.OnFailure{URL: "http://" + host + ":" + port}}}
		if err := post(t.Context(), outside(), p, errors.New("no answer")); err == nil || !strings.Contains(err.Error(), "cannot reach its url") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if reached {
		t.Error("it was reached")
	}
}
