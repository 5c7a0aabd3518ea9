// Package words splits a command line into words and quotes words into a
// command line, without a shell: nothing is expanded, globbed or run.
//
//	argv, err := words.Split(`config:set blog MOTTO='to be or not'`)
//	line := words.Quote(argv) // Split(line) gives argv back
//
// The syntax is that of xargs, with which Dokku splits what comes over SSH:
// blanks separate, single and double quotes keep everything but themselves, a
// backslash outside quotes keeps the next character. Unlike xargs, quotes may
// span lines.
package words

import (
	"errors"
	"strings"
)

// Errors of Split.
var (
	ErrSingleQuote = errors.New("a single quote is not closed")
	ErrDoubleQuote = errors.New("a double quote is not closed")
	ErrBackslash   = errors.New("a backslash stands at the end")
	ErrNUL         = errors.New("the text contains a NUL byte")
)

// Split returns the words of a line; a blank line has none. Errors are
// ErrSingleQuote, ErrDoubleQuote, ErrBackslash and ErrNUL.
func Split(line string) ([]string, error) {
	var (
		argv   []string
		word   strings.Builder
		inWord bool
		quote  byte
	)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == 0:
			return nil, ErrNUL
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case isBlank(c):
			if inWord {
				argv = append(argv, word.String())
				word.Reset()
				inWord = false
			}
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == '\\':
			i++
			if i == len(line) {
				return nil, ErrBackslash
			}
			if line[i] == 0 {
				return nil, ErrNUL
			}
			word.WriteByte(line[i])
			inWord = true
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	switch {
	case quote == '\'':
		return nil, ErrSingleQuote
	case quote == '"':
		return nil, ErrDoubleQuote
	case inWord:
		argv = append(argv, word.String())
	}
	return argv, nil
}

// SplitRemote splits a command that came over SSH as Dokku does: like Split,
// but git's own commands at white space, without the quotes that git puts
// around the repository ("git-receive-pack 'blog'"). Errors as for Split.
func SplitRemote(line string) ([]string, error) {
	fields := strings.Fields(line)
	if len(fields) == 0 || !strings.HasPrefix(fields[0], "git-") {
		return Split(line)
	}
	for i, f := range fields {
		if strings.IndexByte(f, 0) >= 0 {
			return nil, ErrNUL
		}
		if n := len(f); n >= 2 && (f[0] == '\'' || f[0] == '"') && f[n-1] == f[0] {
			fields[i] = f[1 : n-1]
		}
	}
	return fields, nil
}

// Quote joins words into a line that Split takes apart again. Words without
// special characters stay as they are.
func Quote(argv []string) string {
	var b strings.Builder
	for i, w := range argv {
		if i > 0 {
			b.WriteByte(' ')
		}
		if w != "" && !strings.ContainsAny(w, " \t\n\r\v\f'\"\\") {
			b.WriteString(w)
			continue
		}
		b.WriteByte('\'')
		b.WriteString(strings.ReplaceAll(w, `'`, `'\''`))
		b.WriteByte('\'')
	}
	return b.String()
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }
