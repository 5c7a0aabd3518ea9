package bash

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// defined lists the functions that a file defines when it is sourced with the files beside it.
func defined(t *testing.T, file string) []string {
	t.Helper()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", `set -eo pipefail; source "$1"; declare -F`, "bash", filepath.Join(here, file))
	cmd.Env = []string{"PATH=/usr/bin:/bin", "PLUGIN_CORE_AVAILABLE_PATH=" + here, "PLUGIN_AVAILABLE_PATH=" + here}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s cannot be sourced: %v", file, err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		names = append(names, strings.TrimPrefix(strings.TrimSpace(line), "declare -f "))
	}
	return names
}

func TestEveryFunctionOfDokkuIsThere(t *testing.T) {
	has := map[string][]string{}
	for _, f := range Files() {
		has[f.Plugin+"/"+f.Name] = defined(t, f.Plugin+"/"+f.Name)
	}
	all := Names()
	if len(all) < 177 {
		t.Errorf("the list has %d names", len(all))
	}
	for _, n := range all {
		if !slices.Contains(has[n.File], n.Function) {
			t.Errorf("%s has no %s", n.File, n.Function)
		}
	}
}
