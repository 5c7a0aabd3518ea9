package cron

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/schedule/calendar"
)

// clockwork is a ticker on a clock that tests set.
type clockwork struct {
	*ticker
	t     *testing.T
	w     *plugintest.World
	log   bytes.Buffer
	clock time.Time
	runs  []string // "ID HH:MM" of what was started, by the clock of zone
	zone  *time.Location
}

// wind makes a ticker whose clock shows at, in zone, with tasks ID SCHEDULE.
func wind(t *testing.T, at string, zone *time.Location, tasks ...string) *clockwork {
	t.Helper()
	c := &clockwork{t: t, zone: zone}
	c.w = plugintest.Make(t, func(h *plugin.Host) plugin.Plugin {
		p := Plugin(h)
		return p
	})
	c.w.Host.Log = slog.New(slog.NewTextHandler(&c.log, nil))
	c.w.Watched["slipway-cron-missed"] = true
	c.restart(tasks...)
	c.set(at)
	c.tick(t.Context())
	return c
}

// restart begins with what is on disk.
func (c *clockwork) restart(tasks ...string) {
	c.t.Helper()
	var all []task
	for _, text := range tasks {
		id, schedule, _ := strings.Cut(text, " ")
		due, err := calendar.Parse(schedule, c.zone)
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, task{ID: id, App: "blog", Command: "x", Schedule: schedule, due: due})
	}
	c.ticker = newTicker(&cron{host: c.w.Host})
	c.now = func() time.Time { return c.clock }
	c.table = func(context.Context) ([]task, error) { return all, nil }
	c.start = func(_ context.Context, t task, due time.Time) {
		c.runs = append(c.runs, t.ID+" "+due.In(c.zone).Format("15:04"))
		c.book.change(t.scope(), t.ID, func(e *entry) { e.end(result{Due: due}) })
		if err := c.book.save(); err != nil {
			c.t.Error(err)
		}
	}
	if err := c.book.load(); err != nil {
		c.t.Fatal(err)
	}
	c.runner.adopt(c.t.Context())
}

// set sets the clock without letting time pass.
func (c *clockwork) set(at string) {
	c.t.Helper()
	clock, err := time.ParseInLocation("2006-01-02 15:04:05", at, c.zone)
	if err != nil {
		c.t.Fatal(err)
	}
	c.clock = clock
}

// pass lets time pass as the real ticker does: it sleeps until something is due,
// and never for long.
func (c *clockwork) pass(d time.Duration) {
	c.t.Helper()
	for end := c.clock.Add(d); c.clock.Before(end); {
		next := c.clock.Add(longestSleep)
		if next.After(end) {
			next = end
		}
		c.clock = next
		c.tick(c.t.Context())
	}
}

// ran compares what was started since the last time.
func (c *clockwork) ran(want ...string) {
	c.t.Helper()
	slices.Sort(c.runs)
	slices.Sort(want)
	if !slices.Equal(c.runs, want) {
		c.t.Errorf("ran %q, want %q", c.runs, want)
	}
	c.runs = nil
}

// missed compares what was said to be missed since the last time.
func (c *clockwork) missed(want ...string) {
	c.t.Helper()
	if !slices.Equal(c.w.Fired, want) {
		c.t.Errorf("missed %q, want %q", c.w.Fired, want)
	}
	for _, w := range want {
		if fields := strings.Fields(w); !strings.Contains(c.log.String(), "scheduled runs were missed") || !strings.Contains(c.log.String(), fields[2]) {
			c.t.Errorf("not in the log: %s\n%s", w, c.log.String())
		}
	}
	c.w.Fired = nil
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones on this machine:", err)
	}
	return z
}

func TestTasksRunOnTime(t *testing.T) {
	c := wind(t, "2026-07-01 11:59:30", time.UTC, "a */5 * * * *", "b 2 12 * * *", "c @every 90s")
	c.ran()
	c.pass(10 * time.Minute)
	c.ran("a 12:00", "a 12:05", "b 12:02",
		"c 12:00", "c 12:01", "c 12:03", "c 12:04", "c 12:06", "c 12:07", "c 12:09")
	c.missed()
}

// The clock in Berlin goes from 02:00 to 03:00.
func TestDaylightSavingBegins(t *testing.T) {
	c := wind(t, "2026-03-29 01:30:00", berlin(t), "night 30 2 * * *", "three 0 3 * * *", "often */20 * * * *", "daily @daily")
	c.pass(2 * time.Hour) // to 04:30 on the clock
	c.ran("night 03:00", "three 03:00", "often 01:40", "often 03:00", "often 03:20", "often 03:40", "often 04:00", "often 04:20")
	c.missed()
}

// The clock in Berlin goes from 03:00 back to 02:00.
func TestDaylightSavingEnds(t *testing.T) {
	c := wind(t, "2026-10-25 01:50:00", berlin(t), "night 30 2 * * *", "three 0 3 * * *", "often */20 * * * *")
	c.pass(2*time.Hour + 15*time.Minute) // to 03:05 on the clock
	c.ran("night 02:30", "three 03:00", "often 02:00", "often 02:20", "often 02:40", "often 02:00", "often 02:20", "often 02:40", "often 03:00")
	c.missed()
}

