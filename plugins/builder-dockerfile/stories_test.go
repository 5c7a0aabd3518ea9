package builderdockerfile_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	builderdockerfile "github.com/slipwayhq/slipway/plugins/builder-dockerfile"
)

func TestStories(t *testing.T) { plugintest.Run(t, builderdockerfile.Plugin) }
