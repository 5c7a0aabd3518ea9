package standard

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/plugin"
)

// toolTime bounds each program that is asked for a fact.
const toolTime = 30 * time.Second

type reportArgs struct {
	All bool     `flag:"all"`
	App []string `arg:"app,optional"`
}

// report prints what Dokku's report prints, in its order.
// Source: Dokku plugins/00_dokku-standard/subcommands/report.
func (s standard) report(ctx context.Context, c *command.Call, in reportArgs) error {
	var apps []string
	for _, a := range in.App {
		switch {
		case a == "--format" || strings.HasPrefix(a, "--format="):
			return command.BadInput("--format flag not supported on global report")
		case strings.HasPrefix(a, "-"):
			return command.BadInput("Invalid flag passed, valid flags: --all")
		}
		apps = append(apps, a)
	}
	for _, a := range apps {
		if !s.host.Store.AppExists(a) || !s.host.AppVisible(ctx, a) {
			return command.NoSuchApp(a)
		}
	}
	if len(apps) == 0 && c.Flags.App != "" {
		apps = []string{c.Flags.App}
	}
	if in.All {
		all, err := s.host.Store.Apps()
		if err != nil {
			return err
		}
		for _, a := range all {
			if s.host.AppVisible(ctx, a) {
				apps = append(apps, a)
			}
		}
	}
	s.machine(ctx, c.Out)
	s.versions(ctx, c.Out)
	c.Out.Step("dokku plugins: ")
	for _, p := range s.host.Installed() {
		c.Out.Text("%s", plugin.InstalledLine(p))
	}
	var errs []error
	for _, a := range apps {
		errs = append(errs, s.host.Bus.Event(ctx, "report", a))
	}
	return errors.Join(errs...)
}

func (s standard) machine(ctx context.Context, out *command.Output) {
	types := []string{"--type", "btrfs", "--type", "ext4", "--type", "ext3", "--type", "ext2", "--type", "vfat", "--type", "iso9660", "--type", "xfs", "--type", "zfs", "--type", "overlay"}
	line(ctx, out, "uname: ", tool("uname", "-a"))
	block(ctx, out, "memory: ", tool("free", "-m"))
	block(ctx, out, "disk utilization: ", tool("df", append([]string{"-h"}, types...)...))
	block(ctx, out, "disk inode utilization: ", tool("df", append([]string{"-hi"}, types...)...))
	block(ctx, out, "docker version: ", s.docker("version"))
	block(ctx, out, "docker daemon info: ", s.docker("-D", "system", "info"))
	s.herokuish(ctx, out)
}

// herokuish asks the image for its version, where it is there.
func (s standard) herokuish(ctx context.Context, out *command.Output) {
	if runtime.GOARCH == "arm64" {
		out.Step("herokuish version: ")
		out.Warn("herokuish not supported on arm64 architecture")
		return
	}
	image := s.host.Exec.Getenv("DOKKU_IMAGE")
	if image == "" {
		image = "gliderlabs/herokuish:latest-24"
	}
	if _, err := s.host.Docker.ImageInspect(ctx, image); err != nil {
		out.Step("herokuish version: ")
		out.Warn("Herokuish image %s is not available", image)
		return
	}
	args := append([]string{"container", "run", "--rm"}, docker.LabelArgs(s.host.Names.Labels(docker.Labelled{}))...)
	block(ctx, out, "herokuish version: ", s.docker(append(args, image, "herokuish", "version")...))
}

// versions are those of Slipway and of the programs that it calls. Of Dokku's
// own helpers most are part of Slipway.
func (s standard) versions(ctx context.Context, out *command.Output) {
	out.Step("dokku version: dokku version %s", s.host.Version)
	for _, name := range []string{"dokku-event-listener", "dokku-update"} {
		line(ctx, out, name+" version: ", tool(name, "version"))
	}
	for _, name := range []string{"docker-container-healthchecker", "docker-image-labeler"} {
		out.Step("%s version: part of slipwayd %s", name, s.host.Version)
	}
	line(ctx, out, "git version: ", tool("git", "--version"))
	line(ctx, out, "lambda-builder version: ", tool("lambda-builder", "version"))
	out.Step("netrc version: part of slipwayd %s", s.host.Version)
	line(ctx, out, "pack version: ", tool("pack", "version"))
	for _, name := range []string{"plugn", "sigil", "sshcommand"} {
		out.Step("%s version: part of slipwayd %s", name, s.host.Version)
	}
}

// program prepares a program; its name is for messages.
type program struct {
	name    string
	command func(ctx context.Context) *exec.Cmd
}

func tool(name string, args ...string) program {
	return program{name, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.WaitDelay = toolTime
		return cmd
	}}
}

func (s standard) docker(args ...string) program {
	return program{"docker", func(ctx context.Context) *exec.Cmd { return s.host.CLI.Command(ctx, args...) }}
}

// line prints a program's first line behind a title.
func line(ctx context.Context, out *command.Output, title string, p program) {
	ctx, cancel := context.WithTimeout(ctx, toolTime)
	defer cancel()
	cmd := p.command(ctx)
	text, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		out.Warn("%s binary is not available", p.name)
		return
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	out.Step("%s%s", title, first)
}

// block prints what a program prints below a title.
func block(ctx context.Context, out *command.Output, title string, p program) {
	ctx, cancel := context.WithTimeout(ctx, toolTime)
	defer cancel()
	out.Step("%s", title)
	cmd := p.command(ctx)
	lines := out.Indented()
	cmd.Stdout, cmd.Stderr = lines, io.Discard
	err := cmd.Run()
	if closing := lines.Close(); closing != nil {
		err = errors.Join(err, closing)
	}
	if errors.Is(err, exec.ErrNotFound) {
		out.Warn("%s binary is not available", p.name)
	}
}
