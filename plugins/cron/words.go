package cron

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// maxWords bounds what braces may make of a command: a{1..999999999} would be
// all of the memory.
const maxWords = 1000

// splitCommand splits a command into words as a shell does it, without running
// anything: quotes and braces count, variables are empty, and operators and
// substitutions are errors. Source: Dokku plugins/cron/cron.go,
// ValidateCronCommand, which uses the same parser.
func splitCommand(line string) (argv []string, err error) {
	defer func() { // the line is anybody's, and the parser is not ours
		if p := recover(); p != nil {
			argv, err = nil, errors.New("it cannot be split into words")
		}
	}()
	var parsed []*syntax.Word
	count := 0
	for word, err := range syntax.NewParser().WordsSeq(strings.NewReader(line)) {
		if err != nil {
			return nil, err
		}
		if err := plain(word); err != nil {
			return nil, err
		}
		if count += ways(*word); count > maxWords {
			return nil, fmt.Errorf("it has more than %d words", maxWords)
		}
		parsed = append(parsed, word)
	}
	nothing := expand.FuncEnviron(func(string) string { return "" })
	return expand.Fields(&expand.Config{Env: nothing}, parsed...)
}

// plain refuses what a shell would have to run or to compute.
func plain(word *syntax.Word) (err error) {
	syntax.Walk(word, func(node syntax.Node) bool {
		switch node.(type) {
		case *syntax.CmdSubst:
			err = fmt.Errorf("unexpected command substitution at %s", node.Pos())
		case *syntax.ProcSubst:
			err = fmt.Errorf("unexpected process substitution at %s", node.Pos())
		case *syntax.ArithmExp:
			err = fmt.Errorf("unexpected arithmetic at %s", node.Pos())
		}
		return err == nil
	})
	return err
}

// ways is how many words braces make of a word, or more than maxWords.
func ways(word syntax.Word) int {
	syntax.SplitBraces(&word)
	all := 1
	for _, part := range word.Parts {
		braces, ok := part.(*syntax.BraceExp)
		if !ok {
			continue
		}
		sum := 0
		if braces.Sequence {
			sum = steps(braces)
		} else {
			for _, elem := range braces.Elems {
				sum = min(sum+ways(*elem), maxWords+1)
			}
		}
		if all *= max(sum, 1); all > maxWords {
			return maxWords + 1
		}
	}
	return all
}

// steps is how many words a sequence such as {1..9} makes, or more than
// maxWords. The step is not looked at: it only makes them fewer.
func steps(braces *syntax.BraceExp) int {
	var ends [2]int
	for i := range ends {
		n, err := strconv.Atoi(braces.Elems[i].Lit())
		if err != nil {
			return 256 // letters
		}
		ends[i] = max(min(n, 10*maxWords), -10*maxWords)
	}
	return min(max(ends[0]-ends[1], ends[1]-ends[0])+1, maxWords+1)
}
