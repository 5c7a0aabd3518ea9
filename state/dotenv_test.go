package state_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/state"
)

func TestDotenvReadsWhatPeopleWrite(t *testing.T) {
	text := strings.Join([]string{
		"# a comment", "", "BARE=two words # behind", "EMPTY=", "export EXPORTED='single $x \\n'", `DOUBLE="a\nb \"q\" \$x \! \\ \t" # behind`,
		"SPACED =  around  ", "HASH=a#b", "NUMBER=007", "MULTI=\"line1", "line2\"", "URL=http://a?b=c", "  INDENTED=1", "CRLF=1\r", `LAST="end"`,
	}, "\n")
	got, err := state.ParseDotenv(text)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"BARE": "two words", "EMPTY": "", "EXPORTED": `single $x \n`, "DOUBLE": "a\nb \"q\" $x ! \\ t", "SPACED": "around", "HASH": "a#b",
		"NUMBER": "007", "MULTI": "line1\nline2", "URL": "http://a?b=c", "INDENTED": "1", "CRLF": "1", "LAST": "end",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Dokku before 0.12 wrote single quotes for a shell to read.
func TestDotenvReadsAQuoteInSingleQuotes(t *testing.T) {
	got, err := state.ParseDotenv(`export A='it'\''s'` + "\n" + `B=''\'''` + "\n" + `C='a'\''b'\'''` + "\nD='x\ny'\nE=1")
	if want := map[string]string{"A": "it's", "B": "'", "C": "a'b'", "D": "x\ny", "E": "1"}; err != nil || !cmp.Equal(want, got) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDotenvErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"A=1\nword\n":         "line 2: expected KEY=value",
		"A=1\n\nB=\"open\n":   "double quote is not closed",
		"A='open":             "line 1: a single quote is not closed",
		`A="x" y`:             "line 1: more text follows a quoted value",
		"A B=1":               "line 1: expected KEY=value",
		"=1":                  "line 1: expected KEY=value",
		"A=\"1\n2\"\nB=\"x\\": "double quote is not closed",
	} {
		if _, err := state.ParseDotenv(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// Security: a file that is broken in the middle of a secret.
func TestDotenvErrorsDoNotShowValues(t *testing.T) {
	for _, text := range []string{`A="x"hunter2`, "A=1\nhunter2", "A=1\nhunter2 hunter2=", "A='hunter2"} {
		if _, err := state.ParseDotenv(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDotenvWritesAsDokkuDoes(t *testing.T) {
	got := state.FormatDotenv(map[string]string{
		"B": "with space", "A": "1", "C": "it's \"q\" $x ! `y` \\", "D": "a\nb\r", "E": "", "F": "007", "G": "-5", "H": "1.0", "I": "99999999999999999999",
	})
	want := `A=1
B="with space"
C="it's \"q\" \$x \! ` + "\\`y\\`" + ` \\"
D="a\nb\r"
E=""
F="007"
G=-5
H="1.0"
I="99999999999999999999"
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Dokku 0.38 cannot read its own file back when a value ends in a quote
// (godotenv 1.5.1); config:set QUOTE="it's \"q\"" breaks an app there.
func TestDotenvValueThatEndsInAQuote(t *testing.T) {
	for _, v := range []string{`it's "q"`, `"`, `\"`, `\`, `\\`, `a\`, `'`, `' "`} {
		got, err := state.ParseDotenv(state.FormatDotenv(map[string]string{"A": v, "B": "1"}))
		if err != nil || got["A"] != v || got["B"] != "1" {
			t.Errorf("%q became %q: %v", v, got, err)
		}
	}
}

func FuzzDotenvRoundTrip(f *testing.F) {
	for _, v := range []string{"", "a b", "it's \"q\"", "$x `y` !", "a\nb\r\n", `\`, `\n`, "1", "01", "#", "é"} {
		f.Add(v, v)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		want := map[string]string{"A": a, "B_1": b}
		got, err := state.ParseDotenv(state.FormatDotenv(want))
		if err != nil || !cmp.Equal(want, got) {
			t.Fatalf("%q became %q: %v", want, got, err)
		}
	})
}

func FuzzParseDotenv(f *testing.F) {
	for _, s := range []string{"A=1", "export A='x'", "A=\"a\\nb\" # c", "A", "# x\n\nB=\"", "A=\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		env, err := state.ParseDotenv(text)
		if err != nil {
			return
		}
		again, err := state.ParseDotenv(state.FormatDotenv(env))
		if err != nil || !cmp.Equal(env, again) {
			t.Fatalf("%q: %q became %q: %v", text, env, again, err)
		}
	})
}
