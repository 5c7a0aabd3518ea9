package ps

import (
	"maps"
	"strings"
	"testing"
)

func TestParseCounts(t *testing.T) {
	got, err := parseCounts([]string{"web=2", "my-worker_1=0"})
	if err != nil || !maps.Equal(got, map[string]int{"web": 2, "my-worker_1": 0}) {
		t.Errorf("%v %v", got, err)
	}
	for tuple, want := range map[string]string{
		"web": "Missing count for process type web", "web=": "Missing count", "web=x": "Invalid count for process type web",
		"web=-1": "Invalid count", "bad!=1": "Invalid process type", "=1": "Invalid process type", "web=100000": "at most 1000",
	} {
		if _, err := parseCounts([]string{tuple}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", tuple, err, want)
		}
	}
}

func FuzzParseCounts(f *testing.F) {
	for _, s := range []string{"web=2", "web", "=", "a=b=c", "web=99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		counts, err := parseCounts([]string{s})
		for p, n := range counts {
			if err != nil || p == "" || n < 0 || n > maxInstances {
				t.Errorf("%q gives %q=%d, %v", s, p, n, err)
			}
		}
	})
}

func TestRestartPolicies(t *testing.T) {
	for policy, good := range map[string]bool{
		"no": true, "always": true, "unless-stopped": true, "on-failure": true, "on-failure:10": true,
		"": false, "bogus": false, "on-failure:": false, "on-failure:-1": false, "always:3": false, "on-failure:x": false,
	} {
		if err := validRestartPolicy(policy); (err == nil) != good {
			t.Errorf("%q: %v", policy, err)
		}
	}
}
