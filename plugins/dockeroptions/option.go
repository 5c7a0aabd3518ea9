package dockeroptions

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// option is one option of docker with its value, such as "--link" "postgres",
// as an argument vector.
type option []string

// errComment is for a line whose end a shell would not read.
var errComment = errors.New("a # begins a comment; put quotes around it")

// parse splits a text at its options: "--link a --link b" are two. Words before
// the first option are a group of their own. The text is read as a shell reads
// it, but nothing is expanded: a $(…) is one word as it stands.
func parse(text string) ([]option, error) {
	words, err := split(text)
	if err != nil {
		return nil, err
	}
	var all []option
	for _, w := range words {
		if len(all) == 0 || isFlag(w) {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], w)
	}
	return all, nil
}

// isFlag tells an option from a value: it begins with a dash and goes on.
func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// split gives the words of a text without their quotes.
func split(text string) ([]string, error) {
	var words []string
	end := 0
	for word, err := range syntax.NewParser().WordsSeq(strings.NewReader(text)) {
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		for _, part := range word.Parts {
			unquote(&b, text, part)
		}
		words = append(words, b.String())
		end = int(word.End().Offset())
	}
	if strings.TrimSpace(text[end:]) != "" {
		return nil, errComment
	}
	return words, nil
}

// unquote writes what a part of a word stands for when nothing is expanded.
func unquote(b *strings.Builder, text string, part syntax.WordPart) {
	switch p := part.(type) {
	case *syntax.Lit:
		unescape(b, p.Value, "")
	case *syntax.SglQuoted:
		b.WriteString(p.Value)
	case *syntax.DblQuoted:
		for _, inner := range p.Parts {
			if lit, ok := inner.(*syntax.Lit); ok {
				unescape(b, lit.Value, "$`\"\\")
			} else {
				b.WriteString(source(text, inner))
			}
		}
	default:
		b.WriteString(source(text, part))
	}
}

func source(text string, node syntax.Node) string {
	return text[node.Pos().Offset():node.End().Offset()]
}

// unescape takes backslashes away as a shell does: before any character, or,
// in double quotes, before those of special only.
func unescape(b *strings.Builder, s, special string) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			switch next := s[i+1]; {
			case next == '\n':
				i++
				continue
			case special == "" || strings.IndexByte(special, next) >= 0:
				i++
			}
		}
		b.WriteByte(s[i])
	}
}

// String is the option as it is stored and handed to docker: words that a shell
// would not leave alone are in single quotes.
func (o option) String() string {
	quoted := make([]string, len(o))
	for i, w := range o {
		quoted[i] = w
		if w == "" || strings.ContainsAny(w, " \t\n\"'$`\\*?[]<>|&;(){}!#~") {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// check refuses what docker could not take as an option, or the list not keep.
func (o option) check() error {
	if !isFlag(o[0]) {
		return fmt.Errorf("A docker option begins with a dash, unlike %s", o) //nolint:staticcheck // shown to users as it is
	}
	for _, w := range o {
		if strings.ContainsAny(w, "\n\r\x00") {
			return fmt.Errorf("A docker option must be one line, unlike %q", w) //nolint:staticcheck // as above
		}
	}
	return nil
}

// canonical is a stored line as parse and String would write it. What cannot be
// read stays as it is.
func canonical(line string) []string {
	all, err := parse(line)
	if err != nil {
		return []string{line}
	}
	var lines []string
	for _, o := range all {
		lines = append(lines, o.String())
	}
	return lines
}

// same tells whether two lines mean the same option, however they are quoted.
func same(a, b string) bool {
	if a == b {
		return true
	}
	first, err := split(a)
	if err != nil {
		return false
	}
	second, err := split(b)
	return err == nil && slices.Equal(first, second)
}
