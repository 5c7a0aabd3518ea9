package app

import (
	"regexp"
	"strings"

	"github.com/slipwayhq/slipway/internal/words"
)

var variableRE = regexp.MustCompile(`\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})`)

// Argv is the argument vector of a Procfile's command line: its words, with
// $NAME and ${NAME} replaced where NAME is in env; others stay as they are, for
// a shell in the container to expand. Errors are those of words.Split.
func Argv(line string, env map[string]string) ([]string, error) {
	argv, err := words.Split(line)
	if err != nil {
		return nil, err
	}
	for i, word := range argv {
		argv[i] = Expand(word, env)
	}
	return argv, nil
}

// Expand replaces $NAME and ${NAME} where NAME is in env, as Argv does it.
func Expand(text string, env map[string]string) string {
	return variableRE.ReplaceAllStringFunc(text, func(ref string) string {
		if v, ok := env[strings.Trim(ref, "${}")]; ok {
			return v
		}
		return ref
	})
}
