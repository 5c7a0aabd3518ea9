package logs_test

import (
	"testing"

	"github.com/slipwayhq/slipway/docker/fake"
	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/apps"
	"github.com/slipwayhq/slipway/plugins/logs"
)

func TestStories(t *testing.T) {
	plugintest.Run(t, func(h *plugin.Host) plugin.Plugin {
		h.Docker = fake.New()
		return logs.Plugin(h)
	}, apps.Plugin)
}
