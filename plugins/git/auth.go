package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/netrc"
)

type authArgs struct {
	Host     string `arg:"host" missing:"Please supply a git host"`
	Username string `arg:"username,optional"`
	Password string `arg:"password,optional"`
}

// complete reads a password that was not given from standard input, and checks
// the words.
func (in *authArgs) complete(c *command.Call) error {
	if err := checkHost(in.Host); err != nil {
		return err
	}
	if in.Username == "" {
		return nil
	}
	if in.Password == "" && c.TTY == nil {
		line, err := bufio.NewReader(io.LimitReader(c.In, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("cannot read the password: %w", err)
		}
		in.Password = strings.TrimRight(line, "\r\n")
	}
	if in.Password == "" {
		return command.BadInput("Missing password for netrc auth entry")
	}
	if strings.ContainsAny(in.Username+in.Password, "\r\n\x00") {
		return command.BadInput("A username or password for netrc must be one line")
	}
	return nil
}

// netrcPath is the file with the passwords of ~dokku.
func (s *service) netrcPath() string { return s.host.Store.RootPath(".netrc") }

// auth sets or removes the login for a git server.
func (s *service) auth(_ context.Context, c *command.Call, in authArgs) error {
	if err := in.complete(c); err != nil {
		return err
	}
	text, err := s.host.Store.ReadFile(s.netrcPath())
	if err != nil {
		return err
	}
	if in.Username == "" {
		c.Out.Step("Removing netrc auth entry for host %s", in.Host)
		text = netrc.Unset(text, in.Host)
	} else {
		c.Out.Step("Setting netrc auth entry for host %s", in.Host)
		text = netrc.Set(text, in.Host, in.Username, in.Password)
	}
	return s.host.Store.WriteFile(s.netrcPath(), []byte(text), 0o600)
}

// authStatus tells by its exit code whether the login for a git server is as
// given; without a username, whether there is none.
func (s *service) authStatus(_ context.Context, c *command.Call, in authArgs) error {
	if err := in.complete(c); err != nil {
		return err
	}
	text, err := s.host.Store.ReadFile(s.netrcPath())
	if err != nil {
		return err
	}
	entry, ok := netrc.Get(text, in.Host)
	if ok != (in.Username != "") || entry.Login != in.Username || entry.Password != in.Password {
		return command.Exit{Code: 1}
	}
	return nil
}

var hostRE = regexp.MustCompile(`^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$`)

func checkHost(host string) error {
	if !hostRE.MatchString(host) {
		return command.BadInput("Invalid git host %q", host)
	}
	return nil
}

type hostArgs struct {
	Host string `arg:"host" missing:"Please supply a git host"`
}

// allowHost fetches a server's key and trusts it from now on. Each call adds one
// line, as Dokku's does: the RSA key, or what the server has where it has none.
func (s *service) allowHost(ctx context.Context, c *command.Call, in hostArgs) error {
	if err := checkHost(in.Host); err != nil {
		return err
	}
	key, err := s.scanKey(ctx, in.Host)
	if err != nil {
		return err
	}
	if err := s.sshFolder(); err != nil {
		return err
	}
	path := s.host.Store.RootPath(".ssh", "known_hosts")
	text, err := s.host.Store.ReadFile(path)
	if err != nil {
		return err
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if err := s.host.Store.WriteFile(path, []byte(text+key+"\n"), 0o600); err != nil {
		return err
	}
	c.Out.Step("%s added to known hosts", in.Host)
	return nil
}

// scanKey asks a server for a key, as a line of known_hosts.
func (s *service) scanKey(ctx context.Context, host string) (string, error) {
	for _, kind := range []string{"rsa", "ed25519", "ecdsa"} {
		keys, err := output(ctx, s.runner().command(ctx, "/", nil, "ssh-keyscan", "-T", "10", "-t", kind, "--", host))
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil && !errors.As(err, new(*gitError)) {
			return "", command.Fail("%w; install the ssh client of OpenSSH", err)
		}
		for line := range strings.Lines(keys) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				return line, nil
			}
		}
	}
	return "", command.Fail("No SSH server answered at %s, so its keys are not known", host)
}

// sshFolder makes ~dokku/.ssh, which nobody else may read.
func (s *service) sshFolder() error {
	return s.host.Store.MkdirAll(s.host.Store.RootPath(".ssh"), 0o700)
}

// publicKeyPath is the public half of the deploy key, "" when there is none.
func (s *service) publicKeyPath() string {
	for _, key := range deployKeys {
		path := s.host.Store.RootPath(".ssh", key+".pub")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// generateDeployKey makes the key with which private repositories are read.
func (s *service) generateDeployKey(ctx context.Context, c *command.Call, _ struct{}) error {
	if s.publicKeyPath() != "" {
		c.Out.Headers().Exclaim("A deploy key already exists for this host")
		return nil
	}
	if err := s.sshFolder(); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("cannot find this machine's name: %w", err)
	}
	text, err := output(ctx, s.runner().command(ctx, s.host.Store.Root(), nil,
		"ssh-keygen", "-t", "ed25519", "-C", "dokku@"+host, "-N", "", "-f", s.host.Store.RootPath(".ssh", deployKeys[0])))
	if err != nil {
		return command.Fail("Cannot make the deploy key: %w", err)
	}
	c.Out.Line("%s", text)
	return nil
}

func (s *service) publicKey(_ context.Context, c *command.Call, _ struct{}) error {
	path := s.publicKeyPath()
	if path == "" {
		return command.Fail("There is no deploy key associated with the dokku user.\n" +
			"Generate an ssh key with the following command:\n" +
			"  dokku git:generate-deploy-key\n" +
			"As an alternative, configure the netrc authentication via the git:auth command")
	}
	text, err := s.host.Store.ReadFile(path)
	if err != nil {
		return err
	}
	c.Out.Line("%s", strings.TrimSpace(text))
	return nil
}
