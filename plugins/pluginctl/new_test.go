package pluginctl_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// developers are the commands by which the README of a skeleton says that its tests are run.
var developers = map[string][]string{
	"bash": {"test/run"}, "go": {"go", "test", "./..."}, "python": {"python3", "-m", "unittest"}, "node": {"node", "--test"},
}

// What plugin:new makes passes its own test, has nothing for plugin:lint to find, can be installed, and does what it says.
func TestSkeletonsWork(t *testing.T) {
	for language, test := range developers {
		t.Run(language, func(t *testing.T) {
			if _, err := exec.LookPath(test[0]); err != nil && !strings.Contains(test[0], "/") {
				t.Skipf("%s is not installed", test[0])
			}
			w := make(t)
			w.ok("plugin:new", "hello", "--lang", language)
			dir := filepath.Join(filepath.Dir(w.Host.Store.Root()), "hello")
			cmd := exec.Command(test[0], test[1:]...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", test, err, out)
			}
			readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
			if err != nil || !strings.Contains(string(readme), strings.Join(test, " ")) {
				t.Errorf("the README does not say that the test is %v (%v)", test, err)
			}
			if language == "go" {
				if got := w.Dokku("plugin:lint", "hello"); got.Code != 1 || !strings.Contains(got.Stdout, "build the plugin first") {
					t.Errorf("before it is built: %+v", got)
				}
			}
			w.ok("plugin:install", "file://"+dir)
			w.want("plugin:list", w.listed("hello"), "hello 0.1.0 enabled Says hello")
			w.want("plugin:lint", w.ok("plugin:lint", "hello").Stdout, "-----> Nothing is wrong with hello\n")
			available := w.Host.Store.LibPath("plugins", "available", "hello")
			for call, want := range map[string]string{
				"commands help": "    hello:hello [<who>], Say hello\n", "subcommands/hello hello:hello you": "hi, you\n", "post-create blog": "-----> hi, blog\n",
			} {
				argv := strings.Fields(call)
				out, err := exec.Command(filepath.Join(available, argv[0]), argv[1:]...).Output()
				if err != nil || string(out) != want {
					t.Errorf("%s: %q, %v", call, out, err)
				}
			}
			data := w.Host.Store.LibPath("data", "hello")
			if _, err := os.Stat(data); err != nil {
				t.Errorf("the install hook has not run: %v", err)
			}
			w.ok("plugin:uninstall", "hello")
			if _, err := os.Stat(data); !os.IsNotExist(err) {
				t.Errorf("the uninstall hook has not run: %v", err)
			}
		})
	}
}

// The archive for who comes by SSH has what the folder has.
func TestASkeletonAsAnArchive(t *testing.T) {
	w := make(t)
	dir := t.TempDir()
	for language := range developers {
		w.ok("plugin:new", "hello", "--lang", language, "--dir", language)
		archive := w.ok("plugin:new", "hello", "--lang", language, "--format", "tar").Stdout
		unpack := exec.Command("tar", "-x", "-C", dir)
		unpack.Stdin = strings.NewReader(archive)
		if out, err := unpack.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		made := filepath.Join(filepath.Dir(w.Host.Store.Root()), language)
		if out, err := exec.Command("diff", "-r", "--no-dereference", made, filepath.Join(dir, "hello")).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", language, err, out)
		}
		if err := os.RemoveAll(filepath.Join(dir, "hello")); err != nil {
			t.Fatal(err)
		}
	}
}
