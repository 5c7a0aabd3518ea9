package record

import (
	"os"
	"testing"
	"time"
)

func TestStartOf(t *testing.T) {
	boot := time.Unix(1_700_000_000, 0)
	const fields = " S 1 77 77 0 -1 4194560 1 0 0 0 1 2 3 4 20 0 1 0 12345 2 3 4"
	for stat, want := range map[string]time.Duration{
		"77 (sleep)" + fields:            123450 * time.Millisecond,
		"77 (evil) S 1 2 (x y)" + fields: 123450 * time.Millisecond, // a name may hold anything
		"77 (sleep) S 1 77":              -1,
		"":                               -1,
		"77 (sleep) S 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 many 0": -1,
	} {
		got, err := startOf(stat, boot)
		if want < 0 {
			if err == nil {
				t.Errorf("%q was read as %v", stat, got)
			}
		} else if err != nil || got.Sub(boot) != want {
			t.Errorf("%q: %v %v", stat, got.Sub(boot), err)
		}
	}
}

func TestThisProcessBeganNotLongAgo(t *testing.T) {
	at, err := processStart(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if ago := time.Since(at); ago < -clockSlack || ago > time.Hour {
		t.Errorf("%v ago", ago)
	}
}

func FuzzStartOf(f *testing.F) {
	f.Add("77 (sleep) S 1 77 77 0 -1 4194560 1 0 0 0 1 2 3 4 20 0 1 0 12345 2 3 4")
	f.Add(")")
	f.Fuzz(func(_ *testing.T, stat string) { _, _ = startOf(stat, time.Time{}) })
}
