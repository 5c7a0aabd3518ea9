package appjson_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/appjson"
)

func TestStories(t *testing.T) { plugintest.Run(t, appjson.Plugin) }

func TestIsValidSaysWhatIsWrong(t *testing.T) {
	w := plugintest.Make(t, appjson.Plugin)
	path := filepath.Join(t.TempDir(), "app.json")
	for text, want := range map[string]string{
		`{"env": {"A": "b"}}`: "",
		`{"env": {"A": 1}}`:   "app.json: env.A: must be a string or an object\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := w.Fire("app-json-is-valid", "blog", path); r.Stderr != want {
			t.Errorf("%s: %+v", text, r)
		}
	}
}
