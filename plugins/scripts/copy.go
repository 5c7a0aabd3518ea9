package scripts

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/docker"
)

// maxCopy bounds one file that is copied out of an image.
const maxCopy = 64 << 20

// source is a path in an image, made absolute by the image's working directory.
type source struct{ image, path string }

func (a ask) source(ctx context.Context) (source, error) {
	from := source{a.words.arg(1), a.words.arg(2)}
	image, err := a.host.Docker.ImageInspect(ctx, from.image)
	if err != nil || from.path == "" {
		return from, command.Fail("Invalid docker image for copying content")
	}
	if !path.IsAbs(from.path) {
		from.path = path.Join("/", image.WorkingDir, from.path)
	}
	return from, nil
}

// withContainer runs f with a container of the image, which never starts.
func (a ask) withContainer(ctx context.Context, image string, f func(id string) error) (err error) {
	args := []string{"--label=" + docker.LabelDokku, "--label=" + docker.LabelApp + "=" + a.words.arg(0)}
	if a.host.Names.Instance != "" {
		args = append(args, "--label="+docker.LabelInstance+"="+a.host.Names.Instance)
	}
	id, err := a.host.Docker.Create(ctx, append(args, image, "true"))
	if err != nil {
		return command.Fail("Unable to create temporary container: %w", err)
	}
	defer func() { err = errors.Join(err, a.host.Docker.Remove(context.WithoutCancel(ctx), id)) }()
	return f(id)
}

// copyFile is copy-from-image APP IMAGE SOURCE DESTINATION. The destination is written by the caller's user, with line ends
// as Unix has them. Source: Dokku plugins/common/docker.go, CopyFromImage.
func (a ask) copyFile(ctx context.Context) error {
	from, err := a.source(ctx)
	if err != nil {
		return err
	}
	return a.withContainer(ctx, from.image, func(id string) error {
		text, err := a.read(ctx, id, from.path)
		if err != nil || len(text) == 0 {
			return command.Fail("Unable to copy file %s from image", from.path)
		}
		cmd := a.asCaller().Command(ctx, "tee", "--", a.local(a.words.arg(3)))
		cmd.Stdin, cmd.Stderr = bytes.NewReader(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))), a.call.Out.Stderr()
		if err := cmd.Run(); err != nil {
			return command.Fail("Unable to write %s", a.words.arg(3))
		}
		return nil
	})
}

// read is the text of one regular file.
func (a ask) read(ctx context.Context, id, from string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := a.host.CLI.Command(ctx, "container", "cp", "--follow-link", id+":"+from, "-")
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	text, err := firstFile(out)
	_, rest := io.Copy(io.Discard, out)
	return text, errors.Join(err, rest, cmd.Wait())
}

// firstFile is the first regular file of a tar archive.
func firstFile(r io.Reader) ([]byte, error) {
	archive := tar.NewReader(r)
	for {
		header, err := archive.Next()
		if err != nil {
			return nil, err
		}
		if header.Typeflag == tar.TypeReg {
			if header.Size > maxCopy {
				return nil, errors.New("it is too large")
			}
			return io.ReadAll(archive)
		}
	}
}

// copyFolder is copy-dir-from-image APP IMAGE SOURCE DESTINATION: what is in a folder, into one that is there.
func (a ask) copyFolder(ctx context.Context) error {
	from, err := a.source(ctx)
	if err != nil {
		return err
	}
	return a.withContainer(ctx, from.image, func(id string) error {
		to := a.local(a.words.arg(3))
		cmd := a.asCaller().Command(ctx, "docker", "container", "cp", id+":"+strings.TrimSuffix(from.path, "/")+"/.", to)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			return command.Fail("Unable to copy file %s from image: %s", from.path, strings.TrimSpace(stderr.String()))
		}
		return nil
	})
}

// local is a path as the caller means it.
func (a ask) local(name string) string {
	if dir := a.call.Env["SLIPWAY_CWD"]; !filepath.IsAbs(name) && filepath.IsAbs(dir) {
		return filepath.Join(dir, name)
	}
	return name
}
