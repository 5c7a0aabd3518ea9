package certs

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/command"
	"github.com/slipwayhq/slipway/proxy"
)

// Domain is a valid host name, IP address, or name behind "*.", in lower case.
type Domain string

// UnmarshalText implements encoding.TextUnmarshaler for command arguments.
func (d *Domain) UnmarshalText(b []byte) error {
	host := strings.ToLower(string(b))
	if !proxy.ValidHost(host) {
		return fmt.Errorf("%s is invalid. exiting...", b) //nolint:staticcheck // Dokku's words
	}
	*d = Domain(host)
	return nil
}

type generateArgs struct {
	App    string `arg:"app"`
	Domain Domain `arg:"domain" missing:"Please specify a domain name. Usage: dokku certs:generate <app> DOMAIN"`
}

// generate makes a self-signed certificate. Unlike openssl, which Dokku calls,
// it asks nothing: the domain is all that clients look at.
func (c *certs) generate(ctx context.Context, call *command.Call, in generateArgs) error {
	if c.has(in.App, keyFile) || c.has(in.App, certificateFile) {
		call.Out.Step("%s has an SSL endpoint already defined", in.App)
		return nil
	}
	pair, request, err := selfSigned(in.Domain, c.now())
	if err != nil {
		return fmt.Errorf("cannot generate a certificate for %s: %w", in.Domain, err)
	}
	call.Out.Step("Installing certificate and key...")
	if err := c.write(in.App, pair, request); err != nil {
		return err
	}
	if err := c.h.Bus.Event(ctx, "post-certs-update", in.App); err != nil {
		return err
	}
	if err := c.h.Bus.Event(ctx, "domains-add", in.App, string(in.Domain)); err != nil {
		return err
	}
	call.Out.Step("The following is a certificate signing request that can be used")
	call.Out.Step("to generate an 'officially' signed SSL certificate for %s at %s", in.App, in.Domain)
	call.Out.Step("by a CA of your choosing.")
	_, err = call.Out.Stdout().Write(request)
	return err
}

// keyBits and validFor are those of Dokku's openssl commands.
const (
	keyBits  = 2048
	validFor = 365 * 24 * time.Hour
)

// selfSigned makes a key, a certificate for the domain that it signs itself,
// and a request for a certificate authority.
func selfSigned(domain Domain, now time.Time) (p Pair, request []byte, err error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return p, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // RFC 5280: at most 20 bytes, positive
	if err != nil {
		return p, nil, err
	}
	certificate := x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: commonName(domain)},
		NotBefore:    now, NotAfter: now.Add(validFor),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(string(domain)); ip != nil {
		certificate.IPAddresses = []net.IP{ip}
	} else {
		certificate.DNSNames = []string{string(domain)}
	}
	signed, err := x509.CreateCertificate(rand.Reader, &certificate, &certificate, &key.PublicKey, key)
	if err != nil {
		return p, nil, err
	}
	asked, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: certificate.Subject, DNSNames: certificate.DNSNames, IPAddresses: certificate.IPAddresses,
	}, key)
	if err != nil {
		return p, nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return p, nil, err
	}
	p, err = ParsePair(encode("CERTIFICATE", signed), encode("PRIVATE KEY", private))
	return p, encode("CERTIFICATE REQUEST", asked), err
}

// commonName is the domain, or nothing where it is longer than the 64
// characters that a name may have there (RFC 5280, ub-common-name).
func commonName(d Domain) string {
	if len(d) > 64 {
		return ""
	}
	return string(d)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
