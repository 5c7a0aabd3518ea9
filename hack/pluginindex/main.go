// Pluginindex makes and checks the index of plugins (docs/plugins/index-format.md). hack/plugin-index calls it, and signs
// what it makes with minisign.
//
//	pluginindex make LIST INDEX [DAYS]     clones each plugin of LIST and writes INDEX, with the serial after INDEX's own
//	pluginindex check INDEX KEY.pub        INDEX.minisig is that of the key, and INDEX can be read and has not expired
//
// LIST has a line `NAME | URL | NOTE` for each plugin; NOTE may be missing, and # begins a comment.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/plugin/index"
	"github.com/slipwayhq/slipway/plugin/metadata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pluginindex:", err)
		os.Exit(1)
	}
}

// validDays is how long an index is valid where nobody says.
const validDays = 365

func run(ctx context.Context, args []string) error {
	switch {
	case (len(args) == 3 || len(args) == 4) && args[0] == "make":
		days := validDays
		if len(args) == 4 {
			var err error
			if days, err = strconv.Atoi(args[3]); err != nil || days < 1 {
				return fmt.Errorf("%q is no number of days", args[3])
			}
		}
		return makeIndex(ctx, args[1], args[2], time.Duration(days)*24*time.Hour)
	case len(args) == 3 && args[0] == "check":
		return check(args[1], args[2])
	}
	return errors.New("usage: make LIST INDEX [DAYS] | check INDEX KEY.pub")
}

// makeIndex writes the index of the plugins in a list. When all of them are as they were, the index stays as it is.
func makeIndex(ctx context.Context, list, to string, valid time.Duration) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	var before index.Index
	old, err := os.ReadFile(to)
	if err == nil {
		before, err = index.Parse(old)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", to, err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	ix := index.Index{Format: index.Format, Serial: before.Serial + 1, Issued: now, Expires: now.Add(valid)}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) < 2 || len(parts) > 3 {
			return fmt.Errorf("%s: want NAME | URL | NOTE: %s", list, line)
		}
		e, err := look(ctx, parts[0], parts[1])
		if err != nil {
			return fmt.Errorf("%s: %w", parts[0], err)
		}
		if len(parts) == 3 {
			e.Note = parts[2]
		}
		ix.Plugins = append(ix.Plugins, e)
	}
	slices.SortFunc(ix.Plugins, func(a, b index.Entry) int { return strings.Compare(a.Name, b.Name) })
	if reflect.DeepEqual(ix.Plugins, before.Plugins) && before.Current(now.Add(valid/2)) == nil {
		fmt.Fprintf(os.Stderr, "%s: nothing is new\n", to)
		return nil
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(ix); err != nil {
		return err
	}
	if _, err := index.Parse(out.Bytes()); err != nil { // no server would take it
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// look clones a plugin and describes it as it is now.
func look(ctx context.Context, name, url string) (_ index.Entry, err error) {
	dir, err := os.MkdirTemp("", "pluginindex-")
	if err != nil {
		return index.Entry{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	clone := exec.CommandContext(ctx, "git", "-c", "core.hooksPath=/dev/null", "clone", "--quiet", "--depth", "1", "--", url, dir)
	clone.Stderr = os.Stderr
	if err := clone.Run(); err != nil {
		return index.Entry{}, fmt.Errorf("cannot clone %s: %w", url, err)
	}
	git := func(ctx context.Context, args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	}
	head, err := git(ctx, "rev-parse", "HEAD").Output()
	if err != nil {
		return index.Entry{}, err
	}
	about, err := metadata.Read(dir)
	if err != nil {
		return index.Entry{}, fmt.Errorf("%s: %w", filepath.Join(url, metadata.File), err)
	}
	e := index.Entry{
		Name: name, Version: about.Version, Description: about.Description, Git: url, Commit: strings.TrimSpace(string(head)),
	}
	if web, ok := strings.CutSuffix(url, ".git"); ok && strings.HasPrefix(web, "https://") {
		e.Homepage = web
	}
	e.SHA256, err = index.SumCommit(ctx, git, e.Commit)
	return e, err
}

// check does what a server does before it believes an index.
func check(path, keyPath string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	signature, err := os.ReadFile(path + ".minisig")
	if err != nil {
		return err
	}
	keyText, err := os.ReadFile(keyPath)
	if err != nil {
		return err
	}
	key, err := index.ParseKey(string(keyText))
	if err != nil {
		return fmt.Errorf("%s: %w", keyPath, err)
	}
	ix, err := index.Open(text, signature, key)
	if err == nil {
		err = ix.Current(time.Now())
	}
	if err != nil {
		return fmt.Errorf("%s cannot be used: %w", path, err)
	}
	fmt.Printf("%s: %d plugins, serial %d, until %s\n", path, len(ix.Plugins), ix.Serial, ix.Expires.Format(time.DateOnly))
	return nil
}
