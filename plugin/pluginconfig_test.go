package plugin

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/trigger"
)

func TestConfigReachesHooksAsPlugnGivesIt(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "hello-you/greet", `env | grep ^CONFIG_ | sort | tr "\n" " "`)
	about(t, dir, "hello-you", "[plugin.config]\nold-style = \"x\"\n[plugin.config.greeting]\ndefault = \"hi\"\n[plugin.config.token]\nsecret = true\n[plugin.config.mood]\n")
	x.host.Exec.More = func() []string { return []string{"HELLO_YOU_MOOD=from outside"} }
	p, _ := x.host.OnDisk("hello-you")
	if err := x.host.SetPluginConfig(p, map[string]string{"token": `a "b" ${c}`, "mood": "set"}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := trigger.NewBus(x).Query(context.Background(), "greet")
	if want := `CONFIG_GREETING=hi CONFIG_MOOD=from outside CONFIG_OLD_STYLE= CONFIG_TOKEN=a "b" ${c}`; err != nil || got != want {
		t.Errorf("%q %v, want %q", got, err, want)
	}
}

func TestPlugnsConfigFileIsReadAndKept(t *testing.T) {
	x, dir := external(t)
	script(t, dir, "a/greet", "true")
	about(t, dir, "a", "[plugin.config]\nword = 1\n")
	path := x.host.configFile()
	if err := os.WriteFile(path, []byte("[a]\n  word = \"Hello there,\"\n  undeclared = \"stays\"\n[other]\n  n = 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, _ := x.host.OnDisk("a")
	values, err := x.host.PluginConfig(p)
	if err != nil || len(values) != 1 || values[0].Value != "Hello there," || values[0].Source != "set" {
		t.Fatalf("%+v %v", values, err)
	}
	if err := x.host.SetPluginConfig(p, map[string]string{"word": "Bye"}, nil); err != nil {
		t.Fatal(err)
	}
	all, err := x.host.readConfigs()
	if err != nil || all["a"]["word"] != "Bye" || all["a"]["undeclared"] != "stays" || all["other"]["n"] != "3" {
		t.Errorf("%v %v", all, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("security: %v %v", st.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("[a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := x.host.PluginConfig(p); err == nil || !strings.Contains(err.Error(), "Mend or remove that file") {
		t.Error(err)
	}
}

func FuzzParseConfigs(f *testing.F) {
	f.Add("[a]\nb = \"c\"\n")
	f.Add("[a.b]\nc = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseConfigs(text)
		if err != nil {
			return
		}
		for name, table := range all {
			if table == nil {
				t.Errorf("%q: %s has no table", text, name)
			}
		}
	})
}
