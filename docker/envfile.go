package docker

import (
	"os"
	"os/exec"
	"strings"
	"unicode/utf8"
)

// maxFileValue is the longest variable that docker's command reads from a file with certainty: its lines end at 64 KiB.
const maxFileValue = 60 << 10

// envToFile takes those --env=KEY=VALUE in front out of an argument vector that hideEnv leaves in it, and returns the lines
// of an --env-file for them: what such a file says never becomes part of the environment of the docker command. A value
// that no such line can hold stays where it is.
func envToFile(args []string) (rest []string, lines string) {
	var file strings.Builder
	for i, arg := range args {
		if !strings.HasPrefix(arg, "--") || !strings.Contains(arg, "=") {
			rest = append(rest, args[i:]...)
			break
		}
		assignment, isEnv := strings.CutPrefix(arg, "--env=")
		name, _, hasValue := strings.Cut(assignment, "=")
		if isEnv && hasValue && steersDocker(name) && fitsLine(assignment) {
			file.WriteString(assignment + "\n")
			continue
		}
		rest = append(rest, arg)
	}
	return rest, file.String()
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
