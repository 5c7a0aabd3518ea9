package dockertest

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/docker"
)

func (s *suite) createOptions(t *testing.T) {
	name := Name(t)
	id, err := s.Engine.Create(t.Context(), []string{
		"--name", name, "--pull=never", "--env=A=1", "-e", "B=2", "--env", "A=3", "--label=role=web", "-l", "empty",
		"--network=bridge", "--restart=on-failure:10", "--init", "--user=1000", "--workdir=/tmp",
		s.image, "echo", "--env=C=4", "-e", "D=5",
	})
	check(t, err)
	t.Cleanup(func() { _ = s.Engine.Remove(context.Background(), id) })
	c := s.inspect(t, name)
	if len(c.ID) != 64 || c.ID != id {
		t.Errorf("ID is %q, Create returned %q", c.ID, id)
	}
	equal(t, "name", c.Name, name)
	equal(t, "image", c.Image, s.image)
	equal(t, "state", c.State, "created")
	equal(t, "running", c.Running(), false)
	equal(t, "restart policy", c.RestartPolicy, "on-failure:10")
	equal(t, "user", c.User, "1000")
	equal(t, "folder", c.WorkingDir, "/tmp")
	equal(t, "network", c.NetworkMode, "bridge")
	equal(t, "label role", c.Labels["role"], "web")
	equal(t, "address", c.IP(), "")
	equal(t, "started", c.StartedAt.IsZero(), true)
	equal(t, "finished", c.FinishedAt.IsZero(), true)
	equalSlices(t, "command", c.Cmd, []string{"echo", "--env=C=4", "-e", "D=5"})
	if _, found := c.Labels["empty"]; !found {
		t.Error("the label without a value is missing")
	}
	for _, want := range []string{"A=3", "B=2"} {
		if !slices.Contains(c.Env, want) {
			t.Errorf("environment %q lacks %s", c.Env, want)
		}
	}
	if age := time.Since(c.Created); age < -time.Minute || age > time.Minute {
		t.Errorf("created %v ago", age)
	}
	image, err := s.Engine.ImageInspect(t.Context(), s.image)
	check(t, err)
	equal(t, "image ID", c.ImageID, image.ID)
	if byPrefix := s.inspect(t, id[:12]); byPrefix.ID != id {
		t.Error("a short ID finds another container")
	}
}

func (s *suite) createEnv(t *testing.T) {
	for _, form := range [][]string{{"--env=SECRET=" + secret}, {"--env", "SECRET=" + secret}} {
		id := CreateWith(t, s.Engine, append(slices.Clone(form), "--env=EMPTY=", "--env=PATH=/bin", "--env=DOCKER_HOST=x"), s.image, tells.Cmd...)
		c := s.inspect(t, id)
		for _, want := range []string{"SECRET=" + secret, "EMPTY=", "PATH=/bin", "DOCKER_HOST=x"} {
			if !slices.Contains(c.Env, want) {
				t.Errorf("environment %q lacks %q", c.Env, want)
			}
		}
		check(t, s.Engine.Start(t.Context(), id))
		_, err := s.Engine.Wait(t.Context(), id)
		check(t, err)
		s.logged(t, id, secret)
	}
}

// The order of the environment is the order in which it was given, however often: docker's own --env shuffles it.
func (s *suite) createEnvInOrder(t *testing.T) {
	given := []string{"G=1", "C=2", "A=3", "F=4", "B=5", "E=6", "D=7", "H=8"}
	options := []string{"--label=empty="}
	for _, assignment := range given {
		options = append(options, "--env="+assignment)
	}
	for range 3 {
		c := s.inspect(t, CreateWith(t, s.Engine, slices.Clone(options), s.image))
		equalSlices(t, "environment", c.Env[:len(given)], given)
	}
	c := s.inspect(t, CreateWith(t, s.Engine, append(options, "--env", "A=new"), s.image))
	if slices.Contains(c.Env, "A=3") || !slices.Contains(c.Env, "A=new") {
		t.Errorf("a later value does not take the place of the first: %q", c.Env)
	}
}

