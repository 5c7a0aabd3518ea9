package buildkit

import (
	"slices"
	"strings"
)

// ArgNames lists the names in the ARG instructions of a Dockerfile, each once,
// in order. It is empty for text that is not a Dockerfile: the engine's parser
// is the one to complain.
func ArgNames(dockerfile []byte) []string {
	var names []string
	for _, node := range parse(dockerfile) {
		if !strings.EqualFold(node.Value, "arg") {
			continue
		}
		for word := node.Next; word != nil; word = word.Next {
			name, _, _ := strings.Cut(word.Value, "=")
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
