package check

import (
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/app"
)

// portCheckName is what Dokku calls the check that it adds to those of a web process.
const portCheckName = "port listening check"

// kind is how a probe asks.
type kind string

const (
	kindCommand   kind = "command"
	kindListening kind = "listening"
	kindPath      kind = "path"
	kindUptime    kind = "uptime"
)

// probe is one check with all its values filled in.
type probe struct {
	app.Healthcheck
	kind     kind
	attempts int
	wait     time.Duration // between attempts
	timeout  time.Duration // of one attempt
	uptime   time.Duration
	delay    time.Duration // from the start of the container
	poll     bool          // within an attempt, a port that does not accept yet is tried again at once
}

// plan gives the probes of a container.
func plan(t Target, c Config) []probe {
	var probes []probe
	listening := false
	for _, h := range c.Checks {
		p := newProbe(t, h, c.Settings)
		probes = append(probes, p)
		listening = listening || (p.kind == kindListening && p.Port == t.Port)
	}
	own := len(probes) > 0
	if uptime := c.Settings.uptime(c.Web); !own && uptime > 0 {
		probes = append(probes, probe{Healthcheck: app.Healthcheck{Name: "default"}, kind: kindUptime, uptime: uptime})
	}
	if !c.Web || listening || t.Port == 0 {
		return probes
	}
	// Dokku: this one only warns. Where it is the only check it decides, or an app that never listens would replace one
	// that does.
	p := newProbe(t, app.Healthcheck{Name: portCheckName, Listening: true, Warn: own || c.Lenient}, c.Settings)
	if !own && !c.Settings.fixed() {
		p.attempts, p.timeout, p.wait = 1, portTimeout, 0
	}
	return append(probes, p)
}

func newProbe(t Target, h app.Healthcheck, s Settings) probe {
	p := probe{
		Healthcheck: h,
		attempts:    or(h.Attempts, s.Attempts),
		wait:        or(seconds(h.Wait), s.Wait),
		timeout:     or(seconds(h.Timeout), s.Timeout),
		uptime:      seconds(h.Uptime),
		delay:       seconds(h.InitialDelay),
		poll:        !s.fixed(),
	}
	if s.fixed() {
		p.attempts, p.wait, p.timeout = or(p.attempts, dokkuAttempts), or(p.wait, dokkuWait), or(p.timeout, dokkuTimeout)
	}
	p.attempts, p.wait, p.timeout = or(p.attempts, checkAttempts), or(p.wait, checkWait), or(p.timeout, checkTimeout)
	p.Port = or(h.Port, t.Port)
	switch {
	case h.Listening:
		p.kind = kindListening
	case len(h.Command) > 0:
		p.kind = kindCommand
	case h.Path != "":
		p.kind = kindPath
	default:
		p.kind = kindUptime
	}
	if p.Name == "" {
		p.Name = p.autoName()
	}
	return p
}

// autoName is for checks without a name. Dokku shows the whole check in base64 there.
func (p probe) autoName() string {
	switch p.kind {
	case kindListening:
		return fmt.Sprintf("port %d", p.Port)
	case kindPath:
		return p.Path
	case kindCommand:
		return p.Command[0]
	}
	return "uptime"
}

// String is the line shown when the check begins, in the words of docker-container-healthchecker.
func (p probe) String() string {
	switch p.kind {
	case kindListening:
		return fmt.Sprintf("name='%s' attempts=%d port=%d retries=%d timeout=%d type='listening' wait=%d",
			p.Name, p.attempts, p.Port, p.attempts-1, whole(p.timeout), whole(p.wait))
	case kindPath:
		return fmt.Sprintf("name='%s' delay=%d path='%s' retries=%d timeout=%d type='path'",
			p.Name, whole(p.delay), p.Path, p.attempts-1, whole(p.timeout))
	case kindCommand:
		return fmt.Sprintf("name='%s' attempts=%d command='%s' timeout=%d type='command' wait=%d",
			p.Name, p.attempts, p.Command, whole(p.timeout), whole(p.wait))
	}
	return fmt.Sprintf("name='%s' type='uptime' uptime=%d", p.Name, whole(p.uptime))
}

func whole(d time.Duration) int { return int(d / time.Second) }
