package check

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/app"
	"github.com/slipwayhq/slipway/docker"
	"github.com/slipwayhq/slipway/docker/fake"
)

// sockets is /proc/net/tcp and tcp6 of a container that listens on 127.0.0.1:5000, 0.0.0.0:3000 and [::]:8080, has a
// connection, and Docker's resolver.
const sockets = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:9C41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21333 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21334 1 0000000000000000 100 0 0 10 0
   2: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21335 1 0000000000000000 100 0 0 10 0
   3: 020011AC:0BB8 010011AC:D431 01 00000000:00000000 00:00000000 00000000     0        0 21336 1 0000000000000000 20 4 30 10 -1
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21337 1 0000000000000000 100 0 0 10 0
`

func TestParseListeners(t *testing.T) {
	if got, want := fmt.Sprint(parseListeners(sockets)), "[127.0.0.1:5000 0.0.0.0:3000 [::]:8080]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestExplain(t *testing.T) {
	keep := func(words ...string) string {
		var kept []string
		for line := range strings.Lines(sockets) {
			for _, w := range words {
				if strings.Contains(line, w) {
					kept = append(kept, line)
				}
			}
		}
		return strings.Join(kept, "")
	}
	const reason = "port 5000 did not accept a connection within 30 s: "
	for _, c := range []struct{ table, listening, path string }{
		{
			sockets,
			"container listening on expected port (5000) with unexpected IPv4 interface: expected=0.0.0.0 actual=127.0.0.1. Make the app listen on 0.0.0.0:$PORT",
			"the app listens on 127.0.0.1:5000, which is only reached from inside its container; make it listen on 0.0.0.0:$PORT",
		},
		{
			keep(":0BB8 0", ":1F90"),
			"container listening on expected IPv4 interface with an unexpected port: expected=5000 actual=3000. Make the app listen on 0.0.0.0:$PORT",
			"the app listens on port 3000 instead; make it listen on 0.0.0.0:$PORT",
		},
		{
			keep(":1F90"),
			"container listening on expected IPv6 interface with an unexpected port: expected=5000 actual=8080. Make the app listen on 0.0.0.0:$PORT",
			"the app listens on port 8080 instead; make it listen on 0.0.0.0:$PORT",
		},
		{keep(":9C41"), reason + "does the app listen on 0.0.0.0:$PORT?", "does the app listen on 0.0.0.0:$PORT?"},
	} {
		look := func(options docker.ExecOptions, _ io.Reader, stdout, _ io.Writer) int {
			if options.Dir != "/" {
				return 126 // an image whose working folder is not there, such as herokuish's
			}
			_, _ = io.WriteString(stdout, c.table)
			return 1 // no /proc/net/tcp6
		}
		bubble(t, fake.Behaviour{Exec: look}, func(l *lab) {
			l.refused = time.Hour
			_, err := l.run(Config{Web: true})
			l.fails(err, "1")
			l.shows(&l.stderr, "Failure in name='port listening check': "+c.listening+"\n")
			_, err = l.run(Config{Web: true, Checks: []app.Healthcheck{{Name: "home", Path: "/", Attempts: 1}}})
			l.fails(err, "1")
			l.shows(&l.stderr, "Failure in name='home': port 5000 did not accept a connection within 5 s: "+c.path+"\n")
		})
	}
}

func FuzzParseListeners(f *testing.F) {
	f.Add(sockets)
	f.Add("0: 0100007F:1388 x 0A\n0: :: x 0A\n0: 01:99999 x 0A")
	f.Fuzz(func(t *testing.T, table string) {
		for _, l := range parseListeners(table) {
			if !l.IsValid() {
				t.Errorf("%v of %q", l, table)
			}
		}
	})
}
