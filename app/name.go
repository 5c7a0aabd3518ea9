// Package app has the nouns: app names, process types, the Procfile, app.json
// and releases, each a validated value.
//
//	name, err := app.ParseName("blog")
//	procs, err := app.ParseProcfile(file)
package app

import (
	"errors"
	"regexp"
	"strings"
)

// Name is a valid name of an app: lower-case letters, digits, dots and
// hyphens, at most 63 characters, beginning with a letter or digit. It is safe
// as a file name, a container name, an image name and a host label.
type Name string

// maxName keeps names valid as one DNS label and container name prefix
// (RFC 1035 §2.3.4).
const maxName = 63

var nameRE = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// ErrName is what is wrong with an invalid app name. The words are Dokku's.
var ErrName = errors.New("App name must begin with lowercase alphanumeric character, and may only contain lowercase alphanumerics, dots, and hyphens") //nolint:staticcheck // shown to users as it is

// ErrNameLength says that a name is too long.
var ErrNameLength = errors.New("App name must not be longer than 63 characters") //nolint:staticcheck // shown to users as it is

// ErrNameDots says that a name cannot be part of a host name.
var ErrNameDots = errors.New("App name must not end in a dot or have two dots in a row") //nolint:staticcheck // shown to users as it is

// ParseName checks the name of an app. Errors: ErrName, ErrNameLength, ErrNameDots.
func ParseName(s string) (Name, error) {
	if len(s) > maxName {
		return "", ErrNameLength
	}
	if !nameRE.MatchString(s) {
		return "", ErrName
	}
	if strings.Contains(s, "..") || strings.HasSuffix(s, ".") {
		return "", ErrNameDots
	}
	return Name(s), nil
}

// UnmarshalText implements encoding.TextUnmarshaler for command arguments.
func (n *Name) UnmarshalText(b []byte) (err error) {
	*n, err = ParseName(string(b))
	return err
}

// ErrProcessType says that a process type is invalid.
var ErrProcessType = errors.New("process type may only contain letters, digits, underscores and hyphens, and at most 63 of them")

// ParseProcessType checks the name of a process type, such as "web".
func ParseProcessType(s string) (string, error) {
	if s == "" || len(s) > maxName {
		return "", ErrProcessType
	}
	for i := range len(s) { // not by a regexp: a counted one costs the client half a millisecond at every start
		c := s[i]
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return "", ErrProcessType
		}
	}
	return s, nil
}
