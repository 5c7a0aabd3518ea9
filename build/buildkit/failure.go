package buildkit

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/slipwayhq/slipway/command"
)

// failure shows where the build failed and the last output there, and returns
// the one sentence about it.
func (p *progress) failure(job Job, err error) error {
	file := job.Dockerfile
	if status.Code(err) == codes.Unavailable {
		return command.Fail("The Docker engine went away during the build: is it running? (systemctl start docker)")
	}
	reason := plainReason(err.Error())
	failed := p.failedStep()
	at, known := place(file.Content, failed, err)
	where := ""
	if known {
		where = fmt.Sprintf("%s:%d", file.Name, at.line)
		p.out.Text("%s  %s", where, shortened(at.text))
	}
	if failed != nil {
		if failed.open {
			p.header(failed)
		} else {
			for _, line := range failed.tail {
				p.out.Text("  %s", line)
			}
		}
	}
	return sentence(job, where, at, failed, reason)
}

// failedStep is the step that failed first; the others were only cancelled.
func (p *progress) failedStep() *step {
	for _, st := range p.order {
		if st.failed != "" && !strings.Contains(st.failed, "context canceled") {
			return st
		}
	}
	return nil
}

// The words in which BuildKit and registries tell what went wrong.
var (
	parseErrorLine = regexp.MustCompile(`(?:dockerfile parse error|Dockerfile parse error)(?: on)? line ([0-9]+): `)
	exitStatus     = regexp.MustCompile(`exit code: ([0-9]+)`)
	metadataFor    = regexp.MustCompile(`(?:load metadata for|^(?:\[.*\] )?FROM) (\S+)`)
	frontendImage  = regexp.MustCompile(`resolve image config for (?:docker-image://)?(\S+)`)
	secretMissing  = regexp.MustCompile(`secret ([^\s:]+):? not found`)
	fileMissing    = regexp.MustCompile(`"?(/[^"]*)"?:? not found`)
)

// place finds the instruction at fault.
func place(dockerfile []byte, failed *step, err error) (instruction, bool) {
	for _, source := range errdefs.Sources(err) { // Docker 23 and newer
		for _, r := range source.Ranges {
			return lineInstruction(dockerfile, int(r.Start.Line)), true
		}
	}
	if m := parseErrorLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		return lineInstruction(dockerfile, line), true
	}
	if failed == nil {
		return instruction{}, false
	}
	if m := metadataFor.FindStringSubmatch(failed.vertex); m != nil {
		return imageInstruction(dockerfile, m[1])
	}
	return stepInstruction(dockerfile, failed.vertex)
}

func sentence(job Job, where string, at instruction, failed *step, reason string) error {
	vertex := ""
	if failed != nil {
		vertex = failed.vertex
	}
	what := shortened(at.text)
	in := ""
	if where != "" {
		in = " (" + where + ")"
	}
	if m := metadataFor.FindStringSubmatch(vertex); m != nil {
		return command.Fail("Cannot pull the image %s%s: %s\nCheck its name and the server's network; for a private image log in first: dokku registry:login", m[1], in, pullReason(reason))
	}
	if m := frontendImage.FindStringSubmatch(vertex); m != nil {
		return command.Fail("Cannot pull %s, which the line `# syntax=` of %s asks for: %s\nRemove that line to build with what the Docker engine has built in", m[1], job.Dockerfile.Name, pullReason(reason))
	}
	if m := exitStatus.FindStringSubmatch(reason); m != nil && where != "" {
		hint := ""
		if m[1] == "137" {
			hint = "; it was killed, as happens when the memory runs out"
		}
		return command.Fail("The build failed at %s: %s ended with exit code %s%s", where, what, m[1], hint)
	}
	if m := secretMissing.FindStringSubmatch(reason); m != nil {
		return command.Fail("The build needs the secret %s%s, which is not set\nSet it: dokku config:set --no-restart %s %s=…", m[1], in, job.App, m[1])
	}
	if where != "" && parseErrorLine.MatchString(reason) {
		return command.Fail("%s: %s", where, parseErrorLine.ReplaceAllString(reason, ""))
	}
	if m := fileMissing.FindStringSubmatch(reason); m != nil && where != "" {
		return command.Fail("The build failed at %s: %s is not in the source\nCommit it, and see that .dockerignore does not leave it out", where, strings.TrimPrefix(m[1], "/"))
	}
	if where != "" {
		return command.Fail("The build failed at %s: %s", where, reason)
	}
	return command.Fail("The build of %s failed: %s", job.App, reason)
}

// wrappings are what BuildKit puts before the reason and says nothing to users.
var wrappings = []string{
	"failed to solve: ", "failed to solve with frontend dockerfile.v0: ", "failed to solve with frontend gateway.v0: ",
	"failed to create LLB definition: ", "rpc error: code = Unknown desc = ", "rpc error: code = NotFound desc = ",
	"failed to compute cache key: ", "failed to read dockerfile: ", "failed to load cache key: ",
}

func plainReason(text string) string {
	for {
		before := text
		for _, w := range wrappings {
			text = strings.TrimPrefix(text, w)
		}
		if text == before {
			return text
		}
	}
}

// pullReason says in a few words why an image could not be had.
func pullReason(reason string) string {
	lower := strings.ToLower(reason)
	for _, known := range []struct{ words, plain string }{
		{"no such host", "its registry cannot be found"},
		{"connection refused", "its registry does not answer"},
		{"i/o timeout", "its registry does not answer"},
		{"deadline exceeded", "its registry does not answer"},
		{"network is unreachable", "its registry cannot be reached"},
		{"authorization failed", "it does not exist, or needs a login"},
		{"denied", "it does not exist, or needs a login"},
		{"unauthorized", "it does not exist, or needs a login"},
		{"forbidden", "it does not exist, or needs a login"},
		{"toomanyrequests", "its registry lets no more downloads through for now"},
		{"no match for platform", "it is not made for this machine's architecture"},
		{"certificate signed by unknown", "the certificate of its registry is not trusted"},
		{"manifest unknown", "it does not exist"},
		{"not found", "it does not exist"},
	} {
		if strings.Contains(lower, known.words) {
			return known.plain
		}
	}
	return reason
}
