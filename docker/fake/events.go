package fake

import (
	"context"
	"maps"
	"slices"

	"github.com/slipwayhq/slipway/docker"
)

// subscriber is one reader of events. Its queue is guarded by the engine's mu.
type subscriber struct{ queue []docker.Event }

// Events implements docker.Engine. No event is dropped.
func (e *Engine) Events(ctx context.Context) (<-chan docker.Event, <-chan error) {
	found, failed := make(chan docker.Event), make(chan error, 1)
	if err := e.enter(ctx, "Events", ""); err != nil {
		failed <- err
		close(found)
		close(failed)
		return found, failed
	}
	reader := &subscriber{}
	e.mu.Lock()
	e.subscribers = append(e.subscribers, reader)
	e.mu.Unlock()
	go func() { // ends with ctx
		defer close(failed)
		defer close(found)
		defer e.unsubscribe(reader)
		failed <- e.deliver(ctx, reader, found)
	}()
	return found, failed
}

func (e *Engine) deliver(ctx context.Context, reader *subscriber, found chan<- docker.Event) error {
	for {
		var queue []docker.Event
		err := e.waitFor(ctx, func() bool {
			queue, reader.queue = reader.queue, nil
			return len(queue) > 0
		})
		if err != nil {
			return err
		}
		for _, event := range queue {
			select {
			case found <- event:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (e *Engine) unsubscribe(reader *subscriber) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.subscribers = slices.DeleteFunc(e.subscribers, func(other *subscriber) bool { return other == reader })
}

// announce publishes what happened to a container. The caller holds mu.
func (e *Engine) announce(c *container, action string) {
	e.publish(docker.Event{Type: "container", Action: action, ID: c.ID, Name: c.Name, Labels: c.Labels})
}

// publish gives an event to all subscribers. The caller holds mu.
func (e *Engine) publish(event docker.Event) {
	event.Time = now()
	for _, reader := range e.subscribers {
		event.Labels = maps.Clone(event.Labels)
		reader.queue = append(reader.queue, event)
	}
	e.change()
}
