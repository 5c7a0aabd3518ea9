package client

import (
	"github.com/slipwayhq/slipway/proxy"
	"github.com/slipwayhq/slipway/proxy/route"
)

// conflict does on the files what the data plane does on its table, for the time that
// it is down: it finds the app that already has a host or port of r. Broken files
// have none.
func conflict(dir route.Dir, r proxy.Routes) error {
	apps, err := dir.Apps()
	if err != nil {
		return err
	}
	claims := proxy.NewClaims()
	for _, app := range apps {
		if app == r.App {
			continue
		}
		other, err := dir.Load(app)
		if err != nil || claims.Check(other) != nil {
			continue // the data plane passes over these too
		}
		claims.Add(other)
	}
	return claims.Check(r)
}
