package migrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// dokkuUnits are what Dokku runs by itself. Left on, they would restart and remove containers behind our back.
// Source: Dokku plugins/00_dokku-standard/install, plugins/scheduler-docker-local/install.
var dokkuUnits = []string{"dokku-redeploy.service", "dokku-retire.timer", "dokku-retire.service"}

// nginxPrograms are what holds ports 80 and 443 on a Dokku machine, and its unit.
var nginxPrograms = map[string]string{"nginx": "nginx.service", "openresty": "openresty.service"}

const (
	proxyUnit  = "slipway-proxy.service"
	daemonUnit = "slipwayd.service"
)

// aside is what is put behind the name of a file of Dokku's that ours takes the place of.
const aside = ".before-slipway"

// hostStep is something done to the host. Its name and what is there to restore are in the record before it is done.
type hostStep struct {
	Kind    string    `json:"kind"`             // unit, proxy, program or file
	Name    string    `json:"name"`             // of the unit, or the path
	Enabled bool      `json:"enabled"`          // unit: it was
	Active  bool      `json:"active"`           // unit: it was
	File    *keptFile `json:"file,omitempty"`   // file: as it was
	Target  string    `json:"target,omitempty"` // program: what ours is
}

// survey finds what there is to do on the host.
func (m machine) survey(ctx context.Context, p *plan, httpPort, httpsPort int) error {
	listeners, err := m.listeners(httpPort, httpsPort)
	if err != nil {
		return fmt.Errorf("cannot see who listens on the ports: %w", err)
	}
	m.surveyUnits(ctx, p)
	m.surveyProgram(p)
	if err := m.surveyCron(p); err != nil {
		return err
	}
	m.surveyPorts(ctx, p, listeners) // last: from here on visitors are answered by us
	return nil
}

func (m machine) surveyUnits(ctx context.Context, p *plan) {
	for _, unit := range dokkuUnits {
		if !m.hasUnit(unit) {
			continue
		}
		m.unitStep(ctx, p, unit, "Switch off "+unit+", which acts on containers behind Slipway's back")
	}
}

// unitStep adds that a unit is stopped and disabled, unless it is already.
func (m machine) unitStep(ctx context.Context, p *plan, unit, what string) {
	s := step{What: what, Command: "systemctl disable --now " + unit, Undo: "systemctl enable --now " + unit}
	if m.systemd() {
		h := hostStep{Kind: "unit", Name: unit, Enabled: m.enabled(ctx, unit), Active: m.active(ctx, unit)}
		if !h.Enabled && !h.Active {
			return
		}
		s.Automatic, s.apply = true, h
	}
	p.Host = append(p.Host, s)
}

// surveyProgram finds Dokku's own program, by which its plugins and the host's sshd would still reach it.
func (m machine) surveyProgram(p *plan) {
	path := m.path("usr", "bin", "dokku")
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return // a link is ours, or the operator's
	}
	ours := filepath.Join(m.binDir, "slipway")
	p.Host = append(p.Host, step{
		What: "Put Dokku's own program aside, and Slipway's in its place: keys, hooks and scripts call it by that name", Automatic: true,
		Command: "mv " + path + " " + path + aside + " && ln -s " + ours + " " + path, Undo: "mv " + path + aside + " " + path,
		apply: hostStep{Kind: "program", Name: path, Target: ours},
	})
	if _, err := os.Stat(m.path("var", "lib", "dpkg", "info", "dokku.list")); err == nil {
		p.note("", "apt-mark hold dokku", "Dokku is installed as a package. An upgrade of it would put its program back.")
	}
}

// cronFiles are where cron finds what Dokku has it do: the tasks of apps, which its cron plugin writes as a whole, and where
// there is no systemd, the retirement of containers. Source: Dokku plugins/cron, plugins/scheduler-docker-local/install.
var cronFiles = map[string]string{
	"var/spool/cron/crontabs/dokku": "the crontab of user dokku",
	"var/spool/cron/dokku":          "the crontab of user dokku",
	"etc/cron.d/dokku-retire":       "the retirement of containers",
}

// surveyCron finds what cron does for Dokku.
func (m machine) surveyCron(p *plan) error {
	for _, name := range slices.Sorted(maps.Keys(cronFiles)) {
		file, ok, err := keep(m.path(name))
		if err != nil {
			return fmt.Errorf("cannot read what cron does for Dokku: %w", err)
		}
		tasks := cronTasks(file.Text)
		if !ok || tasks == 0 {
			continue
		}
		p.Host = append(p.Host, step{
			What:      fmt.Sprintf("Take %s out of cron (%s in %s): slipwayd does that by itself", cronFiles[name], count(tasks, "task"), file.Path),
			Automatic: true, Command: "rm " + file.Path, Undo: "put it back",
			apply: hostStep{Kind: "file", Name: file.Path, File: &file},
		})
	}
	return nil
}

// cronTasks counts the lines of a crontab that cron acts on. What Slipway writes there is comments. Source: crontab(5).
func cronTasks(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !cronVariable.MatchString(line) {
			n++
		}
	}
	return n
}

var cronVariable = regexp.MustCompile(`^["']?[A-Za-z_][A-Za-z0-9_]*["']?\s*=`)

