package trigger

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// withValues are the triggers whose arguments hold values of config vars, as
// NAME=VALUE or bare, from the argument with that number on.
var withValues = map[string]int{
	"config-set": 0, "config-unset": 0, "post-config-update": 2, "scheduler-run": 3, "user-auth": 3, "git-auth": 1,
	"post-registry-login": 2,
}

// urlUser is the name and password in a URL.
var urlUser = regexp.MustCompile(`://[^/@\s]*@`)

// assignment is NAME=VALUE, or a flag with a value.
var assignment = regexp.MustCompile(`^(-{0,2}[A-Za-z_][A-Za-z0-9_.-]*=)(?s:.+)$`)

// Describe is a trigger with its arguments on one line, for logs: without the
// values of config vars and the passwords in URLs.
func Describe(name string, args []string) string {
	return strings.Join(append([]string{name}, Shown(name, args)...), " ")
}

// Shown are the arguments of a trigger as logs may have them.
func Shown(name string, args []string) []string {
	shown := slices.Clone(args)
	from, secret := withValues[name]
	for i, arg := range shown {
		if secret && i >= from {
			arg = assignment.ReplaceAllString(arg, "${1}***")
		}
		arg = urlUser.ReplaceAllString(arg, "://***@")
		if strings.ContainsFunc(arg, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			arg = strconv.Quote(arg)
		}
		shown[i] = arg
	}
	return shown
}
