package check

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
)

// lab is web.1 of an app on a fake engine and a network in memory, in the time
// of a bubble.
type lab struct {
	t      *testing.T
	engine *fake.Engine
	id     string
	began  time.Time

	refused time.Duration // for how long from the start no port accepts
	handler http.Handler  // what answers on the port

	mu    sync.Mutex      // several checks run at once
	dials []time.Duration // when a connection was tried
	asked []time.Duration // when the handler was called

	stdout, stderr bytes.Buffer
}

// bubble runs a test with a lab.
func bubble(t *testing.T, behaviour fake.Behaviour, test func(*lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, engine: fake.New(), began: time.Now()}
		l.engine.Behaviour = func(docker.Container) fake.Behaviour { return behaviour }
		l.engine.AddImage(docker.Image{Tags: []string{"blog:latest"}, Cmd: []string{"serve"}})
		id, err := l.engine.Create(t.Context(), []string{"--name=blog.web.1", "blog"})
		if err == nil {
			err = l.engine.Start(t.Context(), id)
		}
		if err != nil {
			t.Fatal(err)
		}
		l.id = id
		l.handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		test(l)
	})
}

func (l *lab) since() time.Duration { return time.Since(l.began) }

func (l *lab) note(times *[]time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*times = append(*times, l.since())
}

func (l *lab) dial(_ context.Context, _, _ string) (net.Conn, error) {
	l.note(&l.dials)
	if l.since() < l.refused {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	ours, theirs := net.Pipe()
	go func() { // ends with the connection
		defer theirs.Close()
		request, err := http.ReadRequest(bufio.NewReader(theirs))
		if err != nil {
			return
		}
		l.note(&l.asked)
		answer := httptest.NewRecorder()
		l.handler.ServeHTTP(answer, request)
		_ = answer.Result().Write(theirs)
	}()
	return ours, nil
}

func (l *lab) target() Target {
	return Target{App: "blog", Process: "web", Index: 1, ContainerID: l.id, IP: "172.17.0.2", Port: 5000, Host: "blog.example.com"}
}

func (l *lab) runner() *runner { return &runner{engine: l.engine, dial: l.dial} }

// run checks, and tells how long that took.
func (l *lab) run(c Config) (took time.Duration, err error) {
	before := time.Now()
	err = l.runner().run(l.t.Context(), l.target(), c, command.NewOutput(&l.stdout, &l.stderr))
	return time.Since(before), err
}

func (l *lab) shows(where *bytes.Buffer, text string) {
	l.t.Helper()
	if !strings.Contains(where.String(), text) {
		l.t.Errorf("no %q in\n%s", text, where)
	}
}

// fails wants Dokku's sentence.
func (l *lab) fails(err error, checks string) {
	l.t.Helper()
	var e *command.Error
	if want := "Could not start due to " + checks + " failed checks (web.1)"; !errors.As(err, &e) || e.Message != want {
		l.t.Errorf("error %v, want %s", err, want)
	}
}

func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

func TestAPortIsPolled(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = 320 * time.Millisecond
		if took, err := l.run(Config{Web: true}); err != nil || took > l.refused+100*time.Millisecond {
			t.Errorf("%v after %v", err, took)
		}
		if l.dials[0] != 0 || l.dials[1] != 50*time.Millisecond {
			t.Errorf("tried at %v", l.dials)
		}
	})
}

// Dokku deploys an app whose web process listens nowhere, with a warning.
func TestAnAppThatNeverListensIsWarnedOfWhereNothingThatListensIsReplaced(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = time.Hour
		took, err := l.run(Config{Web: true, Lenient: true})
		if err != nil || took < 29*time.Second || took > 31*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		l.shows(&l.stderr, " !     Failure in name='port listening check': port 5000 did not accept a connection within 30 s: does the app listen on 0.0.0.0:$PORT?\n")
	})
}

