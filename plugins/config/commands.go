package config

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

type showArgs struct {
	Merged bool   `flag:"merged" help:"merge app environment and global environment"`
	App    string `arg:"app,global"`
}

func (cfg config) show(_ context.Context, c *command.Call, in showArgs) error {
	env, err := cfg.load(in.App, in.Merged)
	if err != nil {
		return err
	}
	c.Out.Headers().Title("%s env vars", strings.TrimPrefix(in.App, "--"))
	printColumns(c.Out.Line, env)
	return nil
}

type oldShowArgs struct {
	Merged bool   `flag:"merged" help:"merge app environment and global environment"`
	Shell  bool   `flag:"shell" help:"deprecated: config:export --format shell"`
	Export bool   `flag:"export" help:"deprecated: config:export --format exports"`
	App    string `arg:"app,global"`
}

// oldShow is config without a colon, with the flags of older scripts.
func (cfg config) oldShow(ctx context.Context, c *command.Call, in oldShowArgs) error {
	var name string
	switch {
	case in.Shell && in.Export:
		return command.BadInput("Only one of --shell and --export can be given")
	case in.Shell:
		name = "shell"
	case in.Export:
		name = "exports"
	default:
		return cfg.show(ctx, c, showArgs{Merged: in.Merged, App: in.App})
	}
	env, err := cfg.load(in.App, in.Merged)
	if err != nil {
		return err
	}
	c.Out.Warn("Deprecated: Use 'config:export --format %s' instead", name)
	text, err := format(env, name)
	if err != nil {
		return err
	}
	if name == "shell" {
		text = strings.TrimSuffix(text, " ")
	}
	_, err = io.WriteString(c.Out.Stdout(), text)
	return err
}

// printColumns prints `KEY:  value` with the values below each other.
func printColumns(line func(format string, args ...any), env map[string]string) {
	for _, l := range pretty(env) {
		line("%s", l)
	}
}

func (cfg config) keys(_ context.Context, c *command.Call, in showArgs) error {
	env, err := cfg.load(in.App, in.Merged)
	if err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(env)) {
		c.Out.Line("%s", k)
	}
	return nil
}

type getArgs struct {
	Quoted bool     `flag:"quoted" help:"get the value quoted for a shell"`
	App    string   `arg:"app,global"`
	Keys   []string `arg:"key" missing:"Expected: key"`
}

func (cfg config) get(_ context.Context, c *command.Call, in getArgs) error {
	if len(in.Keys) > 1 {
		return command.BadInput("Unexpected argument(s): %v", in.Keys[1:])
	}
	env, err := cfg.load(in.App, false)
	if err != nil {
		return err
	}
	value, ok := env[in.Keys[0]]
	switch {
	case !ok:
		return command.Exit{Code: 1}
	case in.Quoted:
		c.Out.Line("%s", singleQuoted(value))
	default:
		c.Out.Line("%s", value)
	}
	return nil
}

type setArgs struct {
	Encoded   bool     `flag:"encoded" help:"the values are base64"`
	NoRestart bool     `flag:"no-restart" help:"do not restart the app"`
	App       string   `arg:"app,global"`
	Pairs     []string `arg:"pair" missing:"At least one env pair must be given"`
}

func (cfg config) set(ctx context.Context, c *command.Call, in setArgs) error {
	vars, err := parsePairs(in.Pairs, in.Encoded)
	if err != nil {
		return err
	}
	return cfg.change(ctx, c.Out, change{app: in.App, set: vars, restart: !in.NoRestart})
}

func parsePairs(pairs []string, encoded bool) (map[string]string, error) {
	vars := map[string]string{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, command.BadInput("Invalid env pair: %s", pair)
		}
		if encoded {
			b, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return nil, command.BadInput("%w for key '%s'", err, key)
			}
			value = string(b)
		}
		vars[key] = value
	}
	return vars, nil
}

