package state

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// ParseDotenv reads the env files of Dokku: the dialect that
// github.com/joho/godotenv writes (KEY="value" with the escapes \n \r \" \$
// \! \\, bare numbers) and what people write by hand (export, comments,
// single quotes, bare words). It does not expand variables.
//
// It is our own because godotenv 1.5.1 does not read back what it writes: a
// value that ends in a quote or a backslash is cut or breaks the whole file,
// which the transcripts of real Dokku show (config:set QUOTE='it'\”s "q"').
func ParseDotenv(text string) (map[string]string, error) {
	env := map[string]string{}
	p := dotenvParser{text: text, line: 1}
	for {
		key, value, ok, err := p.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return env, nil
		}
		env[key] = value
	}
}

type dotenvParser struct {
	text string
	pos  int
	line int
}

func (p *dotenvParser) fail(what string) error {
	return fmt.Errorf("line %d: %s", p.line, what)
}

// next reads one assignment; ok is false at the end of the text.
func (p *dotenvParser) next() (key, value string, ok bool, err error) {
	p.skipBlank()
	if p.pos >= len(p.text) {
		return "", "", false, nil
	}
	rest := p.text[p.pos:]
	if after, found := strings.CutPrefix(rest, "export "); found {
		p.pos += len(rest) - len(after)
		rest = after
	}
	end := strings.IndexAny(rest, "=\n")
	if end < 0 || rest[end] == '\n' {
		return "", "", false, p.fail("expected KEY=value")
	}
	key = strings.TrimSpace(rest[:end])
	if key == "" || strings.ContainsAny(key, " \t\"'") {
		return "", "", false, p.fail("expected KEY=value") // without the text: it may be part of a secret
	}
	p.pos += end + 1
	value, err = p.value()
	return key, value, err == nil, err
}

func (p *dotenvParser) skipBlank() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case '\n':
			p.line++
			p.pos++
		case ' ', '\t', '\r':
			p.pos++
		case '#':
			if i := strings.IndexByte(p.text[p.pos:], '\n'); i >= 0 {
				p.pos += i
			} else {
				p.pos = len(p.text)
			}
		default:
			return
		}
	}
}

func (p *dotenvParser) value() (string, error) {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
	if p.pos >= len(p.text) {
		return "", nil
	}
	switch p.text[p.pos] {
	case '"':
		return p.doubleQuoted()
	case '\'':
		return p.singleQuoted()
	}
	line, _, _ := strings.Cut(p.text[p.pos:], "\n")
	p.pos += len(line)
	if i := strings.Index(line, " #"); i >= 0 {
		line = line[:i]
	}
	return strings.TrimSpace(line), nil
}

// singleQuoted reads a value in single quotes. A quote in it is written as
// shells have it, closed, escaped and opened again: so wrote the oldest Dokkus.
func (p *dotenvParser) singleQuoted() (string, error) {
	const quote = `'\''`
	var b strings.Builder
	for {
		end := strings.IndexByte(p.text[p.pos+1:], '\'')
		if end < 0 {
			return "", p.fail("a single quote is not closed")
		}
		v := p.text[p.pos+1 : p.pos+1+end]
		b.WriteString(v)
		p.pos += end + 1
		p.line += strings.Count(v, "\n")
		if !strings.HasPrefix(p.text[p.pos:], quote) {
			p.pos++
			return b.String(), p.endOfLine()
		}
		b.WriteByte('\'')
		p.pos += len(quote) - 1
	}
}

func (p *dotenvParser) doubleQuoted() (string, error) {
	var b strings.Builder
	for i := p.pos + 1; i < len(p.text); i++ {
		switch c := p.text[i]; c {
		case '"':
			p.pos = i + 1
			return b.String(), p.endOfLine()
		case '\\':
			i++
			if i >= len(p.text) {
				return "", p.fail("a double quote is not closed")
			}
			switch e := p.text[i]; e {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			default:
				b.WriteByte(e)
			}
		default:
			if c == '\n' {
				p.line++
			}
			b.WriteByte(c)
		}
	}
	return "", p.fail("a double quote is not closed")
}

// endOfLine checks that only white space or a comment follows a quoted value.
func (p *dotenvParser) endOfLine() error {
	line, _, _ := strings.Cut(p.text[p.pos:], "\n")
	rest := strings.TrimSpace(line)
	if rest != "" && rest[0] != '#' {
		return p.fail("more text follows a quoted value")
	}
	p.pos += len(line)
	return nil
}

// FormatDotenv writes variables as Dokku does: sorted, KEY="value" with
// escapes, a whole number bare.
func FormatDotenv(env map[string]string) string {
	keys := make([]string, 0, len(env))
	for k := range env {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var b strings.Builder
	for _, k := range keys {
		v := env[k]
		b.WriteString(k)
		b.WriteByte('=')
		if n, err := strconv.Atoi(v); err == nil && strconv.Itoa(n) == v {
			b.WriteString(v)
		} else {
			b.WriteByte('"')
			b.WriteString(dotenvEscaper.Replace(v))
			b.WriteByte('"')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// dotenvEscaper escapes what joho/godotenv's doubleQuoteEscape does.
var dotenvEscaper = strings.NewReplacer(
	`\`, `\\`, "\n", `\n`, "\r", `\r`, `"`, `\"`, `!`, `\!`, `$`, `\$`, "`", "\\`")
