// Package control is the protocol between the control plane and the data plane: HTTP
// over a unix socket that only its owner may open.
//
//	POST /apply?app=X    read the route file of X again and put it into effect
//	POST /remove?app=X   forget X
//	POST /drain?app=X    wait for requests to leave upstreams; body [Drain]
//	GET  /table          every app that is served; answer []App
//	GET  /healthz        answer [Health]
//	POST /listeners      of another data plane that takes over: hand it what we listen on
//	POST /retire         of the same: accept no more
//
// Success is 200 with the answer, or 204 without one. Anything else carries a
// [Problem], which travels the errors of package proxy: [Of] makes one of an error,
// [Problem.Err] makes the error of one.
package control

import (
	"errors"
	"net/http"
	"time"

	"github.com/slipwayhq/slipway/proxy"
)

// BeforeSuffix ends the second name of the control socket, by which a data plane is
// reached after another one has taken over from it.
const BeforeSuffix = ".before"

// Drain is the body of /drain.
type Drain struct {
	Upstreams []string      `json:"upstreams"`
	Timeout   time.Duration `json:"timeout"` // nanoseconds
}

// Health is the answer of /healthz.
type Health struct {
	Version string `json:"version"`
	Apps    int    `json:"apps"` // apps that have routes
}

// App is one element of the answer of /table.
type App struct {
	proxy.Routes
	InFlight map[string]int64 `json:"in_flight"` // upstream address to requests now
}

// Problem says why a request was refused.
type Problem struct {
	Kind   string `json:"kind"` // "invalid", "taken", "port", "internal"
	App    string `json:"app,omitempty"`
	What   string `json:"what,omitempty"`   // of a TakenError
	Owner  string `json:"owner,omitempty"`  // of a TakenError
	Port   int    `json:"port,omitempty"`   // of a PortError
	Reason string `json:"reason,omitempty"` // of the others
}

// Of puts err into the form that travels.
func Of(err error) Problem {
	var (
		invalid *proxy.InvalidError
		taken   *proxy.TakenError
		port    *proxy.PortError
	)
	switch {
	case errors.As(err, &invalid):
		return Problem{Kind: "invalid", App: invalid.App, Reason: invalid.Reason}
	case errors.As(err, &taken):
		return Problem{Kind: "taken", App: taken.App, What: taken.What, Owner: taken.Owner}
	case errors.As(err, &port):
		return Problem{Kind: "port", App: port.App, Port: port.Port, Reason: port.Reason}
	}
	return Problem{Kind: "internal", Reason: err.Error()}
}

// Err is the error that Of was given, with the same type if it is one of package proxy.
func (p Problem) Err() error {
	switch p.Kind {
	case "invalid":
		return &proxy.InvalidError{App: p.App, Reason: p.Reason}
	case "taken":
		return &proxy.TakenError{App: p.App, What: p.What, Owner: p.Owner}
	case "port":
		return &proxy.PortError{App: p.App, Port: p.Port, Reason: p.Reason}
	}
	return errors.New(p.Reason)
}

// Status is the HTTP status that goes with p.
func (p Problem) Status() int {
	switch p.Kind {
	case "invalid":
		return http.StatusBadRequest
	case "taken", "port":
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}
