package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/docker"
)

// labelCronID is the label of a cron task's container that names the task.
const labelCronID = "com.dokku.cron-id"

// nullSink is where nothing goes when nothing is shipped: Vector wants a sink.
const nullSink = "blackhole://?print_interval_secs=1"

// vectorConfig is Vector's configuration file. The names of its components are
// Dokku's: people watch them in Vector's metrics.
// Source: Dokku plugins/logs/functions.go, buildVectorConfig.
type vectorConfig struct {
	Sources    map[string]vectorSource `json:"sources"`
	Transforms map[string]any          `json:"transforms,omitempty"`
	Sinks      map[string]sink         `json:"sinks"`
}

type vectorSource struct {
	Type          string   `json:"type"`
	IncludeLabels []string `json:"include_labels,omitempty"`
}

type vectorRoute struct {
	Type             string                     `json:"type"`
	Inputs           []string                   `json:"inputs"`
	RerouteUnmatched bool                       `json:"reroute_unmatched"`
	Route            map[string]vectorCondition `json:"route"`
}

type vectorCondition struct {
	Type   string `json:"type"`
	Source string `json:"source"`
}

type vectorRemap struct {
	Type   string   `json:"type"`
	Inputs []string `json:"inputs"`
	Source string   `json:"source"`
}

// scope is what is shipped for one app, or for all of them.
type scope struct {
	component func(kind string) string // the name of a component: "sink" gives docker-sink:blog
	label     string                   // of the containers whose output it reads
	alias     string                   // the label that names the app in what is shipped
	overrides []override               // apps whose own alias differs; of the global scope only
	sink      string                   // DSN of processes, "" for none
	cronSink  string                   // DSN of cron tasks, "" for none
}

type override struct{ app, alias string }

// appScope names components as Dokku does: a dot in one would mean something to
// Vector.
func appScope(app string) scope {
	name := strings.ReplaceAll(app, ".", "-")
	return scope{
		component: func(kind string) string { return "docker-" + kind + ":" + name },
		label:     docker.LabelApp + "=" + app,
	}
}

func globalScope() scope {
	return scope{
		component: func(kind string) string { return "docker-global-" + kind },
		label:     docker.LabelApp,
	}
}

// buildConfig makes the configuration. An error is that of a sink which cannot
// be read.
func buildConfig(scopes []scope) (vectorConfig, error) {
	cfg := vectorConfig{Sources: map[string]vectorSource{}, Transforms: map[string]any{}, Sinks: map[string]sink{}}
	for _, s := range scopes {
		if err := cfg.add(s); err != nil {
			return cfg, err
		}
	}
	if len(cfg.Sources) == 0 {
		cfg.Sources["docker-null-source"] = vectorSource{Type: "docker_logs", IncludeLabels: []string{"com.dokku.vector-null"}}
	}
	if len(cfg.Sinks) == 0 {
		null, err := parseSink(nullSink)
		if err != nil {
			return cfg, err
		}
		cfg.Sinks["docker-null-sink"] = null.into("docker-null-source")
	}
	return cfg, nil
}

func (cfg *vectorConfig) add(s scope) error {
	if s.sink == "" && s.cronSink == "" {
		return nil
	}
	source := s.component("source")
	cfg.Sources[source] = vectorSource{Type: "docker_logs", IncludeLabels: []string{s.label}}
	rename := s.rename()
	input := source
	if s.cronSink != "" {
		cron, err := parseSink(s.cronSink)
		if err != nil {
			return fmt.Errorf("the sink %s is invalid: %w", s.component("cron-sink"), err)
		}
		router, remap := s.component("router"), s.component("cron-remap")
		cfg.Transforms[router] = vectorRoute{
			Type: "route", Inputs: []string{source}, RerouteUnmatched: s.sink != "",
			Route: map[string]vectorCondition{"cron": {Type: "vrl", Source: labelPath(docker.LabelContainerType) + ` == "cron"`}},
		}
		// A sink's template cannot name a nested field, so the labels of a
		// task get fields of their own, before one of them is renamed.
		program := []string{
			".dokku_app = to_string(" + labelPath(docker.LabelApp) + `) ?? ""`,
			".dokku_cron_id = to_string(" + labelPath(labelCronID) + `) ?? ""`,
		}
		if rename != "" {
			program = append(program, rename)
		}
		cfg.Transforms[remap] = vectorRemap{Type: "remap", Inputs: []string{router + ".cron"}, Source: strings.Join(program, "\n")}
		cfg.Sinks[s.component("cron-sink")] = cron.into(remap)
		input = router + "._unmatched"
	}
	if s.sink == "" {
		return nil
	}
	processes, err := parseSink(s.sink)
	if err != nil {
		return fmt.Errorf("the sink %s is invalid: %w", s.component("sink"), err)
	}
	if rename != "" {
		relabel := s.component("relabel")
		cfg.Transforms[relabel] = vectorRemap{Type: "remap", Inputs: []string{input}, Source: rename}
		input = relabel
	}
	cfg.Sinks[s.component("sink")] = processes.into(input)
	return nil
}

// rename is the program in Vector's language that gives the label with the
// app's name its alias; "" when nothing is to be renamed. The source goes on to
// look for Dokku's own label: it is the one that containers have.
func (s scope) rename() string {
	if len(s.overrides) == 0 {
		if s.alias == docker.LabelApp {
			return ""
		}
		return renameTo(s.alias)
	}
	type branch struct{ condition, statement string }
	var branches []branch
	var kept []string
	for _, o := range s.overrides {
		if o.alias == docker.LabelApp {
			kept = append(kept, fmt.Sprintf("app != %q", o.app))
			continue
		}
		branches = append(branches, branch{fmt.Sprintf("app == %q", o.app), renameTo(o.alias)})
	}
	if s.alias != docker.LabelApp {
		branches = append(branches, branch{strings.Join(kept, " && "), renameTo(s.alias)})
	}
	if len(branches) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "app = to_string(%s) ?? \"\"\n", labelPath(docker.LabelApp))
	for i, br := range branches {
		if i > 0 {
			b.WriteString(" else ")
		}
		if br.condition != "" {
			b.WriteString("if " + br.condition + " ")
		}
		b.WriteString("{\n  " + br.statement + "\n}")
	}
	return b.String()
}

func labelPath(label string) string { return fmt.Sprintf(".label.%q", label) }

func renameTo(alias string) string {
	return labelPath(alias) + " = del(" + labelPath(docker.LabelApp) + ")"
}

// encode is the file's text, with & readable in URLs as Dokku has it.
func (cfg vectorConfig) encode() ([]byte, error) {
	text, err := json.MarshalIndent(cfg, "", "  ")
	return bytes.ReplaceAll(text, []byte(`\u0026`), []byte("&")), err
}
