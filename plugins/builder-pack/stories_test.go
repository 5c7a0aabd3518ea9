package builderpack_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	builderpack "github.com/slipwayhq/slipway/plugins/builder-pack"
)

func TestStories(t *testing.T) { plugintest.Run(t, builderpack.Plugin) }
