package buildernixpacks_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	buildernixpacks "github.com/slipwayhq/slipway/plugins/builder-nixpacks"
)

func TestStories(t *testing.T) { plugintest.Run(t, buildernixpacks.Plugin) }
