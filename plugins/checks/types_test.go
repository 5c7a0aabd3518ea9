package checks

import (
	"slices"
	"strings"
	"testing"
)

func FuzzTypes(f *testing.F) {
	f.Add("web,worker")
	f.Add("_all_")
	f.Add("web,,worker")
	f.Add("web\n,=")
	f.Fuzz(func(t *testing.T, list string) {
		types, err := parseTypes(list)
		if err != nil {
			return
		}
		if again, err := parseTypes(strings.Join(types, ",")); err != nil || !slices.Equal(again, types) {
			t.Errorf("%q is %q, and that is %q, %v", list, types, again, err)
		}
		if strings.ContainsAny(strings.Join(types, ""), "\x00\n/ ,") || slices.Contains(types, "") {
			t.Errorf("%q is accepted as %q", list, types)
		}
	})
}
