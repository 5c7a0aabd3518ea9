package e2e

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is a command that runs in a terminal of 40 lines and 100 columns.
type terminal struct {
	cmd   *exec.Cmd
	file  *os.File
	ended chan error

	mu   sync.Mutex
	seen strings.Builder
}

func (in *installation) openTerminal(t testing.TB, name string, args ...string) *terminal {
	t.Helper()
	term := &terminal{cmd: in.command(name, args...), ended: make(chan error, 1)}
	var err error
	if term.file, err = pty.StartWithSize(term.cmd, &pty.Winsize{Rows: 40, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { term.file.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := term.file.Read(buf)
			term.mu.Lock()
			term.seen.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				break
			}
		}
		term.ended <- term.cmd.Wait()
	}()
	return term
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.String()
}

// expect waits until a text was printed.
func (term *terminal) expect(t testing.TB, text string) {
	t.Helper()
	if err := await(15*time.Second, func() (bool, error) { return strings.Contains(term.text(), text), nil }); err != nil {
		t.Fatalf("%q was not printed: %v\n%s", text, err, term.text())
	}
}

func (term *terminal) send(t testing.TB, text string) {
	t.Helper()
	if _, err := term.file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// wait waits for the end of the command and gives its exit code.
func (term *terminal) wait(t testing.TB) int {
	t.Helper()
	select {
	case err := <-term.ended:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode()
		}
		if err != nil {
			t.Fatal(err)
		}
		return 0
	case <-time.After(15 * time.Second):
		term.cmd.Process.Kill()
		t.Fatalf("the command does not end\n%s", term.text())
		return -1
	}
}
