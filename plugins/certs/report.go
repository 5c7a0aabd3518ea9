package certs

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/plugin"
)

// reportGlobal is empty: certificates belong to apps.
func (c *certs) reportGlobal(context.Context) (plugin.Rows, error) { return plugin.Rows{}, nil }

func (c *certs) reportApp(_ context.Context, app string) (plugin.Rows, error) {
	rows := plugin.Rows{
		"ssl-dir":     c.dir(app),
		"ssl-enabled": strconv.FormatBool(c.hasCertificate(app)),
	}
	for _, key := range []string{"hostnames", "expires-at", "issuer", "starts-at", "subject", "verified"} {
		rows["ssl-"+key] = ""
	}
	if !c.hasCertificate(app) {
		return rows, nil
	}
	text, err := c.read(app, certificateFile)
	if err != nil {
		return nil, err
	}
	chain, err := parseChain(text)
	if err != nil {
		return rows, nil //nolint:nilerr // somebody else wrote the file; Dokku shows nothing of it either
	}
	leaf := chain[0]
	rows["ssl-hostnames"] = strings.Join(hostnames(leaf), " ")
	rows["ssl-expires-at"] = leaf.NotAfter.UTC().Format(timeLayout)
	rows["ssl-starts-at"] = leaf.NotBefore.UTC().Format(timeLayout)
	rows["ssl-issuer"] = distinguishedName(leaf.RawIssuer, ", ")
	rows["ssl-subject"] = distinguishedName(leaf.RawSubject, "; ")
	if own, err := c.read(app, letsencryptFile); err == nil {
		if all, err := parseChain(own); err == nil {
			leaf, chain = all[0], append(all[:1:1], chain...)
		}
	}
	rows["ssl-verified"] = c.verified(leaf, chain[1:])
	return rows, nil
}

// timeLayout is openssl's, which Dokku prints.
const timeLayout = "Jan _2 15:04:05 2006 GMT"

// verified tells whether an authority that this machine trusts vouches for a
// certificate now. Unlike Dokku it counts the issuers' certificates that the
// file has behind the first one.
func (c *certs) verified(leaf *x509.Certificate, issuers []*x509.Certificate) string {
	pool := x509.NewCertPool()
	for _, i := range issuers {
		pool.AddCert(i)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Intermediates: pool, CurrentTime: c.now()}); err != nil {
		return "self signed"
	}
	return "verified by a certificate authority"
}

// hostnames are the names that a certificate is good for, sorted: its common
// name, and its alternative names.
func hostnames(cert *x509.Certificate) []string {
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if cn := cert.Subject.CommonName; cn != "" {
		names = append(names, cn)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// attributes are openssl's short names of the parts of a distinguished name.
var attributes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.15": "businessCategory",
	"2.5.4.17": "postalCode", "2.5.4.42": "GN", "2.5.4.97": "organizationIdentifier",
	"1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
	"1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

// distinguishedName shows a name with its parts in the order of the
// certificate, which pkix.Name.String turns around.
func distinguishedName(raw []byte, separator string) string {
	var sequence pkix.RDNSequence
	if _, err := asn1.Unmarshal(raw, &sequence); err != nil {
		return ""
	}
	var parts []string
	for _, set := range sequence {
		for _, a := range set {
			name, known := attributes[a.Type.String()]
			if !known {
				name = a.Type.String()
			}
			parts = append(parts, name+"="+oneLine(fmt.Sprint(a.Value)))
		}
	}
	return strings.Join(parts, separator)
}

// oneLine keeps a stranger's text from breaking out of its row.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}
