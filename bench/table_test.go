package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	s := section{title: "Commands", rows: []row{
		{what: "a", ours: took(6 * time.Millisecond), peer: took(time.Millisecond), whose: "true", budget: budget{beyond, took(10 * time.Millisecond)}, note: "Why."},
		{what: "b", ours: took(36 * time.Millisecond), peer: took(267 * time.Millisecond), whose: "Dokku", budget: tenTimes, note: "Why."},
		{what: "c", ours: quantity{9500, perSecond}, peer: quantity{10000, perSecond}, whose: "bare", budget: budget{ratioMin, quantity{value: 0.9}}, note: "How."},
		{what: "d", ours: quantity{0, count}, budget: budget{atMost, quantity{0, count}}},
		{what: "e", ours: took(2500 * time.Millisecond)},
	}}
	want := `## Commands

| what | ours | peer or floor | ratio | budget | ok? |
|---|---|---|---|---|---|
| a [1] | 6.0 ms | 1.0 ms, true | 6.0 | peer + 10 ms | yes |
| b [1] | 36 ms | 267 ms, Dokku | 0.13 | ratio ≤ 0.10 | **no** |
| c [2] | 9500/s | 10000/s, bare | 0.95 | ratio ≥ 0.90 | yes |
| d | 0 | – | – | ≤ 0 | yes |
| e | 2.5 s | – | – | – | – |

1. Why.
2. How.

`
	if got := s.markdown(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestQuantile(t *testing.T) {
	var s sample
	for i := 100; i > 0; i-- {
		s = append(s, time.Duration(i))
	}
	s.sorted()
	if got := [3]time.Duration{s.median(), s.quantile(0.99), s.quantile(1)}; got != [3]time.Duration{51, 100, 100} {
		t.Errorf("median, p99 and longest are %d", got)
	}
}

func TestPageKeepsWhatIsWrittenByHand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := writePage(path, []byte("old tables\n")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, "\n## Thoughts\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePage(path, []byte("new tables\n\n")); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(path)
	if want := "new tables\n\n" + handwritten + "\n\n## Thoughts\n"; err != nil || string(text) != want {
		t.Errorf("the page is %q, %v, want %q", text, err, want)
	}
}
