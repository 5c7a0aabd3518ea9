package appjson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/trigger"
)

// validPath keeps the path inside the code.
func validPath(path string) error {
	if !filepath.IsLocal(path) {
		return errors.New("Invalid appjson-path specified: it must be a path inside the repository") //nolint:staticcheck // shown as it is
	}
	return nil
}

// load reads the app.json of the last deploy; "" when there was none.
func (a appJSON) load(name string) (string, error) {
	return a.h.Store.ReadFile(filepath.Join(a.h.Store.DataDir("app-json", name), "app.json"))
}

// onGetContent answers app-json-get-content APP with what the file of the last
// deploy says, as JSON without comments; an empty object when there is no file.
func (a appJSON) onGetContent(_ context.Context, c *trigger.Call) error {
	text, err := a.load(c.Arg(0))
	if err != nil {
		return err
	}
	if text == "" {
		_, err = io.WriteString(c.Out, "{}")
		return err
	}
	parsed, err := app.ReadAppJSON([]byte(text))
	if err != nil {
		return err
	}
	content, err := json.Marshal(parsed)
	if err != nil {
		return err
	}
	_, err = c.Out.Write(content)
	return err
}

// onIsValid answers app-json-is-valid APP PATH: it fails, saying why, when the
// file is not a valid app.json. A missing file is valid.
func (a appJSON) onIsValid(_ context.Context, c *trigger.Call) error {
	file, err := os.ReadFile(c.Arg(1))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the app.json of %s: %w", c.Arg(0), err)
	}
	if _, err := app.ParseAppJSON(file); err != nil {
		return command.BadInput("%w", err)
	}
	return nil
}

// onParallelism answers app-json-process-deploy-parallelism APP TYPE: how many
// containers of the type are started at once, 1 when app.json does not say.
func (a appJSON) onParallelism(_ context.Context, c *trigger.Call) error {
	text, err := a.load(c.Arg(0))
	if err != nil {
		return err
	}
	parsed, err := app.ReadAppJSON([]byte(text))
	if err != nil {
		return err
	}
	parallel := 1
	if n := parsed.Formation[c.Arg(1)].MaxParallel; n != nil && *n > 0 {
		parallel = *n
	}
	fmt.Fprintln(c.Out, parallel)
	return nil
}
