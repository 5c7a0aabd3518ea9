// Package procfileutil is the program procfile-util of Dokku's hosts, which scripts use to look into a Procfile and to change
// it. What a Procfile is, package app says.
//
//	procfile-util check                         procfile-util list --procfile path/to/Procfile
//	procfile-util exists --process-type release
//	procfile-util show --process-type web --allow-getenv --env-file .env --default-port 3000
//	procfile-util expand                        procfile-util delete --process-type release
//	procfile-util set --process-type web --command 'bin/web' --stdout
//
// The client runs it for its caller, with the caller's rights. Its verb export, which makes units of init systems, is left
// out: no plugin uses it. Source: github.com/josegonzalez/go-procfile-util, README.md and commands/.
package procfileutil

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/internal/atomicfile"
	"github.com/slipwayhq/slipway/state"
)

// Streams are what the program has of its process.
type Streams struct {
	Getenv func(string) string
	In     io.Reader // nil at a terminal
	Out    io.Writer
	Err    io.Writer
}

// call is what the command line says.
type call struct {
	Streams
	procfile, delimiter, port        string
	process, command, envFile, write string
	strict, getenv, stdout, version  bool
	processes                        app.Procfile // by name
}

var verbs = map[string]func(*call) error{
	"check": (*call).check, "list": (*call).list, "exists": (*call).exists, "show": (*call).show, "expand": (*call).expandAll,
	"delete": (*call).delete, "set": (*call).set,
}

// Main runs it and returns the exit code.
func Main(args []string, version string, s Streams) int {
	c := &call{Streams: s}
	flags := pflag.NewFlagSet("procfile-util", pflag.ContinueOnError)
	flags.SetOutput(s.Err)
	flags.StringVarP(&c.procfile, "procfile", "P", "Procfile", "path to a procfile")
	flags.StringVarP(&c.delimiter, "delimiter", "D", ":", "delimiter in use within procfile")
	flags.StringVarP(&c.port, "default-port", "d", "5000", "default port to use")
	flags.BoolVarP(&c.strict, "strict", "S", false, "strictly parse the Procfile")
	flags.BoolVarP(&c.version, "version", "v", false, "show version")
	flags.StringVarP(&c.process, "process-type", "p", "", "name of process")
	flags.StringVarP(&c.command, "command", "c", "", "command to set")
	flags.StringVarP(&c.envFile, "env-file", "e", "", "path to a dotenv file")
	flags.BoolVarP(&c.getenv, "allow-getenv", "a", false, "allow the use of the existing env when expanding commands")
	flags.BoolVarP(&c.stdout, "stdout", "s", false, "write output to stdout")
	flags.StringVarP(&c.write, "write-path", "w", "", "path to Procfile to write to")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err == nil && c.version:
		fmt.Fprintf(s.Out, "procfile-util %s\n", version)
		return 0
	case err == nil:
		err = c.run(flags.Args())
	}
	if err != nil {
		fmt.Fprintln(s.Err, err)
		return 1
	}
	return 0
}

func (c *call) run(words []string) error {
	if len(words) != 1 || verbs[words[0]] == nil {
		return errors.New("usage: procfile-util check|delete|exists|expand|list|set|show [--procfile PATH] [--process-type TYPE]")
	}
	text, err := c.read()
	if err != nil {
		return err
	}
	if c.processes, err = parse(text, c.delimiter, c.strict); err != nil {
		return err
	}
	return verbs[words[0]](c)
}

// read is the Procfile, or what is piped in where there is none.
func (c *call) read() (string, error) {
	b, err := os.ReadFile(c.procfile)
	if errors.Is(err, fs.ErrNotExist) && c.In != nil {
		b, err = io.ReadAll(c.In)
	}
	return string(b), err
}

// label is a process type in strict mode. Source: RFC 1123 §2.1.
var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// parse reads a Procfile; the processes are in the order of their names.
func parse(text, delimiter string, strict bool) (app.Procfile, error) {
	if delimiter != ":" {
		var b strings.Builder
		for line := range strings.Lines(text) {
			if name, command, ok := strings.Cut(line, delimiter); ok && delimiter != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				line = name + ": " + command
			}
			b.WriteString(line)
		}
		text = b.String()
	}
	processes, err := app.ParseProcfile(text)
	if err != nil {
		return nil, err
	}
	if len(processes) == 0 {
		return nil, errors.New("no entries found in Procfile")
	}
	for _, p := range processes {
		if strict && !label.MatchString(p.Type) {
			return nil, fmt.Errorf("process name contains invalid characters: %s", p.Type)
		}
	}
	slices.SortFunc(processes, func(a, b app.Process) int { return cmp.Compare(a.Type, b.Type) })
	return processes, nil
}

