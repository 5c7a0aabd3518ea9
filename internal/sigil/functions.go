package sigil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"
)

// stream is text that is still to be read, such as stdin.
type stream struct{ io.Reader }

// functions are those of templates. Source: gliderlabs/sigil, builtin/builtin.go.
func (r *renderer) functions(ctx context.Context) template.FuncMap {
	return template.FuncMap{
		"include": func(name string, args ...any) (string, error) { return r.include(ctx, name, args) },
		"render":  func(args ...any) (string, error) { return r.render(ctx, args) },
		"default": defaultTo, "var": r.variable,
		"capitalize": onText("capitalize", capitalize), "lower": onText("lower", strings.ToLower), "upper": onText("upper", strings.ToUpper),
		"trim":    onText("trim", func(s string) string { return strings.Trim(s, " \n") }),
		"replace": replace, "indent": indent, "match": match, "substr": substr,
		"base64enc": r.base64Encode, "base64dec": r.base64Decode,
		"stdin": r.stdin, "file": r.text, "text": r.text, "exists": r.exists, "dir": r.dir, "dirs": r.dirs, "files": r.files,
		"sh":      func(line any) (string, error) { return r.sh(ctx, line) },
		"httpget": func(url any) (stream, error) { return r.httpGet(ctx, url) },
		"pointer": pointer, "jmespath": jmesPath, "json": r.json, "tojson": toJSON, "yaml": r.yaml, "toyaml": toYAML,
		"uniq": uniq, "drop": drop, "append": func(item any, items []any) []any { return append(items, item) },
		"seq": seq, "join": join, "joinkv": joinKV, "split": split, "splitkv": splitKV,
	}
}

// text is a value that is text, or a stream read to its end.
func text(name string, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case stream:
		b, err := io.ReadAll(io.LimitReader(v, maxText+1))
		if len(b) > maxText {
			return "", fmt.Errorf("%s is given more than %d MiB", name, maxText>>20)
		}
		return string(b), err
	case fmt.Stringer:
		return v.String(), nil
	}
	return "", fmt.Errorf("%s must be given a string", name)
}

// maxText bounds one text.
const maxText = 64 << 20

func onText(name string, f func(string) string) func(any) (string, error) {
	return func(v any) (string, error) {
		s, err := text(name, v)
		return f(s), err
	}
}

// capitalize makes the first letter of each word a capital.
func capitalize(s string) string {
	before := ' '
	return strings.Map(func(c rune) rune {
		first := !unicode.IsLetter(before) && !unicode.IsDigit(before) && before != '_' && before != '\''
		before = c
		if first {
			return unicode.ToTitle(c)
		}
		return c
	}, s)
}

// defaultTo is the value in, or another where in is nothing.
func defaultTo(otherwise, in any) any {
	if in == nil || reflect.ValueOf(in).IsZero() {
		return otherwise
	}
	return in
}

func (r *renderer) variable(name string) string {
	value, _ := r.lookup(name)
	return value
}

func replace(from, to string, in any) (string, error) {
	s, err := text("replace", in)
	return strings.ReplaceAll(s, from, to), err
}

// indent puts a text in front of every line but the first and the empty ones.
func indent(by string, in any) (string, error) {
	s, err := text("indent", in)
	lines := strings.Split(s, "\n")
	for i := range lines {
		if i > 0 && lines[i] != "" {
			lines[i] = by + lines[i]
		}
	}
	return strings.Join(lines, "\n"), err
}

func match(pattern string, in any) (bool, error) {
	s, err := text("match", in)
	if err != nil {
		return false, err
	}
	return path.Match(pattern, s)
}

// substr is the part "start:end" of a text, in bytes; start may be left out.
func substr(part string, in any) (string, error) {
	s, err := text("substr", in)
	if err != nil {
		return "", err
	}
	from, to, ok := strings.Cut(part, ":")
	start, err := strconv.Atoi(from)
	if err != nil {
		start = 0
	}
	end, err := strconv.Atoi(to)
	if !ok || err != nil {
		return "", errors.New("substr needs slice expression as 'start:end'")
	}
	if start < 0 || end < start || end > len(s) {
		return "", fmt.Errorf("substr cannot take %s of %d bytes", part, len(s))
	}
	return s[start:end], nil
}

// maxSeq bounds a list of numbers.
const maxSeq = 1 << 20

// seq is the numbers from 0 to one below n, as text.
func seq(n any) ([]any, error) {
	var count int
	switch n := n.(type) {
	case int:
		count = n
	case string:
		var err error
		if count, err = strconv.Atoi(n); err != nil {
			return nil, errors.New("seq must be given an integer or numeric string")
		}
	default:
		return nil, errors.New("seq must be given an integer or numeric string")
	}
	if count < 0 || count > maxSeq {
		return nil, fmt.Errorf("seq cannot count to %d", count)
	}
	list := make([]any, count)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list, nil
}

func split(by string, in any) ([]any, error) {
	s, err := text("split", in)
	if err != nil {
		return nil, err
	}
	var list []any
	for part := range strings.SplitSeq(s, by) {
		list = append(list, part)
	}
	return list, nil
}

// join leaves out what is no text.
func join(by string, in []any) string {
	var parts []string
	for _, v := range in {
		if s, ok := v.(string); ok {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, by)
}

// splitKV makes a map of texts such as a=b; one without the separator is true.
func splitKV(by string, in []any) (map[string]any, error) {
	out := map[string]any{}
	for _, v := range in {
		s, ok := v.(string)
		if !ok {
			return nil, errors.New("splitkv must be given a string map of strings")
		}
		key, value, found := strings.Cut(s, by)
		if found {
			out[key] = value
		} else {
			out[s] = true
		}
	}
	return out, nil
}

// joinKV is the reverse, by name.
func joinKV(by string, in map[string]any) ([]any, error) {
	var list []string
	for key, v := range in {
		s, ok := v.(string)
		if !ok {
			return nil, errors.New("joinkv must be given a string map of strings")
		}
		list = append(list, key+by+s)
	}
	slices.Sort(list)
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out, nil
}

// uniq is what is in lists, once each, in order.
func uniq(lists ...[]any) []any {
	var out []any
	for _, list := range lists {
		for _, v := range list {
			if !slices.ContainsFunc(out, func(o any) bool { return reflect.DeepEqual(o, v) }) {
				out = append(out, v)
			}
		}
	}
	return out
}

// drop leaves out what is equal to an item, or what a text as a pattern matches.
func drop(item any, items []any) ([]any, error) {
	pattern, isText := item.(string)
	var out []any
	for _, v := range items {
		same := reflect.DeepEqual(item, v)
		if isText {
			s, ok := v.(string)
			if !ok {
				return nil, errors.New("all elements must be a string to drop a string")
			}
			var err error
			if same, err = path.Match(pattern, s); err != nil {
				return nil, fmt.Errorf("bad pattern: %s", pattern)
			}
		}
		if !same {
			out = append(out, v)
		}
	}
	return out, nil
}
