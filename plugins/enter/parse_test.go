package enter

import (
	"slices"
	"strings"
	"testing"
)

// What is the command is neither lost nor changed, however the container was named.
func FuzzParse(f *testing.F) {
	f.Add("web\x00--\x00ls\x00-l")
	f.Add("--container-id\x00abc\x00ls")
	f.Add("--container-id")
	f.Add("--container-id=abc")
	f.Add("--\x00ls\x00--\x00x")
	f.Fuzz(func(t *testing.T, joined string) {
		rest := strings.Split(joined, "\x00")
		got, err := parse(rest)
		if err != nil {
			return
		}
		if len(got.argv) > len(rest) || !slices.Equal(got.argv, rest[len(rest)-len(got.argv):]) {
			t.Errorf("the command of %q is %q", rest, got.argv)
		}
		if got.id != "" && got.place != "" {
			t.Errorf("%q names two containers: %+v", rest, got)
		}
		again, err := parse(append([]string{"web", "--"}, got.argv...))
		if err != nil || again.place != "web" || !slices.Equal(again.argv, got.argv) {
			t.Errorf("%q is %+v, and that is %+v, %v", rest, got, again, err)
		}
	})
}
