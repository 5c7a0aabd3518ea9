package check

import (
	"fmt"
	"strconv"
	"time"
)

// Settings are the properties of the checks plugin that bear on how a check is run. The zero value is the default.
//
// As soon as one of Wait, Timeout and Attempts is set, Dokku's fixed waits are back, with Dokku's values for the others:
// checks begin Wait (5 s) after the container started, an attempt that fails is not tried again before Wait has passed,
// and a process for which app.json has no checks must have run for DefaultWait (10 s).
type Settings struct {
	Wait        time.Duration // checks:set wait; 0: not set
	Timeout     time.Duration // checks:set timeout, of one attempt; 0: not set
	Attempts    int           // checks:set attempts; 0: not set
	DefaultWait time.Duration // checks:set --global default-wait; 0: not set
}

// Dokku's values. Source: Dokku docs/deployment/zero-downtime-deploys.md, "Configuring check settings".
const (
	dokkuWait        = 5 * time.Second
	dokkuTimeout     = 30 * time.Second
	dokkuAttempts    = 5
	dokkuDefaultWait = 10 * time.Second
)

// Values for a check of app.json that does not say. Source: docker-container-healthchecker, appjson/healthcheck.go.
const (
	checkAttempts = 3
	checkWait     = 5 * time.Second
	checkTimeout  = 5 * time.Second
)

// Our own defaults for processes without checks.
const (
	portTimeout = 30 * time.Second // how long a web process may take until its port accepts a connection
	settle      = time.Second      // how long any other process must have run
)

// Load reads the settings by the names of their properties: whole seconds, and attempts as a number; "" is not set.
func Load(get func(property string) (string, error)) (Settings, error) {
	var s Settings
	for name, set := range map[string]func(n int){
		"wait":         func(n int) { s.Wait = seconds(n) },
		"timeout":      func(n int) { s.Timeout = seconds(n) },
		"attempts":     func(n int) { s.Attempts = n },
		"default-wait": func(n int) { s.DefaultWait = seconds(n) },
	} {
		value, err := get(name)
		if err != nil {
			return Settings{}, err
		}
		if value == "" {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return Settings{}, fmt.Errorf("the checks property %s is %q: set it to a whole number, or unset it", name, value)
		}
		set(n)
	}
	return s, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func (s Settings) fixed() bool { return s.Wait > 0 || s.Timeout > 0 || s.Attempts > 0 }

func (s Settings) firstWait() time.Duration { return or(s.Wait, dokkuWait) }

// uptime is how long a process without checks of its own must have run; 0: it need not.
func (s Settings) uptime(web bool) time.Duration {
	switch {
	case s.DefaultWait > 0:
		return s.DefaultWait
	case s.fixed():
		return dokkuDefaultWait
	case web:
		return 0
	}
	return settle
}

// or is the first value that is set.
func or[T int | time.Duration](values ...T) T {
	for _, v := range values {
		if v > 0 {
			return v
		}
	}
	return 0
}
