package sigil

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/slipwayhq/slipway/internal/atomicfile"
)

// Streams are what the program has of its process.
type Streams struct {
	Env    []string
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	WorkIn string // the working directory
	// ParseEnv reads an env file.
	ParseEnv func(text string) (map[string]string, error)
}

// call is what the command line says.
type call struct {
	file, inline   string
	inPlace, posix bool
	varsFiles      []string
	pairs          []string
}

// Main is the program: it renders a template from a file, an argument or stdin for the caller, with the caller's rights, and
// returns the exit code.
func Main(ctx context.Context, args []string, version string, s Streams) int {
	c := call{}
	flags := pflag.NewFlagSet("sigil", pflag.ContinueOnError)
	flags.SetOutput(s.Err)
	flags.StringVarP(&c.file, "filename", "f", "", "use template file instead of STDIN")
	flags.StringVarP(&c.inline, "inline", "i", "", "use inline template string instead of STDIN")
	flags.BoolVar(&c.inPlace, "in-place", false, "write output back to the file specified by -f")
	flags.StringArrayVarP(&c.varsFiles, "vars-file", "V", nil, "load variables from a file (JSON, YAML, or env format)")
	flags.BoolVarP(&c.posix, "posix", "p", false, "preprocess with POSIX variable expansion")
	printVersion := flags.BoolP("version", "v", false, "prints version")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(s.Err, err)
		return 2
	case *printVersion:
		fmt.Fprintln(s.Out, version)
		return 0
	}
	c.pairs = flags.Args()
	if err := c.run(ctx, s); err != nil {
		fmt.Fprintln(s.Err, err)
		return 1
	}
	return 0
}

func (c call) run(ctx context.Context, s Streams) error {
	if c.inPlace && c.file == "" {
		return errors.New("--in-place requires -f/--filename")
	}
	vars := map[string]any{}
	for _, file := range c.varsFiles {
		if err := s.readVars(file, vars); err != nil {
			return err
		}
	}
	for _, pair := range c.pairs {
		if name, value, ok := strings.Cut(pair, "="); ok {
			vars[name] = value
		}
	}
	t := Template{Vars: vars, POSIX: c.posix, World: &World{Dirs: []string{s.WorkIn}, Env: s.Env, Stdin: s.In, Stderr: s.Err}}
	getenv := (&renderer{template: t}).variable
	t.Left, t.Right, _ = strings.Cut(getenv("SIGIL_DELIMS"), ",")
	if path := getenv("SIGIL_PATH"); path != "" {
		t.World.Dirs = append(t.World.Dirs, strings.Split(path, ":")...)
	}
	if err := c.source(&t, s); err != nil {
		return err
	}
	text, err := Render(ctx, t)
	if err != nil {
		return err
	}
	if !c.inPlace {
		_, err = io.WriteString(s.Out, text)
		return err
	}
	st, err := os.Stat(c.file)
	if err != nil {
		return err
	}
	return atomicfile.Write(c.file, []byte(text), st.Mode().Perm())
}

// source reads the template.
func (c call) source(t *Template, s Streams) error {
	switch {
	case c.file != "":
		b, err := os.ReadFile(c.file)
		t.Name, t.Text = filepath.Base(c.file), string(b)
		t.World.Dirs = append(t.World.Dirs[:1:1], append([]string{filepath.Dir(c.file)}, t.World.Dirs[1:]...)...)
		return err
	case c.inline != "":
		t.Name, t.Text = "<inline>", c.inline
		return nil
	}
	b, err := io.ReadAll(s.In)
	t.Name, t.Text = "<stdin>", string(b)
	return err
}

// readVars adds the variables of a file, whose name says what is in it.
func (s Streams) readVars(path string, vars map[string]any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("failed to read vars file %s: %w", path, err)
	}
	more := map[string]any{}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		err = json.Unmarshal(b, &more)
	case ".yaml", ".yml":
		err = yaml.Unmarshal(b, &more)
	default:
		var pairs map[string]string
		pairs, err = s.ParseEnv(string(b))
		for name, value := range pairs {
			more[name] = value
		}
	}
	if err != nil {
		return fmt.Errorf("failed to parse vars file %s: %w", path, err)
	}
	for name, value := range more {
		vars[name] = value
	}
	return nil
}