func TestAnAppThatNeverListensFailsAfterItsTime(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = time.Hour
		took, err := l.run(Config{Web: true})
		l.fails(err, "1")
		if took < 29*time.Second || took > 31*time.Second {
			t.Errorf("after %v", took)
		}
		l.shows(&l.stderr, " !     Failure in name='port listening check': port 5000 did not accept a connection within 30 s: does the app listen on 0.0.0.0:$PORT?\n")
		if len(l.dials) > 200 {
			t.Errorf("%d connections tried", len(l.dials))
		}
	})
}

func TestAFastAppDoesNotWaitForTheSecondAttempt(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = 700 * time.Millisecond
		if took, err := l.run(Config{Web: true, Checks: []app.Healthcheck{{Name: "home", Path: "/"}}}); err != nil || took > time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestAWrongAnswerIsAskedForAgainAfterWait(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if len(l.asked) < 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		_, err := l.run(Config{Checks: []app.Healthcheck{{Path: "/", Wait: 2}}})
		if err != nil || len(l.asked) != 3 || l.asked[1] != 2*time.Second || l.asked[2] != 4*time.Second {
			t.Errorf("%v, asked at %v", err, l.asked)
		}
	})
}

func TestFailuresAreCountedAndWarningsAreNot(t *testing.T) {
	bubble(t, fake.Behaviour{Exec: func(docker.ExecOptions, io.Reader, io.Writer, io.Writer) int { return 2 }}, func(l *lab) {
		l.handler = status(500)
		_, err := l.run(Config{Web: true, Checks: []app.Healthcheck{
			{Name: "home", Path: "/", Attempts: 1},
			{Name: "db", Command: []string{"false"}, Attempts: 1},
			{Name: "cache", Command: []string{"false"}, Attempts: 1, Warn: true},
		}})
		l.fails(err, "2")
		l.shows(&l.stderr, " !     Failure in name='home': / answered with status 500\n")
		l.shows(&l.stderr, " !     Failure in name='cache': the command exited with code 2\n")
		l.shows(&l.stdout, "-----> Executing 4 healthchecks\n")
		l.shows(&l.stdout, "       Healthcheck succeeded name='port listening check'\n")
	})
}

func TestTheListeningCheckOnlyWarnsBesideOthers(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = time.Hour
		took, err := l.run(Config{Web: true, Checks: []app.Healthcheck{{Name: "up", Uptime: 1}}})
		if err != nil || took > 20*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		l.shows(&l.stdout, "       All checks successful (web.1)\n")
	})
}

func TestAProcessThatExitsIsNoticedAtOnce(t *testing.T) {
	for name, end := range map[string]struct {
		how  func(*lab)
		want string
	}{
		"exit": {func(l *lab) { l.engine.Exit(l.id, 3) }, "web.1 exited with code 3 before its checks passed"},
		"oom":  {func(l *lab) { l.engine.OOM(l.id) }, "web.1 was killed for lack of memory (exit code 137) before its checks passed"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, fake.Behaviour{}, func(l *lab) {
				l.refused = time.Hour
				go func() {
					<-time.After(1234 * time.Millisecond)
					end.how(l)
				}()
				took, err := l.run(Config{Web: true})
				l.fails(err, "1")
				if took != 1234*time.Millisecond {
					t.Errorf("after %v", took)
				}
				l.shows(&l.stderr, " !     "+end.want+"\n")
			})
		})
	}
}

func TestAProcessThatHasExitedIsNotChecked(t *testing.T) {
	bubble(t, fake.Behaviour{Exits: true, ExitCode: 1}, func(l *lab) {
		took, err := l.run(Config{Checks: []app.Healthcheck{{Path: "/"}, {Path: "/b"}}})
		l.fails(err, "2")
		if took != 0 || len(l.dials) > 0 {
			t.Errorf("after %v, %d connections", took, len(l.dials))
		}
	})
}

