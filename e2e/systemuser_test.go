package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// On a server scripts of plugins run as the user dokku, whoever calls, and what they ask of the daemon gives them no more than
// that user has. Here: a machine with that user, where nothing else is set.
func TestScriptsRunAsTheSystemUser(t *testing.T) {
	m := newMachine(t, "")
	in := m.installation(t)
	if err := in.start("up"); err != nil {
		t.Fatal(err)
	}
	load := m.command("docker", "load", "--quiet")
	save := exec.Command("docker", "save", "busybox:stable")
	var err error
	if load.Stdin, err = save.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := save.Start(); err != nil {
		t.Fatal(err)
	}
	if err := run(load); err != nil {
		t.Fatal(err)
	}
	if err := save.Wait(); err != nil {
		t.Fatal(err)
	}
	in.plugin(t, "mine", map[string]string{
		"plugin.toml": "[plugin]\nversion = \"1\"\n[plugin.config]\n",
		"subcommands/act": `#!/usr/bin/env bash
set -eo pipefail
source "$PLUGIN_CORE_AVAILABLE_PATH/common/functions"
source "$PLUGIN_CORE_AVAILABLE_PATH/common/property-functions"
source "$PLUGIN_AVAILABLE_PATH/config/functions"
fn-plugin-property-write mine blog key value
config_set --no-restart blog A=1 >/dev/null
work=$(mktemp -d)
APP=blog copy_from_image busybox:stable /etc/passwd "$work/passwd"
echo "$(id -un) $(stat -c %U "$work/passwd") $POSTGRES_IMAGE $(config_get blog A) $(echo in | plugn trigger mine-trigger)"
`,
		"subcommands/reach": `#!/usr/bin/env bash
source "$PLUGIN_CORE_AVAILABLE_PATH/common/functions"
for try in "APP=blog copy_from_image busybox:stable /etc/passwd /root/passwd" "plugn enable mine" "plugn install file:///tmp/x" "plugn uninstall mine" \
  "plugn config set mine a b" "dokku plugin:disable mine" "$PLUGIN_CORE_AVAILABLE_PATH/plugin/subcommands/disable plugin:disable mine" \
  "echo x >$PLUGIN_CORE_AVAILABLE_PATH/common/functions" "ln -sf /bin/true $PLUGIN_CORE_AVAILABLE_PATH/../bin/plugn"; do
  if (eval "$try") &>/dev/null; then echo "it could: $try"; fi
done
echo done
`,
		"mine-trigger": "#!/usr/bin/env bash\necho \"$(cat) as $(id -un)\"\n",
	})
	if err := run(m.command("slipway", "apps:create", "blog")); err != nil {
		t.Fatal(err)
	}
	environ := func(cmd *exec.Cmd) *exec.Cmd {
		cmd.Env = append(m.env(in), "POSTGRES_IMAGE=postgres:17")
		return cmd
	}
	for who, cmd := range map[string]*exec.Cmd{
		"root":  m.command("slipway", "mine:act"),
		"dokku": m.command("setpriv", "--reuid=dokku", "--regid=dokku", "--clear-groups", "slipway", "mine:act"),
	} {
		out, err := environ(cmd).CombinedOutput()
		if want := "dokku dokku postgres:17 1 in as dokku\n"; err != nil || string(out) != want {
			t.Errorf("%s: %v\n%q, want %q", who, err, out, want)
		}
	}
	if out, err := m.command("stat", "-c", "%U %a", "/var/lib/dokku/config/mine/blog/key", "/var/lib/dokku/core-plugins/available/common/functions").Output(); err != nil || string(out) != "dokku 600\nroot 644\n" {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := m.command("setpriv", "--reuid=dokku", "--regid=dokku", "--clear-groups", "slipway", "mine:reach").CombinedOutput(); err != nil || string(out) != "done\n" {
		t.Errorf("%v\n%s", err, out)
	}
	// Others of the machine may nothing, by whatever name they call.
	for _, program := range []string{"/var/lib/dokku/core-plugins/bin/plugn", "/var/lib/dokku/core-plugins/available/common/prop"} {
		out, err := m.command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "list").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "may not") {
			t.Errorf("%s as nobody: %v\n%s", filepath.Base(program), err, out)
		}
	}
	if _, err := os.Lstat(m.path("/root/passwd")); err == nil {
		t.Error("a script wrote into the home of root")
	}
}