func (s *suite) createFailures(t *testing.T) {
	create := func(args ...string) error {
		id, err := s.Engine.Create(t.Context(), args)
		if err == nil {
			_ = s.Engine.Remove(context.Background(), id)
			t.Errorf("%q is accepted", args)
		}
		return err
	}
	isKind(t, create("--pull=never", "slipway-test-no-such-image:1"), docker.ErrNotFound)
	isKind(t, create("--no-such-option=1", s.image), docker.ErrInvalid)
	if create("--name") == nil || create() == nil {
		t.Error("an option without its value, or no image, is accepted")
	}
	name := Name(t)
	CreateWith(t, s.Engine, []string{"--name=" + name}, s.image)
	err := create("--name="+name, s.image)
	isKind(t, err, docker.ErrConflict)
	if err != nil && (!strings.Contains(err.Error(), "is already in use") || strings.Contains(err.Error(), "--help")) {
		t.Errorf("not the engine's words: %q", err)
	}
}

func (s *suite) lifecycle(t *testing.T) {
	ctx := t.Context()
	id := s.start(t, polite)
	s.logged(t, id, "ready\n")
	c := s.inspect(t, id)
	equal(t, "state", c.State, "running")
	equal(t, "started", c.StartedAt.IsZero(), false)
	if _, err := netip.ParseAddr(c.IP()); err != nil {
		t.Errorf("address: %v", err)
	}
	check(t, s.Engine.Start(ctx, id)) // once more is no error
	check(t, s.Engine.Stop(ctx, id, Patience))
	check(t, s.Engine.Stop(ctx, id, Patience))
	c = s.inspect(t, id)
	equal(t, "state", c.State, "exited")
	equal(t, "exit code", c.ExitCode, polite.StopCode)
	equal(t, "finished", c.FinishedAt.IsZero(), false)
	equal(t, "address", c.IP(), "")
	s.logged(t, id, "ready\nbye\n")

	check(t, s.Engine.Start(ctx, id)) // a stopped one starts again
	equal(t, "state", s.inspect(t, id).State, "running")
	check(t, s.Engine.Remove(ctx, id)) // also while it runs
	_, err := s.Engine.Inspect(ctx, id)
	isKind(t, err, docker.ErrNotFound)
	for what, err := range map[string]error{
		"start": s.Engine.Start(ctx, id), "stop": s.Engine.Stop(ctx, id, 0), "remove": s.Engine.Remove(ctx, id),
		"logs": s.Engine.Logs(ctx, id, docker.LogOptions{}, nil, nil),
	} {
		if !errors.Is(err, docker.ErrNotFound) {
			t.Errorf("%s of a removed container: %v", what, err)
		}
	}
	missing := CreateWith(t, s.Engine, []string{"--network=slipway-test-no-such-network"}, s.image)
	isKind(t, s.Engine.Start(ctx, missing), docker.ErrNotFound)
}

func (s *suite) stopStubborn(t *testing.T) {
	id := s.start(t, stubborn)
	s.logged(t, id, "ready\n")
	begun := time.Now()
	check(t, s.Engine.Stop(t.Context(), id, time.Millisecond)) // rounded up to a second
	if took := time.Since(begun); took < 500*time.Millisecond {
		t.Errorf("killed after %v, which is no time to end by itself", took)
	}
	equal(t, "exit code", s.inspect(t, id).ExitCode, 137)
}

func (s *suite) kill(t *testing.T) {
	ctx := t.Context()
	id := s.start(t, polite)
	s.logged(t, id, "ready\n")
	check(t, s.Engine.Kill(ctx, id, "TERM"))
	code, err := s.Engine.Wait(ctx, id)
	check(t, err)
	equal(t, "exit code", code, polite.StopCode)
	isKind(t, s.Engine.Kill(ctx, id, ""), docker.ErrConflict)
	check(t, s.Engine.Start(ctx, id))
	check(t, s.Engine.Kill(ctx, id, ""))
	code, err = s.Engine.Wait(ctx, id)
	check(t, err)
	equal(t, "exit code", code, 137)
}

func (s *suite) wait(t *testing.T) {
	ctx := t.Context()
	created := CreateWith(t, s.Engine, nil, s.image, talks.Cmd...)
	code, err := s.Engine.Wait(ctx, created)
	check(t, err)
	equal(t, "exit code before the start", code, 0)
	s.ended(t, talks)
	running := s.start(t, polite)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := s.Engine.Wait(short, running); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting past the deadline: %v", err)
	}
	_, err = s.Engine.Wait(ctx, Name(t))
	isKind(t, err, docker.ErrNotFound)
}

