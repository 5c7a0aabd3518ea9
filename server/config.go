package server

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// Config is how one installation runs. Load reads it from the environment.
type Config struct {
	Root       string // DOKKU_ROOT
	Lib        string // DOKKU_LIB_ROOT
	Socket     string // SLIPWAY_SOCKET: unix socket of the control plane
	Listen     string // SLIPWAY_LISTEN: address that TCP ports are bound to; "" = all
	SSHPort    int    // SLIPWAY_SSH_PORT; 0 = no SSH over TCP
	HTTPPort   int    // SLIPWAY_HTTP_PORT: where port 80 is bound
	HTTPSPort  int    // SLIPWAY_HTTPS_PORT: where port 443 is bound
	Instance   string // SLIPWAY_INSTANCE: keeps several installations on one engine apart
	SystemUser string // DOKKU_SYSTEM_USER: who owns the state and runs hooks, when we are root and it exists
	Container  bool   // SLIPWAY_CONTAINER: we run in a container, where both state folders must be mounted
	TakeOver   bool   // slipwayd proxy --take-over: replace a proxy that runs
	NoPlugins  bool   // slipwayd serve --no-plugins: leave plugins of others out
	BinDir     string // where our own binaries are
	Version    string
}

// Load reads the configuration from the environment, by getenv.
func Load(getenv func(string) string, version string) (Config, error) {
	or := func(name, def string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return def
	}
	c := Config{
		Root: or("DOKKU_ROOT", "/home/dokku"), Lib: or("DOKKU_LIB_ROOT", "/var/lib/dokku"), Listen: getenv("SLIPWAY_LISTEN"),
		Instance: getenv("SLIPWAY_INSTANCE"), SystemUser: or("DOKKU_SYSTEM_USER", "dokku"), Version: version,
		Container: getenv("SLIPWAY_CONTAINER") != "",
	}
	c.Socket = or("SLIPWAY_SOCKET", filepath.Join(c.Lib, "run", "slipwayd.sock"))
	for _, port := range []struct {
		name, def string
		into      *int
	}{
		{"SLIPWAY_SSH_PORT", "0", &c.SSHPort}, {"SLIPWAY_HTTP_PORT", "80", &c.HTTPPort}, {"SLIPWAY_HTTPS_PORT", "443", &c.HTTPSPort},
	} {
		n, err := strconv.Atoi(or(port.name, port.def))
		if err != nil || n < 0 || n > 65535 {
			return c, fmt.Errorf("%s is not a port: %q", port.name, getenv(port.name))
		}
		*port.into = n
	}
	self, err := os.Executable()
	if err != nil {
		return c, fmt.Errorf("cannot find our own binary: %w", err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return c, fmt.Errorf("cannot find our own binary: %w", err)
	}
	c.BinDir = filepath.Dir(self)
	for _, path := range []*string{&c.Root, &c.Lib, &c.Socket} {
		if *path, err = filepath.Abs(*path); err != nil {
			return c, fmt.Errorf("cannot resolve %s: %w", *path, err)
		}
	}
	return c, nil
}

// sshAddr is the address of SSH over TCP, "" for none.
func (c Config) sshAddr() string {
	if c.SSHPort == 0 {
		return ""
	}
	return net.JoinHostPort(c.Listen, strconv.Itoa(c.SSHPort))
}

// publicPort is where users reach port 80 or 443 of an app.
func (c Config) publicPort(port int) int {
	switch port {
	case 80:
		return c.HTTPPort
	case 443:
		return c.HTTPSPort
	}
	return port
}

// systemUser is the account that owns the state and runs hooks: nil when we
// are not root or there is no such account, as in the demo.
func (c Config) systemUser() (*user.User, error) {
	if os.Geteuid() != 0 || c.Instance != "" {
		return nil, nil
	}
	u, err := user.Lookup(c.SystemUser)
	if _, unknown := err.(user.UnknownUserError); unknown { //nolint:errorlint // os/user returns it bare
		return nil, nil
	}
	return u, err
}
