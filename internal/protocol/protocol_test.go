package protocol

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/internal/words"
)

func TestWhatIsTakenFromWhom(t *testing.T) {
	for _, test := range []struct {
		name          string
		size          int
		local, remote bool
	}{
		{"LANG", 10, true, true},
		{"LANG", MaxEnvValue + 1, false, false},
		{"DOKKU_TRACE", 1, true, false},
		{Program, 5, true, false},
		{CallerEnv, MaxCallerEnv, true, false},
		{CallerEnv, MaxCallerEnv + 1, false, false},
		{"POSTGRES_IMAGE", 1, false, false},
		{Hook, 1, false, false},
	} {
		if Allowed(test.name, test.size, true) != test.local || Allowed(test.name, test.size, false) != test.remote {
			t.Errorf("%+v", test)
		}
	}
}

func TestPickCallerEnv(t *testing.T) {
	got, err := words.Split(PickCallerEnv([]string{
		"POSTGRES_IMAGE=a b", "EMPTY=", "QUOTES='\"\\", "LINES=a\nb", "PATH=/x", "HOME=/root", "SSH_ORIGINAL_COMMAND=x", "GIT_DIR=.", "LD_PRELOAD=x", "BASH_ENV=x",
		"BASH_FUNC_x%%=() { :; }", "SLIPWAY_HOOK=x", "NAME=ann", "FINGERPRINT=x", "DOKKU_TRACE=1", "DOKKU_NO_COLOR=1", "broken",
	}))
	if want := []string{"POSTGRES_IMAGE=a b", "EMPTY=", "QUOTES='\"\\", "LINES=a\nb", "DOKKU_NO_COLOR=1"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
	if got := PickCallerEnv([]string{"X=" + strings.Repeat("x", MaxCallerEnv)}); got != "" {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzPickCallerEnv(f *testing.F) {
	f.Add("A=b", "C=d")
	f.Fuzz(func(t *testing.T, a, b string) {
		value := PickCallerEnv([]string{a, b})
		if strings.ContainsRune(a+b, 0) {
			return
		}
		pairs, err := words.Split(value)
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		for _, p := range pairs {
			if p != a && p != b {
				t.Errorf("%q came out of %q and %q", p, a, b)
			}
		}
	})
}