func TestARestartNeitherRepeatsNorForgets(t *testing.T) {
	tasks := []string{"a */5 * * * *"}
	c := wind(t, "2026-07-01 11:59:30", time.UTC, tasks...)
	c.pass(45 * time.Second) // to 12:00:15
	c.ran("a 12:00")
	c.restart(tasks...) // at once: 12:00 is not run again
	c.tick(t.Context())
	c.ran()
	c.pass(4 * time.Minute) // to 12:04:15
	c.set("2026-07-01 12:05:40")
	c.restart(tasks...) // down when it was due, but up soon enough
	c.tick(t.Context())
	c.ran("a 12:05")
	c.missed()
	c.set("2026-07-01 12:33:00")
	c.restart(tasks...) // down for longer
	c.tick(t.Context())
	c.ran()
	c.missed("slipway-cron-missed blog a 5 2026-07-01T12:30:00Z")
	if got := c.book.get("blog", "a"); got.Missed != 5 || got.MissedAt.Format("15:04") != "12:30" {
		t.Errorf("%+v", got)
	}
	c.restart(tasks...) // said once
	c.tick(t.Context())
	c.missed()
	c.pass(2 * time.Minute)
	c.ran("a 12:35")
	for later, want := range map[time.Duration]int{time.Hour: 5, 8 * 24 * time.Hour: 0} {
		if got := c.book.get("blog", "a"); got.missedOf(c.clock.Add(later)) != want {
			t.Errorf("after %v: %+v", later, got)
		}
	}
}

// A control plane that dies between writing down a run and starting it does not
// run it later, and says so.
func TestARunThatWasCutOffIsSaid(t *testing.T) {
	c := wind(t, "2026-07-01 11:59:30", time.UTC, "a 0 12 * * *")
	c.start = func(context.Context, task, time.Time) {} // it dies here
	c.pass(40 * time.Second)
	c.restart("a 0 12 * * *")
	c.tick(t.Context())
	c.ran()
	c.missed("slipway-cron-missed blog a 1 2026-07-01T12:00:00Z")
	c.restart("a 0 12 * * *")
	c.missed()
}

func TestTheClockJumpsForward(t *testing.T) {
	c := wind(t, "2026-07-01 11:58:30", time.UTC, "a */10 * * * *", "b 30 12 * * *")
	c.set("2026-07-01 12:00:30") // by a little: what is due now runs
	c.tick(t.Context())
	c.ran("a 12:00")
	c.set("2026-07-01 13:10:20") // by more
	c.tick(t.Context())
	c.ran("a 13:10")
	c.missed("slipway-cron-missed blog a 6 2026-07-01T13:00:00Z", "slipway-cron-missed blog b 1 2026-07-01T12:30:00Z")
}

func TestTheClockJumpsBack(t *testing.T) {
	c := wind(t, "2026-07-01 11:58:30", time.UTC, "a */10 * * * *", "b 5 12 * * *")
	c.pass(13 * time.Minute) // to 12:11:30
	c.ran("a 12:00", "a 12:10", "b 12:05")
	c.set("2026-07-01 12:11:10") // by a little: nothing happens
	c.pass(time.Minute)
	c.ran()
	c.set("2026-07-01 11:59:00") // by more: no time comes twice
	c.pass(22 * time.Minute)     // to 12:21
	c.ran("a 12:20")
	c.missed()
	if !strings.Contains(c.log.String(), "the clock was set back") {
		t.Errorf("not said:\n%s", c.log.String())
	}
}

// A clock that went wrong and was put right: what it skipped runs when the time
// really comes, and what ran in between does not run again. A restart in
// between changes nothing.
func TestTheClockJumpsForwardAndBack(t *testing.T) {
	c := wind(t, "2026-07-01 11:59:30", time.UTC, "a */30 * * * *")
	c.pass(time.Minute) // to 12:00:30
	c.ran("a 12:00")
	c.set("2026-07-01 14:29:50")
	c.pass(time.Minute) // to 14:30:50
	c.ran("a 14:30")
	c.missed("slipway-cron-missed blog a 4 2026-07-01T14:00:00Z")
	c.restart("a */30 * * * *")
	c.set("2026-07-01 12:01:50")
	c.pass(3 * time.Hour) // to 15:01:50
	c.ran("a 12:30", "a 13:00", "a 13:30", "a 14:00", "a 15:00")
	c.missed()
}

// A clock that was years ahead does not keep tasks from running when it is put
// right.
func TestAClockThatWasYearsAheadIsForgotten(t *testing.T) {
	c := wind(t, "2099-07-01 11:59:30", time.UTC, "a */30 * * * *")
	c.pass(time.Minute)
	c.ran("a 12:00")
	c.set("2026-07-01 12:29:50")
	c.pass(time.Minute)
	c.ran("a 12:30")
}

func TestATaskThatIsNewOrResumedHasMissedNothing(t *testing.T) {
	c := wind(t, "2026-07-01 11:59:30", time.UTC, "a */10 * * * *")
	c.set("2026-07-01 12:35:00")
	c.restart("a */10 * * * *", "new */10 * * * *")
	c.tick(t.Context())
	c.missed("slipway-cron-missed blog a 4 2026-07-01T12:30:00Z")
	all := c.tasks
	c.table = func(context.Context) ([]task, error) {
		off := slices.Clone(all)
		off[0].Maintenance = true
		return off, nil
	}
	c.pass(20 * time.Minute) // to 12:55
	c.ran("new 12:40", "new 12:50")
	c.table = func(context.Context) ([]task, error) { return all, nil }
	c.pass(6 * time.Minute)
	c.ran("a 13:00", "new 13:00")
	c.missed()
}

// With nothing written down nothing may run: it would run again after a restart.
func TestNothingRunsThatCannotBeWrittenDown(t *testing.T) {
	c := wind(t, "2026-07-01 11:59:30", time.UTC, "a */10 * * * *")
	if err := c.w.Host.Store.MkdirAll(c.book.path()+".d", 0o755); err != nil {
		t.Fatal(err)
	}
	block(t, c.book.path())
	c.pass(time.Minute)
	c.ran()
	if !strings.Contains(c.log.String(), "tasks that are due do not run") {
		t.Errorf("not said:\n%s", c.log.String())
	}
}
