package proxy_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugin/plugintest"
	"github.com/slipwayhq/slipway/plugins/proxy"
)

func TestStories(t *testing.T) { plugintest.Run(t, proxy.Plugin) }