func TestAWorkerMustSettle(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		if took, err := l.run(Config{}); err != nil || took != time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestUptimeCountsFromTheStart(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		<-time.After(7 * time.Second)
		if took, err := l.run(Config{Checks: []app.Healthcheck{{Uptime: 10}}}); err != nil || took != 3*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestInitialDelayCountsFromTheStart(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		_, err := l.run(Config{Checks: []app.Healthcheck{{Path: "/", InitialDelay: 4}}})
		if err != nil || l.asked[0] != 4*time.Second {
			t.Errorf("%v, asked at %v", err, l.asked)
		}
		l.shows(&l.stdout, "       Running healthcheck name='/' delay=4 path='/' retries=2 timeout=5 type='path'\n")
	})
}

func TestACommandThatHangsFails(t *testing.T) {
	forever := func(o docker.ExecOptions, _ io.Reader, stdout, _ io.Writer) int {
		_, _ = io.WriteString(stdout, "waiting for the database\n")
		<-time.After(time.Hour)
		return 0
	}
	bubble(t, fake.Behaviour{Exec: forever}, func(l *lab) {
		took, err := l.run(Config{Checks: []app.Healthcheck{{Name: "db", Command: []string{"wait"}, Attempts: 2, Timeout: 3, Wait: 1}}})
		l.fails(err, "1")
		if took != 6*time.Second {
			t.Errorf("after %v", took)
		}
		l.shows(&l.stderr, "the command did not end within 3 s")
		l.shows(&l.stdout, "=====> Start healthcheck output\n       waiting for the database\n")
		<-time.After(2 * time.Hour) // the commands end
	})
}

func TestSetWaitsAreFixed(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = 6 * time.Second
		settings := Settings{Wait: 4 * time.Second}
		took, err := l.run(Config{Web: true, Settings: settings})
		// The uptime of default-wait is Dokku's 10 s; the port is tried at 4 s and 8 s.
		if err != nil || took != 10*time.Second || len(l.dials) != 2 || l.dials[0] != 4*time.Second || l.dials[1] != 8*time.Second {
			t.Errorf("%v after %v, tried at %v", err, took, l.dials)
		}
	})
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = time.Hour
		took, err := l.run(Config{Web: true, Settings: Settings{Attempts: 2, DefaultWait: time.Second}})
		l.fails(err, "1")
		if took != 10*time.Second {
			t.Errorf("after %v", took)
		}
		l.shows(&l.stderr, "port 5000 did not accept a connection in 2 attempts")
	})
}

func TestDefaultWaitAlsoHoldsForWeb(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		if took, err := l.run(Config{Web: true, Settings: Settings{DefaultWait: 3 * time.Second}}); err != nil || took != 3*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestAnInterruptedCheckGivesTheErrorOfItsContext(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = time.Hour
		ctx, cancel := context.WithTimeout(l.t.Context(), time.Second)
		defer cancel()
		err := l.runner().run(ctx, l.target(), Config{Web: true}, command.NewOutput(&l.stdout, &l.stderr))
		if !errors.Is(err, context.DeadlineExceeded) || l.stderr.Len() > 0 {
			t.Errorf("%v %s", err, &l.stderr)
		}
	})
}

func TestAnEngineThatDoesNotAnswerIsNotAFailedCheck(t *testing.T) {
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.engine.OnCall = func(string, string) error { return docker.Unreachable("unix:///run/docker.sock") }
		if _, err := l.run(Config{Web: true}); !errors.Is(err, docker.ErrUnreachable) {
			t.Error(err)
		}
	})
	bubble(t, fake.Behaviour{}, func(l *lab) {
		l.refused = time.Hour
		l.engine.OnCall = func(method, _ string) error {
			if method == "Wait" {
				return docker.Unreachable("unix:///run/docker.sock")
			}
			return nil
		}
		if took, err := l.run(Config{Web: true}); !errors.Is(err, docker.ErrUnreachable) || took > time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}
