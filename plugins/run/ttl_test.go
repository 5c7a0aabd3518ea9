package run

import (
	"strconv"
	"testing"
	"time"
)

func FuzzTTL(f *testing.F) {
	for _, s := range []string{"1", "0", "-1", "soon", "315360000", "315360001", "99999999999999999999", "1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseTTL(s)
		if err != nil {
			return
		}
		if got < time.Second || got > maxTTL*time.Second {
			t.Errorf("%q is %v", s, got)
		}
		if again, err := parseTTL(strconv.Itoa(int(got / time.Second))); err != nil || again != got {
			t.Errorf("%q is %v, and that is %v, %v", s, got, again, err)
		}
	})
}
