package builderrailpack

import (
	"testing"

	"github.com/slipwayhq/slipway/build/tool/tooltest"
)

func TestBuild(t *testing.T) {
	tooltest.Run(t, tooltest.Subject{
		New: New, Feature: feature, Program: program.Program, Named: "--name",
		Options: []string{"--memory", "1g", "--env=DEBUG=1", "--build-cmd", "npm run build"},
		Wanted:  []string{"build", "--env", "DEBUG=1", "--build-cmd", "npm run build", "--name", "$IMAGE-railpack", "$DIR", "web: serve"},
	})
}
