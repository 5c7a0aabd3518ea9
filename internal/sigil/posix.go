package sigil

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// expand replaces $NAME and ${NAME…} in a text as a POSIX shell does, by lookup. A $ in front of anything else stays, and
// \$ is a $. Quotes mean nothing. Source: POSIX XCU 2.6.2.
func expand(text string, lookup func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], `\$`):
			b.WriteByte('$')
			i += 2
		case text[i] != '$':
			b.WriteByte(text[i])
			i++
		case i+1 < len(text) && text[i+1] == '{':
			end := closing(text[i+2:])
			if end < 0 {
				return "", fmt.Errorf("%q is not closed", firstWords(text[i:]))
			}
			value, err := parameter(text[i+2:i+2+end], lookup)
			if err != nil {
				return "", err
			}
			b.WriteString(value)
			i += 2 + end + 1
		default:
			name := leadingName(text[i+1:])
			if name == "" {
				b.WriteByte('$')
			} else {
				value, _ := lookup(name)
				b.WriteString(value)
			}
			i += 1 + len(name)
		}
	}
	return b.String(), nil
}

// closing is where the } of a ${ is, in what stands behind it; -1 when there is none.
func closing(text string) int {
	depth := 1
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], "${"):
			depth++
			i++
		case text[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func firstWords(text string) string { return text[:min(len(text), 30)] }

func leadingName(text string) string {
	for i := range len(text) {
		if !identifier.MatchString(text[:i+1]) {
			return text[:i]
		}
	}
	return text
}

// operators of ${NAME…}, longer ones first.
var operators = []string{":-", ":=", ":?", ":+", "%%", "##", "-", "=", "?", "+", "%", "#"}

// parameter is the value of what stands between ${ and }.
func parameter(inside string, lookup func(string) (string, bool)) (string, error) {
	if name, ok := strings.CutPrefix(inside, "#"); ok && leadingName(name) == name && name != "" {
		value, _ := lookup(name)
		return strconv.Itoa(len([]rune(value))), nil
	}
	name := leadingName(inside)
	rest := inside[len(name):]
	if name == "" {
		return "", fmt.Errorf("${%s} names no variable", inside)
	}
	value, set := lookup(name)
	if rest == "" {
		return value, nil
	}
	for _, operator := range operators {
		if word, ok := strings.CutPrefix(rest, operator); ok {
			return operate(name, operator, word, value, set, lookup)
		}
	}
	return "", fmt.Errorf("${%s} cannot be read", inside)
}

func operate(name, operator, word, value string, set bool, lookup func(string) (string, bool)) (string, error) {
	word, err := expand(word, lookup)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(operator, ":") {
		set = value != ""
	}
	switch strings.TrimPrefix(operator, ":") {
	case "-", "=":
		if !set {
			return word, nil
		}
	case "?":
		if !set {
			return "", fmt.Errorf("%s: %s", name, orElse(word, "is not set"))
		}
	case "+":
		if !set {
			return "", nil
		}
		return word, nil
	default:
		return without(operator, word, value), nil
	}
	return value, nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// without takes the shortest (# and %) or longest (## and %%) beginning or end off that a pattern matches.
func without(operator, pattern, value string) string {
	// A shell's * matches a / too.
	flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x01") }
	best := -1
	for i := range len(value) + 1 {
		part := value[:i]
		if operator[0] == '%' {
			part = value[len(value)-i:]
		}
		if ok, err := path.Match(flat(pattern), flat(part)); err == nil && ok {
			best = i
			if len(operator) == 1 {
				break
			}
		}
	}
	switch {
	case best < 0:
		return value
	case operator[0] == '%':
		return value[:len(value)-best]
	}
	return value[best:]
}
