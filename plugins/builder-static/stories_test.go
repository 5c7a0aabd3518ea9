package builderstatic_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	builderstatic "github.com/slipwayhq/slipway/plugins/builder-static"
)

func TestStories(t *testing.T) { plugintest.Run(t, builderstatic.Plugin) }
