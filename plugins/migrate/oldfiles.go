package migrate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/internal/words"
)

// parseScale reads a DOKKU_SCALE file: lines TYPE=N, comments and blank ones left out. The lines come back sorted, as the
// property has them. Source: Dokku 0.24, plugins/ps.
func parseScale(text string) ([]string, error) {
	counts := map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		process, count, _ := strings.Cut(line, "=")
		process, count = strings.TrimSpace(process), strings.TrimSpace(count)
		n, err := strconv.Atoi(count)
		if _, bad := app.ParseProcessType(process); bad != nil || err != nil || n < 0 {
			return nil, fmt.Errorf("the line %q is not TYPE=N, such as web=1", line)
		}
		counts[process] = n
	}
	var lines []string
	for process, n := range counts {
		lines = append(lines, process+"="+strconv.Itoa(n))
	}
	slices.Sort(lines)
	return lines, nil
}

// parseOptions reads a DOCKER_OPTIONS file: options of docker, comments and blank lines left out. Each option comes back by
// itself, quoted as docker-options:add stores it; a line that cannot be taken apart comes back as it is, as Dokku has it.
// Source: Dokku plugins/docker-options, canonicalOptionsFromLine.
func parseOptions(text string) []string {
	var options []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields, err := words.Split(line)
		if err != nil || slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "#") }) {
			options = append(options, line)
			continue
		}
		var group []string
		for _, field := range fields {
			if len(field) > 1 && field[0] == '-' && len(group) > 0 {
				options = append(options, strings.Join(group, " "))
				group = nil
			}
			group = append(group, shellQuoted(field))
		}
		options = append(options, strings.Join(group, " "))
	}
	return options
}

// shellQuoted is a word as Dokku stores it: in single quotes when a shell would see anything in it.
func shellQuoted(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\n\"'$`\\*?[]<>|&;(){}!#~") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// takeRestart takes --restart=POLICY out of options: it is a property of ps. policy is "" when there is none.
func takeRestart(options []string) (rest []string, policy string) {
	for _, o := range options {
		value, found := strings.CutPrefix(o, "--restart=")
		if !found {
			value, found = strings.CutPrefix(o, "--restart ")
		}
		if found && policy == "" {
			policy = value
		}
		if !found {
			rest = append(rest, o)
		}
	}
	return rest, policy
}
