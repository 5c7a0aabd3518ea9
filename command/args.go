package command

import (
	"encoding"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// globalName is state.Global; the packages do not import each other.
const globalName = "--global"

// field is one tagged field of an argument struct.
type field struct {
	index            int
	arg              string // positional name, "" for a flag
	flag, short      string
	def              string
	enum             []string
	help, missing    string
	optional, global bool
	fresh            bool // an app that need not exist
	rest             bool // a slice of positionals
}

type argSpec struct {
	typ    reflect.Type
	fields []field
}

func readSpec(t reflect.Type) (argSpec, error) {
	spec := argSpec{typ: t}
	if t.Kind() != reflect.Struct {
		return spec, fmt.Errorf("arguments must be a struct, not %s", t)
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		f := field{
			index: i, flag: sf.Tag.Get("flag"), short: sf.Tag.Get("short"), def: sf.Tag.Get("default"),
			help: sf.Tag.Get("help"), missing: sf.Tag.Get("missing"),
		}
		if e := sf.Tag.Get("enum"); e != "" {
			f.enum = strings.Split(e, ",")
		}
		if tag := sf.Tag.Get("arg"); tag != "" {
			parts := strings.Split(tag, ",")
			f.arg = parts[0]
			f.optional = slices.Contains(parts[1:], "optional")
			f.global = slices.Contains(parts[1:], "global")
			f.fresh = slices.Contains(parts[1:], "new")
			f.rest = sf.Type.Kind() == reflect.Slice
		}
		if f.arg == "" && f.flag == "" {
			return spec, fmt.Errorf("field %s has neither arg nor flag", sf.Name)
		}
		spec.fields = append(spec.fields, f)
	}
	return spec, nil
}

// usage derives the arguments part of the usage line.
func (s argSpec) usage() string {
	var parts []string
	for _, f := range s.fields {
		if f.flag == "" {
			continue
		}
		switch kind := s.typ.Field(f.index).Type.Kind(); {
		case kind == reflect.Bool:
			parts = append(parts, "[--"+f.flag+"]")
		case len(f.enum) > 0:
			parts = append(parts, "[--"+f.flag+" "+strings.Join(f.enum, "|")+"]")
		default:
			parts = append(parts, "[--"+f.flag+" "+f.flag+"]")
		}
	}
	for _, f := range s.fields {
		if f.arg == "" {
			continue
		}
		name := "<" + f.arg + ">"
		if f.global {
			name = "<" + f.arg + ">|--global"
		}
		if f.rest {
			name += " [" + name + " ...]"
		}
		if f.optional {
			name = "[" + name + "]"
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, " ")
}

// parse fills a new argument struct from argv (without the command's name).
func (c *Command) parse(argv []string, globalApp string, appExists func(string) bool) (reflect.Value, error) {
	val := reflect.New(c.spec.typ).Elem()
	if c.verbatim {
		return val, setRest(val.Field(c.spec.fields[0].index), argv)
	}
	positional, global, err := c.parseFlags(argv, val)
	if err != nil {
		return val, &usageError{c, err}
	}
	if globalApp != "" && c.TakesApp() && !c.spec.named(positional, globalApp) {
		positional = append([]string{globalApp}, positional...)
	}
	for _, f := range c.spec.fields {
		if f.arg == "" {
			continue
		}
		dst := val.Field(f.index)
		if f.global && global {
			dst.SetString(globalName)
			continue
		}
		if f.rest {
			if err := setRest(dst, positional); err != nil {
				return val, err
			}
			if len(positional) == 0 && !f.optional {
				return val, c.missing(f)
			}
			positional = nil
			continue
		}
		if len(positional) == 0 || (f.arg == "app" && !f.optional && positional[0] == "") {
			if f.optional {
				continue
			}
			return val, c.missing(f)
		}
		if err := setText(dst, positional[0]); err != nil {
			return val, err
		}
		if f.arg == "app" && !f.fresh && !appExists(positional[0]) {
			return val, NoSuchApp(positional[0])
		}
		positional = positional[1:]
	}
	if len(positional) > 0 {
		return val, &usageError{c, fmt.Errorf("unexpected argument %q", positional[0])}
	}
	return val, nil
}

// named tells whether the app of --app stands among the arguments already, one of
// which would be too many with it: Dokku's client gives an app to apps:create in
// both places.
func (s argSpec) named(positional []string, globalApp string) bool {
	room := 0
	for _, f := range s.fields {
		switch {
		case f.rest && f.arg != "app":
			return false
		case f.arg != "":
			room++
		}
	}
	return len(positional) >= room && room > 0 && positional[0] == globalApp
}

func (c *Command) missing(f field) error {
	switch {
	case f.missing != "":
		return BadInput("%s", f.missing)
	case f.arg == "app":
		return BadInput("Please specify an app to run the command on")
	default:
		return BadInput("Please specify the %s. Usage: dokku %s", f.arg, c.Signature())
	}
}

func (c *Command) parseFlags(argv []string, val reflect.Value) (positional []string, global bool, err error) {
	fs := pflag.NewFlagSet(c.Name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.SetInterspersed(!c.plainArgs)
	if c.rawFlags {
		argv, positional = splitRawFlags(fs, c, argv)
	}
	for _, f := range c.spec.fields {
		if f.global {
			fs.BoolVar(&global, "global", false, "")
		}
		if f.flag == "" {
			continue
		}
		switch p := val.Field(f.index).Addr().Interface().(type) {
		case *bool:
			fs.BoolVarP(p, f.flag, f.short, f.def == "true", f.help)
		case *int:
			n, _ := strconv.Atoi(f.def)
			fs.IntVarP(p, f.flag, f.short, n, f.help)
		case *string:
			fs.StringVarP(p, f.flag, f.short, f.def, f.help)
		case *[]string:
			fs.StringArrayVarP(p, f.flag, f.short, nil, f.help)
		default:
			return nil, false, fmt.Errorf("flag --%s has an unsupported type %T", f.flag, p)
		}
	}
	if err := fs.Parse(argv); err != nil {
		return nil, false, err
	}
	for _, f := range c.spec.fields {
		if len(f.enum) > 0 && !slices.Contains(f.enum, val.Field(f.index).String()) {
			return nil, false, fmt.Errorf("invalid value %q for --%s, valid values are: %s",
				val.Field(f.index).String(), f.flag, strings.Join(f.enum, ", "))
		}
	}
	return append(fs.Args(), positional...), global, nil
}

// splitRawFlags takes the flags that the command does not declare out of argv.
func splitRawFlags(_ *pflag.FlagSet, c *Command, argv []string) (known, raw []string) {
	declared := append(c.Flags(), "global")
	for _, a := range argv {
		name, _, _ := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		if strings.HasPrefix(a, "--") && !slices.Contains(declared, name) {
			raw = append(raw, a)
		} else {
			known = append(known, a)
		}
	}
	return known, raw
}

func setRest(dst reflect.Value, values []string) error {
	out := reflect.MakeSlice(dst.Type(), len(values), len(values))
	for i, v := range values {
		if err := setText(out.Index(i), v); err != nil {
			return err
		}
	}
	dst.Set(out)
	return nil
}

// setText stores one word, validated by the type's UnmarshalText.
func setText(dst reflect.Value, word string) error {
	if u, ok := dst.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(word)); err != nil {
			return BadInput("%w", err)
		}
		return nil
	}
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(word)
	case reflect.Int:
		n, err := strconv.Atoi(word)
		if err != nil {
			return BadInput("%q is not a number", word)
		}
		dst.SetInt(int64(n))
	default:
		return fmt.Errorf("an argument cannot have the type %s", dst.Type())
	}
	return nil
}
