package ports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Mapping is one port of the proxy and the container's port behind it. The
// order of the fields is that of Dokku's JSON.
type Mapping struct {
	ContainerPort int    `json:"container_port"`
	HostPort      int    `json:"host_port"`
	Scheme        string `json:"scheme"`
}

// String is SCHEME:HOST-PORT:CONTAINER-PORT.
func (m Mapping) String() string {
	return m.Scheme + ":" + strconv.Itoa(m.HostPort) + ":" + strconv.Itoa(m.ContainerPort)
}

// listener is what only one mapping of an app may have.
func (m Mapping) listener() string { return m.Scheme + ":" + strconv.Itoa(m.HostPort) }

var schemes = []string{"http", "https", "grpc", "grpcs", "tcp", "udp"}

// ParseMapping reads SCHEME:HOST-PORT:CONTAINER-PORT. The words of errors are
// Dokku's, which ends a message by what it looked at.
func ParseMapping(s string) (Mapping, error) {
	parts := strings.SplitN(s, ":", 3)
	if len(parts) == 1 {
		if _, err := parsePort(s, s, "hostPort"); err != nil {
			return Mapping{}, err
		}
	}
	if len(parts) != 3 {
		return Mapping{}, fmt.Errorf("Invalid port map %s [len=%d]", s, len(parts)) //nolint:staticcheck // Dokku's words
	}
	if !slices.Contains(schemes, parts[0]) {
		return Mapping{}, fmt.Errorf("Invalid port map %s [scheme=%s]", s, parts[0]) //nolint:staticcheck // Dokku's words
	}
	host, err := parsePort(s, parts[1], "hostPort")
	if err != nil {
		return Mapping{}, err
	}
	container, err := parsePort(s, parts[2], "containerPort")
	return Mapping{Scheme: parts[0], HostPort: host, ContainerPort: container}, err
}

func parsePort(mapping, text, name string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("Invalid port map %s [err=%w]", mapping, err) //nolint:staticcheck // Dokku's words
	}
	if n < 1 || n > 65535 {
		return 0, fmt.Errorf("Invalid port map %s [%s=%d]", mapping, name, n) //nolint:staticcheck // Dokku's words
	}
	return n, nil
}

// UnmarshalText implements encoding.TextUnmarshaler for command arguments.
func (m *Mapping) UnmarshalText(b []byte) (err error) {
	*m, err = ParseMapping(string(b))
	return err
}

// parseLines reads mappings that are stored; a line that makes no sense is
// left out, as Dokku does.
func parseLines(lines []string) []Mapping {
	var all []Mapping
	for _, l := range lines {
		for _, word := range strings.Fields(l) {
			if m, err := ParseMapping(word); err == nil {
				all = append(all, m)
			}
		}
	}
	return all
}

func lines(all []Mapping) []string {
	out := make([]string, len(all))
	for i, m := range all {
		out[i] = m.String()
	}
	return out
}

// reused is an error when two mappings listen at one port with one scheme.
func reused(all []Mapping) error {
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.listener()] {
			return fmt.Errorf("The same scheme:host-port is being reused: %s", m.listener()) //nolint:staticcheck // Dokku's words
		}
		seen[m.listener()] = true
	}
	return nil
}

// unique keeps the first mapping of each listener.
func unique(all []Mapping) []Mapping {
	seen := map[string]bool{}
	out := []Mapping{}
	for _, m := range all {
		if !seen[m.listener()] {
			seen[m.listener()] = true
			out = append(out, m)
		}
	}
	return out
}
