package git

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// update is one line that git gives to a pre-receive hook: a ref that is asked
// to change. Source: githooks(5).
type update struct {
	old, new string // object IDs; all zeros for "none"
	ref      string // refs/heads/main
}

func (u update) deletes() bool { return strings.Trim(u.new, "0") == "" }

// short is the ref without refs/heads/ or refs/tags/.
func (u update) short() string {
	return strings.TrimPrefix(strings.TrimPrefix(u.ref, "refs/heads/"), "refs/tags/")
}

// named tells whether the ref is a branch or a tag.
func (u update) named() bool { return u.short() != u.ref }

// maxUpdates bounds what one push may change, and so the memory that its list
// takes.
const maxUpdates = 100000

// parseUpdates reads the input of a pre-receive hook.
func parseUpdates(r io.Reader) ([]update, error) {
	var all []update
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), " ", 3)
		if len(fields) != 3 || !objectID.MatchString(fields[0]) || !objectID.MatchString(fields[1]) || !strings.HasPrefix(fields[2], "refs/") {
			return nil, fmt.Errorf("cannot read what was pushed: line %d is not `old new ref`", len(all)+1)
		}
		if len(all) == maxUpdates {
			return nil, fmt.Errorf("cannot take more than %d branches and tags in one push", maxUpdates)
		}
		all = append(all, update{fields[0], fields[1], fields[2]})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot read what was pushed: %w", err)
	}
	return all, nil
}

// choice says what is done with a push.
type choice struct {
	deploy  *update // nil: nothing is deployed
	adopt   string  // the new deploy branch, "" to leave it
	refused *update // the deletion of the deploy branch
	others  []update
}

// choose finds the update that is deployed. configured is the deploy branch
// that somebody chose, "" when nobody did; then fallback counts, and when the
// push does not have it, the first branch of the push (or tag, if it has only
// tags) becomes the deploy branch.
// Dokku: plugins/git/functions, cmd-git-hook.
func choose(updates []update, configured, fallback string) choice {
	branch := configured
	if branch == "" {
		branch = fallback
	}
	var c choice
	pick := func(i int) {
		c.deploy = &updates[i]
		for j, u := range updates {
			if j != i && !u.deletes() && u.short() != c.deploy.short() {
				c.others = append(c.others, u)
			}
		}
	}
	for _, prefix := range []string{"refs/heads/", "refs/tags/"} {
		for i, u := range updates {
			switch {
			case u.ref != prefix+branch:
			case !u.deletes():
				pick(i)
				return c
			case prefix == "refs/heads/":
				c.refused = &updates[i]
				return c
			}
		}
	}
	if configured == "" {
		for _, prefix := range []string{"refs/heads/", "refs/tags/"} {
			for i, u := range updates {
				if strings.HasPrefix(u.ref, prefix) && !u.deletes() {
					pick(i)
					c.adopt = u.short()
					return c
				}
			}
		}
	}
	for _, u := range updates {
		if !u.deletes() {
			c.others = append(c.others, u)
		}
	}
	return c
}
