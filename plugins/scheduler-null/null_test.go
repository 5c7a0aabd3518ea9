package schedulernull_test

import (
	"testing"

	"github.com/slipwayhq/slipway/plugins/storytest"
	"github.com/slipwayhq/slipway/schedule/scheduletest"

	schedulernull "github.com/slipwayhq/slipway/plugins/scheduler-null"
)

func TestConformance(t *testing.T) { scheduletest.RunNothing(t, schedulernull.Scheduler) }

func TestStories(t *testing.T) { storytest.Run(t) }
