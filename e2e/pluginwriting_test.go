package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// shell is a command in the environment of a local caller, in a folder.
func (in *installation) shell(t *testing.T, dir, script string) (string, error) {
	t.Helper()
	cmd := in.command("bash", "-c", script)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return string(out), err
}

// What docs/plugins says that one types works, and prints what it says.
func TestPagesThatAreTypedWork(t *testing.T) {
	for _, page := range []string{"five-minutes-bash.md", "five-minutes-go.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			in := newInstallation(t)
			text, err := os.ReadFile(filepath.Join("..", "docs", "plugins", page))
			if err != nil {
				t.Fatal(err)
			}
			script, want := typed(t, string(text))
			got, err := in.shell(t, t.TempDir(), script)
			if err != nil {
				t.Errorf("%v", err)
			}
			if got != want {
				t.Errorf("printed:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// typed is all blocks of bash of a page as one script, and what its blocks of text say that is printed. Before what a block
// prints stands its number.
func typed(t *testing.T, page string) (script, want string) {
	t.Helper()
	var all, printed strings.Builder
	all.WriteString("set -e\n")
	number := 0
	for i, block := range strings.Split(page, "```") {
		kind, text, _ := strings.Cut(block, "\n")
		switch {
		case i%2 == 0: // between blocks
		case kind == "bash":
			number++
			fmt.Fprintf(&all, "echo '# %d'\n%s", number, text)
			fmt.Fprintf(&printed, "# %d\n", number)
		case kind == "text":
			printed.WriteString(text)
		default:
			t.Fatalf("a block is neither bash nor text: %s", block)
		}
	}
	if number < 4 {
		t.Fatalf("only %d blocks are found in the page", number)
	}
	return all.String(), printed.String()
}

// A skeleton is made where the caller is, passes its test, is installed, and answers its command and its trigger.
func TestSkeletonsAreMadeInstalledAndAnswer(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	for language, test := range map[string]string{
		"bash": "test/run", "go": "go test ./... && make", "python": "python3 -m unittest", "node": "node --test",
	} {
		if program := strings.Fields(test)[0]; !strings.Contains(program, "/") {
			if _, err := exec.LookPath(program); err != nil {
				t.Logf("%s is not installed: no skeleton in %s", program, language)
				continue
			}
		}
		name := "hello-" + language
		script := strings.NewReplacer("NAME", name, "LANGUAGE", language, "TEST", test).Replace(`set -e
dokku plugin:new NAME --lang LANGUAGE >&2
(cd NAME && TEST) >&2
dokku plugin:install "file://$PWD/NAME" >&2
dokku NAME:hello you
dokku NAME:help
dokku help --all | grep -F NAME:hello
dokku apps:create app-LANGUAGE
dokku plugin:config NAME set greeting=welcome >&2
dokku NAME:hello you
dokku plugin:uninstall NAME >&2
dokku NAME:hello you || echo "exit code $?"
`)
		got, err := in.shell(t, t.TempDir(), script)
		if err != nil {
			t.Errorf("%s: %v", language, err)
		}
		want := strings.ReplaceAll(`hi, you
Usage: dokku NAME:hello [<who>]
    NAME:hello [<who>], Say hello
-----> Creating app-LANGUAGE...
-----> Creating new app virtual host file...
-----> hi, app-LANGUAGE
welcome, you
exit code 1
`, "NAME", name)
		want = strings.ReplaceAll(want, "LANGUAGE", language)
		if squeeze(got) != squeeze(want) {
			t.Errorf("%s printed:\n%s\nwant:\n%s", language, got, want)
		}
	}
}

// squeeze makes blanks of help, which is in columns, one.
func squeeze(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.ReplaceAll(strings.Join(strings.Fields(line), " "), ",", ""))
	}
	return strings.Join(lines, "\n")
}

// Who comes by SSH gets an archive, and nothing is written on the server.
func TestASkeletonOverSSHIsAnArchive(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	dir := t.TempDir()
	got, err := in.shell(t, dir, in.sshCommand("admin")+` dokku@127.0.0.1 plugin:new hello --lang python --format tar | tar -x && cd hello && python3 -m unittest 2>&1 | tail -n 1`)
	if err != nil || strings.TrimSpace(got) != "OK" {
		t.Errorf("%q, %v", got, err)
	}
	_, err = in.shell(t, dir, in.sshCommand("admin")+" dokku@127.0.0.1 plugin:new hello")
	if err == nil || !strings.Contains(err.Error(), "Nothing is written to this machine for who comes by SSH") {
		t.Errorf("a folder for who comes by SSH: %v", err)
	}
}

// A plugin is found in an index of the operator's own, got by the daemon, and installed by its name.
func TestAPluginIsInstalledByAnIndex(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"minisign", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	in := newInstallation(t)
	got, err := in.shell(t, t.TempDir(), `set -e
dokku plugin:new hello >&2
cd hello && git init --quiet && git add -A && git commit --quiet -m one
commit=$(git rev-parse HEAD)
sum=$(git ls-tree -r "$commit" | LC_ALL=C sort -k 4 | while read -r mode _ id path; do
  echo "$mode $(git cat-file blob "$id" | sha256sum | cut -d ' ' -f 1) $path"
done | sha256sum | cut -d ' ' -f 1)
echo broken > post-create && git commit --quiet -a -m two # not what the index has
cd ..
jq -n --arg git "file://$PWD/hello" --arg commit "$commit" --arg sum "$sum" '{
  format: 1, serial: 1, issued: (now | todate), expires: (now + 3600 | todate),
  plugins: [{name: "hello", version: "0.1.0", description: "Says hello", git: $git, commit: $commit, sha256: $sum}]}' > index.json
minisign -G -W -p index.pub -s index.key > /dev/null
minisign -S -s index.key -m index.json
dokku plugin:index-update index.json 2>&1 > /dev/null || echo "refused"
dokku plugin:set --global index-key "$(tail -n 1 index.pub)" >&2
dokku plugin:index-update index.json >&2
dokku plugin:search says hello
dokku plugin:install hello >&2
dokku apps:create blog
dokku hello:hello you
dokku plugin:list --format json | jq -r '.[] | select(.name == "hello") | .committish' | grep -cx "$commit"
`)
	if err != nil {
		t.Error(err)
	}
	want := ` !     The index of plugins at index.json cannot be used, and the one that is here stays: its signature is not that of the key
refused
hello 0.1.0 Says hello
-----> Creating blog...
-----> Creating new app virtual host file...
-----> hi, blog
hi, you
1
`
	if squeeze(got) != squeeze(want) {
		t.Errorf("printed:\n%s\nwant:\n%s", got, want)
	}
}
