// Package netrc reads and changes the .netrc files of curl and git, in which
// the passwords for other servers are.
//
//	text = netrc.Set(text, "github.com", "ann", "secret")
//	entry, ok := netrc.Get(text, "github.com")
//
// Main is the command `netrc`, which plugin scripts of Dokku call.
package netrc

import (
	"fmt"
	"strings"
)

// Entry is one machine of a .netrc.
type Entry struct {
	start, end      int // where it is in the text
	machine         string
	Login, Password string
	isDefault       bool // it stands for all machines that have no entry
}

// parse finds the entries of a .netrc as curl reads it: words after
// keywords, quotes with backslashes, comments, macros up to an empty line.
// What it does not know it skips, so any text has entries.
// Format: curl's .netrc, and netrc(5).
//
// It is our own because the Go libraries for it either only read, or crash on
// a file that ends early.
func parse(text string) []Entry {
	var all []Entry
	t := words{text: text}
	for {
		start, word, ok := t.next()
		if !ok {
			break
		}
		switch word {
		case "machine", "default":
			e := Entry{start: start, isDefault: word == "default"}
			if !e.isDefault {
				_, e.machine, _ = t.next()
			}
			e.end = t.pos
			all = append(all, e)
		case "login", "password", "account":
			_, value, _ := t.next()
			if len(all) == 0 {
				continue
			}
			e := &all[len(all)-1]
			e.end = t.pos
			switch word {
			case "login":
				e.Login = value
			case "password":
				e.Password = value
			}
		case "macdef":
			t.skipMacro()
			if len(all) > 0 {
				all[len(all)-1].end = t.pos
			}
		}
	}
	return all
}

// words cuts a .netrc into words.
type words struct {
	text string
	pos  int
}

// next is the next word and where it starts.
func (t *words) next() (start int, word string, ok bool) {
	for t.pos < len(t.text) {
		switch c := t.text[t.pos]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			t.pos++
			continue
		case c == '#':
			t.skipTo("\n")
			continue
		case c == '"':
			start = t.pos
			return start, t.quoted(), true
		}
		start = t.pos
		end := strings.IndexAny(t.text[start:], " \t\r\n")
		if end < 0 {
			end = len(t.text) - start
		}
		t.pos += end
		return start, t.text[start:t.pos], true
	}
	return t.pos, "", false
}

func (t *words) quoted() string {
	var b strings.Builder
	for t.pos++; t.pos < len(t.text); t.pos++ {
		switch c := t.text[t.pos]; {
		case c == '"':
			t.pos++
			return b.String()
		case c == '\\' && t.pos+1 < len(t.text):
			t.pos++
			b.WriteByte(t.text[t.pos])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (t *words) skipTo(mark string) {
	if i := strings.Index(t.text[t.pos:], mark); i >= 0 {
		t.pos += i + len(mark)
	} else {
		t.pos = len(t.text)
	}
}

// skipMacro goes to the empty line that ends a macro.
func (t *words) skipMacro() { t.skipTo("\n\n") }

// Get is the entry of a host.
func Get(text, host string) (e Entry, ok bool) {
	for _, e := range parse(text) {
		if !e.isDefault && e.machine == host {
			return e, true
		}
	}
	return Entry{}, false
}

// Unset removes all entries of a host and leaves the rest as it is.
func Unset(text, host string) string {
	var b strings.Builder
	from := 0
	for _, e := range parse(text) {
		if e.isDefault || e.machine != host {
			continue
		}
		b.WriteString(text[from:e.start])
		from = e.end
		if strings.HasPrefix(text[from:], "\n") {
			from++
		}
	}
	b.WriteString(text[from:])
	return b.String()
}

// Set makes login and password the one entry of a host. It goes before a
// default entry, after which none counts.
func Set(text, host, login, password string) string {
	text = Unset(text, host)
	entry := fmt.Sprintf("machine %s\n  login %s\n  password %s\n", quote(host), quote(login), quote(password))
	for _, e := range parse(text) {
		if e.isDefault {
			return text[:e.start] + entry + text[e.start:]
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + entry
}

// quote quotes a value that is not one plain word.
func quote(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t\"\\#") {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}
