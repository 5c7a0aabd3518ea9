package tool

import "strings"

// Options are the options that a program knows, of those that docker-options
// has for the build phase: by their long name, whether a value belongs to it.
// The others are left out, as Dokku does: they are for `docker build` or
// `docker run`.
type Options map[string]Option

// Option is one of them.
type Option struct {
	Short string // "-e"; "" when it has none
	Flag  bool   // it has no value
}

// Pick takes from args what the program knows, in its long form.
func (o Options) Pick(args []string) []string {
	var picked []string
	for i := 0; i < len(args); i++ {
		word, value, joined := strings.Cut(args[i], "=")
		name, known := o.name(word)
		switch {
		case !known:
		case o[name].Flag:
			picked = append(picked, name)
		case joined:
			picked = append(picked, name, value)
		case i+1 < len(args):
			i++
			picked = append(picked, name, args[i])
		}
	}
	return picked
}

func (o Options) name(word string) (string, bool) {
	if _, ok := o[word]; ok {
		return word, true
	}
	for name, option := range o {
		if option.Short != "" && option.Short == word {
			return name, true
		}
	}
	return "", false
}

// Values are options with a value, by their long names; a short one may follow
// after a comma: "--env,-e".
func Values(names ...string) Options {
	o := Options{}
	for _, n := range names {
		long, short, _ := strings.Cut(n, ",")
		o[long] = Option{Short: short}
	}
	return o
}

// With adds options without a value.
func (o Options) With(flags ...string) Options {
	for _, f := range flags {
		o[f] = Option{Flag: true}
	}
	return o
}
