package trace_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/apps"
	"github.com/slipwayhq/slipway/plugins/config"
	"github.com/slipwayhq/slipway/plugins/trace"
)

func TestStories(t *testing.T) { plugintest.Run(t, apps.Plugin, config.Plugin, trace.Plugin) }