func (c *call) check() error {
	fmt.Fprintf(c.Out, "valid procfile detected %s\n", strings.Join(c.processes.Types(), ", "))
	return nil
}

func (c *call) list() error {
	for _, name := range c.processes.Types() {
		fmt.Fprintln(c.Out, name)
	}
	return nil
}

var errNoProcess = errors.New("no matching process entry found")

func (c *call) exists() error {
	if _, ok := c.processes.Command(c.process); !ok {
		return errNoProcess
	}
	return nil
}

func (c *call) show() error {
	command, ok := c.processes.Command(c.process)
	if !ok {
		return errNoProcess
	}
	expanded, err := c.expand(app.Process{Type: c.process, Command: command})
	if err == nil {
		fmt.Fprintln(c.Out, expanded)
	}
	return err
}

func (c *call) expandAll() error {
	for _, p := range c.processes {
		command, err := c.expand(p)
		if err != nil {
			return err
		}
		if c.process == "" || c.process == p.Type {
			fmt.Fprintf(c.Out, "%s%s %s\n", p.Type, c.delimiter, command)
		}
	}
	return nil
}

// expand replaces $NAME and ${NAME} in a command: by the env file, the environment where that is allowed, PORT by the default
// port and PS by the process type. $(…) stays as it is.
func (c *call) expand(p app.Process) (string, error) {
	if _, err := strconv.Atoi(c.port); err != nil {
		return "", fmt.Errorf("Invalid default port value: %q", c.port) //nolint:staticcheck // its words
	}
	env := map[string]string{}
	if c.envFile != "" {
		b, err := os.ReadFile(c.envFile)
		if err == nil {
			env, err = state.ParseDotenv(string(b))
		}
		if err != nil {
			return "", fmt.Errorf("error processing command: %w", err)
		}
	}
	parts := strings.Split(p.Command, "$(")
	for i := range parts {
		parts[i] = os.Expand(parts[i], func(name string) string {
			if value, ok := env[name]; ok {
				return value
			}
			if value := c.Getenv(name); c.getenv && value != "" {
				return value
			}
			switch name {
			case "PORT":
				return c.port
			case "PS":
				return p.Type
			}
			return ""
		})
	}
	return strings.Join(parts, "$("), nil
}

func (c *call) delete() error {
	if c.process == "" {
		return errors.New("[-p|--process-type] is required")
	}
	return c.output(slices.DeleteFunc(c.processes, func(p app.Process) bool { return p.Type == c.process }))
}

func (c *call) set() error {
	if c.process == "" || c.command == "" {
		return errors.New("[-p|--process-type] and [-c|--command] are required")
	}
	if _, err := parse(c.process+": "+c.command, ":", c.strict); err != nil {
		return err
	}
	changed := slices.DeleteFunc(c.processes, func(p app.Process) bool { return p.Type == c.process })
	changed = append(changed, app.Process{Type: c.process, Command: c.command})
	slices.SortFunc(changed, func(a, b app.Process) int { return cmp.Compare(a.Type, b.Type) })
	return c.output(changed)
}

// output writes the Procfile anew, without its comments.
func (c *call) output(processes app.Procfile) error {
	if c.write != "" && c.stdout {
		return errors.New("cannot specify both --stdout and --write-path flags")
	}
	var b strings.Builder
	for _, p := range processes {
		fmt.Fprintf(&b, "%s%s %s\n", p.Type, c.delimiter, p.Command)
	}
	if c.stdout {
		_, err := io.WriteString(c.Out, b.String())
		return err
	}
	mode := fs.FileMode(0o644)
	if st, err := os.Stat(c.procfile); err == nil {
		mode = st.Mode().Perm()
	}
	return atomicfile.Write(cmp.Or(c.write, c.procfile), []byte(b.String()), mode)
}
