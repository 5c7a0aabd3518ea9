package config

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/state"
)

// format writes the vars in one of the formats of config:export.
// Source: Dokku plugins/config/environment.go.
func format(env map[string]string, name string) (string, error) {
	switch name {
	case "exports":
		return assignments(env, "export ", "\n") + "\n", nil
	case "envfile":
		return state.FormatDotenv(env), nil
	case "shell":
		return assignments(env, "", " ") + " ", nil
	case "docker-args":
		return assignments(env, "--env=", " ") + "\n", nil
	case "docker-args-keys":
		return prefixedKeys(env, "--env=") + "\n", nil
	case "pack-keys":
		return prefixedKeys(env, "--env ") + "\n", nil
	case "pretty":
		return strings.Join(pretty(env), "\n") + "\n", nil
	case "json":
		return marshal(env)
	case "json-list":
		type variable struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		}
		list := []variable{}
		for _, k := range slices.Sorted(maps.Keys(env)) {
			list = append(list, variable{k, env[k]})
		}
		return marshal(list)
	default:
		return "", command.BadInput("Unknown export format: %s", name)
	}
}

func marshal(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b) + "\n", err
}

// assignments are PREFIX KEY='value' items, safe in a POSIX shell.
func assignments(env map[string]string, prefix, separator string) string {
	var items []string
	for _, k := range slices.Sorted(maps.Keys(env)) {
		items = append(items, prefix+k+"="+singleQuoted(env[k]))
	}
	return strings.Join(items, separator)
}

func prefixedKeys(env map[string]string, prefix string) string {
	var items []string
	for _, k := range slices.Sorted(maps.Keys(env)) {
		items = append(items, prefix+k)
	}
	return strings.Join(items, " ")
}

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// pretty are lines of two columns.
func pretty(env map[string]string) []string {
	keys := slices.Sorted(maps.Keys(env))
	width := 0
	for _, k := range keys {
		width = max(width, utf8.RuneCountInString(k)+1)
	}
	var lines []string
	for _, k := range keys {
		lines = append(lines, fmt.Sprintf("%-*s  %s", width, k+":", strings.TrimSpace(env[k])))
	}
	return lines
}

// writeBundle writes a tar archive with one file per variable.
func writeBundle(w io.Writer, env map[string]string) error {
	archive := tar.NewWriter(w)
	for _, k := range slices.Sorted(maps.Keys(env)) {
		value := env[k]
		if err := archive.WriteHeader(&tar.Header{Name: k, Mode: 0o600, Size: int64(len(value))}); err != nil {
			return fmt.Errorf("cannot bundle %s: %w", k, err)
		}
		if _, err := io.WriteString(archive, value); err != nil {
			return fmt.Errorf("cannot bundle %s: %w", k, err)
		}
	}
	return archive.Close()
}
