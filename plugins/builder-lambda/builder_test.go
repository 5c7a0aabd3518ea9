package builderlambda

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/build/buildtest"
	"github.com/slipwayhq/slipway/build/tool/tooltest"
	"github.com/slipwayhq/slipway/plugin"
)

func TestBuild(t *testing.T) {
	tooltest.Run(t, tooltest.Subject{
		New: New, Feature: feature, Program: program.Program, Named: "--tag",
		Script: "echo zipped >lambda.zip\n",
		Wanted: []string{
			"build", "--generate-image", "--write-procfile", "--image-env=DOCKER_LAMBDA_STAY_OPEN=1", "--label=com.dokku.image-stage=release",
			"--port", "5000", "--tag", "$IMAGE-lambda", "--working-directory", "$DIR", "web: serve", "release: migrate",
		},
		Check: func(t *testing.T, h *plugin.Host, _ string) {
			text, err := os.ReadFile(filepath.Join(h.Store.DataDir("builder-lambda", buildtest.App), "latest.zip"))
			if string(text) != "zipped\n" || err != nil {
				t.Errorf("the archive is %q, %v", text, err)
			}
		},
	})
}
