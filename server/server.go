// Package server starts and stops the parts of Slipway: the control plane
// (Serve), the data plane (Proxy), and both under a supervisor (Up).
//
//	cfg, err := server.Load(os.Getenv, version)
//	err = server.Serve(ctx, cfg, plugins.All, log) // until ctx ends
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/internal/atomicfile"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/client"
	"github.com/slipwayhq/slipway/server/sshd"
	"github.com/slipwayhq/slipway/state"
	"github.com/slipwayhq/slipway/trigger"
)

// Plugins makes the features and the flow that they share; plugins.All.
type Plugins func(h *plugin.Host, provider proxy.Provider, clientBinary string) (*deploy.Flow, []plugin.Plugin)

// shutdownGrace is how long commands under way get to end when the control
// plane stops. A deploy cut off then is undone at the next start.
const shutdownGrace = 10 * time.Second

// controlPlane is the whole control plane.
type controlPlane struct {
	cfg   Config
	log   *slog.Logger
	host  *plugin.Host
	flow  *deploy.Flow
	table *command.Table
	ssh   *sshd.Server
	tree  *tree                             // of core-plugins
	serve []func(ctx context.Context) error // of features
}

// Serve runs the control plane until ctx ends. It returns nil after an orderly
// stop.
func Serve(ctx context.Context, cfg Config, all Plugins, log *slog.Logger) error {
	if err := requireMounts(cfg); err != nil {
		return err
	}
	release, err := takeOver(cfg)
	if err != nil {
		return err
	}
	defer release()
	cp, err := newControlPlane(ctx, cfg, all, log)
	if err != nil {
		return err
	}
	return cp.run(ctx)
}

func newControlPlane(ctx context.Context, cfg Config, all Plugins, log *slog.Logger) (*controlPlane, error) {
	engine, err := docker.Connect(ctx, "")
	if err != nil {
		return nil, err
	}
	engine.UseConfig(filepath.Join(cfg.Root, ".docker")) // as for Dokku's own user
	return assemble(cfg, engine, engine.Host(), all, log)
}

// assemble makes the control plane over a Docker engine, which is reached at dockerHost. Nothing of it runs yet.
func assemble(cfg Config, engine docker.Engine, dockerHost string, all Plugins, log *slog.Logger) (*controlPlane, error) {
	account, err := cfg.systemUser()
	if err != nil {
		return nil, fmt.Errorf("cannot look up the system user: %w", err)
	}
	var owner *atomicfile.Owner
	var credential *plugin.Credential
	if account != nil {
		uid, _ := strconv.Atoi(account.Uid)
		gid, _ := strconv.Atoi(account.Gid)
		owner, credential = &atomicfile.Owner{UID: uid, GID: gid}, &plugin.Credential{UID: uint32(uid), GID: uint32(gid)}
		if credential.Groups, err = groups(account, dockerHost); err != nil {
			return nil, err
		}
	}
	store, err := state.Open(state.Config{Root: cfg.Root, Lib: cfg.Lib, Owner: owner})
	if err != nil {
		return nil, err
	}
	if err := upgrade(store, cfg.Version); err != nil {
		return nil, err
	}
	if err := writeSSHCommand(store, cfg); err != nil {
		return nil, err
	}
	host := &plugin.Host{
		Store: store, Docker: engine, CLI: docker.CLI{}, Names: docker.Names{Instance: cfg.Instance}, Log: log,
		Exec: plugin.Exec{Env: cfg.childEnv(), User: credential, More: store.Dokkurc}, PublicPort: cfg.publicPort, Version: cfg.Version,
		Client:    filepath.Join(cfg.BinDir, "slipway"),
		NoPlugins: cfg.NoPlugins,
	}
	if account != nil {
		host.Crontab = filepath.Join("/var/spool/cron/crontabs", account.Username)
	}
	external := plugin.NewExternal(host)
	host.Bus = trigger.NewBus(external)
	provider := client.New(client.Config{Routes: store.LibPath("data", "proxy", "routes"), Socket: store.LibPath("run", "proxy.sock")})
	flow, features := all(host, provider, filepath.Join(cfg.BinDir, "slipway"))
	if err := host.Register(features...); err != nil {
		return nil, err
	}
	table, err := makeTable(host, external, features, cfg)
	if err != nil {
		return nil, err
	}
	programs, err := plugin.Programs(host, table, features...)
	if err != nil {
		return nil, err
	}
	ssh, err := sshd.New(sshd.Config{
		Table: table, Programs: programs, Log: log, KeysFile: store.RootPath(".ssh", "authorized_keys"), HostKeyDir: store.LibPath("data", "ssh"), SystemUser: credential,
	})
	if err != nil {
		return nil, err
	}
	cp := &controlPlane{cfg: cfg, log: log, host: host, flow: flow, table: table, ssh: ssh}
	cp.tree = coreTree(host, features, filepath.Join(cfg.BinDir, "slipway"))
	// Also when slipway migrate has made the machine ours.
	host.Bus.Handle(trigger.Handler{Plugin: "core-plugins", Trigger: "slipway-start", Run: func(context.Context, *trigger.Call) error { return cp.writeTree() }})
	for _, f := range features {
		if f.Serve != nil {
			cp.serve = append(cp.serve, f.Serve)
		}
	}
	return cp, nil
}

