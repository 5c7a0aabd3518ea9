package migrate

import (
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// printPlan says what the survey found.
func printPlan(out *command.Output, p *plan) {
	version := p.Dokku.Version
	if version == "" {
		version = "(its version is not written down)"
	}
	out.Title("Dokku %s in %s and %s", version, p.Dokku.Root, p.Dokku.Lib)
	out.Step("Found")
	for _, a := range p.Apps {
		out.Text("%s", appLine(a))
	}
	out.Text("%s, %s, %s", count(len(p.Apps), "app"), count(p.Keys, "ssh key"), count(len(p.Services), "service"))
	if len(p.Plugins) > 0 {
		out.Text("Plugins of the community, which go on working: %s", strings.Join(p.Plugins, ", "))
	}
	if len(p.Services) > 0 {
		out.Text("Services, which are not touched: %s", strings.Join(p.Services, ", "))
	}
	if p.Done && len(p.Problems) == 0 {
		printRemarks(out, "To know", p.Notes)
		printByHand(out, p.Host)
		out.Step("There is nothing to do")
		return
	}
	if len(p.Changes) > 0 {
		out.Step("What would change in the files")
		for _, c := range p.Changes {
			out.Text("%s%s", prefix(c.App), c.What)
		}
	}
	if len(p.Host) > 0 {
		out.Step("What would change on this host")
		for _, s := range p.Host {
			by := "migrate does it"
			if !s.Automatic {
				by = "by hand"
			}
			out.Text("%s (%s: %s)", s.What, by, s.Command)
		}
	}
	if !p.Done {
		out.Step("Backup")
		out.Text("Goes into %s: %s at most, %s are free", p.Backup.Folder, bytes(p.Backup.Bytes), bytes(p.Backup.Free))
	}
	printRemarks(out, "To know", p.Notes)
	if len(p.Problems) > 0 {
		printProblems(out, p)
		return
	}
	out.Step("It can go: slipway migrate")
	out.Text("Nothing is restarted, and slipway migrate --undo gives everything back.")
}

func appLine(a appSeen) string {
	state := "not deployed"
	switch {
	case len(a.Containers) > 0:
		var list []string
		for _, r := range a.Containers {
			text := r.Dyno
			if !r.Running {
				text += " (stopped)"
			}
			list = append(list, text)
		}
		state = strings.Join(list, ", ")
	case a.Deployed:
		state = "deployed, without containers"
	}
	if a.Release > 0 {
		state += fmt.Sprintf("; Slipway's already, release v%d", a.Release)
	}
	return a.Name + ": " + state
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func prefix(app string) string {
	if app == "" {
		return ""
	}
	return app + ": "
}

func printRemarks(out *command.Output, title string, remarks []remark) {
	if len(remarks) == 0 {
		return
	}
	out.Step("%s", title)
	for _, r := range remarks {
		out.Text("%s%s", prefix(r.App), r.What)
		if r.Fix != "" {
			out.Text("  %s", r.Fix)
		}
	}
}

// printProblems says what stands in the way, on stderr.
func printProblems(out *command.Output, p *plan) {
	out.Warn("It cannot go yet:")
	for _, r := range p.Problems {
		out.Warn("%s%s", prefix(r.App), r.What)
		if r.Fix != "" {
			out.Warn("  %s", r.Fix)
		}
	}
}

// printByHand lists what the operator has to do.
func printByHand(out *command.Output, steps []step) {
	first := true
	for _, s := range steps {
		if s.Automatic {
			continue
		}
		if first {
			out.Step("To do by hand now")
			first = false
		}
		out.Text("%s:", s.What)
		out.Text("  %s", s.Command)
	}
}
