package builder_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/builder"
)

func TestStories(t *testing.T) { plugintest.Run(t, builder.Plugin) }
