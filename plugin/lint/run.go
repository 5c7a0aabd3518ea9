package lint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// answerTime is how long `commands` may take to answer.
const answerTime = 10 * time.Second

// notImplemented is the exit code for a command that is not the plugin's. Source: DOKKU_NOT_IMPLEMENTED_EXIT.
const notImplemented = 10

// nobodys is a command that no plugin has.
const nobodys = "slipway-lint-asks-for-a-command-that-nobody-has"

// helpLine is a line of help: a command and its arguments, a comma, and what it does.
var helpLine = regexp.MustCompile(`^\s*\S[^,]*,\s*\S`)

// commands asks the plugin's `commands` for help, and for a command that is not its own.
func (f Folder) commands(ctx context.Context) []Finding {
	var found []Finding
	say := func(level Level, format string, args ...any) {
		found = append(found, Finding{"commands", 0, level, fmt.Sprintf(format, args...)})
	}
	help, said, code, err := f.run(ctx, "commands", "help")
	switch {
	case err != nil:
		say(Error, "`commands help` %v", err)
	case code != 0:
		say(Error, "`commands help` ends with exit code %d, so that dokku help leaves the plugin out%s", code, said)
	case strings.TrimSpace(help) == "":
		say(Warning, "`commands help` prints nothing, so that dokku help does not show the plugin")
	}
	for line := range strings.Lines(help) {
		if code == 0 && strings.TrimSpace(line) != "" && !helpLine.MatchString(line) {
			say(Warning, "`commands help` prints a line that is not COMMAND, DESCRIPTION: %.60q", strings.TrimSpace(line))
			break
		}
	}
	_, said, code, err = f.run(ctx, "commands", nobodys)
	switch {
	case err != nil:
		say(Error, "`commands %s` %v", nobodys, err)
	case code != notImplemented:
		say(Error, "for a command that is not its own it ends with exit code %d, not %d ($DOKKU_NOT_IMPLEMENTED_EXIT), so that other plugins are not asked%s", code, notImplemented, said)
	}
	return found
}

// run runs an executable of the plugin. Said is the last line that it printed to stderr, as it can stand behind what its end
// is. Errors follow what was run.
func (f Folder) run(ctx context.Context, name string, args ...string) (stdout, said string, code int, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var out, stderr bytes.Buffer
	cmd := f.Command(ctx, filepath.Join(f.Dir, name), args...)
	cmd.Dir = f.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(""), limited(&out), limited(&stderr)
	err = cmd.Run()
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if last := oneLine(lines[len(lines)-1]); last != "" {
		said = ": " + last
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", "", 0, fmt.Errorf("did not end within %s", answerTime)
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return out.String(), said, exit.ExitCode(), nil
	case err != nil:
		return "", "", 0, fmt.Errorf("cannot be run: %w", err)
	}
	return out.String(), said, 0, nil
}

// maxOutput bounds what is kept of what is run, in bytes.
const maxOutput = 1 << 20

type limitedWriter struct {
	to   io.Writer
	left int
}

// limited drops what is too much, so that what writes goes on.
func limited(w io.Writer) io.Writer { return &limitedWriter{w, maxOutput} }

func (l *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.to.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// notSaid are shellcheck's codes of what is said already in other words (SC1017, lines that end as Windows has them), or is
// no mistake: SC1090 and SC1091, a sourced file whose place is known when the script runs, and SC2034, a variable that is not
// used, with which scripts in Dokku's style say what a function is for.
const notSaid = "SC1017,SC1090,SC1091,SC2034"

// shellLine is a #! line of bash or sh.
var shellLine = regexp.MustCompile(`^#!\s*(/usr/bin/env\s+(-S\s+)?|\S*/)(bash|sh|dash)\b`)

// shell looks at a shell script by shellcheck where it is installed, and else for what bash cannot read.
func (f Folder) shell(ctx context.Context, name string) ([]Finding, error) {
	line := shellLine.FindStringSubmatch(f.firstLine(name))
	if line == nil {
		return nil, nil
	}
	path := filepath.Join(f.Dir, name)
	var out, stderr bytes.Buffer
	if _, err := exec.LookPath("shellcheck"); err != nil {
		cmd := f.Command(ctx, line[3], "-n", path)
		cmd.Stderr = limited(&stderr)
		if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			return nil, err
		}
		return parseShell(name, path, stderr.String()), nil
	}
	cmd := f.Command(ctx, "shellcheck", "--format=json", "--severity=warning", "--exclude="+notSaid, path)
	cmd.Stdout, cmd.Stderr = limited(&out), limited(&stderr)
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return nil, err
	}
	found, err := parseShellcheck(name, out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("cannot read what shellcheck says of %s: %w: %s", name, err, strings.TrimSpace(stderr.String()))
	}
	return found, nil
}

// parseShellcheck reads shellcheck's JSON.
func parseShellcheck(name string, text []byte) ([]Finding, error) {
	var comments []struct {
		Line    int    `json:"line"`
		Level   string `json:"level"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(text, &comments); err != nil {
		return nil, err
	}
	var found []Finding
	for _, c := range comments {
		level := Warning
		if c.Level == "error" {
			level = Error
		}
		found = append(found, Finding{name, max(c.Line, 0), level, fmt.Sprintf("%s (SC%d)", oneLine(c.Message), c.Code)})
	}
	return found, nil
}

// complaint is a line of what a shell says: PATH: line 3: syntax error, or PATH: 3: Syntax error.
var complaint = regexp.MustCompile(`^: (?:line )?([0-9]{1,9}): (.*)$`)

// parseShell reads what bash -n or sh -n says of a file.
func parseShell(name, path, stderr string) []Finding {
	var found []Finding
	for line := range strings.Lines(stderr) {
		said, ok := strings.CutPrefix(strings.TrimSpace(line), path)
		m := complaint.FindStringSubmatch(said)
		if !ok || m == nil || strings.HasPrefix(m[2], "`") { // the line itself, which bash shows too
			continue
		}
		n, _ := strconv.Atoi(m[1])
		found = append(found, Finding{name, n, Error, oneLine(m[2])})
	}
	return found
}

// oneLine is text without what would end a line, or do more to a terminal.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
