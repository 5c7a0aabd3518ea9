// Package sshd is the SSH front end: one server for the local client over a
// unix socket and for ssh and git over TCP.
//
//	srv, err := sshd.New(sshd.Config{Table: table, Log: log, KeysFile: …, HostKeyDir: …})
//	local, err := sshd.ListenUnix(socket)
//	go srv.ServeUnix(local)
//	go srv.ServeTCP(listener)
//	…
//	err = srv.Shutdown(ctx)
//
// Over the unix socket the uid of the peer is the identity: root, and whoever
// runs the daemon, may do what needs root; the system user may not; others may
// nothing. Over TCP it is the public key, which must stand in authorized_keys
// in Dokku's form. There is no shell, no forwarding, no agent, no sftp: every
// session runs one command of the table.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
)

const (
	handshakeTimeout = 30 * time.Second
	maxSessions      = 10 // at a time on one connection, as sshd has it
	// closeGrace is how long Shutdown waits for handlers whose context it
	// cancelled.
	closeGrace = 5 * time.Second
)

// version is how the server calls itself. The stock client only tells a server
// whose name begins with OpenSSH that nobody reads a command's output any more,
// as in `ssh dokku@host logs app -t | head`; without that both would wait for
// ever. Source: OpenSSH's compat.c and PROTOCOL, eow@openssh.com.
const version = "OpenSSH_compatible_Slipway"

// ErrClosed is returned by the Serve functions after Shutdown.
var ErrClosed = errors.New("the SSH server is closed")

// Config is what a Server needs; all fields but SystemUser and Programs are required.
type Config struct {
	Table *command.Table
	// Programs is the table for local callers whose client is called by the name of a program of scripts (protocol.IsProgram).
	// Nil: there are none.
	Programs *command.Table
	Log      *slog.Logger
	// KeysFile is authorized_keys; it is read again whenever it changes.
	KeysFile string
	// HostKeyDir keeps the host key, which is made once.
	HostKeyDir string
	// SystemUser is the dokku user: whose processes may connect without being
	// root, and with whose rights remote callers open files. Nil: there is
	// none, and remote callers open no files.
	SystemUser *plugin.Credential
}

// Server serves commands over SSH. Make it with New.
type Server struct {
	cfg           Config
	uid           uint32 // our own
	keys          *keyring
	limits        *limiter
	local, remote *ssh.Server
	base          context.Context //nolint:containedctx // of all commands, as in http.Server.BaseContext
	cancel        context.CancelFunc
	failed        atomic.Uint64

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]struct{}
	loops     sync.WaitGroup // connections and sessions
	commands  sync.WaitGroup // that run
}

// New reads or makes the host key and returns a Server that listens nowhere
// yet.
func New(cfg Config) (*Server, error) {
	hostKey, err := hostKey(cfg.HostKeyDir)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, uid: uint32(os.Getuid()), keys: newKeyring(cfg.KeysFile, cfg.Log), limits: newLimiter(time.Now),
		listeners: map[net.Listener]struct{}{}, conns: map[net.Conn]struct{}{},
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.local = s.sshServer(hostKey, s.localCaller)
	s.remote = s.sshServer(hostKey, s.remoteCaller)
	s.remote.PublicKeyHandler = s.authenticate
	s.remote.ConnectionFailedCallback = s.loginFailed
	return s, nil
}

// identify says who is at the other end of an authenticated connection.
type identify func(conn *gossh.ServerConn, ctx ssh.Context) caller

