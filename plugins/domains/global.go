package domains

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// A change of the global domains reaches new apps only, and others at
// domains:reset.

type addGlobalArgs struct {
	Domains []Host `arg:"domain" missing:"Please specify a domain name. Usage: dokku domains:add-global <domain> [<domain> ...]"`
}

func (d domains) addGlobal(_ context.Context, c *command.Call, in addGlobalArgs) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	global, err := d.global()
	if err != nil {
		return err
	}
	for _, host := range names(in.Domains) {
		if slices.Contains(global, host) {
			c.Out.Step("Skipping %s: already added", host)
			continue
		}
		global = append(global, host)
		c.Out.Step("Added %s", host)
	}
	return d.writeGlobal(global)
}

type removeGlobalArgs struct {
	Domains []string `arg:"domain" missing:"Please specify a domain name. Usage: dokku domains:remove-global <domain> [<domain> ...]"`
}

func (d domains) removeGlobal(_ context.Context, c *command.Call, in removeGlobalArgs) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	global, err := d.global()
	if err != nil {
		return err
	}
	if err := d.writeGlobal(without(global, in.Domains)); err != nil {
		return err
	}
	for _, host := range in.Domains {
		c.Out.Step("Removed %s", host)
	}
	return nil
}

type setGlobalArgs struct {
	Domains []Host `arg:"domain" missing:"Please specify a domain name. Usage: dokku domains:set-global <domain> [<domain> ...]"`
}

func (d domains) setGlobal(_ context.Context, c *command.Call, in setGlobalArgs) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	hosts := names(in.Domains)
	if err := d.writeGlobal(hosts); err != nil {
		return err
	}
	c.Out.Step("Set %s", strings.Join(hosts, " "))
	return nil
}

func (d domains) clearGlobal(_ context.Context, c *command.Call, _ struct{}) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	c.Out.Headers().Step("Clearing global domains")
	return d.writeGlobal(nil)
}
