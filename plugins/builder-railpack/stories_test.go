package builderrailpack_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	builderrailpack "github.com/slipwayhq/slipway/plugins/builder-railpack"
)

func TestStories(t *testing.T) { plugintest.Run(t, builderrailpack.Plugin) }
