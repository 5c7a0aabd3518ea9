package migrate

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/deploy"
	"github.com/slipwayhq/slipway/internal/snapshot"
	"github.com/slipwayhq/slipway/schedule"
)

// volatile are files in an app's folder that change without anybody's doing: where containers are, and what git tidies up.
var volatile = regexp.MustCompile(`^(CONTAINER|IP|PORT)\.|^\.tmp-|^(objects|gc\.|packed-refs|hooks|info|logs)`)

// byDeploys are properties by plugin that a deploy or a restart writes by itself.
var byDeploys = map[string][]string{
	"app-json": {"heroku.postdeploy"}, "apps": {"deploy-source", "deploy-source-metadata"}, "builder": {"detected"}, "common": {"deployed"},
	"config": {"env-migrated"}, "nginx": {"last-visited-at"}, "ports": {"map-detected"}, "proxy": {"proxy-port", "proxy-ssl-port"},
	"ps": {"can-scale", "restore"}, "registry": {"tag-version"},
}

// since says what happened after the machine was taken over: deploys, and changes to files that neither migrate nor the
// mere running of apps makes; lost tells whether an undo would lose any of it. A migration that was cut off before its end
// has nothing after it.
func (m *migration) since(ctx context.Context, rec record) (all []remark, lost bool, err error) {
	all = []remark{}
	names, err := m.host.Store.Apps()
	if err != nil {
		return nil, false, err
	}
	instances, err := m.flow.InstancesByApp(ctx, "")
	if err != nil {
		return nil, false, err
	}
	for _, name := range names {
		current, ok, err := m.flow.Releases().Current(name)
		if err != nil {
			return nil, false, err
		}
		noted, was := rec.Releases[name]
		switch {
		case !was && (!ok || current.Source == deploy.Adopted):
			// Cut off before it was noted, or before anything of it was taken over.
		case ok && (!was || current.Number > noted):
			all = append(all, remark{App: name, What: fmt.Sprintf("It was deployed and runs release v%d (%s), which Dokku's files know nothing of.", current.Number, current.Description)})
			lost = true
		case slices.ContainsFunc(schedule.In(instances[name], schedule.Live), func(i schedule.Instance) bool { return !slices.Contains(rec.Running[name], i.ID) }):
			all = append(all, remark{App: name, What: "Its containers were replaced by others of the same release, as a restart does. Dokku finds the new ones."})
		}
	}
	after, ok, err := readManifest(filepath.Join(rec.Folder, afterFile))
	if err != nil || !ok {
		return all, lost, err
	}
	now, err := snapshot.Scan(ctx, m.tree(rec.Folder))
	if err != nil {
		return nil, false, err
	}
	lib := real(m.host.Store.Lib())
	changed := m.byApp(slices.DeleteFunc(snapshot.Compare(after, now), func(c snapshot.Change) bool {
		return inside(c.Path, lib) && isCore(relative(c.Path, lib), lib, after, now) // an upgrade wrote it anew
	}))
	return append(all, changed...), lost || len(changed) > 0, nil
}

// byApp puts changes of files into words, one remark for each app that they are about.
func (m *migration) byApp(changes []snapshot.Change) []remark {
	root, lib := real(m.host.Store.Root()), real(m.host.Store.Lib())
	files := map[string][]string{}
	for _, c := range changes {
		if c.Before != nil && c.After != nil && c.Before.Kind == snapshot.Folder && c.After.Kind == snapshot.Folder {
			continue
		}
		app, file := "", c.Path
		switch {
		case inside(c.Path, root):
			rel := relative(c.Path, root)
			app, file, _ = strings.Cut(rel, "/")
			if file == "" && (c.Before == nil || c.After == nil) {
				file = map[bool]string{true: "the app was made", false: "the app was destroyed"}[c.Before == nil]
				if kind := either(c).Kind; kind == snapshot.File || strings.HasPrefix(app, ".") {
					app, file = "", rel
				}
			} else if strings.HasPrefix(app, ".") || file == "" {
				app, file = "", rel
			}
			if app != "" && volatile.MatchString(file) {
				continue
			}
		case inside(c.Path, lib):
			rel := relative(c.Path, lib)
			parts := strings.Split(rel, "/")
			if own := internalData(parts); own || either(c).Kind == snapshot.Folder {
				continue
			}
			app, file = "", rel
			if len(parts) == 4 && parts[0] == "config" && slices.Contains(byDeploys[parts[1]], parts[3]) {
				continue
			}
			if len(parts) == 4 && parts[0] == "config" {
				app, file = parts[2], "property "+parts[3]+" of "+parts[1]
			} else if len(parts) == 3 && parts[0] == "config" && parts[2] == "ENV" {
				app, file = parts[1], "config"
			}
			if app == "--global" {
				app, file = "", "global "+file
			}
		}
		if !slices.Contains(files[app], file) {
			files[app] = append(files[app], file)
		}
	}
	var all []remark
	for app, names := range files {
		const most = 8
		text := strings.Join(names[:min(len(names), most)], ", ")
		if len(names) > most {
			text += fmt.Sprintf(" and %d more", len(names)-most)
		}
		all = append(all, remark{App: app, What: "Changed: " + text + "."})
	}
	slices.SortFunc(all, func(a, b remark) int { return strings.Compare(a.App, b.App) })
	return all
}

func either(c snapshot.Change) snapshot.Entry {
	if c.After != nil {
		return *c.After
	}
	return *c.Before
}

// internalData tells whether a path below DOKKU_LIB_ROOT is a record or a cache of a program, which goes with its deploys.
func internalData(parts []string) bool {
	if parts[0] == "backups" {
		return true
	}
	return len(parts) > 1 && parts[0] == "data" && slices.Contains([]string{"apps", "builds", "scheduler-docker-local", "ps", "app-json", "cron", "git"}, parts[1])
}

func real(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}

func relative(path, folder string) string {
	rel, err := filepath.Rel(folder, path)
	if err != nil || rel == "." {
		return ""
	}
	return rel
}
