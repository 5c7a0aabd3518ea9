// Package signing proves to a plugin that is reached over HTTP that a request is Slipway's: an HMAC over the time and the
// body, in two headers. A secret that both know is all that is needed, and it never travels.
//
//	Slipway-Timestamp: 1767225600
//	Slipway-Signature: v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
//
// The signature is the HMAC-SHA256 of the timestamp, a dot and the body, in hexadecimal digits.
package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers.
const (
	Timestamp = "Slipway-Timestamp" // seconds since 1970
	Signature = "Slipway-Signature"
)

// Tolerance is how far the clocks may be apart, and how long a request that somebody listened to can be sent again.
const Tolerance = 5 * time.Minute

// Sign adds both headers to a request with this body.
func Sign(h http.Header, secret string, body []byte, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	h.Set(Timestamp, timestamp)
	h.Set(Signature, "v1="+hex.EncodeToString(sum(secret, timestamp, body)))
}

// Verify says why a request with these headers and this body is not to be trusted, nil when it is.
func Verify(h http.Header, secret string, body []byte, now time.Time) error {
	timestamp := h.Get(Timestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errors.New("the request has no " + Timestamp)
	}
	if apart := now.Sub(time.Unix(seconds, 0)).Abs(); apart > Tolerance {
		return errors.New("the request is too old, or the clocks differ")
	}
	given, err := hex.DecodeString(strings.TrimPrefix(h.Get(Signature), "v1="))
	if secret == "" || err != nil || !hmac.Equal(given, sum(secret, timestamp, body)) {
		return errors.New("the signature is wrong")
	}
	return nil
}

func sum(secret, timestamp string, body []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(timestamp + "."))
	m.Write(body)
	return m.Sum(nil)
}
