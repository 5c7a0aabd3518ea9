package plugin

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// Confirm makes the user type the name of what is about to be destroyed: kind
// is its noun, such as "app". Its error ends the command. The caller has seen to
// --force.
func Confirm(c *command.Call, kind, name string) error {
	c.Out.Warn("WARNING: Potentially Destructive Action")
	c.Out.Warn("This command will destroy %s %s.", kind, name)
	c.Out.Warn("To proceed, type \"%s\"", name)
	fmt.Fprint(c.Out.Stdout(), "> ")
	answer, err := bufio.NewReader(c.In).ReadString('\n')
	if strings.TrimSpace(answer) == name {
		return nil
	}
	if err != nil && answer == "" {
		c.Out.Line("")
	}
	c.Out.ErrorLine("Confirmation did not match test. Aborted.")
	return command.Exit{Code: 1}
}
