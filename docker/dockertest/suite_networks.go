package dockertest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/docker"
)

func (s *suite) network(t *testing.T) (name string) {
	t.Helper()
	name = Name(t)
	_, err := s.Engine.NetworkCreate(t.Context(), name, map[string]string{"role": "test"})
	check(t, err)
	t.Cleanup(func() { _ = s.Engine.NetworkRemove(context.Background(), name) })
	return name
}

func (s *suite) findNetwork(t *testing.T, name string) (found docker.Network, ok bool) {
	t.Helper()
	all, err := s.Engine.NetworkList(t.Context())
	check(t, err)
	i := slices.IndexFunc(all, func(n docker.Network) bool { return n.Name == name })
	if i < 0 {
		return found, false
	}
	return all[i], true
}

func (s *suite) networks(t *testing.T) {
	ctx := t.Context()
	for name, driver := range map[string]string{"bridge": "bridge", "host": "host", "none": "null"} {
		n, ok := s.findNetwork(t, name)
		equal(t, name+" is there", ok, true)
		equal(t, name+": driver", n.Driver, driver)
		if n.Labels == nil {
			t.Error("labels are nil")
		}
	}
	name := s.network(t)
	n, ok := s.findNetwork(t, name)
	equal(t, "the new network is there", ok, true)
	equal(t, "driver", n.Driver, "bridge")
	equal(t, "scope", n.Scope, "local")
	equal(t, "label", n.Labels["role"], "test")
	equal(t, "internal", n.Internal, false)
	equal(t, "length of the ID", len(n.ID), 64)
	equal(t, "created", n.Created.IsZero(), false)
	_, err := s.Engine.NetworkCreate(ctx, name, nil)
	isKind(t, err, docker.ErrConflict)
	if err == nil || !strings.Contains(err.Error(), "network with name "+name+" already exists") {
		t.Errorf("the error is %v", err)
	}
	check(t, s.Engine.NetworkRemove(ctx, name))
	isKind(t, s.Engine.NetworkRemove(ctx, name), docker.ErrNotFound)
	if _, ok := s.findNetwork(t, name); ok {
		t.Error("a removed network is there")
	}
	for _, bad := range []string{"", "bad name", "../x", "-rf", "a/b", "x?y=1"} {
		_, err := s.Engine.NetworkCreate(ctx, bad, nil)
		isKind(t, err, docker.ErrInvalid)
		isKind(t, s.Engine.NetworkRemove(ctx, bad), docker.ErrInvalid)
		isKind(t, s.Engine.NetworkConnect(ctx, bad, "x", nil), docker.ErrInvalid)
	}
}

func (s *suite) networkConnect(t *testing.T) {
	ctx, name := t.Context(), s.network(t)
	id := CreateWith(t, s.Engine, nil, s.image, polite.Cmd...)
	check(t, s.Engine.NetworkConnect(ctx, name, id, []string{"blog.web"}))
	equalSlices(t, "networks of a created container", s.inspect(t, id).Networks, slices.Sorted(slices.Values([]string{"bridge", name})))
	check(t, s.Engine.Start(ctx, id))
	c := s.inspect(t, id)
	equal(t, "hostname", c.Hostname, id[:12])
	if c.IPs[name] == "" || c.IPs["bridge"] == "" || c.IP() != c.IPs["bridge"] {
		t.Errorf("addresses are %v, IP is %q", c.IPs, c.IP())
	}
	if err := s.Engine.NetworkConnect(ctx, name, id, nil); err == nil {
		t.Error("attached twice")
	}
	isKind(t, s.Engine.NetworkConnect(ctx, Name(t), id, nil), docker.ErrNotFound)
	isKind(t, s.Engine.NetworkConnect(ctx, name, strings.Repeat("0", 64), nil), docker.ErrNotFound)
	if err := s.Engine.NetworkRemove(ctx, name); err == nil {
		t.Error("a network in use went away")
	}

	own := s.start(t, polite, "--network="+name)
	c = s.inspect(t, own)
	if c.IPs[name] == "" || c.IP() != c.IPs[name] {
		t.Errorf("addresses are %v, IP is %q", c.IPs, c.IP())
	}
	check(t, s.Engine.NetworkConnect(ctx, "bridge", own, nil))
	if c = s.inspect(t, own); c.IPs["bridge"] == "" || c.IP() != c.IPs[name] {
		t.Errorf("after attaching: addresses are %v, IP is %q", c.IPs, c.IP())
	}
	listed, err := s.Engine.List(ctx, docker.Filter{})
	check(t, err)
	for _, l := range listed {
		if l.ID == own && (l.IP() != c.IP() || !slices.Equal(l.Networks, c.Networks)) {
			t.Errorf("the list says %q %v, want %q %v", l.IP(), l.Networks, c.IP(), c.Networks)
		}
	}
	equal(t, "address in the host's network", s.inspect(t, s.start(t, polite, "--network=host")).IP(), "127.0.0.1")
	check(t, s.Engine.Remove(ctx, id))
	check(t, s.Engine.Remove(ctx, own))
}
