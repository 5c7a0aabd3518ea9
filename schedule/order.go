package schedule

import (
	"fmt"
	"slices"
	"strings"
)

func dyno(process string, index int) string { return fmt.Sprintf("%s.%d", process, index) }

// In keeps the instances in one of the states.
func In(instances []Instance, states ...State) []Instance {
	var out []Instance
	for _, i := range instances {
		if slices.Contains(states, i.State) {
			out = append(out, i)
		}
	}
	return out
}

// Of keeps the instances of one process type.
func Of(instances []Instance, process string) []Instance {
	var out []Instance
	for _, i := range instances {
		if i.Process == process {
			out = append(out, i)
		}
	}
	return out
}

// RunningState is Dokku's word for how many of the instances run: "true" when
// all, "mixed" when some, "false" when none do.
func RunningState(instances []Instance) string {
	running := 0
	for _, i := range instances {
		if i.Running {
			running++
		}
	}
	switch running {
	case 0:
		return "false"
	case len(instances):
		return "true"
	}
	return "mixed"
}

// Sort orders instances as Dokku deploys and lists them: web first, then by
// process type, then by index.
func Sort(instances []Instance) {
	slices.SortStableFunc(instances, func(a, b Instance) int {
		if c := ProcessOrder(a.Process, b.Process); c != 0 {
			return c
		}
		return a.Index - b.Index
	})
}

// ProcessOrder compares two process types: web comes first, the others by
// name.
func ProcessOrder(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "web":
		return -1
	case b == "web":
		return 1
	}
	return strings.Compare(a, b)
}
