package deploy

import (
	"slices"
	"strings"
)

// limits are the options of docker that a task of a deploy does without: what
// a process may use can be too little for it, and it has no ports and no life
// after its end. Source: Dokku plugins/app-json/functions.go.
var limits = []string{
	"--cpus", "--gpus", "--memory", "-m", "--memory-reservation", "--memory-swap", "--publish", "-p", "--restart",
}

// withoutLimits is an argument vector of docker without limits, published ports
// and restart policy.
func withoutLimits(args []string) []string {
	var left []string
	for i := 0; i < len(args); i++ {
		name, _, hasValue := strings.Cut(args[i], "=")
		switch {
		case name == "-P" || name == "--publish-all":
		case slices.Contains(limits, name):
			if !hasValue {
				i++
			}
		default:
			left = append(left, args[i])
		}
	}
	return left
}
