package docker

import (
	"context"
	"fmt"
	"net"
)

// DialBuildKit implements Engine.
func (c *Client) DialBuildKit(ctx context.Context) (net.Conn, error) {
	conn, err := c.api.DialHijack(ctx, "/grpc", "h2c", nil)
	if err != nil {
		return nil, fmt.Errorf("cannot open the engine's build service: %w", c.translate(err))
	}
	return conn, nil
}

// DialSession implements Engine.
func (c *Client) DialSession(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
	conn, err := c.api.DialHijack(ctx, "/session", proto, meta)
	if err != nil {
		return nil, fmt.Errorf("cannot open a build session: %w", c.translate(err))
	}
	return conn, nil
}
