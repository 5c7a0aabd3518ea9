package sshd

import (
	"errors"
	"net"
	"os/user"
	"regexp"
	"strconv"

	"github.com/gliderlabs/ssh"
	"golang.org/x/sys/unix"

	gossh "golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/internal/protocol"
)

// caller is who is at the other end of a connection.
type caller struct {
	actor   command.Actor
	local   bool
	uid     uint32 // of a local caller
	gid     uint32
	noPTY   bool
	refusal string // why nothing may be done, "" when it may
}

// publicKeyField is where the key that authenticated is kept in the
// connection's permissions.
const publicKeyField = "slipway-public-key"

// authenticate is called for every key that a remote client offers. Each offer
// gets permissions of its own: crypto/ssh keeps those of the key whose
// signature was good, whatever was offered before or after it.
func (s *Server) authenticate(ctx ssh.Context, key ssh.PublicKey) bool {
	wire := key.Marshal()
	ctx.SetValue(ssh.ContextKeyPermissions, &ssh.Permissions{Permissions: &gossh.Permissions{
		Extensions: map[string]string{publicKeyField: string(wire)},
	}})
	if u := ctx.User(); u != "dokku" && u != "git" {
		return false
	}
	_, ok := s.keys.find(wire, address(ctx.RemoteAddr()))
	return ok
}

// loginFailed is called for every remote connection without a login, also when
// the client only asked for the host key and went away.
func (s *Server) loginFailed(conn net.Conn, err error) {
	var auth *gossh.ServerAuthError
	if !errors.As(err, &auth) || len(auth.Errors) == 0 {
		s.cfg.Log.Debug("SSH connection without login", "addr", conn.RemoteAddr().String(), "error", err)
		return
	}
	s.failed.Add(1)
	closed := s.limits.failedLogin(conn.RemoteAddr())
	s.cfg.Log.Warn("SSH login failed", "addr", conn.RemoteAddr().String(), "blocked", closed, "total", s.failed.Load())
}

// remoteCaller looks the key up again, so that a removed key ends the rights
// of connections that are still open.
func (s *Server) remoteCaller(conn *gossh.ServerConn, _ ssh.Context) caller {
	key, ok := allowedKey{}, false
	if conn.Permissions != nil {
		key, ok = s.keys.find([]byte(conn.Permissions.Extensions[publicKeyField]), address(conn.RemoteAddr()))
	}
	if !ok {
		return caller{refusal: "This SSH key may no longer be used"}
	}
	return caller{
		actor: command.Actor{User: protocol.User, KeyName: key.name, Fingerprint: key.fingerprint, Remote: conn.RemoteAddr().String()},
		noPTY: key.limits.NoPTY,
	}
}

// localCaller goes by the uid that the kernel vouches for.
func (s *Server) localCaller(_ *gossh.ServerConn, ctx ssh.Context) caller {
	cred, err := peer(ctx.Value(handshakeKey{}).(*handshake).Conn)
	if err != nil {
		s.cfg.Log.Error("cannot tell who connected to the socket", "error", err)
		return caller{refusal: "Slipway cannot tell which user this is"}
	}
	c := caller{local: true, uid: cred.Uid, gid: cred.Gid, actor: command.Actor{User: userName(cred.Uid)}}
	c.actor.Root = cred.Uid == 0 || cred.Uid == s.uid
	if !s.known(cred.Uid) {
		c.refusal = "The user " + c.actor.User + " may not use Slipway. Run the command as root or as dokku, for instance with sudo."
	}
	return c
}

// known tells whether commands are taken from a local user at all.
func (s *Server) known(uid uint32) bool {
	return uid == 0 || uid == s.uid || (s.cfg.SystemUser != nil && uid == s.cfg.SystemUser.UID)
}

// asKey applies what a local caller says about itself: behind the host's own
// sshd, and in what a remote key's command started, it acts as that key and
// never as root. Who is not root is known to plugins by the name of who began,
// as with Dokku: plugins/common/functions, dokku_auth.
func (c caller) asKey(env map[string]string) caller {
	if !c.local {
		return c
	}
	if name, fingerprint := env[protocol.KeyName], env[protocol.Fingerprint]; name != "" && fingerprint != "" {
		c.actor.KeyName, c.actor.Fingerprint, c.actor.Root = name, fingerprint, false
	}
	if user := env[protocol.SSHUser]; !c.actor.Root && userNames.MatchString(user) {
		c.actor.User = user
	}
	return c
}

// userNames are those of system users. Source: useradd(8).
var userNames = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)

func peer(conn net.Conn) (*unix.Ucred, error) {
	if with, ok := conn.(*withStdin); ok {
		conn = with.UnixConn
	}
	uc, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.New("not a unix socket")
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return nil, err
	}
	var cred *unix.Ucred
	if ctlErr := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); ctlErr != nil {
		return nil, ctlErr
	}
	return cred, err
}

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
