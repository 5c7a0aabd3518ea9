package compat

import (
	"slices"
	"strings"
	"testing"
)

func TestListsCanBeRead(t *testing.T) {
	commands, err := Commands()
	if err != nil || len(commands) < 250 || !slices.IsSorted(commands) && len(slices.Compact(slices.Sorted(slices.Values(commands)))) != len(commands) {
		t.Errorf("%d commands, %v", len(commands), err)
	}
	triggers, err := Triggers()
	if err != nil || len(triggers) < 180 || !slices.IsSorted(triggers) {
		t.Errorf("%d triggers, %v", len(triggers), err)
	}
	if _, err := Rules(); err != nil {
		t.Error(err)
	}
	if _, err := Differences(); err != nil {
		t.Error(err)
	}
}

// byPlugins are the triggers that plugins for Dokku know, and Dokku's list has not.
var byPlugins = []string{"commands", "service-action", "service-list", "user-auth-service"}

func TestEveryRuleIsAboutSomething(t *testing.T) {
	commands, _ := Commands()
	triggers, _ := Triggers()
	rules, err := Rules()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if !slices.ContainsFunc(slices.Concat(commands, triggers, byPlugins), r.Covers) {
			t.Errorf("%s covers nothing", r.Pattern)
		}
	}
}

func TestPageNamesWhatIsNotExplained(t *testing.T) {
	page, unexplained, err := Page(Facts{
		Command: func(name string) bool { return name != "apps:create" && !strings.HasPrefix(name, "nginx") },
		Trigger: func(name string) (bool, bool) { return name == "app-list", name == "post-create" },
		Answers: []Difference{{Topic: "dokku a | b", Why: "x < y"}},
	})
	if err != nil || !slices.Equal(unexplained, []string{"apps:create"}) {
		t.Fatalf("%v, %v", unexplained, err)
	}
	for _, want := range []string{"| `apps:list` | yes |", "| `app-list` |  | yes |", "| `post-create` | yes |  |", "| `dokku a \\| b` | x &lt; y |", "| `nginx:report` | no: "} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
