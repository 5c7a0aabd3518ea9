package e2e

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var updateAnswers = flag.Bool("answers", false, "write Slipway's own answers into testdata/dokku/*.txt")

// TestDokkusAnswers types what was typed at a real Dokku 0.38.27, in the same order, and compares the answers: exit code,
// stdout and stderr. testdata/dokku has a file per feature, in which a command is followed by Dokku's answer, and by
// Slipway's where that is another one, behind the reason:
//
//	$ dokku apps:create -rf
//	[exit 2]
//	  ! Usage of apps:create:
//	= Slipway prints no usage of a library.
//	[exit 1]
//	  !  !     …
//
// What is different in every run is masked in both (mask), and Dokku's lines about its nginx are left out (nginx). With
// -answers the test writes what Slipway printed; a reason must then be given by hand.
func TestDokkusAnswers(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	if err := errors.Join(in.dokku("domains:set-global", "dokku.me"), writeAnsweringApp(filepath.Join(in.dir, "trapp"), in)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.command("docker", "network", "rm", "net1").Run() }) // there only when the test stops half-way
	paths, err := filepath.Glob("testdata/dokku/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no answers in testdata/dokku: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			exchanges, err := parseExchanges(string(text))
			if err != nil {
				t.Fatal(err)
			}
			for i := range exchanges {
				in.ask(t, &exchanges[i])
			}
			if *updateAnswers {
				if err := os.WriteFile(path, []byte(formatExchanges(exchanges)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// exchange is one command line and its answers, each as "[exit N]" and lines in front of which stand "  | " or "  ! ".
type exchange struct {
	command string
	dokku   []string
	reason  string   // why Slipway's answer is another one
	slipway []string // nil: the same as Dokku's
}

func parseExchanges(text string) ([]exchange, error) {
	var all []exchange
	for n, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "$ "):
			all = append(all, exchange{command: line[2:]})
		case line == "":
		case len(all) == 0:
			return nil, fmt.Errorf("line %d stands before any command", n+1)
		case strings.HasPrefix(line, "= "):
			all[len(all)-1].reason = line[2:]
			all[len(all)-1].slipway = []string{}
		default:
			e := &all[len(all)-1]
			if e.slipway != nil {
				e.slipway = append(e.slipway, line)
			} else {
				e.dokku = append(e.dokku, line)
			}
		}
	}
	return all, nil
}

func formatExchanges(all []exchange) string {
	var b strings.Builder
	for _, e := range all {
		b.WriteString("$ " + e.command + "\n")
		lines := e.dokku
		if e.slipway != nil {
			lines = append(append(lines, "= "+e.reason), e.slipway...)
		}
		b.WriteString(strings.Join(lines, "\n") + "\n\n")
	}
	return b.String()
}

// unexplained is the reason of a difference that nobody has looked at.
const unexplained = "?"

// ask types one command and compares.
func (in *installation) ask(t *testing.T, e *exchange) {
	t.Helper()
	got := in.answer(e.command)
	dokku := comparable(e.dokku, true)
	switch {
	case comparable(got, false) == dokku:
		if e.slipway != nil && !*updateAnswers {
			t.Errorf("$ %s\nSlipway answers as Dokku does now; take the difference out (-answers does)", e.command)
		}
		e.slipway, e.reason = nil, ""
	case e.slipway != nil && comparable(got, false) == comparable(e.slipway, false) && e.reason != unexplained:
	case *updateAnswers:
		if e.reason == "" {
			e.reason = unexplained
		}
		e.slipway = strings.Split(mask(strings.Join(got, "\n")), "\n")
	default:
		want := e.slipway
		if want == nil {
			want = e.dokku
		}
		t.Errorf("$ %s\nwant\n%s\ngot\n%s", e.command, comparable(want, e.slipway == nil), comparable(got, false))
	}
}

// answer runs a command line by bash, as the person at the terminal did.
func (in *installation) answer(command string) []string {
	var stdout, stderr bytes.Buffer
	cmd := in.command("bash", "-c", command)
	cmd.Env = append(cmd.Env, "INSTANCE="+in.instance, fmt.Sprintf("HTTP_PORT=%d", in.httpPort))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, &stdout, &stderr
	code := 0
	if err := cmd.Run(); err != nil {
		code = 1
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			code = exit.ExitCode()
		}
	}
	lines := []string{fmt.Sprintf("[exit %d]", code)}
	for _, s := range []struct{ prefix, text string }{{"  | ", stdout.String()}, {"  ! ", stderr.String()}} {
		for line := range strings.Lines(in.plain(s.text)) {
			lines = append(lines, s.prefix+strings.TrimRight(line, "\n"))
		}
	}
	return lines
}

