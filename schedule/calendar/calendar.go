// Package calendar says when a schedule such as "5 4 * * *" is due, also on the
// days on which clocks change.
//
//	s, err := calendar.Parse("30 2 * * *", time.Local)
//	next := s.Next(time.Now())
//
// The dialect is that of Dokku, which is that of robfig/cron: five fields,
// @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually, @every
// DURATION, and a leading CRON_TZ=ZONE or TZ=ZONE.
//
// Where the clock is set forward or back, cron's rule holds (cron(8), "daylight
// saving"): a schedule that names its hours is due once for each of its times on
// the clock, at the change itself for those that are skipped, and at the first
// of the two for those that come twice. A schedule for every hour, and @every,
// goes on by the time that passes.
package calendar

import (
	"errors"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// parser has no field for seconds. Source: Dokku plugins/cron/cron.go.
var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// allHours has a bit for each hour of the day.
const allHours = 1<<24 - 1

// Schedule is a schedule in a time zone; make it with Parse.
type Schedule struct {
	spec      cron.SpecSchedule // in UTC, on which there are no changes: the clock's times are given as if they were UTC
	every     time.Duration     // of @every; 0 for others
	everyHour bool
	zone      *time.Location
}

// Parse reads a schedule; zone is the one in which it is meant unless it names
// one itself. The error is the parser's own text.
func Parse(text string, zone *time.Location) (Schedule, error) {
	text = strings.TrimSpace(text)
	// cron v3.0.1 panics on a time zone with nothing behind it.
	if named := strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ="); named && !strings.Contains(text, " ") {
		return Schedule{}, errors.New("a time zone without a schedule")
	}
	parsed, err := parser.Parse(text)
	if err != nil {
		return Schedule{}, err
	}
	switch p := parsed.(type) {
	case cron.ConstantDelaySchedule:
		return Schedule{every: p.Delay, zone: zone}, nil
	case *cron.SpecSchedule:
		s := Schedule{spec: *p, everyHour: p.Hour&allHours == allHours, zone: zone}
		if strings.Contains(text, "TZ=") {
			s.zone = p.Location
		}
		s.spec.Location = time.UTC
		return s, nil
	}
	return Schedule{}, errors.New("a schedule of an unknown kind")
}

// maxChanges bounds how many changes of the clock Next looks across: those of
// the five years that the parser's own Next looks ahead.
const maxChanges = 16

// Next is the first instant after t at which the schedule is due; zero when
// there is none within about five years, as for the 30th of February.
func (s Schedule) Next(t time.Time) time.Time {
	switch {
	case s.every > 0:
		// Counted from 1970, so that a restart changes nothing.
		seconds := int64(s.every / time.Second) // the parser rounds to seconds
		return time.Unix((t.Unix()/seconds+1)*seconds, 0).In(s.zone)
	case s.everyHour:
		return s.nextByTime(t)
	}
	return s.nextByClock(t)
}

// nextByTime goes through the stretches between changes of the clock.
func (s Schedule) nextByTime(t time.Time) time.Time {
	t = t.In(s.zone)
	from := onClock(t)
	for range maxChanges {
		clock := s.spec.Next(from)
		if clock.IsZero() {
			return time.Time{}
		}
		_, end := t.ZoneBounds()
		next := clock.Add(-offset(t))
		if end.IsZero() || next.Before(end) {
			return next.In(s.zone)
		}
		t = end
		from = onClock(t).Add(-time.Nanosecond) // the change itself counts
	}
	return time.Time{}
}

// nextByClock goes through the times on the clock. As those grow, their
// instants never become less, so those up to now on the clock are past.
func (s Schedule) nextByClock(t time.Time) time.Time {
	for clock := s.spec.Next(onClock(t.In(s.zone))); !clock.IsZero(); clock = s.spec.Next(clock) {
		if next := s.instant(clock); next.After(t) {
			return next
		}
	}
	return time.Time{}
}

// instant is when the clock shows a time: the first time that it does, or the
// change that skips it.
func (s Schedule) instant(clock time.Time) time.Time {
	const day = 24 * time.Hour // more than any offset
	before, after := clock.Add(-offset(clock.Add(-day).In(s.zone))), clock.Add(-offset(clock.Add(day).In(s.zone)))
	if before.After(after) { // the clock goes forward: what it skips has two instants, too late and too early
		before, after = after, before
	}
	for _, t := range []time.Time{before, after} {
		if t = t.In(s.zone); onClock(t).Equal(clock) {
			return t
		}
	}
	change, _ := after.In(s.zone).ZoneBounds()
	return change
}

// onClock is what the clock shows at t, as if it were UTC.
func onClock(t time.Time) time.Time { return t.Add(offset(t)).UTC() }

// offset is that of t's zone from UTC.
func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}
