// Package shell is a prompt at which commands are typed without `dokku` in
// front of them.
//
//	ssh -t dokku@example.com shell
//	dokku> apps:list
//	dokku> config:set blog GREETING='hello world'
//	dokku> exit
//
// Quotes count as over SSH, and no shell of the host is involved. Each command
// is allowed or refused as if it were called by itself. exit, quit and Ctrl-D
// leave, clear empties the screen, and the arrow keys bring back earlier lines;
// those are forgotten at the end, as they may have secrets of one user in them.
//
// Without a terminal the commands are read from stdin, one per line, and get no
// stdin themselves:
//
//	dokku shell < commands.txt
package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/words"
	"github.com/slipwayhq/slipway/plugin"
)

const prompt = "dokku> "

// maxLine bounds a line from stdin, in bytes.
const maxLine = 1 << 20

// Plugin makes the feature.
func Plugin(h *plugin.Host) plugin.Plugin {
	s := &shell{h}
	return plugin.Plugin{
		Name: "shell", Help: "Interactive dokku prompt",
		Commands: []*command.Command{command.New("shell", "Spawn dokku shell", s.run)},
	}
}

type shell struct{ host *plugin.Host }

type noArgs struct{}

func (s *shell) run(ctx context.Context, c *command.Call, _ noArgs) error {
	if c.TTY != nil {
		return s.atTerminal(ctx, c)
	}
	lines := bufio.NewScanner(c.In)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if leave := s.line(ctx, c, strings.NewReader(""), lines.Text()); leave || ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("cannot read the commands: %w", err)
	}
	c.Out.Line("")
	return nil
}

// atTerminal reads lines with editing and history. The terminal is raw only
// while a line is typed.
func (s *shell) atTerminal(ctx context.Context, c *command.Call) error {
	device, err := os.OpenFile(c.TTY.Path(), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return fmt.Errorf("cannot open the terminal: %w", err)
	}
	defer device.Close()
	fd := int(device.Fd())
	editor := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{cancelsLine{c.In}, c.Out.Stdout()}, prompt)
	for {
		if width, height, err := term.GetSize(fd); err == nil && width > 0 {
			_ = editor.SetSize(width, height) // fails when the caller is gone, as reading does
		}
		cooked, err := term.MakeRaw(fd)
		if err != nil {
			return fmt.Errorf("cannot set up the terminal: %w", err)
		}
		line, err := editor.ReadLine()
		if restoreErr := term.Restore(fd, cooked); restoreErr != nil && err == nil {
			err = restoreErr
		}
		switch {
		case errors.Is(err, term.ErrPasteIndicator):
		case errors.Is(err, io.EOF):
			c.Out.Line("")
			return nil
		case err != nil:
			return err
		}
		if leave := s.line(ctx, c, c.In, line); leave || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// line does what one line says; leave is true at the end.
func (s *shell) line(ctx context.Context, c *command.Call, in io.Reader, line string) (leave bool) {
	argv, err := words.Split(line)
	if err != nil {
		c.Out.Warn("The command cannot be read: %s", err)
		return false
	}
	if len(argv) == 0 {
		return false
	}
	switch argv[0] {
	case "exit", "quit":
		return true
	case "clear":
		if c.TTY != nil {
			fmt.Fprint(c.Out.Stdout(), "\x1b[H\x1b[2J")
		}
		return false
	}
	call := *c
	call.Argv, call.In = nil, in
	s.host.Dispatch(ctx, &call, argv)
	return false
}

// cancelsLine makes Ctrl-C empty the line that is typed, where the editor would
// take it for the end.
type cancelsLine struct{ from io.Reader }

func (r cancelsLine) Read(p []byte) (int, error) {
	const ctrlC, ctrlU = 3, 21
	n, err := r.from.Read(p)
	for i, b := range p[:n] {
		if b == ctrlC {
			p[i] = ctrlU
		}
	}
	return n, err
}
