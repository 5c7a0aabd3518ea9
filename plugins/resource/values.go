package resource

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/state"
)

// kind is what a value does.
type kind string

// The kinds.
const (
	limit   kind = "limit"
	reserve kind = "reserve"
)

// noun is Dokku's word for values of the kind.
func (k kind) noun() string {
	if k == reserve {
		return "reservation"
	}
	return "limits"
}

// names are the resources in the order in which they are shown.
var names = []string{"cpu", "memory", "memory-swap", "network", "network-ingress", "network-egress", "nvidia-gpu"}

// everyProcess stands for the process types without values of their own.
const everyProcess = "_default_"

// key is the place of one value.
type key struct {
	process string
	kind    kind
	name    string
}

func (k key) property() state.Property { return property(k.process, k.kind, k.name) }

func property(process string, k kind, name string) state.Property {
	return state.Property{Plugin: "resource", Name: process + "." + string(k) + "." + name, Scope: state.AppOnly, Internal: true}
}

// values are all values of an app.
func (r resources) values(app string) (map[key]string, error) {
	all, err := r.h.Store.Properties("resource", app)
	if err != nil {
		return nil, err
	}
	values := map[key]string{}
	for property, v := range all {
		parts := strings.Split(property, ".")
		if len(parts) == 3 {
			values[key{parts[0], kind(parts[1]), parts[2]}] = v
		}
	}
	return values, nil
}

// processType reads --process-type; without one it is about every process.
func processType(given string) (string, error) {
	if given == "" || given == everyProcess {
		return everyProcess, nil
	}
	return app.ParseProcessType(given)
}

var (
	cpuRE     = regexp.MustCompile(`^([0-9]{1,9})(\.[0-9]{1,9})?(m?)$`)
	networkRE = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,9})?[A-Za-z/]{0,8}$`)
	gpuRE     = regexp.MustCompile(`^(all|-1|[0-9]{1,5}|(count|device)=[A-Za-z0-9_.:-]{1,100})$`)
)

// check refuses a value that no scheduler could use.
func check(name, v string) error {
	switch name {
	case "cpu":
		if n, err := processors(v); err != nil || n <= 0 {
			return fmt.Errorf("Invalid value %q for --cpu: it is a number of processors, such as 0.5 or 2", v) //nolint:staticcheck // shown to users as it is
		}
	case "memory":
		if _, err := units.RAMInBytes(v); err != nil || strings.HasPrefix(v, "-") {
			return fmt.Errorf("Invalid value %q for --memory: it is a number of megabytes, or has a unit, such as 512m or 2g", v) //nolint:staticcheck // as above
		}
	case "memory-swap":
		if _, err := units.RAMInBytes(v); v != "-1" && (err != nil || strings.HasPrefix(v, "-")) {
			return fmt.Errorf("Invalid value %q for --memory-swap: it is a number with a unit, such as 512m or 2g, or -1", v) //nolint:staticcheck // as above
		}
	case "nvidia-gpu":
		if !gpuRE.MatchString(v) {
			return fmt.Errorf("Invalid value %q for --nvidia-gpu: it is a number of GPUs, or all", v) //nolint:staticcheck // as above
		}
	default:
		if !networkRE.MatchString(v) {
			return fmt.Errorf("Invalid value %q for --%s: it is a number, with a unit where the scheduler has one", v, name) //nolint:staticcheck // as above
		}
	}
	return nil
}

// processors reads a number of them; "500m" are 500 thousandths, as Kubernetes
// has it.
func processors(v string) (float64, error) {
	m := cpuRE.FindStringSubmatch(v)
	if m == nil {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.ParseFloat(m[1]+m[2], 64)
	if m[3] == "m" {
		n /= 1000
	}
	return n, err
}

// dockerNames are the options of docker for what docker-local limits, in the
// order in which they are printed.
var dockerNames = [][2]string{{"cpu", "cpus"}, {"nvidia-gpu", "gpus"}, {"memory", "memory"}, {"memory-swap", "memory-swap"}}

// dockerArgs are the options of docker for some values by resource.
func dockerArgs(limits, reservations map[string]string) []string {
	var args []string
	for _, name := range dockerNames {
		if v := limits[name[0]]; v != "" {
			args = append(args, "--"+name[1]+"="+dockerValue(name[0], v))
		}
	}
	if v := reservations["memory"]; v != "" {
		args = append(args, "--memory-reservation="+dockerValue("memory", v))
	}
	return args
}

// dockerValue is a value as docker takes it: with the unit that goes without
// saying, and in processors.
func dockerValue(name, v string) string {
	switch name {
	case "cpu":
		if n, err := processors(v); err == nil && strings.HasSuffix(v, "m") {
			return strconv.FormatFloat(math.Round(n*1e9)/1e9, 'f', -1, 64)
		}
	case "memory":
		if last := len(v) - 1; last >= 0 && v[last] >= '0' && v[last] <= '9' {
			return v + "m"
		}
	}
	return v
}

// inForce are the values of one kind for a process: its own, else those of
// every process.
func inForce(all map[key]string, process string, k kind) map[string]string {
	values := map[string]string{}
	for _, of := range slices.Compact([]string{everyProcess, process}) {
		for _, name := range names {
			if v, ok := all[key{of, k, name}]; ok {
				values[name] = v
			}
		}
	}
	return values
}
