package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
)

// eventActions are the ones that are reported, by type.
var eventActions = map[events.Type][]events.Action{
	events.ContainerEventType: {
		events.ActionStart, events.ActionDie, events.ActionStop, events.ActionDestroy, events.ActionOOM, events.ActionRename,
	},
	events.NetworkEventType: {events.ActionConnect, events.ActionDisconnect},
}

// Events implements Engine.
func (c *Client) Events(ctx context.Context) (<-chan Event, <-chan error) {
	filters := client.Filters{}
	for kind, actions := range eventActions {
		filters.Add("type", string(kind))
		for _, action := range actions {
			filters.Add("event", string(action))
		}
	}
	// The engine answers the request before it subscribes: without a start time, events in between would be lost.
	stream := c.api.Events(ctx, client.EventsListOptions{Filters: filters, Since: engineTime(time.Now())})

	found := make(chan Event)
	failed := make(chan error, 1)
	go func() { // ends with ctx or with the stream
		defer close(failed)
		defer close(found)
		for {
			select {
			case message := <-stream.Messages:
				event, known := fromMessage(message)
				if !known {
					continue
				}
				select {
				case found <- event:
				case <-ctx.Done():
				}
			case err := <-stream.Err:
				failed <- c.endOfEvents(ctx, err)
				return
			}
		}
	}()
	return found, failed
}

// endOfEvents is the reason why a stream of events ended.
func (c *Client) endOfEvents(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // the engine went away
		return Unreachable(c.host)
	}
	return fmt.Errorf("cannot follow the engine's events: %w", c.translate(err))
}

// fromMessage drops what the engine's filter lets through because it does not combine type and action, such as the
// destruction of a network.
func fromMessage(message events.Message) (event Event, known bool) {
	if !slices.Contains(eventActions[message.Type], message.Action) {
		return Event{}, false
	}
	attributes := maps.Clone(message.Actor.Attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	event = Event{Type: string(message.Type), Action: string(message.Action), Time: time.Unix(0, message.TimeNano).UTC()}
	if message.Type == events.NetworkEventType {
		event.ID, event.Network = attributes["container"], attributes["name"]
		return event, true
	}
	event.ID, event.Name, event.OldName = message.Actor.ID, attributes["name"], ownName([]string{attributes["oldName"]})
	event.ExitCode, _ = strconv.Atoi(attributes["exitCode"]) // absent but for die
	// The engine mixes its own attributes with the labels.
	for _, own := range []string{"image", "name", "oldName", "exitCode", "signal", "execDuration"} {
		delete(attributes, own)
	}
	event.Labels = attributes
	return event, true
}
