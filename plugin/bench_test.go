package plugin

import (
	"fmt"
	"testing"

	"github.com/slipwayhq/slipway/trigger"
)

// What a trigger costs that nobody answers, with as many plugins as a server may have.
func BenchmarkTriggerWithoutHandler(b *testing.B) {
	for _, plugins := range []int{0, 10, 50} {
		b.Run(fmt.Sprint(plugins, " plugins"), func(b *testing.B) {
			x, dir := external(b)
			for n := range plugins {
				script(b, dir, fmt.Sprintf("plugin-%02d/post-create", n), "true")
			}
			bus := trigger.NewBus(x)
			for b.Loop() {
				if err := bus.Event(b.Context(), "nobody-answers"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