// makeTable is the command table of all features.
func makeTable(h *plugin.Host, external *plugin.External, all []plugin.Plugin, cfg Config) (*command.Table, error) {
	features, commands := plugin.TableOf(all)
	var table *command.Table
	commands = append(commands, versionCommand(cfg.Version), completionCommand(func() *command.Table { return table }))
	table, err := command.NewTable(features, commands)
	if err != nil {
		return nil, err
	}
	table.AppExists, table.Visible = h.Store.AppExists, h.AppVisible
	table.Prepare = func(ctx context.Context, c *command.Call) context.Context {
		ctx = state.WithLockToken(ctx, c.Env[state.LockEnv])
		return trigger.WithCall(plugin.AskedOnce(ctx), c)
	}
	table.Authorize = userAuth(h)
	owners := map[*command.Command]string{}
	for _, p := range all {
		for _, cmd := range p.Commands {
			owners[cmd] = p.Name
		}
	}
	table.Replaced = func(cmd *command.Command) bool { return owners[cmd] != "" && external.Replaces(owners[cmd]) }
	table.Ended = plugin.Refused
	table.Fallback = external.Run
	table.FallbackHelp = external.Help
	h.Dispatch = table.Run
	return table, nil
}

// run serves until ctx ends.
func (cp *controlPlane) run(ctx context.Context) error {
	if pending := cp.takeOverEnv(ctx); !pending {
		if err := cp.writeTree(); err != nil {
			return err
		}
	}
	if err := cp.flow.Recover(ctx); err != nil {
		return err
	}
	local, err := sshd.ListenUnix(cp.cfg.Socket)
	if err != nil {
		return err
	}
	if err := cp.openSocket(); err != nil {
		return err
	}
	var remote net.Listener
	if addr := cp.cfg.sshAddr(); addr != "" {
		if remote, err = net.Listen("tcp", addr); err != nil {
			return fmt.Errorf("cannot listen for SSH on %s: %w", addr, err)
		}
	}
	cp.log.Info("the control plane is up", "version", cp.cfg.Version, "socket", cp.cfg.Socket, "ssh", cp.cfg.sshAddr(), "state", cp.cfg.Lib)

	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return ignoreClosed(cp.ssh.ServeUnix(local)) })
	if remote != nil {
		g.Go(func() error { return ignoreClosed(cp.ssh.ServeTCP(remote)) })
	}
	g.Go(func() error { return cp.flow.Reconcile(gctx) })
	g.Go(func() error { return cp.doChores(gctx) })
	for _, serve := range cp.serve {
		g.Go(func() error { return serve(gctx) })
	}
	g.Go(func() error {
		<-gctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		err := cp.ssh.Shutdown(stop)
		cp.host.External.Close()
		cp.flow.Close()
		return err
	})
	err = g.Wait()
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}

// openSocket lets the system user's group connect.
func (cp *controlPlane) openSocket() error {
	if owner := cp.host.Store.Owner(); owner != nil {
		if err := os.Chown(cp.cfg.Socket, -1, owner.GID); err != nil {
			return fmt.Errorf("cannot hand the socket to the group of %s: %w", cp.cfg.SystemUser, err)
		}
	}
	if err := os.Chmod(cp.cfg.Socket, 0o660); err != nil {
		return fmt.Errorf("cannot open the socket: %w", err)
	}
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, sshd.ErrClosed) {
		return nil
	}
	return err
}
