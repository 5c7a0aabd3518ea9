package docker

import (
	"strconv"
	"strings"
)

// parseStatus reads what a list of containers says for humans, which is the only place where it has exit code and health:
// "Up 2 minutes (healthy)", "Up 3 seconds (health: starting)", "Exited (137) 4 hours ago", "Restarting (1) 5 seconds ago",
// "Created". Source: State.String of moby's daemon/container/state.go, unchanged since 1.12.
func parseStatus(status string) (exitCode int, health string) {
	verb, rest, _ := strings.Cut(status, " ")
	_, rest, open := strings.Cut(rest, "(")
	inside, _, closed := strings.Cut(rest, ")")
	if !open || !closed {
		return 0, ""
	}
	switch verb {
	case "Exited", "Restarting":
		if code, err := strconv.Atoi(inside); err == nil {
			exitCode = code
		}
	case "Up":
		switch inside {
		case "healthy", "unhealthy":
			health = inside
		case "health: starting":
			health = "starting"
		}
	}
	return exitCode, health
}
