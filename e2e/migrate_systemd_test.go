package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Where systemd runs, migrate and --undo do all of it: units of Dokku, nginx and Slipway's own two change places.
func TestMigrateUnderSystemd(t *testing.T) {
	s := newDokkuServer(t, "0.38.27", "systemd")
	before := s.files(t)
	l := s.startLoad("blog.example.com", "/", "one")
	defer l.stop()
	// Those that run all the time, those that run once and end, and ours.
	dokkus, ending, slipways := []string{"dokku-retire.timer", "nginx.service"}, []string{"dokku-redeploy.service", "dokku-retire.service"}, []string{"slipway-proxy.service"}
	states := func(units []string, want string) {
		t.Helper()
		for _, unit := range units {
			out, _ := s.command("systemctl", "show", "--property=ActiveState,UnitFileState", "--value", unit).Output()
			if got := oneSpace(string(out)); got != want {
				t.Errorf("%s is %q, want %q", unit, got, want)
			}
		}
	}
	states(dokkus, "active enabled")
	states(ending, "inactive enabled")
	states([]string{"slipwayd.service"}, "active enabled")

	out := s.says(t, "slipway", "migrate", "--check")
	for _, unit := range append(ending, dokkus...) {
		if !strings.Contains(out, "migrate does it: systemctl disable --now "+unit) {
			t.Errorf("--check does not say that it switches off %s:\n%s", unit, out)
		}
	}
	s.same(t, "after --check", before)
	for n := range 2 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			l.check(t)
			out := s.says(t, "slipway", "migrate")
			if strings.Contains(out, "by hand") {
				t.Errorf("migrate leaves something to do:\n%s", out)
			}
			if start := "systemctl enable --now slipwayd slipway-proxy"; strings.Contains(out, start) != (n > 0) {
				t.Errorf("whether slipwayd has to be started:\n%s", out)
			} else if n > 0 { // the undo has ended it
				s.says(t, strings.Fields(start)...)
			}
			if err := await(10*time.Second, func() (bool, error) { return s.answers("blog") == "slipway", nil }); err != nil {
				t.Error(err)
			}
			s.untouched(t)
			states(append(ending, dokkus...), "inactive disabled")
			states(append(slipways, "slipwayd.service"), "active enabled")
			l.forgiveConnections()
			l.check(t)
			if out := s.says(t, "slipway", "migrate"); !strings.Contains(out, "There is nothing to do") {
				t.Errorf("the second time: %s", out)
			}

			if out := s.says(t, "slipway", "migrate", "--undo"); strings.Contains(out, "by hand") {
				t.Errorf("undo leaves something to do:\n%s", out)
			}
			if err := await(10*time.Second, func() (bool, error) { return s.answers("blog") == "nginx", nil }); err != nil {
				t.Error(err)
			}
			if err := await(10*time.Second, func() (bool, error) {
				return s.command("systemctl", "is-active", "--quiet", "slipwayd.service").Run() != nil, nil
			}); err != nil {
				t.Error("slipwayd does not end: ", err)
			}
			states(dokkus, "active enabled")
			states(ending, "inactive enabled")
			states(append(slipways, "slipwayd.service"), "inactive disabled")
			s.same(t, "after the undo", before)
			s.untouched(t)
			l.forgiveConnections()
		})
	}
}
