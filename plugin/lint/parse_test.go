package lint

import (
	"strings"
	"testing"
)

func FuzzParseShellcheck(f *testing.F) {
	f.Add([]byte(`[{"file":"x","line":3,"level":"error","code":1009,"message":"a\nb"}]`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, _ := parseShellcheck("x", text)
		for _, one := range found {
			if line := one.String(); strings.ContainsAny(line, "\n\r\x1b") || !strings.HasPrefix(line, "x:") {
				t.Errorf("%q is not one line", line)
			}
		}
	})
}

func FuzzParseShell(f *testing.F) {
	f.Add("/p/x: line 3: syntax error near unexpected token\n/p/x: line 3: `fi'\n")
	f.Add("/p/x: 3: Syntax error: end of file unexpected\n")
	f.Fuzz(func(t *testing.T, stderr string) {
		for _, one := range parseShell("x", "/p/x", stderr) {
			if line := one.String(); strings.ContainsAny(line, "\n\r\x1b") || one.Line < 0 {
				t.Errorf("%q is not one line", line)
			}
		}
	})
}
