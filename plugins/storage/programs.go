package storage

import (
	"context"
	"regexp"
	"strconv"

	"github.com/slipwayhq/slipway/command"
)

// programs are those of $PLUGIN_AVAILABLE_PATH/storage/bin, which scripts call
// to change a folder that is not theirs: with Dokku by sudo, here slipwayd does
// it. Source: Dokku plugins/storage/bin.
func (s storage) programs() []*command.Command {
	return []*command.Command{
		command.New("chmod-storage-dir", "Set the rights of a folder", s.chmodProgram, command.Hidden, command.PlainArgs),
		command.New("chown-storage-dir", "Give a folder away", s.chownProgram, command.Hidden, command.PlainArgs),
		command.New("destroy-storage-dir", "Remove a folder", s.destroyProgram, command.Hidden, command.PlainArgs),
	}
}

type programArgs struct {
	Directory string `arg:"directory,optional"`
	Value     string `arg:"value,optional"`
}

var octal = regexp.MustCompile(`^[0-7]{3,4}$`)

func (s storage) chmodProgram(_ context.Context, _ *command.Call, in programArgs) error {
	if in.Directory == "" {
		return command.BadInput("Please specify a directory to chmod")
	}
	if err := checkDirectory(in.Directory); err != nil {
		return err
	}
	if !octal.MatchString(in.Value) {
		return command.BadInput("Unsupported directory mode. Value must be a 3 or 4 digit octal mode, such as 0755")
	}
	return s.chmod(in.Directory, in.Value)
}

// chownProgram takes numbers of users as they are on the host: those of an
// engine with user namespaces too.
func (s storage) chownProgram(ctx context.Context, _ *command.Call, in programArgs) error {
	if err := checkDirectory(in.Directory); err != nil {
		return err
	}
	id, err := strconv.ParseUint(in.Value, 10, 32)
	if err != nil {
		return command.BadInput("Unsupported chown permissions. Value must be a non-negative integer.")
	}
	const highest = 65535
	if id > highest && (id < remapped || id > remapped+highest) {
		return command.BadInput("Unsupported chown permissions. Supported values: 0-%d (and user namespace offset variants, %d-%d)", highest, remapped, remapped+highest)
	}
	return s.chown(ctx, in.Directory, "", int(id))
}

func (s storage) destroyProgram(_ context.Context, _ *command.Call, in programArgs) error {
	if in.Directory == "" {
		return command.BadInput("Please specify a directory to destroy")
	}
	if err := checkDirectory(in.Directory); err != nil {
		return err
	}
	return s.destroyFolder(in.Directory)
}
