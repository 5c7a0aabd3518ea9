package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A row is one line of the table.
type row struct {
	what   string
	ours   quantity
	peer   quantity // zero: there is none
	whose  string   // what the peer is
	budget budget   // zero: none, the row is for information
	note   string   // stands below the table
}

// section is one table with a heading.
type section struct {
	title string
	rows  []row
}

// A quantity is a measured number with its unit.
type quantity struct {
	value float64
	unit  unit
}

type unit string

const (
	seconds   unit = "s" // shown as µs, ms or s
	perSecond unit = "/s"
	megabytes unit = "MB"
	count     unit = "count"
)

func took(d time.Duration) quantity { return quantity{d.Seconds(), seconds} }

func (q quantity) String() string {
	switch {
	case q.unit == "":
		return "–"
	case q.unit == count:
		return fmt.Sprintf("%.0f", q.value)
	case q.unit == perSecond:
		return fmt.Sprintf("%.0f/s", q.value)
	case q.unit == megabytes:
		return fmt.Sprintf("%.0f MB", q.value)
	case q.value < 0.001:
		return digits(q.value*1e6) + " µs"
	case q.value < 1:
		return digits(q.value*1e3) + " ms"
	}
	return digits(q.value) + " s"
}

// digits shows two or more significant digits.
func digits(v float64) string {
	switch {
	case v < 0.1:
		return fmt.Sprintf("%.3f", v)
	case v < 1:
		return fmt.Sprintf("%.2f", v)
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// A budget says what is good enough.
type budget struct {
	kind  limit
	value quantity
}

type limit int

const (
	none     limit = iota
	atMost         // of our own quantity
	beyond         // of our own quantity less the peer's
	ratioMax       // of ours ÷ peer
	ratioMin
)

func (b budget) String() string {
	switch b.kind {
	case atMost:
		return "≤ " + b.value.String()
	case beyond:
		return "peer + " + b.value.String()
	case ratioMax:
		return "ratio ≤ " + digits(b.value.value)
	case ratioMin:
		return "ratio ≥ " + digits(b.value.value)
	}
	return "–"
}

// tenTimes is the "at least ten times faster".
var tenTimes = budget{ratioMax, quantity{value: 0.1}}

func (r row) ratio() float64 {
	if r.peer.unit == "" || r.peer.value == 0 {
		return math.NaN()
	}
	return r.ours.value / r.peer.value
}

// met tells whether the row keeps its budget.
func (r row) met() bool {
	switch r.budget.kind {
	case atMost:
		return r.ours.value <= r.budget.value.value
	case beyond:
		return r.ours.value-r.peer.value <= r.budget.value.value
	case ratioMax:
		return r.ratio() <= r.budget.value.value
	case ratioMin:
		return r.ratio() >= r.budget.value.value
	}
	return true
}

// markdown is the section as a table, with its notes below.
func (s section) markdown() string {
	var b, notes strings.Builder
	fmt.Fprintf(&b, "## %s\n\n| what | ours | peer or floor | ratio | budget | ok? |\n|---|---|---|---|---|---|\n", s.title)
	var noted []string
	for _, r := range s.rows {
		what, peer, ratio, ok := r.what, r.peer.String(), "–", "–"
		if r.note != "" {
			n := slices.Index(noted, r.note) + 1
			if n == 0 {
				noted = append(noted, r.note)
				n = len(noted)
				fmt.Fprintf(&notes, "%d. %s\n", n, r.note)
			}
			what += fmt.Sprintf(" [%d]", n)
		}
		if r.peer.unit != "" {
			peer += ", " + r.whose
		}
		if v := r.ratio(); !math.IsNaN(v) {
			ratio = digits(v)
		}
		if r.budget.kind != none {
			ok = "yes"
			if !r.met() {
				ok = "**no**"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", what, r.ours, peer, ratio, r.budget, ok)
	}
	b.WriteByte('\n')
	if len(noted) > 0 {
		b.WriteString(notes.String() + "\n")
	}
	return b.String()
}
