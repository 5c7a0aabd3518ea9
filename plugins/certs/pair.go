package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Pair is a certificate with those of its issuers, and its key: two texts that
// have been seen to fit together.
type Pair struct {
	Certificate, Key []byte // PEM, as they were given

	leaf *x509.Certificate
}

// ParsePair checks a certificate and its key. The errors are for users, and
// never quote the key.
func ParsePair(certificate, key []byte) (Pair, error) {
	p := Pair{Certificate: certificate, Key: key}
	switch {
	case !hasBlock(certificate, func(b *pem.Block) bool { return b.Type == "CERTIFICATE" }):
		return Pair{}, errors.New("The CRT file has no certificate in it: it must be PEM text with -----BEGIN CERTIFICATE-----") //nolint:staticcheck // shown as it is
	case hasBlock(key, isEncrypted):
		return Pair{}, errors.New("The key is protected by a passphrase. Take that off with: openssl pkey -in server.key -out plain.key") //nolint:staticcheck // shown as it is
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return Pair{}, fmt.Errorf("The certificate and the key cannot be used: %w", err) //nolint:staticcheck // shown as it is
	}
	if p.leaf = pair.Leaf; p.leaf == nil { // GODEBUG=x509keypairleaf=0
		p.leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	return p, err
}

func isEncrypted(b *pem.Block) bool {
	return b.Type == "ENCRYPTED PRIVATE KEY" || b.Headers["DEK-Info"] != ""
}

func hasBlock(text []byte, is func(*pem.Block) bool) bool {
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return false
		}
		if is(b) {
			return true
		}
	}
}

// parseChain reads the certificates of a PEM text, the app's own first.
func parseChain(text []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for text = bytes.TrimSpace(text); ; {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			break
		}
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	return all, nil
}
