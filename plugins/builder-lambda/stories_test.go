package builderlambda_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	builderlambda "github.com/slipwayhq/slipway/plugins/builder-lambda"
)

func TestStories(t *testing.T) { plugintest.Run(t, builderlambda.Plugin) }
