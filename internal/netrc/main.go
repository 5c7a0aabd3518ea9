package netrc

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/slipwayhq/slipway/internal/atomicfile"
)

const usage = `Usage: netrc get|unset [--netrc-file FILE] MACHINE
       netrc set [--netrc-file FILE] MACHINE LOGIN PASSWORD
`

// Main is the command `netrc` of Dokku's hosts: it prints, sets or removes the
// login for a machine with the caller's rights, and returns the exit code. The
// file is $NETRC or ~/.netrc. Source: github.com/dokku/netrc.
func Main(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	file := getenv("NETRC")
	if file == "" {
		file = filepath.Join(getenv("HOME"), ".netrc")
	}
	var words []string
	for i := 0; i < len(args); i++ {
		value, isFile := strings.CutPrefix(args[i], "--netrc-file=")
		switch {
		case isFile:
			file = value
		case args[i] == "--netrc-file" && i+1 < len(args):
			i++
			file = args[i]
		default:
			words = append(words, args[i])
		}
	}
	if err := run(words, file, stdout); err != nil {
		fmt.Fprintln(stderr, strings.TrimSuffix(err.Error(), "\n"))
		return 1
	}
	return 0
}

func run(words []string, file string, stdout io.Writer) error {
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := string(b)
	switch {
	case len(words) == 2 && words[0] == "get":
		entry, ok := Get(text, words[1])
		if !ok {
			return fmt.Errorf("Invalid machine '%s' specified", words[1]) //nolint:staticcheck // Dokku's netrc says so
		}
		_, err := fmt.Fprintf(stdout, "%s:%s\n", entry.Login, entry.Password)
		return err
	case len(words) == 2 && words[0] == "unset":
		return write(file, Unset(text, words[1]))
	case len(words) == 4 && words[0] == "set":
		if strings.ContainsAny(strings.Join(words, ""), "\r\n\x00") {
			return errors.New("a machine, login or password must be one line")
		}
		return write(file, Set(text, words[1], words[2], words[3]))
	}
	return errors.New(usage) //nolint:staticcheck // shown as it is
}

// write replaces the file, which stays whose it is and gets private.
func write(file, text string) error {
	var owner *atomicfile.Owner
	if st, err := os.Stat(file); err == nil && os.Getuid() == 0 {
		if sys, ok := st.Sys().(*syscall.Stat_t); ok {
			owner = &atomicfile.Owner{UID: int(sys.Uid), GID: int(sys.Gid)}
		}
	}
	return atomicfile.WriteAs(file, []byte(text), 0o600, owner)
}
