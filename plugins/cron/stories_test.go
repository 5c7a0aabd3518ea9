package cron_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugins/storytest"
)

func TestStories(t *testing.T) { storytest.Run(t) }