// sshServer has no client authentication until a PublicKeyHandler is set.
// Sessions are our own: those of gliderlabs/ssh rewrite line ends under a
// terminal, grant agents, and name the last key offered.
func (s *Server) sshServer(hostKey gossh.Signer, who identify) *ssh.Server {
	return &ssh.Server{
		Version:     version,
		HostSigners: []ssh.Signer{hostKey},
		ChannelHandlers: map[string]ssh.ChannelHandler{
			"session": func(_ *ssh.Server, conn *gossh.ServerConn, nc gossh.NewChannel, ctx ssh.Context) {
				s.handleSession(conn, nc, ctx, who)
			},
		},
		RequestHandlers: map[string]ssh.RequestHandler{},
		ConnCallback: func(ctx ssh.Context, conn net.Conn) net.Conn {
			ctx.SetValue(handshakeKey{}, conn.(*handshake))
			return conn
		},
		ServerConfigCallback: func(ctx ssh.Context) *gossh.ServerConfig {
			return &gossh.ServerConfig{
				PublicKeyAuthAlgorithms: gossh.SupportedAlgorithms().PublicKeyAuths, // the default has SHA-1
				AuthLogCallback: func(_ gossh.ConnMetadata, _ string, err error) {
					if err == nil {
						ctx.Value(handshakeKey{}).(*handshake).loggedIn()
					}
				},
			}
		},
	}
}

// handshake is a connection; over is called when it is authenticated or gone.
type handshake struct {
	net.Conn
	over func()
	open atomic.Int32 // sessions
}

func (h *handshake) loggedIn() {
	if p, ok := h.Conn.(*promptConn); ok {
		p.loggedIn.Store(true)
	}
	h.over()
}

type handshakeKey struct{}

// ServeUnix serves a listener of ListenUnix until Shutdown, then returns
// ErrClosed.
func (s *Server) ServeUnix(l *net.UnixListener) error {
	return s.serve(l, s.local, s.localGate())
}

// ServeTCP serves remote callers until Shutdown, then returns ErrClosed.
// Addresses with too many failed logins are turned away for a while.
func (s *Server) ServeTCP(l net.Listener) error {
	return s.serve(l, s.remote, s.remoteGate())
}

func (s *Server) serve(l net.Listener, srv *ssh.Server, enter gate) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		l.Close()
		return ErrClosed
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	for {
		conn, err := l.Accept()
		if err != nil {
			if s.isClosed() {
				return ErrClosed
			}
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			s.cfg.Log.Error("cannot accept an SSH connection", "error", err)
			select { // such as too many open files: not to be hurried
			case <-time.After(100 * time.Millisecond):
			case <-s.base.Done():
			}
			continue
		}
		if leave, ok := enter(conn); ok {
			s.handle(srv, conn, leave)
		} else {
			conn.Close()
		}
	}
}

// handle serves one connection on its own goroutine, which Shutdown waits for.
func (s *Server) handle(srv *ssh.Server, conn net.Conn, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		leave()
		conn.Close()
		return
	}
	s.conns[conn] = struct{}{}
	timer := time.AfterFunc(handshakeTimeout, func() { conn.Close() })
	over := sync.OnceFunc(func() {
		timer.Stop()
		leave()
	})
	s.loops.Go(func() {
		defer func() {
			over()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		}()
		conn := receivingStdin(promptly(conn))
		defer conn.Close() // and the descriptor that came with it
		srv.HandleConn(&handshake{Conn: conn, over: over})
	})
}

// count adds one to a group that Shutdown waits for; false after it began.
func (s *Server) count(group *sync.WaitGroup) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	group.Add(1)
	return true
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// FailedLogins is the number of connections that ended without a login.
func (s *Server) FailedLogins() uint64 { return s.failed.Load() }

// Shutdown stops listening and waits for the commands that run. When ctx ends
// it cancels them, gives them a few seconds, and closes all connections. The
// error is ctx's when commands had to be cancelled.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for l := range s.listeners {
		l.Close()
	}
	s.mu.Unlock()
	idle := make(chan struct{})
	go func() { // ends with the last command
		s.commands.Wait()
		close(idle)
	}()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = fmt.Errorf("commands still ran over SSH: %w", ctx.Err())
	}
	s.cancel()
	select {
	case <-idle:
	case <-time.After(closeGrace):
		s.cfg.Log.Error("a command does not end after its cancellation")
	}
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.loops.Wait()
	return err
}
