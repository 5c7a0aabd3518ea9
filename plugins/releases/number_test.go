package releases

import (
	"fmt"
	"testing"
)

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"12", "v12", "vv1", "0", "-1", "99999999999999999999", "1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var n, again number
		if n.UnmarshalText([]byte(s)) != nil {
			return
		}
		if err := again.UnmarshalText(fmt.Appendf(nil, "v%d", n)); err != nil || again != n || n < 1 {
			t.Errorf("%q is %d, and that is %d, %v", s, n, again, err)
		}
	})
}
