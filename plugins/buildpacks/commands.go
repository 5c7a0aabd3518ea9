package buildpacks

import (
	"context"
	"slices"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type addArgs struct {
	Index     int    `flag:"index" help:"the place in the list, from 1"`
	App       string `arg:"app"`
	Buildpack string `arg:"buildpack,optional"`
}

func (b *buildpacks) add(_ context.Context, _ *command.Call, in addArgs) error {
	url, err := ParseURL(in.Buildpack)
	if err != nil {
		return err
	}
	if err := checkIndex(in.Index); err != nil {
		return err
	}
	return b.edit(in.App, func(all []string) ([]string, error) {
		if in.Index == 0 || in.Index > len(all) {
			return append(all, string(url)), nil
		}
		return slices.Insert(all, in.Index-1, string(url)), nil
	})
}

func checkIndex(index int) error {
	if index < 0 {
		return command.BadInput("Invalid index %d: the first buildpack has index 1", index)
	}
	return nil
}

type setArgs struct {
	Index      int      `flag:"index" help:"the place in the list, from 1"`
	Replace    bool     `flag:"replace" help:"replace the entire ordered buildpack list"`
	App        string   `arg:"app"`
	Buildpacks []string `arg:"buildpack,optional"`
}

func (b *buildpacks) set(_ context.Context, _ *command.Call, in setArgs) error {
	switch {
	case in.Replace && in.Index != 0:
		return command.BadInput("The --index flag cannot be used with --replace")
	case in.Replace && len(in.Buildpacks) == 0:
		return command.BadInput("Must specify at least one buildpack, use buildpacks:clear to remove all buildpacks")
	case !in.Replace && len(in.Buildpacks) > 1:
		return command.BadInput("Setting multiple buildpacks requires the --replace flag")
	case len(in.Buildpacks) == 0:
		return command.BadInput("Must specify a buildpack")
	}
	if err := checkIndex(in.Index); err != nil {
		return err
	}
	var urls []string
	for _, text := range in.Buildpacks {
		url, err := ParseURL(text)
		if err != nil {
			return err
		}
		urls = append(urls, string(url))
	}
	return b.edit(in.App, func(all []string) ([]string, error) {
		at := max(in.Index-1, 0)
		switch {
		case in.Replace:
			return urls, nil
		case at >= len(all):
			return append(all, urls[0]), nil
		}
		all[at] = urls[0]
		return all, nil
	})
}

func (b *buildpacks) remove(_ context.Context, c *command.Call, in addArgs) error {
	switch {
	case in.Index != 0 && in.Buildpack != "":
		return command.BadInput("Please choose either index or Buildpack, but not both")
	case in.Index == 0 && in.Buildpack == "":
		return command.BadInput("Must specify a buildpack to remove, either by index or URL")
	}
	wanted := in.Buildpack
	if in.Index == 0 {
		url, err := ParseURL(in.Buildpack)
		if err != nil {
			return err
		}
		wanted = string(url)
	}
	return b.edit(in.App, func(all []string) ([]string, error) {
		switch {
		case len(all) == 0:
			return nil, command.Fail("No buildpacks were found, next release on %s will detect buildpack normally", in.App)
		case in.Index < 0 || in.Index > len(all):
			return nil, command.Fail("Index not found")
		case in.Index > 0:
			wanted = all[in.Index-1]
		case !slices.Contains(all, wanted):
			return nil, command.Fail("Value not found")
		}
		c.Out.Headers().Step("Removing %s", wanted)
		return slices.DeleteFunc(all, func(url string) bool { return url == wanted }), nil
	})
}

type appArgs struct {
	App string `arg:"app"`
}

func (b *buildpacks) clear(_ context.Context, _ *command.Call, in appArgs) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.host.Store.Unset(list, in.App)
}

func (b *buildpacks) show(_ context.Context, c *command.Call, in appArgs) error {
	all, err := b.host.Store.List(list, in.App)
	if err != nil {
		return err
	}
	c.Out.Headers().Step("%s buildpack urls", in.App)
	for _, url := range all {
		c.Out.Text("%s", url)
	}
	return nil
}

type propertyArgs struct {
	App   string `arg:"app,global"`
	Key   string `arg:"key" missing:"No property specified"`
	Value string `arg:"value,optional"`
}

func (b *buildpacks) setProperty(ctx context.Context, c *command.Call, in propertyArgs) error {
	before, err := b.host.Store.Get(stack, in.App)
	if err != nil {
		return err
	}
	setter := plugin.Setter{Feature: feature, BadKey: plugin.BadProperty, Properties: []state.Property{stack}}
	if err := setter.Set(ctx, b.host, c, in.App, in.Key, in.Value); err != nil || before == in.Value {
		return err
	}
	apps := []string{in.App}
	if in.App == state.Global {
		if apps, err = b.host.Store.Apps(); err != nil {
			return err
		}
	}
	for _, app := range apps {
		if err := b.host.Bus.Event(ctx, "post-stack-set", app, in.Value); err != nil {
			return err
		}
	}
	return nil
}