// plain replaces what only an installation of a test has: its folders, ports and the names of its containers.
func (in *installation) plain(text string) string {
	return strings.NewReplacer(
		filepath.Join(in.dir, "home"), "/home/dokku", filepath.Join(in.dir, "lib"), "/var/lib/dokku",
		in.instance+"-", "", fmt.Sprintf("ssh://127.0.0.1:%d/", in.sshPort), "dokku.me:", fmt.Sprintf(":%d", in.httpPort), "", fmt.Sprintf(":%d", in.tlsPort), "",
	).Replace(text)
}

// masks are what is different in every run.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}`), "SHA256:…"},
	{regexp.MustCompile(`(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+`), "$1 KEY"},
	{regexp.MustCompile(`\b20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(Z|[+-][0-9:]+)?( \+0000 UTC)?`), "TIME"},
	{regexp.MustCompile(`[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} 20[0-9]{2}( GMT)?`), "TIME"},
	{regexp.MustCompile(`\b1[0-9]{9}\b`), "EPOCH"},
	{regexp.MustCompile(`\b[0-9a-f]{11,64}\b`), "ID"},
	{regexp.MustCompile(`\b[0-9a-f]{7,8}\.\.[0-9a-f]{7,8}\b`), "ID..ID"},
	{regexp.MustCompile(`Build ID +Kind +Status +PID +Source +Started +Duration`), "Build ID Kind Status PID Source Started Duration"},
	{regexp.MustCompile(`Error response from daemon: (Get |pull access denied|manifest ).*`), "Error response from daemon: NOT TO BE HAD"}, // with and without a registry
	{regexp.MustCompile(`legacy-[0-9a-f]{10}\b`), "legacy-HASH"},
	{regexp.MustCompile(`upcoming-[0-9a-z]+`), "upcoming-N"},
	{regexp.MustCompile(`\.run\.[0-9]+`), ".run.N"},
	{regexp.MustCompile(`DYNO=run\.[0-9]+`), "DYNO=run.N"},
	{regexp.MustCompile(`\b[m-p][0-9a-z]{13}\b`), "BUILD"},
	{regexp.MustCompile(`(BUILD +\w+ +\w+ +)[0-9]+( +[\w:-]+ +TIME +).*`), "${1}PID${2}TOOK"},
	{regexp.MustCompile(`(Build pid: +)[0-9]+`), "${1}PID"},
	{regexp.MustCompile(`"pid":[0-9]+`), `"pid":PID`},
	{regexp.MustCompile(`"duration":"[^"]*"`), `"duration":"TOOK"`},
	{regexp.MustCompile(`"com.slipway.(instance|deploy)":"[^"]*",`), ""},
	{regexp.MustCompile(`  \| [A-Za-z0-9+/=]{40,64}\n`), "  | BASE64\n"},
	{regexp.MustCompile(`(  \| )\|.{17}\|\n`), "${1}ART\n"},
	{regexp.MustCompile(`Step ([0-9/]+): (.*) \((cached|[0-9.]+s)\)`), "Step $1: $2 (TOOK)"},
	{regexp.MustCompile(`\b(Less than a|About a|[0-9]+) (second|minute)s? ago`), "AGO"},
	{regexp.MustCompile(`NAMES +COMMAND`), "NAMES COMMAND"},
	{regexp.MustCompile(`total +[0-9]+\n`), "total N\n"},
	{regexp.MustCompile(`(\| {5}[a-z-]+(?::[a-z-]+)*(?: \S+)*?) {2,}(\S)`), "$1  $2"}, // the columns of a help
	{regexp.MustCompile(`SHA256:… dokku@\S+`), "SHA256:… dokku@HOST"},
	{regexp.MustCompile(`(  \|   [a-z0-9_-]+ +)[0-9]+\.[0-9]+\.[0-9]+(-dev)? enabled`), "${1}VERSION enabled"},
	{regexp.MustCompile(`\b172\.[0-9]+\.[0-9]+\.[0-9]+`), "IP"},
	{regexp.MustCompile(`(remote: .*?) +\n`), "$1\n"},
	{regexp.MustCompile(`remote:\s*\n`), "remote:\n"},
}

