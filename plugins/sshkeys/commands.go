package sshkeys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/authkeys"
	"github.com/slipwayhq/slipway/internal/protocol"
)

// Messages: Dokku plugins/ssh-keys/ and dokku/sshcommand.
const (
	noKeys  = "No public keys found."
	tooMany = "Too many keys provided, set one per invocation of dokku ssh-keys:add <NAME> <KEY_FILE>"
	refused = "sshcommand returned an error: 1" // follows the reason, which stands alone on stderr
)

// maxKeyText bounds what is read as one public key; RSA of 16384 bits has 2.8 KB.
const maxKeyText = 64 << 10

type addArgs struct {
	Name string `arg:"name" missing:"A name is required to add a key, ie: dokku ssh-keys:add <name> [/path/to/key]"`
	File string `arg:"file,optional"`
}

func (f *feature) add(ctx context.Context, c *command.Call, in addArgs) error {
	text, err := publicKey(ctx, c, in.File)
	if err != nil {
		return err
	}
	line, err := authkeys.NewLine(in.Name, text, f.store.Root(), authkeys.DefaultOptions)
	switch {
	case errors.Is(err, authkeys.ErrPublicKey):
		return command.BadInput("Key specified in is not a valid ssh public key")
	case errors.Is(err, authkeys.ErrName):
		return command.BadInput("Invalid name of a key: %w", err)
	case err != nil:
		return err
	}
	if options := c.Env[protocol.AllowedKeys]; options != "" {
		if line, err = f.withOptions(in.Name, text, options); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	lines, err := f.read()
	if err != nil {
		return err
	}
	if err := f.sound(lines); err != nil {
		return err
	}
	if slices.ContainsFunc(lines, named(in.Name)) {
		c.Out.ErrorLine("Duplicate ssh key name")
		return command.Fail(refused)
	}
	if slices.ContainsFunc(lines, withFingerprint(line.Key.Fingerprint)) {
		c.Out.ErrorLine("Duplicate ssh public key specified")
		return command.Fail(refused)
	}
	if err := f.write(append(lines, line)); err != nil {
		return err
	}
	c.Out.Line("%s", line.Key.Fingerprint)
	return nil
}

// withOptions is the line of a good key with options of the caller's own. They
// must be some that both the host's sshd and Slipway's own heed.
func (f *feature) withOptions(name, key, options string) (authkeys.Line, error) {
	bad := func(err error) error {
		return command.BadInput("%s has options that a key cannot have: %w", protocol.AllowedKeys, err)
	}
	if strings.ContainsFunc(options, unicode.IsControl) {
		return authkeys.Line{}, bad(errors.New("they must be one line"))
	}
	line, err := authkeys.NewLine(name, key, f.store.Root(), options)
	if err != nil {
		return line, bad(errors.New("sshd could not read the line"))
	}
	if _, err := line.Key.Restrictions(); err != nil {
		return line, bad(err)
	}
	return line, nil
}

// publicKey reads the key from the caller's file, or the first line of a pipe.
func publicKey(ctx context.Context, c *command.Call, file string) (string, error) {
	if file == "" && (c.TTY != nil || c.In == nil) {
		return "", command.BadInput("No key specified via file or pipe")
	}
	from := c.In
	if file != "" {
		opened, err := c.Files.Open(ctx, file)
		if err != nil {
			return "", err
		}
		defer opened.Close()
		from = opened
	}
	b, err := io.ReadAll(io.LimitReader(from, maxKeyText))
	if err != nil {
		return "", fmt.Errorf("cannot read the key: %w", err)
	}
	text := strings.TrimSpace(string(b))
	if text == "" {
		return "", command.BadInput("Empty key was specified")
	}
	first, more, _ := strings.Cut(text, "\n")
	if more != "" && file != "" {
		return "", command.BadInput(tooMany)
	}
	return strings.TrimSpace(first), nil
}

type listArgs struct {
	Name   string `arg:"name,optional"`
	Format string `flag:"format" default:"text" help:"text or json"`
}

// listed is a key in JSON; the names are sshcommand's.
type listed struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name"`
	Options     string `json:"SSHCOMMAND_ALLOWED_KEYS"`
	PublicKey   string `json:"public-key"`
}

func (f *feature) list(_ context.Context, c *command.Call, in listArgs) error {
	if in.Format != "text" && in.Format != "json" {
		return command.BadInput("Invalid output format specified, supported formats: json, text")
	}
	lines, err := f.read()
	if err != nil {
		return err
	}
	keys := []listed{}
	for _, l := range lines {
		if l.Key != nil && (in.Name == "" || in.Name == l.Key.Name) {
			keys = append(keys, listed{l.Key.Fingerprint, l.Key.Name, strings.Join(l.Key.Options, ","), l.Key.PublicText()})
		}
	}
	if in.Format == "json" {
		if err := printJSON(c.Out, keys); err != nil {
			return err
		}
		return f.sound(lines)
	}
	for _, k := range keys {
		c.Out.Line(`%s NAME="%s" SSHCOMMAND_ALLOWED_KEYS="%s"`, k.Fingerprint, k.Name, k.Options)
	}
	switch err := f.sound(lines); {
	case err != nil:
		return err
	case len(keys) > 0:
		return nil
	case slices.ContainsFunc(lines, func(l authkeys.Line) bool { return l.Key != nil }):
		return command.Exit{Code: 1} // there are keys, but none of that name: Dokku says nothing
	default:
		return command.Fail(noKeys)
	}
}

// sound fails when a line of the file is no key: it may be one that was cut off,
// and whoever has it is locked out.
func (f *feature) sound(lines []authkeys.Line) error {
	for i, l := range lines {
		if l.Broken() {
			return command.Fail("%s line %d failed ssh-keygen check.\nMend that line of the file, or take it out.", f.path(), i+1)
		}
	}
	return nil
}

func printJSON(out *command.Output, keys []listed) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // comments of keys often have <address>
	if err := enc.Encode(keys); err != nil {
		return err
	}
	out.Line("%s", strings.TrimSpace(b.String()))
	return nil
}

type removeArgs struct {
	Name        string `arg:"name,optional"`
	Fingerprint string `flag:"fingerprint" help:"remove the key with this fingerprint"`
}

// remove is silent about a key that is not there, as Dokku is.
func (f *feature) remove(_ context.Context, c *command.Call, in removeArgs) error {
	match := withFingerprint(in.Fingerprint)
	switch {
	case in.Fingerprint != "" && in.Name != "":
		return command.BadInput("Specify either a name or a fingerprint")
	case in.Name != "":
		match = named(in.Name)
	case in.Fingerprint == "" && slices.Contains(c.Argv, "--fingerprint"):
		return command.BadInput("A fingerprint is required to remove a key, ie: dokku ssh-keys:remove --fingerprint FINGERPRINT")
	case in.Fingerprint == "":
		return command.BadInput("A name is required to remove a key, ie: dokku ssh-keys:remove <name>")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	lines, err := f.read()
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return command.Fail(noKeys)
	}
	kept := slices.DeleteFunc(slices.Clone(lines), match)
	if len(kept) == len(lines) {
		return nil
	}
	return f.write(kept)
}

func named(name string) func(authkeys.Line) bool {
	return func(l authkeys.Line) bool { return l.Key != nil && l.Key.Name == name }
}

func withFingerprint(fingerprint string) func(authkeys.Line) bool {
	return func(l authkeys.Line) bool { return l.Key != nil && l.Key.Fingerprint == fingerprint }
}
