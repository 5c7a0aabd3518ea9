package buildkit

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// instruction is one instruction of a Dockerfile and where it is.
type instruction struct {
	line int    // its first line, from 1
	text string // as written, in one line
}

// numberedStep takes apart "[stage-1  2/13] RUN npm ci".
var numberedStep = regexp.MustCompile(`^\[(?:(\S+) )? *([0-9]+)/([0-9]+)\] `)

// stepInstruction finds the instruction that BuildKit calls by this name. The
// engine's BuildKit tells the place of an error itself only since Docker 23.
func stepInstruction(dockerfile []byte, vertex string) (instruction, bool) {
	m := numberedStep.FindStringSubmatch(vertex)
	if m == nil {
		return instruction{}, false
	}
	index, _ := strconv.Atoi(m[2])
	total, _ := strconv.Atoi(m[3])
	stages := readStages(dockerfile)
	for i, stage := range stages {
		name := stage.name
		if name == "" {
			name = "stage-" + strconv.Itoa(i)
		}
		if !strings.EqualFold(name, m[1]) && (m[1] != "" || len(stages) > 1) {
			continue
		}
		// Counted from the end: at the start are FROM, but not always, and
		// what the base image has ONBUILD.
		// Source: BuildKit's dockerfile2llb/convert.go, cmdTotal.
		if n := len(stage.steps) - 1 - (total - index); n >= 0 && n < len(stage.steps) {
			return stage.steps[n], true
		}
		return stage.from, index == 1
	}
	return instruction{}, false
}

// stage is one build stage: its FROM, and the instructions that are steps.
type stage struct {
	name  string
	from  instruction
	steps []instruction
}

func readStages(dockerfile []byte) []stage {
	var stages []stage
	for _, node := range parse(dockerfile) {
		here := instruction{node.StartLine, strings.Join(strings.Fields(node.Original), " ")}
		switch strings.ToLower(node.Value) {
		case "from":
			stages = append(stages, stage{name: stageName(node), from: here})
		case "run", "copy", "add", "workdir":
			if len(stages) > 0 {
				last := &stages[len(stages)-1]
				last.steps = append(last.steps, here)
			}
		}
	}
	return stages
}

// stageName is NAME in "FROM image AS NAME".
func stageName(from *parser.Node) string {
	words := strings.Fields(from.Original)
	if n := len(words); n >= 4 && strings.EqualFold(words[n-2], "as") {
		return words[n-1]
	}
	return ""
}

// imageInstruction finds the instruction that names an image, given as BuildKit
// spells it ("docker.io/library/busybox:stable").
func imageInstruction(dockerfile []byte, image string) (instruction, bool) {
	for _, node := range parse(dockerfile) {
		var named string
		switch strings.ToLower(node.Value) {
		case "from":
			if node.Next != nil {
				named = node.Next.Value
			}
		case "copy", "run":
			for _, flag := range node.Flags {
				if _, from, ok := strings.Cut(flag, "from="); ok {
					named, _, _ = strings.Cut(from, ",")
				}
			}
		}
		if named != "" && sameImage(named, image) {
			return instruction{node.StartLine, strings.Join(strings.Fields(node.Original), " ")}, true
		}
	}
	return instruction{}, false
}

func sameImage(a, b string) bool {
	first, err := reference.ParseNormalizedNamed(a)
	if err != nil {
		return false
	}
	second, err := reference.ParseNormalizedNamed(b)
	return err == nil && reference.TagNameOnly(first).String() == reference.TagNameOnly(second).String()
}

// lineInstruction is the instruction on a line.
func lineInstruction(dockerfile []byte, line int) instruction {
	lines := bytes.Split(dockerfile, []byte("\n"))
	if line < 1 || line > len(lines) {
		return instruction{line: line}
	}
	return instruction{line, strings.TrimSpace(string(lines[line-1]))}
}

// parse reads a Dockerfile as far as it can be read.
func parse(dockerfile []byte) []*parser.Node {
	parsed, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil
	}
	return parsed.AST.Children
}
