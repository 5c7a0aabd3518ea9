package tail

import (
	"strings"
	"testing"
	"time"
)

func TestParseLineTakesTheTimeOff(t *testing.T) {
	first := parseLine("web.1", "2026-11-21T07:19:35.984215085Z Serving HTTP  on 5000", line{})
	if first.text != "Serving HTTP  on 5000" || first.stamp != "2026-11-21T07:19:35.984215085Z" || first.at.Nanosecond() != 984215085 {
		t.Errorf("%+v", first)
	}
	if empty := parseLine("web.1", "2026-11-21T07:19:35Z ", first); empty.text != "" || empty.at.Nanosecond() != 0 {
		t.Errorf("%+v", empty)
	}
	if rest := parseLine("web.1", "the rest of a long line", first); rest.text != "the rest of a long line" || rest.at != first.at || rest.stamp != first.stamp {
		t.Errorf("%+v", rest)
	}
}

func TestLinesOfOneTimeKeepTheirOrder(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	merged := byTime([][]line{
		{{text: "a", at: at(1)}, {text: "b", at: at(3)}, {text: "c", at: at(3)}},
		{{text: "d", at: at(2)}, {text: "e", at: at(3)}},
	})
	var order strings.Builder
	for _, l := range merged {
		order.WriteString(l.text)
	}
	if order.String() != "adbce" {
		t.Error(order.String())
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add("2026-11-21T07:19:35.984215085Z text")
	f.Add("")
	f.Add(" ")
	f.Fuzz(func(t *testing.T, raw string) {
		l := parseLine("web.1", raw, line{})
		if l.stamp == "" && l.text != raw {
			t.Errorf("%q lost something of %q", l.text, raw)
		}
		if l.stamp != "" && strings.TrimPrefix(raw, l.stamp) != " "+l.text && raw != l.stamp {
			t.Errorf("%q and %q are not %q", l.stamp, l.text, raw)
		}
	})
}