func mask(text string) string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	return text
}

// nginx are Dokku's lines about its own proxy, which Slipway does not run, and about the build, which BuildKit prints.
var nginx = regexp.MustCompile(`No web listeners specified for |Configuring .*\(using built-in template\)|Creating https? nginx\.conf|Reloading nginx|Triggering early nginx proxy rebuild|^  \| remote: #[0-9]+ |^  \| #[0-9]+ `)

// comparable is an answer with what varies masked.
func comparable(lines []string, dokkus bool) string {
	var kept []string
	for _, line := range lines {
		if dokkus && nginx.MatchString(line) {
			continue
		}
		kept = append(kept, line)
	}
	return strings.TrimRight(mask(strings.Join(inOneOrder(kept), "\n")+"\n"), "\n")
}

// inOneOrder sorts what runs side by side: the checks of an instance, and the instances.
func inOneOrder(lines []string) []string {
	var out []string
	var blocks [][]string
	flush := func() {
		slices.SortStableFunc(blocks, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
		out = append(out, slices.Concat(blocks...)...)
		blocks = nil
	}
	inside := false
	for _, line := range lines {
		switch {
		case strings.Contains(line, "Attempting pre-flight checks ("):
			blocks = append(blocks, nil)
			inside = true
		case !inside:
			flush()
			out = append(out, line)
			continue
		}
		last := len(blocks) - 1
		blocks[last] = append(blocks[last], line)
		if strings.Contains(line, "=====> End of ") {
			inside = false
		}
	}
	flush()
	for from := 0; from < len(out); from++ {
		to := from
		for to < len(out) && (strings.Contains(out[to], "Running healthcheck name=") || strings.Contains(out[to], "Healthcheck succeeded name=")) {
			to++
		}
		slices.SortFunc(out[from:to], func(a, b string) int { return strings.Compare(b, a) }) // Running before succeeded
		from = max(from, to-1)
	}
	return out
}

// writeAnsweringApp makes the repository that was pushed to the real Dokku: a Dockerfile, a Procfile with web and worker, and
// an app.json with one check. The program in it says what the Python server of the original said.
func writeAnsweringApp(dir string, in *installation) error {
	for name, text := range map[string]string{
		"Dockerfile": "FROM busybox:stable\nWORKDIR /app\nCOPY . .\n",
		"Procfile":   "web: httpd -f -p $PORT\nworker: sleep 100000\n",
		"app.json":   `{"healthchecks":{"web":[{"type":"startup","name":"port","path":"/","wait":1}]}}` + "\n",
		"index.html": "hello\n",
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "master"}, {"add", "-A"}, {"commit", "-q", "-m", "x"}} {
		cmd := in.command("git", args...)
		cmd.Dir = dir
		if err := run(cmd); err != nil {
			return err
		}
	}
	return nil
}

func TestExchangesAreReadAndWritten(t *testing.T) {
	t.Parallel()
	text := "$ dokku a\n[exit 0]\n  | x\n\n$ dokku b\n[exit 2]\n  ! y\n= better\n[exit 1]\n  ! z\n\n"
	all, err := parseExchanges(text)
	if err != nil || len(all) != 2 || all[0].slipway != nil || all[1].reason != "better" || len(all[1].slipway) != 2 {
		t.Fatalf("%+v %v", all, err)
	}
	if got := formatExchanges(all); got != text {
		t.Errorf("%q", got)
	}
	if _, err := parseExchanges("  | x\n"); err == nil {
		t.Error("an answer before any command was taken")
	}
}
