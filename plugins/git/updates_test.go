package git

import (
	"os/exec"
	"strings"
	"testing"
)

const (
	zero = "0000000000000000000000000000000000000000"
	one  = "1111111111111111111111111111111111111111"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name, refs, configured, fallback string
		want                             string // deploy/adopt/refused/others
	}{
		{"the default branch", "heads/master", "", "master", "heads/master///"},
		{"the configured branch", "heads/main", "main", "main", "heads/main///"},
		{"another is adopted", "heads/main", "", "master", "heads/main/main//"},
		{"another is not, once one is configured", "heads/main", "live", "live", "///heads/main"},
		{"the first of two is adopted", "heads/b heads/a", "", "master", "heads/b/b//heads/a"},
		{"the default wins over the first", "heads/a heads/master", "", "master", "heads/master///heads/a"},
		{"branches win over tags", "tags/v1 heads/main", "", "master", "heads/main/main//tags/v1"},
		{"a tag alone is adopted", "tags/v1", "", "master", "tags/v1/v1//"},
		{"branch and tag of the same name are one", "tags/main heads/main", "main", "main", "heads/main///"},
		{"a tag of the deploy branch's name", "tags/main", "main", "main", "tags/main///"},
		{"notes are never adopted", "notes/commits", "", "master", "///notes/commits"},
		{"names with slashes", "heads/feature/x", "", "master", "heads/feature/x/feature/x//"},
		{"a deletion of the deploy branch", "-heads/main heads/other", "main", "main", "//heads/main/"},
		{"a deletion of the default branch", "-heads/master", "", "master", "//heads/master/"},
		{"a deletion of another branch", "-heads/other", "", "master", "///"},
		{"a deletion of a tag of that name", "-tags/main", "main", "main", "///"},
		{"nothing", "", "", "master", "///"},
	} {
		var updates []update
		for ref := range strings.FieldsSeq(c.refs) {
			u := update{old: zero, new: one, ref: "refs/" + strings.TrimPrefix(ref, "-")}
			if ref[0] == '-' {
				u.old, u.new = one, zero
			}
			updates = append(updates, u)
		}
		got := choose(updates, c.configured, c.fallback)
		short := func(u *update) string {
			if u == nil {
				return ""
			}
			return strings.TrimPrefix(u.ref, "refs/")
		}
		var others []string
		for _, u := range got.others {
			others = append(others, short(&u))
		}
		text := short(got.deploy) + "/" + got.adopt + "/" + short(got.refused) + "/" + strings.Join(others, " ")
		if text != c.want {
			t.Errorf("%s: got %s, want %s", c.name, text, c.want)
		}
	}
}

func FuzzParseUpdates(f *testing.F) {
	f.Add(zero + " " + one + " refs/heads/main\n")
	f.Add(one + " " + zero + " refs/tags/a b\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		updates, err := parseUpdates(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, u := range updates {
			if !objectID.MatchString(u.old) || !objectID.MatchString(u.new) || strings.Contains(u.ref, "\n") {
				t.Fatalf("%+v", u)
			}
		}
		c := choose(updates, "", "master")
		if c.deploy != nil && (c.deploy.deletes() || c.refused != nil) || c.adopt != "" && c.deploy.short() != c.adopt {
			t.Fatalf("%+v", c)
		}
	})
}

// TestCheckBranchAgreesWithGit asks git itself.
func TestCheckBranchAgreesWithGit(t *testing.T) {
	for _, name := range []string{
		"main", "feature/x", "a.b", "v1.0", "ümlaut", "UPPER", "a-b", "a_b", "a#b", "a@b", "a{b", "@x", "HEADS",
		"", "-x", "a b", "a..b", ".a", "a/.b", "a.lock", "a.lock/b", "a/", "/a", "a//b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b",
		`a\b`, "a.", "@{u}", "a@{b", "@", "HEAD", "a\tb", "a\x7fb", "a\nb",
	} {
		// --branch alone would also expand @{-1}.
		real := exec.CommandContext(t.Context(), "git", "check-ref-format", "--branch", name).Run() == nil
		if got := checkBranch(name) == nil; got != real && name != "HEAD" && name != "@" { // git takes these for the branch that HEAD names
			t.Errorf("%q: %v, git says %v", name, got, real)
		}
	}
}

func FuzzParseTreeEntry(f *testing.F) {
	f.Add("100644 blob 1111111111111111111111111111111111111111      12\ta\tb")
	f.Add("160000 commit 1111111111111111111111111111111111111111       -\tlib")
	f.Fuzz(func(_ *testing.T, record string) { _, _ = parseTreeEntry(record) })
}

func TestRecordWriter(t *testing.T) {
	var got []string
	w := &recordWriter{emit: func(s string) { got = append(got, s) }}
	for _, part := range []string{"a\x00b", "c\x00", "\x00de", "f\x00g"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if text := strings.Join(got, "|"); text != "a|bc||def" {
		t.Error(text)
	}
}
