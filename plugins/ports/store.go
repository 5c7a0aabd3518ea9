package ports

import (
	"context"
	"slices"
	"strconv"

	"github.com/slipwayhq/slipway/state"
)

// own reads the mappings that the user set.
func (p ports) own(app string) ([]Mapping, error) {
	text, err := p.h.Store.List(propMap, app)
	return parseLines(text), err
}

// edit replaces the mappings that the user set by what next makes of them.
func (p ports) edit(app string, next func(own []Mapping) ([]Mapping, error)) ([]Mapping, error) {
	p.changing.Lock()
	defer p.changing.Unlock()
	own, err := p.own(app)
	if err != nil {
		return nil, err
	}
	all, err := next(own)
	if err != nil {
		return nil, err
	}
	return all, p.setOwn(app, all)
}

// setOwn stores them in order of their text; none removes the property.
func (p ports) setOwn(app string, all []Mapping) error {
	if len(all) == 0 {
		return p.h.Store.Unset(propMap, app)
	}
	text := lines(all)
	slices.Sort(text)
	return p.h.Store.SetList(propMap, app, text)
}

// detected is what counts where the user set nothing: what the last build
// found, or http:80:5000, and https beside it when there is a certificate.
func (p ports) detected(ctx context.Context, app string) ([]Mapping, error) {
	text, err := p.h.Store.List(propDetected, app)
	if err != nil {
		return nil, err
	}
	all := parseLines(text)
	// A build that found nothing says http:80:5000; that follows proxy-port too.
	if len(all) == 0 || slices.Equal(all, []Mapping{{Scheme: "http", HostPort: 80, ContainerPort: 5000}}) {
		port, err := p.port(proxyPort, app, 80)
		if err != nil {
			return nil, err
		}
		all = []Mapping{{Scheme: "http", HostPort: port, ContainerPort: 5000}}
	}
	secure, err := p.secure(ctx, app)
	if err != nil || !secure {
		return all, err
	}
	sslPort, err := p.port(proxySSLPort, app, 443)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(m Mapping) bool { return m.Scheme == "http" && m.HostPort == 80 }); i >= 0 {
		return append(all, Mapping{Scheme: "https", HostPort: sslPort, ContainerPort: all[i].ContainerPort}), nil
	}
	for i := range all { // Dokku: an app on other ports serves https there
		if all[i].Scheme == "http" {
			all[i].Scheme = "https"
		}
	}
	return all, nil
}

// inForce are the mappings that the proxy serves.
func (p ports) inForce(ctx context.Context, app string) ([]Mapping, error) {
	all, err := p.own(app)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		all, err = p.detected(ctx, app)
		return unique(all), err
	}
	secure, err := p.secure(ctx, app)
	if err != nil {
		return nil, err
	}
	if !secure {
		all = slices.DeleteFunc(all, needsCertificate)
	}
	return unique(all), nil
}

func needsCertificate(m Mapping) bool { return m.Scheme == "https" || m.Scheme == "grpcs" }

// secure tells whether the app has a certificate or will be given one.
func (p ports) secure(ctx context.Context, app string) (bool, error) {
	for _, question := range []string{"certs-exists", "certs-force"} {
		answer, err := p.h.Bus.Query(ctx, question, app)
		if err != nil || answer == "true" {
			return answer == "true", err
		}
	}
	return false, nil
}

// port reads a property that is a port.
func (p ports) port(prop state.Property, app string, otherwise int) (int, error) {
	text, err := p.h.Store.Computed(prop, app)
	if err != nil {
		return 0, err
	}
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n, nil
	}
	return otherwise, nil
}