func (s *suite) rename(t *testing.T) {
	ctx := t.Context()
	first, second := CreateWith(t, s.Engine, nil, s.image), CreateWith(t, s.Engine, nil, s.image)
	name := Name(t)
	check(t, s.Engine.Rename(ctx, first, name))
	equal(t, "name", s.inspect(t, first).Name, name)
	equal(t, "ID by name", s.inspect(t, name).ID, first)
	isKind(t, s.Engine.Rename(ctx, second, name), docker.ErrConflict)
	isKind(t, s.Engine.Rename(ctx, second, "a b"), docker.ErrInvalid)
}

func (s *suite) restartPolicy(t *testing.T) {
	id := CreateWith(t, s.Engine, nil, s.image)
	equal(t, "policy at first", s.inspect(t, id).RestartPolicy, "no")
	for _, policy := range []string{"always", "unless-stopped", "on-failure:10", "on-failure", "no"} {
		check(t, s.Engine.SetRestartPolicy(t.Context(), id, policy))
		equal(t, "policy", s.inspect(t, id).RestartPolicy, policy)
	}
	for _, policy := range []string{"", "sometimes", "on-failure:", "on-failure:-1", "on-failure:x", "always:3", "no "} {
		isKind(t, s.Engine.SetRestartPolicy(t.Context(), id, policy), docker.ErrInvalid)
	}
}

func (s *suite) restartOnFailure(t *testing.T) {
	id := s.start(t, fails, "--restart=on-failure:2")
	Eventually(t, "two restarts", func() bool {
		c := s.inspect(t, id)
		return c.RestartCount == 2 && c.State == "exited" && !c.Restarting
	})
	equal(t, "exit code", s.inspect(t, id).ExitCode, 1)
}

func (s *suite) inspectRaw(t *testing.T) {
	id := CreateWith(t, s.Engine, []string{"--label=role=web"}, s.image)
	raw, err := s.Engine.InspectRaw(t.Context(), id)
	check(t, err)
	var shape struct {
		ID     string `json:"Id"`
		Name   string
		State  struct{ Status string }
		Config struct{ Labels map[string]string }
	}
	check(t, json.Unmarshal(raw, &shape))
	equal(t, "Id", shape.ID, id)
	equal(t, "Name", shape.Name, "/"+s.inspect(t, id).Name)
	equal(t, "State.Status", shape.State.Status, "created")
	equal(t, "Config.Labels", shape.Config.Labels["role"], "web")
	_, err = s.Engine.InspectRaw(t.Context(), Name(t))
	isKind(t, err, docker.ErrNotFound)
}

func (s *suite) list(t *testing.T) {
	set := Name(t)
	label := "--label=set=" + set
	created := CreateWith(t, s.Engine, []string{label, "--label=role=web"}, s.image)
	ended := s.ended(t, talks, label)
	running := s.start(t, polite, label, "--label=role=worker")
	list := func(all bool, labels map[string]string) (ids []string, found []docker.Container) {
		found, err := s.Engine.List(t.Context(), docker.Filter{Labels: labels, All: all})
		check(t, err)
		for _, c := range found {
			ids = append(ids, c.ID)
		}
		return ids, found
	}
	ids, found := list(true, map[string]string{"set": set})
	equalSlices(t, "all, newest first", ids, []string{running, ended, created})
	ids, _ = list(false, map[string]string{"set": set})
	equalSlices(t, "running", ids, []string{running})
	ids, _ = list(true, map[string]string{"set": set, "role": ""})
	equalSlices(t, "with any role", ids, []string{running, created})
	ids, _ = list(true, map[string]string{"set": set, "role": "web"})
	equalSlices(t, "with role web", ids, []string{created})
	ids, _ = list(true, map[string]string{"set": Name(t)})
	equalSlices(t, "of another set", ids, nil)
	if len(found) != 3 {
		return
	}
	equal(t, "exit code", found[1].ExitCode, talks.ExitCode)
	for _, listed := range found {
		inspected := s.inspect(t, listed.ID)
		equal(t, "name", listed.Name, inspected.Name)
		equal(t, "image", listed.Image, inspected.Image)
		equal(t, "image ID", listed.ImageID, inspected.ImageID)
		equal(t, "state", listed.State, inspected.State)
		equal(t, "address", listed.IP(), inspected.IP())
		equal(t, "label", listed.Labels["role"], inspected.Labels["role"])
		equal(t, "network", listed.NetworkMode, inspected.NetworkMode)
		if apart := inspected.Created.Sub(listed.Created); apart < 0 || apart >= time.Second {
			t.Errorf("created %v, in a list %v", inspected.Created, listed.Created)
		}
	}
}
