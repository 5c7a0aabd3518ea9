package app_test

import (
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/app"
)

func TestArgvSplitsAndExpands(t *testing.T) {
	env := map[string]string{"PORT": "5000", "NAME": "a b $PORT", "EMPTY": ""}
	for line, want := range map[string][]string{
		`serve --port $PORT`:         {"serve", "--port", "5000"},
		`serve -p${PORT}0 "a  b" ''`: {"serve", "-p50000", "a  b", ""},
		`echo $NAME`:                 {"echo", "a b $PORT"}, // neither split nor expanded again
		`echo $EMPTY$UNKNOWN ${X} $`: {"echo", "$UNKNOWN", "${X}", "$"},
		``:                           nil,
	} {
		got, err := app.Argv(line, env)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", line, got, err, want)
		}
	}
	if _, err := app.Argv(`echo "open`, nil); err == nil {
		t.Error("an open quote was taken")
	}
}
