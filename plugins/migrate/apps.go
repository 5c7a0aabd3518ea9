package migrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/schedule"
	"github.com/slipwayhq/slipway/state"
)

func (m *migration) surveyApps(ctx context.Context, p *plan) error {
	names, err := m.host.Store.Apps()
	if err != nil {
		return err
	}
	instances, err := m.flow.InstancesByApp(ctx, "")
	if err != nil && errors.Is(err, docker.ErrUnreachable) {
		instances = nil // a problem already
	} else if err != nil {
		return err
	}
	for _, name := range names {
		if err := m.surveyApp(ctx, p, name, instances[name]); err != nil {
			return fmt.Errorf("cannot look at %s: %w", name, err)
		}
	}
	return m.surveyDomains(p, names)
}

func (m *migration) surveyApp(ctx context.Context, p *plan, name string, instances []schedule.Instance) error {
	seen := appSeen{Name: name, Containers: []running{}}
	if rel, ok, err := m.flow.Releases().Current(name); err != nil {
		return err
	} else if ok {
		seen.Release = rel.Number
	}
	for _, i := range schedule.In(instances, schedule.Live) {
		seen.Containers = append(seen.Containers, running{Dyno: i.Dyno(), ID: i.ID, Running: i.Running, IP: i.IP})
	}
	seen.Retiring = len(schedule.In(instances, schedule.Retired, schedule.Upcoming))
	deployed, err := m.host.Store.Get(deploy.Deployed, name)
	if err != nil {
		return err
	}
	seen.Deployed = deployed == "true" || len(seen.Containers) > 0
	if err := m.surveyLock(p, name); err != nil {
		return err
	}
	if err := m.surveyConfig(p, name); err != nil {
		return err
	}
	if err := m.surveyFiles(p, name); err != nil {
		return err
	}
	m.surveyScheduler(p, name)
	m.surveyNginx(p, name)
	if err := m.surveyContainers(ctx, p, &seen); err != nil {
		return err
	}
	p.Apps = append(p.Apps, seen)
	return nil
}

// surveyContainers finds what there is to take over of an app.
func (m *migration) surveyContainers(ctx context.Context, p *plan, seen *appSeen) error {
	files, err := filepath.Glob(m.host.Store.RootPath(seen.Name, "CONTAINER.*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		id, err := m.host.Store.ReadFile(file)
		if err != nil {
			return err
		}
		id = strings.TrimSpace(id)
		if id == "" || slices.ContainsFunc(seen.Containers, func(r running) bool { return r.ID == id || strings.HasPrefix(r.ID, id) }) {
			continue
		}
		container, err := m.host.Docker.Inspect(ctx, id)
		if err != nil {
			continue // it is gone, or the engine is, which is a problem already
		}
		if !m.host.Names.Owns(container.Labels) || container.Labels[docker.LabelApp] != seen.Name {
			p.problem(seen.Name, "With Dokku: dokku ps:rebuild "+seen.Name, fmt.Sprintf("Its container %s (%s) has no labels by which Slipway could know it: an old Dokku made it.", container.Name, short(id)))
		}
	}
	if seen.Release > 0 {
		return nil
	}
	if len(seen.Containers) == 0 {
		if !seen.Deployed {
			return nil
		}
		if _, err := m.host.Docker.ImageInspect(ctx, m.host.Names.Image(seen.Name)+":latest"); err != nil {
			if errors.Is(err, docker.ErrNotFound) {
				p.note(seen.Name, "Deploy it once more when it is needed.", "It was deployed, but there is neither a container nor an image of it. It stays as it is.")
				return nil
			}
			return nil // the engine is a problem already
		}
		p.change(seen.Name, "The image of its last deploy becomes release v1. It does not run, and is not started", m.adopt(seen.Name))
		return nil
	}
	var list []string
	for _, r := range seen.Containers {
		list = append(list, r.Dyno+" ("+short(r.ID)+")")
		if !r.Running {
			p.note(seen.Name, "", "Its container of "+r.Dyno+" does not run. It is taken over as it is.")
		}
	}
	what := "What it runs becomes release v1, and is not restarted: " + strings.Join(list, ", ")
	if seen.Retiring > 0 {
		what += fmt.Sprintf(". %d more, which a deploy of Dokku's replaced, are retired", seen.Retiring)
	}
	p.change(seen.Name, what, m.adopt(seen.Name))
	return nil
}

// adopt takes an app over.
func (m *migration) adopt(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, _, err := m.flow.Adopt(ctx, name, actor(ctx))
		return err
	}
}

