package sigil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/internal/words"
)

// errNoWorld says what a template that is not trusted cannot do.
var errNoWorld = errors.New("a template cannot look at the machine here")

// read is what a stream, or a file of that name, holds.
func (r *renderer) read(file any) ([]byte, error) {
	if s, ok := file.(stream); ok {
		all, err := text("a file", s)
		return []byte(all), err
	}
	name, err := text("a file", file)
	if err != nil {
		return nil, errors.New("file must be stream or path string")
	}
	path, err := r.find(name)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (r *renderer) text(file any) (string, error) {
	b, err := r.read(file)
	return string(b), err
}

func (r *renderer) stdin() (stream, error) {
	if r.template.World == nil || r.template.World.Stdin == nil {
		return stream{}, errNoWorld
	}
	return stream{r.template.World.Stdin}, nil
}

func (r *renderer) exists(file any) (bool, error) {
	name, err := text("exists", file)
	if err != nil {
		return false, err
	}
	_, err = r.find(name)
	return err == nil, nil
}

func (r *renderer) dir(name any) ([]any, error) {
	return r.entries("dir", name, func(bool) bool { return true })
}

func (r *renderer) dirs(name any) ([]any, error) {
	return r.entries("dirs", name, func(dir bool) bool { return dir })
}

func (r *renderer) files(name any) ([]any, error) {
	return r.entries("files", name, func(dir bool) bool { return !dir })
}

func (r *renderer) entries(function string, name any, wanted func(dir bool) bool) ([]any, error) {
	if r.template.World == nil {
		return nil, errNoWorld
	}
	path, err := text(function, name)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	var names []any
	for _, e := range entries {
		if wanted(e.IsDir()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// sh is what a program prints. No shell is in between: its words are split as xargs does.
func (r *renderer) sh(ctx context.Context, line any) (string, error) {
	if r.template.World == nil {
		return "", errNoWorld
	}
	s, err := text("sh", line)
	if err != nil {
		return "", err
	}
	argv, err := words.Split(s)
	if err != nil || len(argv) == 0 {
		return "", fmt.Errorf("sh cannot read %q", s)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // what a template of the caller says
	cmd.Env, cmd.Stderr = r.env(), r.template.World.Stderr
	out, err := cmd.Output()
	return string(out), err
}

// patience is how long a URL may take.
const patience = time.Minute

func (r *renderer) httpGet(ctx context.Context, url any) (stream, error) {
	if r.template.World == nil {
		return stream{}, errNoWorld
	}
	s, err := text("httpget", url)
	if err != nil {
		return stream{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s, nil)
	if err != nil {
		return stream{}, err
	}
	answer, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		return stream{}, err
	}
	defer answer.Body.Close()
	body, err := text("httpget", stream{answer.Body})
	return stream{strings.NewReader(body)}, err
}

// maxDepth bounds templates in templates.
const maxDepth = 50

// include renders a file, with variables "NAME=VALUE" or maps.
func (r *renderer) include(ctx context.Context, name string, args []any) (string, error) {
	path, err := r.find(name)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	inner := r.inner(filepath.Base(path), string(b), args)
	world := *r.template.World
	world.Dirs = append([]string{filepath.Dir(path)}, world.Dirs...)
	inner.World = &world
	if len(world.Dirs) > maxDepth {
		return "", fmt.Errorf("%s includes itself", name)
	}
	return Render(ctx, inner)
}

// render renders its last argument, which is a template.
func (r *renderer) render(ctx context.Context, args []any) (string, error) {
	if len(args) == 0 {
		return "", errors.New("render cannot be used without arguments")
	}
	source, err := text("render", args[len(args)-1])
	if err != nil {
		return "", err
	}
	return Render(ctx, r.inner("<render>", source, args[:len(args)-1]))
}

func (r *renderer) inner(name, source string, args []any) Template {
	vars := map[string]any{}
	for _, arg := range args {
		switch arg := arg.(type) {
		case map[string]any:
			for key, value := range arg {
				vars[key] = value
			}
		case string:
			if key, value, ok := strings.Cut(arg, "="); ok {
				vars[key] = value
			}
		}
	}
	t := r.template
	t.Name, t.Text, t.Vars = name, source, vars
	return t
}

var _ io.Reader = stream{}
