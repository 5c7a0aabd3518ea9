package plugin

import (
	"context"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/protocol"
)

// Programs is the table of what scripts of plugins call by a name or path of its own (protocol.IsProgram): the
// programs of features, one feature's answer to a trigger, and every command, as $PLUGIN_PATH/enabled/FEATURE/subcommands
// has them.
//
// It is another table than that of people, for three reasons. `dokku plugn` means nothing, to whatever key: only a local
// caller, which is a script or root, can call a program. A script does part of a command that was authorised when it began,
// so nobody is asked again; Dokku's programs do not ask either, and a plugin that answers user-auth may call them. And their
// words are the script's, without global flags or help.
func Programs(h *Host, people *command.Table, all ...Plugin) (*command.Table, error) {
	var commands []*command.Command
	for _, p := range all {
		commands = append(append(commands, p.Commands...), p.Programs...)
	}
	table, err := command.NewTable(nil, append(commands, answerProgram(h)))
	if err != nil {
		return nil, err
	}
	table.AppExists, table.Visible, table.Prepare = people.AppExists, people.Visible, people.Prepare
	return table, nil
}

type answerArgs struct {
	Words []string `arg:"words"`
}

// answerProgram runs what one compiled plugin answers to a trigger: answer PLUGIN TRIGGER ARG…
func answerProgram(h *Host) *command.Command {
	return command.New(protocol.Answer, "Answer a trigger by one feature", func(ctx context.Context, _ *command.Call, in answerArgs) error {
		if len(in.Words) < 2 {
			return command.BadInput("Name a plugin and a trigger")
		}
		handled, err := h.Bus.EventOf(ctx, in.Words[0], in.Words[1], in.Words[2:]...)
		if err == nil && !handled {
			return command.BadInput("The plugin %s does not answer the trigger %s", in.Words[0], in.Words[1])
		}
		return err
	}, command.Hidden, command.Verbatim)
}