type unsetArgs struct {
	NoRestart bool     `flag:"no-restart" help:"do not restart the app"`
	App       string   `arg:"app,global"`
	Keys      []string `arg:"key" missing:"At least one key must be given"`
}

func (cfg config) unset(ctx context.Context, c *command.Call, in unsetArgs) error {
	return cfg.change(ctx, c.Out, change{app: in.App, unset: in.Keys, restart: !in.NoRestart})
}

type clearArgs struct {
	NoRestart bool   `flag:"no-restart" help:"do not restart the app"`
	App       string `arg:"app,global"`
}

func (cfg config) clear(ctx context.Context, c *command.Call, in clearArgs) error {
	return cfg.change(ctx, c.Out, change{app: in.App, clear: true, restart: !in.NoRestart})
}

type exportArgs struct {
	Format string `flag:"format" default:"exports" help:"docker-args, docker-args-keys, exports, envfile, json, json-list, pack-keys, pretty or shell"`
	Merged bool   `flag:"merged" help:"merge app environment and global environment"`
	App    string `arg:"app,global"`
}

func (cfg config) export(_ context.Context, c *command.Call, in exportArgs) error {
	env, err := cfg.load(in.App, in.Merged)
	if err != nil {
		return err
	}
	text, err := format(env, in.Format)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.Out.Stdout(), text)
	return err
}

type importArgs struct {
	NoRestart bool   `flag:"no-restart" help:"do not restart the app"`
	Replace   bool   `flag:"replace" help:"remove the vars that the file does not have"`
	Format    string `flag:"format" default:"envfile" help:"envfile or json"`
	App       string `arg:"app,global"`
	File      string `arg:"file" missing:"No config vars to set"`
}

func (cfg config) importFile(ctx context.Context, c *command.Call, in importArgs) error {
	if in.Format != "envfile" && in.Format != "json" {
		return command.BadInput("Unknown format: %s", in.Format)
	}
	text, err := readImport(ctx, c, in.File)
	if err != nil {
		return err
	}
	vars := map[string]string{}
	if in.Format == "json" {
		if err = json.Unmarshal(text, &vars); err != nil {
			err = fmt.Errorf("cannot read %s as a JSON object of strings: %w", in.File, err)
		}
	} else if vars, err = state.ParseDotenv(string(text)); err != nil {
		err = fmt.Errorf("cannot read %s: %w", in.File, err)
	}
	switch {
	case err != nil:
		return command.BadInput("%w", err)
	case len(vars) == 0:
		return command.BadInput("No config vars to set")
	}
	if err := checkKeys(slices.Collect(maps.Keys(vars))); err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(vars)) {
		c.Out.Headers().Step("Setting config var %s=%s", k, vars[k])
	}
	return cfg.change(ctx, c.Out, change{app: in.App, set: vars, clear: in.Replace, restart: !in.NoRestart})
}

// maxImport bounds an env file that somebody pipes in.
const maxImport = 4 << 20

func readImport(ctx context.Context, c *command.Call, name string) ([]byte, error) {
	in := c.In
	if name == "-" {
		c.Out.Headers().Step("Reading config vars from stdin")
	} else {
		files := c.SystemFiles
		if files == nil {
			files = c.Files
		}
		if files == nil {
			return nil, command.BadInput("Files cannot be read here; pass - and the file on standard input")
		}
		f, err := files.Open(ctx, name)
		if err != nil && c.SystemFiles != nil {
			return nil, command.BadInput("%w\nThe system user must be able to read it. Or pipe it: dokku config:import <app> - < %s", err, name)
		}
		if err != nil {
			return nil, command.BadInput("%w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	if len(text) > maxImport {
		return nil, command.BadInput("%s is larger than %d MiB", name, maxImport>>20)
	}
	return text, nil
}

func (cfg config) bundle(_ context.Context, c *command.Call, in showArgs) error {
	env, err := cfg.load(in.App, in.Merged)
	if err != nil {
		return err
	}
	return writeBundle(c.Out.Stdout(), env)
}
