package deploy

import (
	"net"
	"testing"

	"github.com/slipwayhq/slipway/schedule"
)

func TestWhatRunsIsAskedWhetherItListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i := schedule.Instance{IP: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, Running: true}
	onHost, stopped, portless := i, i, i
	onHost.IP, stopped.Running, portless.Port = "", false, 0
	for name, c := range map[string]struct {
		instance schedule.Instance
		want     bool
	}{"listens": {i, true}, "on the host's network": {onHost, true}, "stopped": {stopped, false}, "without a port": {portless, false}} {
		if got := accepts(t.Context(), c.instance); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if accepts(t.Context(), i) {
		t.Error("nothing listens any more")
	}
}
