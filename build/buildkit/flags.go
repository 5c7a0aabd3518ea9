package buildkit

import (
	"strings"

	"github.com/tonistiigi/go-csvvalue"

	"github.com/slipwayhq/slipway/command"
)

// Options are what `docker build` flags ask for.
type Options struct {
	BuildArgs     []BuildArg
	Labels        map[string]string
	Target        string // stage to stop at
	Platform      string // "linux/amd64"
	NoCache       bool
	NoCacheStages []string // of --no-cache-filter; with NoCache and none: all
	Pull          bool     // look for newer base images
	Secrets       []Secret
	SSH           []SSH
	AddHosts      []string // "name=address"
	Network       string   // "", default, host or none
	Ulimits       []string // "nofile=1024:2048"
	ShmSize       string   // "64m"
	CgroupParent  string
	File          string   // of --file: the Dockerfile, relative to the source
	Tags          []string // further names for the image
	CacheFrom     []string // images whose cache to use
	Allow         []string // entitlements
	// Ignored are the flags that have no meaning here and that were left out:
	// those of `docker run`, which Dokku lets stand in the build phase too, and
	// those that change nothing when the engine's own BuildKit builds.
	Ignored []string
}

// BuildArg is one --build-arg; without a value it is that of the config var.
type BuildArg struct {
	Name, Value string
	HasValue    bool
}

// Secret is one --secret: a file, or a config var.
type Secret struct{ ID, File, Env string }

func (s Secret) variable() string {
	if s.Env != "" {
		return s.Env
	}
	return s.ID
}

func (s Secret) file() string {
	if s.File != "" {
		return s.File
	}
	return s.ID
}

// SSH is one --ssh: an agent's socket or keys. No paths: the agent of
// SSH_AUTH_SOCK.
type SSH struct {
	ID    string
	Paths []string
}

// flag is what is known of one flag.
type flag struct {
	bare bool                             // takes no value
	set  func(o *Options, v string) error // nil: it is ignored
}

// ParseFlags reads an argument vector of `docker build` flags, each as
// "--flag=value" or as two words. Errors are fit for users.
func ParseFlags(args []string) (Options, error) {
	var o Options
	for i := 0; i < len(args); i++ {
		word := args[i]
		if word == "" {
			continue
		}
		if !strings.HasPrefix(word, "-") || word == "-" || word == "--" {
			return o, command.BadInput("The docker options of the build phase have %q, which is not an option; remove it with docker-options:remove", word)
		}
		name, value, hasValue := strings.Cut(word, "=")
		if short := shorthand(word); short != "" {
			name, value, hasValue = word[:2], strings.TrimPrefix(short, "="), true // -fDockerfile.prod
		}
		known, found := lookup(name)
		switch {
		case !found:
			return o, command.BadInput("The docker option %s is not known for the build phase; remove it with docker-options:remove", name)
		case known.bare && !hasValue:
			value = "true"
		case !hasValue && i+1 == len(args):
			return o, command.BadInput("The docker option %s of the build phase needs a value", name)
		case !hasValue:
			i++
			value = args[i]
		}
		if known.set == nil {
			o.Ignored = append(o.Ignored, name)
			continue
		}
		if err := known.set(&o, value); err != nil {
			return o, command.BadInput("The docker option %s of the build phase is wrong: %w", name, err)
		}
	}
	return o, nil
}

// shorthand is the value that is written together with a one-letter flag, as in
// "-fDockerfile.prod" and "-v=a:b", with the equals sign.
func shorthand(word string) string {
	if len(word) > 2 && word[0] == '-' && word[1] != '-' {
		if known, ok := lookup(word[:2]); ok && !known.bare {
			return word[2:]
		}
	}
	return ""
}

func lookup(name string) (known flag, found bool) {
	if known, found = buildFlags[name]; !found {
		known, found = runFlags[name]
	}
	return known, found
}

// fields reads "type=registry,ref=x" as pairs; a field without "=" has it whole
// as its key.
func fields(value string) ([][2]string, error) {
	words, err := csvvalue.Fields(value, nil)
	if err != nil {
		return nil, err
	}
	pairs := make([][2]string, len(words))
	for i, word := range words {
		key, v, _ := strings.Cut(word, "=")
		pairs[i] = [2]string{strings.ToLower(key), v}
	}
	return pairs, nil
}
