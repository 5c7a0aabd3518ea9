package calendar_test

import (
	"slices"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/schedule/calendar"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skip("no time zones on this machine:", err)
	}
	return z
}

// between are the instants of a schedule, by the clock and its offset.
func between(t *testing.T, schedule string, z *time.Location, from, to time.Time) []string {
	t.Helper()
	s, err := calendar.Parse(schedule, z)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for at := s.Next(from); !at.IsZero() && !at.After(to); at = s.Next(at) {
		all = append(all, at.In(z).Format("15:04 -07"))
		if len(all) > 100 {
			t.Fatalf("%s does not end: %q", schedule, all[:10])
		}
	}
	return all
}

// In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026.
func TestTheClockGoesForward(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	from, to := time.Date(2026, 3, 29, 0, 59, 0, 0, z), time.Date(2026, 3, 29, 4, 30, 0, 0, z)
	for schedule, want := range map[string][]string{
		"30 2 * * *":       {"03:00 +02"}, // skipped by the clock: due at the change
		"0 2 * * *":        {"03:00 +02"},
		"0 3 * * *":        {"03:00 +02"},
		"15,45 2 * * *":    {"03:00 +02"}, // once, not twice
		"30 1,3 * * *":     {"01:30 +01", "03:30 +02"},
		"30 2,3 * * *":     {"03:00 +02", "03:30 +02"},
		"0 * * * *":        {"01:00 +01", "03:00 +02", "04:00 +02"},
		"*/30 * * * *":     {"01:00 +01", "01:30 +01", "03:00 +02", "03:30 +02", "04:00 +02", "04:30 +02"},
		"0 */2 * * *":      {"03:00 +02", "04:00 +02"},
		"@every 1h":        {"01:00 +01", "03:00 +02", "04:00 +02"},
		"30 2 30 3 *":      {},
		"@daily":           {},
		"TZ=UTC 0 1 * * *": {"03:00 +02"},
	} {
		if got := between(t, schedule, z, from, to); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", schedule, got, want)
		}
	}
}

// In Berlin the clock goes from 03:00 back to 02:00 on 25 October 2026.
func TestTheClockGoesBack(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	from, to := time.Date(2026, 10, 25, 1, 59, 0, 0, z), time.Date(2026, 10, 25, 3, 30, 0, 0, z)
	for schedule, want := range map[string][]string{
		"30 2 * * *":   {"02:30 +02"}, // once
		"0 2,3 * * *":  {"02:00 +02", "03:00 +01"},
		"0 3 * * *":    {"03:00 +01"},
		"0 * * * *":    {"02:00 +02", "02:00 +01", "03:00 +01"},
		"*/30 * * * *": {"02:00 +02", "02:30 +02", "02:00 +01", "02:30 +01", "03:00 +01", "03:30 +01"},
		"@hourly":      {"02:00 +02", "02:00 +01", "03:00 +01"},
		"@every 30m":   {"02:00 +02", "02:30 +02", "02:00 +01", "02:30 +01", "03:00 +01", "03:30 +01"},
	} {
		if got := between(t, schedule, z, from, to); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", schedule, got, want)
		}
	}
}

// Lord Howe Island changes by half an hour; Samoa left out a whole day.
func TestOddChanges(t *testing.T) {
	z := zone(t, "Australia/Lord_Howe") // 02:00 +10:30 -> 02:30 +11 on 4 October 2026
	if got := between(t, "15 2 * * *", z, time.Date(2026, 10, 4, 1, 0, 0, 0, z), time.Date(2026, 10, 4, 4, 0, 0, 0, z)); !slices.Equal(got, []string{"02:30 +11"}) {
		t.Errorf("%q", got)
	}
	z = zone(t, "Pacific/Apia") // there was no 30 December 2011
	if got := between(t, "0 5 * * *", z, time.Date(2011, 12, 29, 6, 0, 0, 0, z), time.Date(2011, 12, 31, 6, 0, 0, 0, z)); !slices.Equal(got, []string{"00:00 +14", "05:00 +14"}) {
		t.Errorf("%q", got)
	}
}

func TestParse(t *testing.T) {
	for _, good := range []string{"5 5 5 5 5", "@daily", " 0 0 * * MON ", "*/5 * * * *", "@every 1m30s", "CRON_TZ=UTC 0 5 * * *"} {
		if _, err := calendar.Parse(good, time.UTC); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "@nonstandard", "0 5 * * * *", "60 * * * *", "* * *", "TZ=", "TZ=UTC", "CRON_TZ=UTC", "TZ=Nowhere/X 0 5 * * *", "@reboot", "@every x"} {
		if s, err := calendar.Parse(bad, time.UTC); err == nil {
			t.Errorf("%q: %+v", bad, s)
		}
	}
	s, err := calendar.Parse("0 0 30 2 *", time.UTC)
	if err != nil || !s.Next(time.Now()).IsZero() {
		t.Errorf("the 30th of February: %v, %v", s.Next(time.Now()), err)
	}
}

// FuzzNext checks that instants only grow, to the second, and that Parse does
// not panic.
func FuzzNext(f *testing.F) {
	for _, s := range []string{"30 2 * * *", "*/7 * * * *", "@every 90s", "TZ=Europe/Berlin 15 2 * 3,10 SUN", "0 0 29 2 *", "TZ= 1", "@every 1ns"} {
		f.Add(s, int64(1774745940))
		f.Add(s, int64(1792888740))
	}
	z := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		s, err := calendar.Parse(text, z)
		if err != nil || unix < 0 || unix > 4e9 {
			return
		}
		at := time.Unix(unix, 0)
		for range 5 {
			next := s.Next(at)
			if next.IsZero() {
				return
			}
			if !next.After(at) || next.Nanosecond() != 0 {
				t.Fatalf("%q after %v: %v", text, at, next)
			}
			at = next
		}
	})
}