// surveyPorts finds out who has the ports that our proxy needs.
func (m machine) surveyPorts(ctx context.Context, p *plan, listeners []listener) {
	var seen []string
	for _, l := range listeners {
		if strings.HasPrefix(l.name, "slipwayd") {
			continue
		}
		unit, known := nginxPrograms[l.name]
		if !known {
			fix := fmt.Sprintf("Find it with: ss -ltnp 'sport = :%d', and stop it", l.port)
			if l.name == "docker-proxy" {
				fix = fmt.Sprintf("Find its container with: docker ps --filter publish=%d; one of Dokku's proxies ends with dokku traefik:stop, haproxy:stop, caddy:stop or openresty:stop", l.port)
			}
			p.problem("", fix, fmt.Sprintf("Port %d belongs to %s (pid %d), and Slipway's proxy needs it.", l.port, l.name, l.pid))
			continue
		}
		if slices.Contains(seen, unit) {
			continue
		}
		seen = append(seen, unit)
		before := len(p.Host)
		if m.systemd() && m.hasUnit(unit) {
			m.unitStep(ctx, p, unit, "Stop "+l.name+": Slipway's proxy answers on ports 80 and 443. Until it does, for about a second, visitors are refused")
		}
		if len(p.Host) == before {
			p.Host = append(p.Host, step{
				What:    "Stop " + l.name + ", which has the ports of Slipway's proxy; there is no systemd here to do it by",
				Command: l.name + " -s quit", Undo: l.name,
			})
		}
	}
	// One that does not run now comes back with the next boot.
	if m.systemd() && !slices.Contains(seen, "nginx.service") && m.hasUnit("nginx.service") && exists(m.path("etc", "nginx", "conf.d", "dokku.conf")) {
		m.unitStep(ctx, p, "nginx.service", "Switch off nginx, which Dokku had set up: Slipway's proxy answers on ports 80 and 443")
	}
	if len(seen) > 0 && m.systemd() && m.hasUnit(proxyUnit) {
		p.Host = append(p.Host, step{
			What: "Start Slipway's proxy", Command: "systemctl enable " + proxyUnit + " && systemctl restart " + proxyUnit, Undo: "systemctl disable --now " + proxyUnit, Automatic: true,
			apply: hostStep{Kind: "proxy", Name: proxyUnit},
		})
	}
}

// do does one step. It can be repeated.
func (m machine) do(ctx context.Context, s hostStep) error {
	switch s.Kind {
	case "unit":
		return m.run(ctx, "systemctl", "disable", "--now", "--quiet", s.Name)
	case "proxy":
		if err := m.run(ctx, "systemctl", "enable", "--quiet", s.Name); err != nil {
			return err
		}
		return m.run(ctx, "systemctl", "restart", s.Name)
	case "program":
		if info, err := os.Lstat(s.Name); err == nil && info.Mode().IsRegular() {
			if err := os.Rename(s.Name, s.Name+aside); err != nil {
				return fmt.Errorf("cannot put Dokku's program aside: %w", err)
			}
		}
		if err := os.Symlink(s.Target, s.Name); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("cannot put Slipway's program in place of Dokku's: %w", err)
		}
		return nil
	case "file":
		if now, ok, err := keep(s.Name); err != nil || !ok || cronTasks(now.Text) == 0 {
			return err // gone, or Slipway's own already
		}
		return removeIfThere(s.Name)
	}
	return fmt.Errorf("there is no step %q", s.Kind)
}

// undo takes one step back. It can be repeated.
func (m machine) undo(ctx context.Context, s hostStep) error {
	switch s.Kind {
	case "unit":
		if s.Enabled {
			if err := m.run(ctx, "systemctl", "enable", "--quiet", s.Name); err != nil {
				return err
			}
		}
		if s.Active {
			return m.run(ctx, "systemctl", "start", s.Name)
		}
		return nil
	case "proxy": // nginx, which comes next, needs its ports
		return m.run(ctx, "systemctl", "disable", "--now", "--quiet", s.Name)
	case "program":
		if err := os.Rename(s.Name+aside, s.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot put Dokku's program back: %w", err)
		}
		return nil
	case "file":
		return s.File.putBack()
	}
	return nil
}

// endDaemon ends Slipway's daemon after an undo, where systemd runs it. The command's answer gets out before.
func (m machine) endDaemon(ctx context.Context, out *command.Output, offline bool) {
	if offline {
		return
	}
	if !m.systemd() || !m.hasUnit(daemonUnit) {
		out.Step("To do by hand now")
		out.Text("End slipwayd, which has nothing to do here any more, and start nginx: kill the process of slipwayd up (or serve, and proxy)")
		return
	}
	out.Step("%s ends now and does not come back: systemctl enable --now %s", daemonUnit, daemonUnit)
	if err := m.run(ctx, "systemctl", "disable", "--quiet", daemonUnit); err != nil {
		out.Warn("%v", err)
	}
	// In a moment, by somebody else: it would end this command with it.
	if err := m.run(ctx, "systemd-run", "--quiet", "--on-active=2", "systemctl", "stop", daemonUnit); err != nil {
		out.Warn("End it by hand: systemctl stop %s (%v)", daemonUnit, err)
	}
}

// startDaemon is the command that starts slipwayd.
func (m machine) startDaemon() string {
	if m.systemd() && m.hasUnit(daemonUnit) {
		return "systemctl enable --now slipwayd slipway-proxy"
	}
	return "slipwayd up"
}
