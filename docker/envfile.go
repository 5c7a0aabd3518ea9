package docker

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFileValue is the longest variable that docker's command reads from a file with certainty: its lines end at 64 KiB.
const maxFileValue = 60 << 10

// envToFile takes the --env=KEY=VALUE in front out of an argument vector and returns the lines of an --env-file for them.
// What such a file says never becomes part of the environment of the docker command, where it could steer it, and its
// order stays: the command gives --env to the engine in an order that is another one every time. A value that no such
// line can hold stays where it is, for hideEnv, and so does one that a later argument may give anew.
func envToFile(args []string) (rest []string, lines string) {
	var file strings.Builder
	for i, arg := range args {
		if !strings.HasPrefix(arg, "--") || !strings.Contains(arg, "=") {
			rest = append(rest, args[i:]...)
			break
		}
		assignment, isEnv := strings.CutPrefix(arg, "--env=")
		name, _, hasValue := strings.Cut(assignment, "=")
		if isEnv && hasValue && fitsLine(assignment) && (steersDocker(name) || !givenAnew(args[i+1:], name)) {
			file.WriteString(assignment + "\n")
			continue
		}
		rest = append(rest, arg)
	}
	return rest, file.String()
}

// givenAnew reports whether an argument may be another value of a variable, or takes it away.
func givenAnew(args []string, name string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		for _, option := range []string{"--env=", "-e=", "-e"} {
			arg = strings.TrimPrefix(arg, option)
		}
		return arg == name || strings.HasPrefix(arg, name+"=")
	})
}

func fitsLine(assignment string) bool {
	name, _, _ := strings.Cut(assignment, "=")
	return len(assignment) <= maxFileValue && utf8.ValidString(assignment) && !strings.ContainsAny(assignment, "\r\n\x00") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '#' || r > '~' })
}

// envFile is where a command finds what giveEnvFile gives it.
const envFile = "--env-file=/dev/fd/3"

// giveEnvFile lets a command that was not started yet, and has no ExtraFiles, read lines as envFile. done is called when
// the command has ended.
func giveEnvFile(cmd *exec.Cmd, lines string) (done func(), err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{read}
	go func() { // ends when all is read, or by done
		_, _ = write.WriteString(lines)
		_ = write.Close()
	}()
	return func() { _ = read.Close() }, nil
}
