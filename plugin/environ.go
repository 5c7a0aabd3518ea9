package plugin

import "strings"

// Getenv is the variable of child processes, "" when they have none.
func (e *Exec) Getenv(name string) string {
	for i := len(e.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(e.Env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// LogsDir is Dokku's folder of logs, DOKKU_LOGS_DIR.
func (h *Host) LogsDir() string {
	if dir := h.Exec.Getenv("DOKKU_LOGS_DIR"); dir != "" {
		return dir
	}
	return h.Store.LibPath("logs")
}

// HostPath is the path on the Docker engine's machine of a folder of ours: that
// of the variable (such as DOKKU_LIB_HOST_ROOT) where it is set, which it is
// where we run in a container.
func (h *Host) HostPath(variable, ours string) string {
	if path := h.Exec.Getenv(variable); path != "" {
		return path
	}
	return ours
}
