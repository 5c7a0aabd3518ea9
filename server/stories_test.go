package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is what stories tell of one command.
type told struct{ success, failure, help bool }

// TestEveryCommandHasAStory wants each command to succeed and to fail in some story, and its help to be shown, by itself
// or with its feature's. An argument too many or an unknown flag is a failure too: every command can fail.
func TestEveryCommandHasAStory(t *testing.T) {
	table, _ := wholeTable(t)
	stories := readStories(t)
	for _, c := range table.Commands() {
		got := stories[c.Name]
		if !got.success {
			t.Errorf("no story shows that %s succeeds", c.Name)
		}
		if !got.failure {
			t.Errorf("no story shows how %s fails", c.Name)
		}
		if !got.help && !stories[c.Feature()+":help"].success {
			t.Errorf("no story shows the help of %s", c.Name)
		}
	}
}

// readStories reads which command lines stand in stories, and how they end. Lines that need an engine or a terminal stand
// in e2e/testdata, in testscript's language: there exec and admin begin a success and ! a failure.
func readStories(t *testing.T) map[string]told {
	t.Helper()
	stories := map[string]told{}
	note := func(words []string, ok bool) {
		for len(words) > 0 && strings.HasPrefix(words[0], "--") {
			words = words[1:]
		}
		if len(words) == 0 {
			return
		}
		got := stories[words[0]]
		switch {
		case len(words) > 1 && (words[1] == "--help" || words[1] == "-h"):
			got.help = got.help || ok
		case ok:
			got.success = true
		default:
			got.failure = true
		}
		stories[words[0]] = got
	}
	for _, pattern := range []string{"../plugins/*/testdata/*.txtar", "../e2e/testdata/*.txtar", "testdata/*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var typed []string
			for line := range strings.Lines(string(text)) {
				words := strings.Fields(line)
				switch {
				case strings.HasPrefix(line, "$ dokku "):
					typed = words[2:]
				case strings.HasPrefix(line, "[exit ") && typed != nil:
					note(typed, strings.HasPrefix(line, "[exit 0]"))
					typed = nil
				case strings.HasPrefix(line, "exec dokku "):
					note(words[2:], true)
				case strings.HasPrefix(line, "! exec dokku "):
					note(words[3:], false)
				case strings.HasPrefix(line, "admin "):
					note(words[1:], true)
				case strings.HasPrefix(line, "! admin "):
					note(words[2:], false)
				}
			}
		}
	}
	return stories
}
