// Package index reads the index of plugins: a signed list of the plugins that
// there are, from where each is got, and what exactly is to be got there.
//
//	ix, err := index.Open(text, signature, key)   // the signature is checked before anything is read
//	err = ix.Follows(before, time.Now())          // newer than the one before, and not expired
//	e, ok := ix.Find("postgres")                  // e.Git at e.Commit, whose files have the sum e.SHA256
//
// The format is docs/plugins/index-format.md. An Index is immutable.
package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Format is the version of the format that is read and written.
const Format = 1

// Limits of an index.
const (
	MaxSize    = 4 << 20 // bytes
	maxEntries = 10000
	maxText    = 1000 // bytes of one text
)

// Index lists plugins.
type Index struct {
	Format int `json:"format"`
	// Serial grows with each index that is published: an older one is refused.
	Serial  int64     `json:"serial"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
	Plugins []Entry   `json:"plugins"` // in the order of their names
}

// Entry is one plugin. It is got from Git at Commit, or from Archive.
type Entry struct {
	Name        string `json:"name"`
	Version     string `json:"version,omitempty"`
	Description string `json:"description"`
	Homepage    string `json:"homepage,omitempty"`
	// Note is what one should know before installing it.
	Note    string `json:"note,omitempty"`
	Git     string `json:"git,omitempty"`     // URL of a repository
	Commit  string `json:"commit,omitempty"`  // 40 hexadecimal digits
	Archive string `json:"archive,omitempty"` // URL of a .tar.gz
	// SHA256 is that of the archive, or the sum of the commit's files; see Sum.
	SHA256 string `json:"sha256"`
}

// Parse reads an index whose signature was checked. Fields that it does not
// know are left alone.
func Parse(text []byte) (Index, error) {
	if len(text) > MaxSize {
		return Index{}, fmt.Errorf("it is larger than %d bytes", MaxSize)
	}
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return Index{}, errors.New("it is no JSON of an index of plugins")
	}
	if version.Format > Format {
		return Index{}, fmt.Errorf("it has format %d, which a newer Slipway reads: update Slipway", version.Format)
	}
	var ix Index
	if err := json.Unmarshal(text, &ix); err != nil {
		return Index{}, fmt.Errorf("it is no index of plugins: %w", err)
	}
	return ix, ix.check()
}

func (ix Index) check() error {
	switch {
	case ix.Format != Format:
		return fmt.Errorf("it has format %d, not %d", ix.Format, Format)
	case ix.Serial < 1:
		return errors.New("its serial is not 1 or more")
	case ix.Issued.IsZero() || !ix.Expires.After(ix.Issued):
		return errors.New("it lacks when it was issued and when, after that, it expires")
	case len(ix.Plugins) > maxEntries:
		return fmt.Errorf("it has more than %d plugins", maxEntries)
	}
	before := ""
	for _, e := range ix.Plugins {
		if err := e.check(); err != nil {
			return fmt.Errorf("plugin %.100q: %w", e.Name, err)
		}
		if e.Name <= before {
			return fmt.Errorf("plugin %q stands there twice, or not in the order of names", e.Name)
		}
		before = e.Name
	}
	return nil
}

// nameRE is what a plugin may be called: it is a folder's name.
var nameRE = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.-]{0,99}$`)

var (
	commitRE = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sumRE    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func (e Entry) check() error {
	for _, text := range []string{e.Version, e.Description, e.Homepage, e.Note, e.Git, e.Archive} {
		if len(text) > maxText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
			return errors.New("a text of it is not one line of letters")
		}
	}
	switch {
	case !nameRE.MatchString(e.Name):
		return errors.New("its name is not of letters, digits, _, . and -")
	case e.Description == "":
		return errors.New("it has no description")
	case !sumRE.MatchString(e.SHA256):
		return errors.New("its sha256 is not 64 hexadecimal digits")
	case (e.Git == "") == (e.Archive == ""):
		return errors.New("it has git or archive, one of them")
	case e.Git != "" && !commitRE.MatchString(e.Commit):
		return errors.New("its commit is not 40 hexadecimal digits")
	case e.Git != "":
		return checkURL("git", e.Git, "https", "ssh", "file")
	case e.Commit != "":
		return errors.New("an archive has no commit")
	case !strings.HasSuffix(e.Archive, ".tar.gz") && !strings.HasSuffix(e.Archive, ".tgz"):
		return errors.New("its archive is no .tar.gz")
	}
	return checkURL("archive", e.Archive, "https", "file")
}

// checkURL takes URLs that keep what goes over them from others, and have no
// password.
func checkURL(what, s string, schemes ...string) error {
	u, err := url.Parse(s)
	if err != nil || !slices.Contains(schemes, u.Scheme) || strings.ContainsRune(s, ' ') {
		return fmt.Errorf("its %s is no URL with %s", what, strings.Join(schemes, ":, ")+":")
	}
	if _, secret := u.User.Password(); secret {
		return fmt.Errorf("its %s has a password in it", what)
	}
	if u.Scheme == "file" {
		if u.Host != "" || !path.IsAbs(u.Path) {
			return fmt.Errorf("its %s is no absolute path", what)
		}
		return nil
	}
	if u.Hostname() == "" || strings.HasPrefix(u.Host, "-") || u.User.Username() != "" && strings.HasPrefix(u.User.Username(), "-") {
		return fmt.Errorf("its %s has no host", what)
	}
	return nil
}

// Find finds a plugin by its name, with or without dokku- in front.
func (ix Index) Find(name string) (Entry, bool) {
	for _, n := range []string{name, strings.TrimPrefix(name, "dokku-")} {
		if i := slices.IndexFunc(ix.Plugins, func(e Entry) bool { return e.Name == n }); i >= 0 {
			return ix.Plugins[i], true
		}
	}
	return Entry{}, false
}

// Search lists the plugins whose name or description has all words.
func (ix Index) Search(words ...string) []Entry {
	var found []Entry
	for _, e := range ix.Plugins {
		text := strings.ToLower(e.Name + " " + e.Description)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, strings.ToLower(w)) }) {
			found = append(found, e)
		}
	}
	return found
}

// Follows says why an index cannot take the place of the one before, nil when
// it can. Before may be the zero Index.
func (ix Index) Follows(before Index, now time.Time) error {
	if ix.Serial < before.Serial {
		return fmt.Errorf("it is older (%d) than the one that is here (%d)", ix.Serial, before.Serial)
	}
	return ix.Current(now)
}

// Current says why an index is not to be relied on, nil when it is.
func (ix Index) Current(now time.Time) error {
	if !now.Before(ix.Expires) {
		return fmt.Errorf("it expired on %s", ix.Expires.UTC().Format(time.DateOnly))
	}
	return nil
}
