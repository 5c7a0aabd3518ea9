package plugin

import (
	"strings"
	"testing"
)

func TestDriversAreThoseOfPluginsThatTakePart(t *testing.T) {
	x, dir := external(t)
	h := x.host
	script(t, dir, "names/scheduler-deploy", "true")
	about(t, dir, "names", "[plugin.drivers]\nscheduler = [\"orbit\", \"mars\"]\n")
	script(t, dir, "old/post-create", "true")
	about(t, dir, "old", "[plugin.compatibility]\nconflicts = [\"names\"]\n[plugin.drivers]\nscheduler = [\"venus\"]\n")
	if got := strings.Join(h.Drivers("scheduler"), " "); got != "mars orbit" {
		t.Error(got)
	}
	if !h.MayDrive("scheduler", "orbit", "scheduler-deploy") || h.MayDrive("scheduler", "orbti", "scheduler-deploy") || h.MayDrive("scheduler", "venus", "scheduler-deploy") {
		t.Error("a plugin that declares names is meant by others")
	}
	// Plugins for Dokku declare none.
	script(t, dir, "dokkus/scheduler-deploy", "true")
	if !h.MayDrive("scheduler", "anything", "scheduler-deploy") {
		t.Error("a plugin for Dokku is not meant")
	}
}
