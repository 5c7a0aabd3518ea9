package deploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/app"
)

// Step is a step of the sequence.
type Step string

// The steps, in order. The journal names the one that was about to begin.
const (
	StepReceive  Step = "receive"
	StepExtract  Step = "extract"
	StepDetect   Step = "detect"
	StepBuild    Step = "build"
	StepRelease  Step = "release"
	StepSchedule Step = "schedule"
	StepCheck    Step = "check"
	StepRoute    Step = "route"
	StepPromote  Step = "promote" // from here on the new release is the live one
	StepRetire   Step = "retire"
	StepAnnounce Step = "announce"
)

// Steps lists all steps in order.
var Steps = []Step{StepReceive, StepExtract, StepDetect, StepBuild, StepRelease, StepSchedule, StepCheck, StepRoute, StepPromote, StepRetire, StepAnnounce}

// entry is the journal of one deploy under way:
// $DOKKU_LIB_ROOT/data/deploys/APP.json, gone when the deploy has ended.
type entry struct {
	ID      string      `json:"id"`
	App     string      `json:"app"`
	Step    Step        `json:"step"`
	Started time.Time   `json:"started"`
	Source  string      `json:"source"`
	WorkDir string      `json:"work_dir,omitempty"` // temporary tree to remove
	Release app.Release `json:"release"`            // from the release step on
	Fresh   []string    `json:"fresh,omitempty"`    // container IDs, from the route step on
	Old     []string    `json:"old,omitempty"`
	Before  before      `json:"before"` // what an undo puts back
}

// before is what a deploy changes before it is live, as it was.
type before struct {
	Env      map[string]string `json:"env"`   // the app's config; nil: not changed
	Scale    map[string]int    `json:"scale"` // nil: not changed
	CanScale string            `json:"can_scale,omitempty"`
}

// putBack undoes what the deploy had changed of the app's state.
func (f *Flow) putBack(e entry) error {
	var errs []error
	if e.Before.Env != nil {
		errs = append(errs, f.host.Store.SetEnv(e.App, e.Before.Env))
	}
	if e.Before.Scale != nil {
		errs = append(errs, f.setScale(e.App, e.Before.Scale), f.host.Store.Set(CanScale, e.App, e.Before.CanScale))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("cannot put back the state of before the deploy: %w", err)
	}
	return nil
}

func (f *Flow) journalPath(name string) string {
	return f.host.Store.LibPath("data", "deploys", name+".json")
}

func (f *Flow) writeJournal(e entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("cannot write the journal of %s: %w", e.App, err)
	}
	return f.host.Store.WriteFile(f.journalPath(e.App), b, 0o600)
}

func (f *Flow) removeJournal(name string) error {
	if err := os.Remove(f.journalPath(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot close the journal of %s: %w", name, err)
	}
	return nil
}

// readJournals lists the deploys that did not end.
func (f *Flow) readJournals() ([]entry, error) {
	paths, err := filepath.Glob(f.host.Store.LibPath("data", "deploys", "*.json"))
	if err != nil {
		return nil, err
	}
	var all []entry
	for _, p := range paths {
		if strings.HasPrefix(filepath.Base(p), ".") {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("cannot read the journal %s: %w", p, err)
		}
		var e entry
		if err := json.Unmarshal(b, &e); err != nil {
			return nil, fmt.Errorf("cannot read the journal %s: %w", p, err)
		}
		all = append(all, e)
	}
	return all, nil
}
