package certs

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/command"
)

// Messages of Dokku. Source: plugins/certs/internal-functions, subcommands/.
const (
	bothNeeded = "Both CRT and KEY file paths are required"
	noCRT      = "CRT file specified not found, please check file paths"
	noKEY      = "KEY file specified not found, please check file paths"
	noTar      = "Tar archive containing server.crt and server.key expected on stdin"
	notDefined = "An app-specific SSL endpoint is not defined"
)

type addArgs struct {
	App string `arg:"app"`
	CRT string `arg:"crt,optional"`
	KEY string `arg:"key,optional"`
}

func (c *certs) add(ctx context.Context, call *command.Call, in addArgs) error {
	pair, err := given(ctx, call, in)
	if err != nil {
		return err
	}
	return c.set(ctx, call.Out, in.App, pair)
}

// given reads the pair from the caller's files, or from a tar in a pipe.
func given(ctx context.Context, call *command.Call, in addArgs) (Pair, error) {
	switch {
	case in.CRT != "" && in.KEY != "":
		return fromFiles(ctx, call.Files, in.CRT, in.KEY)
	case in.CRT != "":
		return Pair{}, command.BadInput(bothNeeded)
	case call.TTY != nil || call.In == nil:
		return Pair{}, command.BadInput(noTar)
	}
	certificate, key, err := ReadBundle(call.In)
	if err != nil {
		return Pair{}, command.BadInput("%w", err)
	}
	return parse(certificate, key)
}

// fromFiles reads a pair with the rights of the caller.
func fromFiles(ctx context.Context, files command.Files, crt, key string) (Pair, error) {
	var texts [2][]byte
	for i, name := range []string{crt, key} {
		f, err := files.Open(ctx, name)
		if err != nil {
			return Pair{}, command.BadInput("%s\n%w", []string{noCRT, noKEY}[i], err)
		}
		texts[i], err = readBounded(f, name)
		f.Close()
		if err != nil {
			return Pair{}, command.BadInput("%w", err)
		}
	}
	return parse(texts[0], texts[1])
}

func parse(certificate, key []byte) (Pair, error) {
	p, err := ParsePair(certificate, key)
	if err != nil {
		return p, command.BadInput("%w", err)
	}
	return p, nil
}

// set gives an app a certificate and tells the others.
func (c *certs) set(ctx context.Context, out *command.Output, app string, p Pair) error {
	if expired := p.leaf.NotAfter; expired.Before(c.now()) {
		out.Warn("The certificate expired on %s: browsers will refuse it", expired.UTC().Format(time.DateOnly))
	}
	if err := c.write(app, p, nil); err != nil {
		return err
	}
	return c.changed(ctx, app, "post-certs-update")
}

// changed tells what happened; the proxy takes it over in answer.
func (c *certs) changed(ctx context.Context, app, trigger string) error {
	if err := c.h.Bus.Event(ctx, trigger, app); err != nil {
		return err
	}
	return c.h.Bus.Event(ctx, "post-domains-update", app)
}

type appArgs struct {
	App string `arg:"app"`
}

func (c *certs) remove(ctx context.Context, call *command.Call, in appArgs) error {
	return c.removeFrom(ctx, call.Out, in.App)
}

// removeFrom takes an app's certificate away.
func (c *certs) removeFrom(ctx context.Context, out *command.Output, app string) error {
	if !c.defined(app) {
		return command.Fail(notDefined)
	}
	out.Step("Removing SSL endpoint from %s", app)
	if err := c.removeFiles(app); err != nil {
		return err
	}
	return c.changed(ctx, app, "post-certs-remove")
}

type showArgs struct {
	App  string `arg:"app"`
	Type string `arg:"type,optional"`
}

func (c *certs) show(_ context.Context, call *command.Call, in showArgs) error {
	if in.Type != "key" && in.Type != "crt" {
		return command.BadInput("specify either 'key' or 'crt'")
	}
	if !c.hasCertificate(in.App) {
		return command.Fail("%s doesn't have an SSL endpoint defined", in.App)
	}
	text, err := c.read(in.App, "server."+in.Type)
	if err != nil {
		return err
	}
	_, err = call.Out.Stdout().Write(text)
	return err
}