// short is an ID as people know it.
func short(id string) string { return id[:min(len(id), 12)] }

// surveyLock finds a deploy under way, and the lock of apps:lock. Before 0.34 the file was in the app's folder.
func (m *migration) surveyLock(p *plan, name string) error {
	before, known, err := m.locksBefore()
	if err != nil {
		return err
	}
	old := m.host.Store.RootPath(name, lockFile)
	for _, path := range []string{m.host.Store.DeployLockPath(name), old} {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			p.problem(name, "Wait until it has ended", "A deploy is under way.")
			return nil
		}
		if err != nil {
			return err
		}
		if m.host.Store.AppLocked(name) || known && !slices.ContainsFunc(before.Files, func(l keptFile) bool { return l.Path == path }) {
			continue
		}
		p.change(name, "It stays locked for deploys, as apps:lock left it", func(context.Context) error {
			return errors.Join(m.host.Store.SetAppLocked(name, true), removeIfThere(old))
		})
		return nil
	}
	return nil
}

// surveyScheduler refuses apps that run somewhere else.
func (m *migration) surveyScheduler(p *plan, name string) {
	selected, err := m.host.Computed("scheduler", "selected", name)
	if env, envErr := m.host.Store.MergedEnv(name); envErr == nil && env["DOKKU_SCHEDULER"] != "" && selected == "docker-local" {
		selected = env["DOKKU_SCHEDULER"]
	}
	if err == nil && selected != "docker-local" {
		p.problem(name, "Keep Dokku on this machine, or move the app: dokku scheduler:set "+name+" selected docker-local, and deploy it", "It is run by the scheduler "+selected+", which Slipway does not have yet.")
	}
}

// surveyNginx finds what was set for nginx, which does not answer for the app any more.
func (m *migration) surveyNginx(p *plan, name string) {
	store := m.host.Store
	snippets, err := filepath.Glob(store.RootPath(name, "nginx.conf.d", "*.conf"))
	if err != nil {
		snippets = nil // the pattern is good
	}
	for _, path := range snippets {
		p.note(name, "", "nginx.conf.d/"+filepath.Base(path)+" is for nginx. It is kept, and Slipway's own proxy does not read it.")
	}
	if _, err := os.Stat(store.LibPath("data", "nginx-vhosts", "app-"+name, "nginx.conf.sigil")); err == nil {
		p.note(name, "", "Its own nginx.conf.sigil is for nginx. It is kept, and Slipway's own proxy does not read it.")
	}
	if set, err := store.Properties("nginx", name); err == nil && len(set) > 0 {
		var keys []string
		for key := range set {
			if key != "last-visited-at" {
				keys = append(keys, key)
			}
		}
		if slices.Sort(keys); len(keys) > 0 {
			p.note(name, "", "Properties of nginx are kept, and Slipway's own proxy does not read them: "+strings.Join(keys, ", "))
		}
	}
	if kind, err := store.Get(m.host.Property("proxy", "type"), name); err == nil && kind != "" && kind != "caddy" {
		p.note(name, "", "Its proxy is "+kind+". In Slipway the built-in one, caddy, answers for all apps.")
	}
}

// surveyDomains finds domains that two apps claim: nginx takes the first, Slipway's proxy none.
func (m *migration) surveyDomains(p *plan, apps []string) error {
	owners := map[string]string{}
	for _, name := range apps {
		hosts, err := m.host.Store.ReadLines(m.host.Store.RootPath(name, "VHOST"))
		if err != nil {
			return err
		}
		for _, host := range hosts {
			if owner, taken := owners[host]; taken && owner != name {
				p.problem(name, fmt.Sprintf("dokku domains:remove %s %s, or domains:remove %s %s", name, host, owner, host), fmt.Sprintf("The domain %s belongs to %s too. Only one app can answer for it.", host, owner))
			}
			owners[host] = name
		}
	}
	return nil
}

// isSet tells whether a property has a value of its own.
func (m *migration) isSet(plugin, name, app string) (bool, error) {
	text, _, err := m.host.Store.Lookup(state.Property{Plugin: plugin, Name: name}, app)
	return text != "", err
}
