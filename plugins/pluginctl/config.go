package pluginctl

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

type configArgs struct {
	Format string   `flag:"format" default:"stdout"`
	Name   string   `arg:"name" missing:"Please specify a plugin"`
	Verb   string   `arg:"verb,optional"`
	Rest   []string `arg:"key,optional"`
}

// config shows and changes what a plugin's metadata lets be configured.
func (p *plugins) config(_ context.Context, c *command.Call, in configArgs) error {
	installed, err := p.thirdParty(in.Name)
	if err != nil {
		return err
	}
	if in.Format != "stdout" && in.Format != "json" {
		return command.BadInput("Invalid output format specified, supported formats: json, stdout")
	}
	if len(in.Rest) == 0 && in.Verb != "" {
		return command.BadInput("Please specify a key. Usage: dokku plugin:config %s get KEY, set KEY=VALUE or unset KEY", in.Name)
	}
	switch in.Verb {
	case "":
		return p.showConfig(c, installed, in.Format)
	case "get":
		return p.getConfig(c, installed, in.Rest)
	case "set":
		set := map[string]string{}
		for _, pair := range in.Rest {
			key, value, ok := strings.Cut(pair, "=")
			switch {
			case !ok:
				return command.BadInput("%q has no value. Usage: dokku plugin:config %s set KEY=VALUE", pair, in.Name)
			case value == "":
				return command.BadInput("The value of %s is empty. To have none: dokku plugin:config %s unset %s", key, in.Name, key)
			}
			set[key] = value
		}
		if err := p.host.SetPluginConfig(installed, set, nil); err != nil {
			return err
		}
		c.Out.Headers().Step("Set config of plugin %s", in.Name)
	case "unset":
		if err := p.host.SetPluginConfig(installed, nil, in.Rest); err != nil {
			return err
		}
		c.Out.Headers().Step("Unset config of plugin %s", in.Name)
	default:
		return command.BadInput("%q is none of get, set and unset. Usage: dokku plugin:config %s [get KEY|set KEY=VALUE|unset KEY]", in.Verb, in.Name)
	}
	return nil
}

// thirdParty is an installed plugin that is not compiled in.
func (p *plugins) thirdParty(name string) (plugin.Installed, error) {
	if _, err := ParseName(name); err != nil {
		return plugin.Installed{}, command.BadInput("%w", err)
	}
	if i, ok := p.host.OnDisk(name); ok {
		return i, nil
	}
	if p.host.Compiled(name) {
		return plugin.Installed{}, command.BadInput("%s is a feature of Slipway, and no plugin of others. Its settings: dokku %s:help", name, name)
	}
	return plugin.Installed{}, command.Fail("Plugin (%s) is not currently installed", name)
}

// configured is one key in JSON.
type configured struct {
	Key     string   `json:"key"`
	Value   string   `json:"value"`
	Source  string   `json:"source"`
	Type    string   `json:"type"`
	Default string   `json:"default"`
	Values  []string `json:"values,omitempty"`
	Secret  bool     `json:"secret"`
	Help    string   `json:"help"`
}

func (p *plugins) showConfig(c *command.Call, i plugin.Installed, format string) error {
	values, err := p.host.PluginConfig(i)
	if err != nil {
		return err
	}
	if format == "json" {
		list := make([]configured, 0, len(values))
		for _, v := range values {
			list = append(list, configured{
				Key: v.Key.Name, Value: v.Key.Shown(v.Value), Source: v.Source, Type: string(v.Key.Type),
				Default: v.Key.Shown(v.Key.Default), Values: v.Key.Values, Secret: v.Key.Secret, Help: v.Key.Help,
			})
		}
		return c.Out.JSON(list)
	}
	c.Out.Headers().Title("%s plugin config", i.Name)
	width := 0
	for _, v := range values {
		width = max(width, len(v.Key.Name))
	}
	for _, v := range values {
		line := v.Key.Name + ":" + strings.Repeat(" ", width-len(v.Key.Name)+2) + v.Key.Shown(v.Value)
		if v.Source != "" {
			line += " (" + v.Source + ")"
		}
		c.Out.Text("%s", line)
	}
	return nil
}

// getConfig prints values as they are, secrets too: who may call it asked for them.
func (p *plugins) getConfig(c *command.Call, i plugin.Installed, keys []string) error {
	values, err := p.host.PluginConfig(i)
	if err != nil {
		return err
	}
	for _, key := range keys {
		n := slices.IndexFunc(values, func(v plugin.ConfigValue) bool { return v.Key.Name == key })
		if n < 0 {
			return command.BadInput("The plugin %s has no config key %s. See dokku plugin:config %s", i.Name, key, i.Name)
		}
		c.Out.Line("%s", values[n].Value)
	}
	return nil
}

type setArgs struct {
	Name     string `arg:"name,global" missing:"Please specify a plugin or --global"`
	Property string `arg:"property" missing:"No property specified"`
	Value    string `arg:"value,optional"`
}

// set changes a property of one plugin or of all.
func (p *plugins) set(_ context.Context, c *command.Call, in setArgs) error {
	property, err := p.property(in.Name, in.Property)
	if err != nil {
		return err
	}
	if in.Value == "" {
		c.Out.Headers().Title("Unsetting %s", in.Property)
		return p.host.Store.Unset(property, state.Global)
	}
	if err := property.Validate(in.Value); err != nil {
		return command.BadInput("%w", err)
	}
	c.Out.Headers().Title("Setting %s to %s", in.Property, in.Value)
	return p.host.Store.Set(property, state.Global, in.Value)
}

type traceArgs struct {
	Switch string `arg:"switch" missing:"Please say on or off"`
}

// trace switches the showing of hooks.
func (p *plugins) trace(_ context.Context, c *command.Call, in traceArgs) error {
	if in.Switch != "on" && in.Switch != "off" {
		return command.BadInput("%q is neither on nor off", in.Switch)
	}
	c.Out.Headers().Title("Setting trace to %s", in.Switch)
	return p.host.Store.Set(plugin.Trace, state.Global, in.Switch)
}

// property is the one of all plugins (name is --global), or of one.
func (p *plugins) property(name, property string) (state.Property, error) {
	all := []state.Property{plugin.HookTimeout, indexKey, indexURL}
	n := slices.IndexFunc(all, func(one state.Property) bool { return one.Name == property })
	switch {
	case n < 0:
		return state.Property{}, command.BadInput("Invalid property specified, valid properties include: %s, %s, %s", all[0].Name, all[1].Name, all[2].Name)
	case name == state.Global:
		return all[n], nil
	}
	i, err := p.thirdParty(name)
	if err == nil && property != plugin.HookTimeout.Name {
		err = command.BadInput("The property %s is not one plugin's: dokku plugin:set --global %s", property, property)
	}
	return plugin.HookTimeoutOf(i.Name), err
}
