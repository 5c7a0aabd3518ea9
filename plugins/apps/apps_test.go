package apps_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/apps"
)

func TestStories(t *testing.T) { plugintest.Run(t, apps.Plugin) }
