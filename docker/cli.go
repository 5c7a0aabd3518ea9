package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// CLI is docker's command line, for what must mean exactly what it means to Docker: creating containers, and interactive
// `docker run -it` and `docker exec -it`.
type CLI struct {
	Bin  string   // path or name of the binary; empty: docker
	Host string   // the engine, as in DOCKER_HOST; empty: docker's own default
	Env  []string // "KEY=VALUE", in addition to what Command says
}

// endWithin is how long a docker command that was told to end may take.
const endWithin = 5 * time.Second

// passedOn are the variables of this process that docker's command line gets; nothing else reaches it.
var passedOn = []string{
	"PATH", "HOME", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK",
	"DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION",
}

// Command prepares `docker ARGS...` with PATH, HOME and docker's own variables of this process, DOCKER_HOST, and Env. It
// runs in a session of its own, so that a signal to the caller's terminal or process group does not reach it; give it a
// terminal with creack/pty's Start, and TERM in Env. When ctx ends, its whole process group gets SIGTERM, and SIGKILL
// five seconds later.
func (c CLI) Command(ctx context.Context, args ...string) *exec.Cmd {
	bin := c.Bin
	if bin == "" {
		bin = "docker"
	}
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Env = c.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = endWithin
	return cmd
}

func (c CLI) environment() []string {
	var env []string
	for _, name := range passedOn {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	if c.Host != "" {
		env = append(env, "DOCKER_HOST="+c.Host)
	}
	return append(env, c.Env...)
}

// Create implements Engine.
func (c *Client) Create(ctx context.Context, args []string) (id string, err error) {
	args, lines := envToFile(args)
	args, secrets := hideEnv(args)
	head := []string{"container", "create"}
	if lines != "" {
		head = append(head, envFile)
	}
	cmd := c.cli.Command(ctx, append(head, args...)...)
	cmd.Env = append(cmd.Env, secrets...)
	if lines != "" {
		done, err := giveEnvFile(cmd, lines)
		if err != nil {
			return "", fmt.Errorf("cannot run the docker command: %w", err)
		}
		defer done()
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("cannot create a container: %w", ctx.Err())
	case errors.As(err, &exit):
		return "", c.createError(stderr.String())
	case errors.Is(err, exec.ErrNotFound):
		return "", Errorf(ErrInvalid, "cannot run the docker command: there is no docker in PATH; install it with the package docker-ce-cli or docker.io")
	case err != nil:
		return "", fmt.Errorf("cannot run the docker command: %w", err)
	}
	return strings.TrimSpace(stdout.String()), nil
}

func (c *Client) createError(stderr string) error {
	text := complaint(stderr)
	kind := kindOfText(text)
	if errors.Is(kind, ErrUnreachable) {
		return Unreachable(c.host)
	}
	return fmt.Errorf("cannot create a container: %w", &Error{Kind: kind, Text: text})
}

// complaint is what docker's command line had to say, without its prefixes, its hint at --help, and what it says before
// it pulls an image.
func complaint(stderr string) string {
	var lines []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		line = strings.TrimPrefix(strings.TrimPrefix(line, "docker: "), daemonPrefix)
		isHint := strings.Contains(line, "docker container create --help") || strings.Contains(line, "docker create --help")
		isHint = isHint || strings.HasPrefix(line, "Usage:")
		isPull := strings.HasPrefix(line, "Unable to find image ") || strings.Contains(line, ": Pulling from ")
		if line == "" || isHint || isPull {
			continue
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return "docker failed without a word"
	}
	return strings.Join(lines, "\n")
}
