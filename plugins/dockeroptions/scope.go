package dockeroptions

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/app"
)

// The phases.
const (
	build  = "build"
	deploy = "deploy"
	run    = "run"
)

var allPhases = []string{build, deploy, run}

var errPhase = fmt.Errorf("Phase(s) must be one of %v", allPhases)

// wholeApp stands for every process type in the names of lists.
const wholeApp = "_default_"

// phases is a comma-separated list of phases, as an argument.
type phases struct{ names []string }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *phases) UnmarshalText(text []byte) error {
	p.names = nil
	if len(text) == 0 {
		return nil
	}
	for phase := range strings.SplitSeq(string(text), ",") {
		if !slices.Contains(allPhases, phase) {
			return errPhase
		}
		if !slices.Contains(p.names, phase) {
			p.names = append(p.names, phase)
		}
	}
	return nil
}

// processes reads what --process was given: names, or comma-separated lists of
// them. Only the deploy phase knows process types.
func processes(given []string, of []string) ([]string, error) {
	var types []string
	for _, list := range given {
		for name := range strings.SplitSeq(list, ",") {
			if err := checkProcess(name); err != nil {
				return nil, err
			}
			if !slices.Contains(types, name) {
				types = append(types, name)
			}
		}
	}
	if len(types) == 0 {
		return nil, nil
	}
	for _, phase := range of {
		if phase != deploy {
			return nil, fmt.Errorf("--process is only supported for the deploy phase, got %q", phase)
		}
	}
	return types, nil
}

func checkProcess(name string) error {
	switch name {
	case "":
		return errors.New("--process value must not be empty")
	case wholeApp:
		return fmt.Errorf("%q is reserved and cannot be used as a --process value", wholeApp)
	}
	_, err := app.ParseProcessType(name)
	return err
}

// lift takes "--process web" out of the options: whoever types it behind the
// app means the command and not docker.
func lift(all []option) (rest []option, given []string, err error) {
	for _, o := range all {
		name, value, hasValue := strings.Cut(o[0], "=")
		switch {
		case name != "--process":
			rest = append(rest, o)
		case hasValue && len(o) > 1:
			return nil, nil, errors.New("--process=value cannot be followed by additional tokens")
		case hasValue:
			given = append(given, value)
		case len(o) < 2:
			return nil, nil, errors.New("--process requires a value")
		case len(o) > 2:
			return nil, nil, fmt.Errorf("--process accepts a single value, got %d", len(o)-1)
		default:
			given = append(given, o[1])
		}
	}
	return rest, given, nil
}
