package dockertest

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// Program is a command that the suite runs in containers, and what it does: a fake imitates it by this description.
type Program struct {
	Cmd         []string
	Stdout      string // written at once
	Stderr      string // written at once
	Exits       bool   // ends at once, with ExitCode; else it runs until it is stopped
	ExitCode    int
	Farewell    string // written to stdout at the stop signal
	StopCode    int    // exit code at the stop signal
	IgnoresStop bool
}

// The suite's programs. They are written so that a shell as process 1 does what is said, with or without --init.
var (
	talks = Program{
		Cmd:    []string{"sh", "-c", "echo out; echo err >&2; exit 3"},
		Stdout: "out\n", Stderr: "err\n", Exits: true, ExitCode: 3,
	}
	counts = Program{
		Cmd:    []string{"sh", "-c", "echo one; echo two; echo three"},
		Stdout: "one\ntwo\nthree\n", Exits: true,
	}
	polite = Program{
		Cmd:    []string{"sh", "-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.02; done"},
		Stdout: "ready\n", Farewell: "bye\n", StopCode: 7,
	}
	stubborn = Program{
		Cmd:    []string{"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.02; done"},
		Stdout: "ready\n", IgnoresStop: true,
	}
	fails = Program{Cmd: []string{"false"}, Exits: true, ExitCode: 1}
	tells = Program{
		Cmd:    []string{"sh", "-c", `printf '%s' "$SECRET"`},
		Stdout: secret, Exits: true,
	}
)

// secret is a value that does not survive a shell, a file of lines, or a careless split.
const secret = "first line\nsecond 'line' \"$HOME\" `id` \\ = --name=x\n\ttab é "

// ProgramOf finds the program that a container runs, and false when it is none of the suite's.
func ProgramOf(c docker.Container) (Program, bool) {
	for _, program := range []Program{talks, counts, polite, stubborn, fails, tells} {
		if slices.Equal(program.Cmd, c.Cmd) {
			return program, true
		}
	}
	return Program{}, false
}

// The commands that the suite runs by Exec.
var (
	execGreets   = []string{"sh", "-c", `echo "$GREETING"; echo problem >&2; exit 4`}
	execCopies   = []string{"cat"}
	execTellsID  = []string{"id", "-u"}
	execTellsDir = []string{"pwd"}
	execMissing  = []string{"/no/such/command"}
)

// Exec does what the commands do that the suite runs by Exec, for a fake.
func Exec(options docker.ExecOptions, stdin io.Reader, stdout, stderr io.Writer) (exitCode int) {
	switch {
	case slices.Equal(options.Cmd, execGreets):
		for _, entry := range options.Env {
			if value, found := strings.CutPrefix(entry, "GREETING="); found {
				fmt.Fprintln(stdout, value)
			}
		}
		fmt.Fprintln(stderr, "problem")
		return 4
	case slices.Equal(options.Cmd, execCopies):
		_, _ = io.Copy(stdout, stdin)
		return 0
	case slices.Equal(options.Cmd, execTellsDir):
		fmt.Fprintln(stdout, options.Dir)
		return 0
	case slices.Equal(options.Cmd, execTellsID):
		fmt.Fprintln(stdout, options.User)
		return 0
	}
	fmt.Fprintln(stdout, "OCI runtime exec failed: no such file or directory")
	return 126
}
