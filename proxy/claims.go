package proxy

import "fmt"

// Claims remembers which app has which host and port, for a Provider that refuses a
// second owner. It is not safe for use from several goroutines.
//
//	claims := proxy.NewClaims()
//	if err := claims.Check(routes); err != nil { … a *TakenError }
//	claims.Add(routes)
type Claims struct {
	hosts map[string]string         // host to app
	any   map[int]string            // port to the app with AnyHost on it
	users map[int]map[string]string // port to app to scheme
}

// NewClaims returns Claims that nobody has made yet.
func NewClaims() *Claims {
	return &Claims{hosts: map[string]string{}, any: map[int]string{}, users: map[int]map[string]string{}}
}

// Check returns a *TakenError when another app has a host of r, has AnyHost on a port
// where r wants it, or uses a port with another scheme.
func (c *Claims) Check(r Routes) error {
	for _, h := range r.Hosts {
		if owner, ok := c.hosts[h]; ok && owner != r.App {
			return &TakenError{App: r.App, What: h, Owner: owner}
		}
	}
	for _, l := range r.Listeners {
		if owner, ok := c.any[l.Port]; ok && r.AnyHost && owner != r.App {
			return &TakenError{App: r.App, What: fmt.Sprintf("every host on port %d", l.Port), Owner: owner}
		}
		for owner, scheme := range c.users[l.Port] {
			if owner == r.App {
				continue
			}
			if scheme != l.Scheme {
				return &TakenError{App: r.App, What: fmt.Sprintf("port %d with %s", l.Port, scheme), Owner: owner}
			}
			break // all users of a port agree, so one tells
		}
	}
	return nil
}

// Add writes down the claims of r, which Check has passed. Claims that its app made
// before must have been dropped.
func (c *Claims) Add(r Routes) {
	for _, h := range r.Hosts {
		c.hosts[h] = r.App
	}
	for _, l := range r.Listeners {
		if r.AnyHost {
			c.any[l.Port] = r.App
		}
		if c.users[l.Port] == nil {
			c.users[l.Port] = map[string]string{}
		}
		c.users[l.Port][r.App] = l.Scheme
	}
}

// Drop takes back the claims of r.
func (c *Claims) Drop(r Routes) {
	for _, h := range r.Hosts {
		delete(c.hosts, h)
	}
	for _, l := range r.Listeners {
		if r.AnyHost {
			delete(c.any, l.Port)
		}
		delete(c.users[l.Port], r.App)
		if len(c.users[l.Port]) == 0 {
			delete(c.users, l.Port)
		}
	}
}

// Used reports whether any app listens on port.
func (c *Claims) Used(port int) bool { return len(c.users[port]) > 0 }
