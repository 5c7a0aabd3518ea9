package buildkit

import (
	"slices"
	"strings"
	"testing"
)

func TestArgNames(t *testing.T) {
	for dockerfile, want := range map[string][]string{
		"":                                      nil,
		"ARG A\nFROM x\narg B=1 C='a b' \\\n D": {"A", "B", "C", "D"},
		"FROM x\nARG A=1\nARG A\n":              {"A"},
		"FROM x\n# ARG NO\nRUN echo ARG NO\nENV ARG=NO\nONBUILD ARG NO": nil,
		"# escape=`\nFROM x\nARG A `\n B\n":                             {"A", "B"},
		"FROM x\nRUN <<EOF\nARG NO\nEOF\nARG A":                         {"A"},
		"not a Dockerfile at all":                                       nil,
	} {
		if got := ArgNames([]byte(dockerfile)); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", dockerfile, got, want)
		}
	}
}

func FuzzArgNames(f *testing.F) {
	f.Add([]byte("ARG A\nFROM x\nARG B=1 \"C\"=2"))
	f.Add([]byte("# escape=`\nFROM x\nRUN <<E\nE\nARG = "))
	f.Add([]byte("FROM x AS\nCOPY --from= a b\nONBUILD ONBUILD ARG\n\\\n\\"))
	f.Fuzz(func(t *testing.T, dockerfile []byte) {
		for _, name := range ArgNames(dockerfile) {
			if name == "" || strings.Contains(name, "=") {
				t.Errorf("%q", name)
			}
		}
		readStages(dockerfile)
		imageInstruction(dockerfile, "docker.io/library/x:latest")
		stepInstruction(dockerfile, "[1/1] RUN x")
	})
}

const stages = `# syntax=docker/dockerfile:1
ARG VERSION=1
FROM node:20 AS Builder
WORKDIR /app
ENV A=b
COPY . .
RUN npm ci && \
    npm run build

FROM builder
RUN npm test
FROM scratch
COPY --from=builder /app /app
COPY --from=nginx:1 /etc/nginx /etc/nginx
`

func TestStepInstruction(t *testing.T) {
	one := "FROM x\nRUN a\nEXPOSE 1\nRUN b\n"
	for _, c := range []struct {
		dockerfile, vertex string
		line               int
		text               string
	}{
		{stages, "[builder 1/4] FROM docker.io/library/node:20", 3, "FROM node:20 AS Builder"},
		{stages, "[builder 2/4] WORKDIR /app", 4, "WORKDIR /app"},
		{stages, "[builder 4/4] RUN npm ci &&     npm run build", 7, "RUN npm ci && npm run build"},
		{stages, "[stage-1 1/1] RUN npm test", 11, "RUN npm test"},
		{stages, "[stage-2  2/2] COPY --from=nginx:1 /etc/nginx /etc/nginx", 14, "COPY --from=nginx:1 /etc/nginx /etc/nginx"},
		{one, "[1/3] FROM docker.io/library/x", 1, "FROM x"},
		{one, "[3/3] RUN b", 4, "RUN b"},
		{one, "[stage-0 2/3] RUN a", 2, "RUN a"},
		{one, "[linux/amd64 3/3] RUN b", 0, ""},
		// Two more than the Dockerfile has: the base image's ONBUILD.
		{one, "[2/5] ONBUILD COPY . .", 0, ""},
		{one, "[5/5] RUN b", 4, "RUN b"},
		{one, "[internal] load build context", 0, ""},
		{one, "[9/3] RUN b", 0, ""},
		{"", "[1/1] RUN b", 0, ""},
	} {
		got, ok := stepInstruction([]byte(c.dockerfile), c.vertex)
		if ok != (c.line > 0) || ok && got != (instruction{c.line, c.text}) {
			t.Errorf("%s: %v, %v", c.vertex, got, ok)
		}
	}
}

func TestImageInstruction(t *testing.T) {
	for image, line := range map[string]int{
		"docker.io/library/node:20": 3, "docker.io/library/nginx:1": 14, "docker.io/library/other:latest": 0, "NOT A NAME": 0,
	} {
		if got, ok := imageInstruction([]byte(stages), image); ok != (line > 0) || got.line != line {
			t.Errorf("%s: %v, %v", image, got, ok)
		}
	}
}
