package signing

import (
	"net/http"
	"testing"
	"time"
)

func TestASignedRequestIsTrusted(t *testing.T) {
	now := time.Unix(1767225600, 0)
	h := http.Header{}
	Sign(h, "s3cret", []byte(`{"a":1}`), now)
	if err := Verify(h, "s3cret", []byte(`{"a":1}`), now.Add(time.Minute)); err != nil {
		t.Error(err)
	}
}

// Security: everything else is refused.
func TestOthersAreNot(t *testing.T) {
	now := time.Unix(1767225600, 0)
	signed := func(change func(http.Header)) http.Header {
		h := http.Header{}
		Sign(h, "s3cret", []byte("body"), now)
		change(h)
		return h
	}
	same := func(http.Header) {}
	for name, test := range map[string]struct {
		h            http.Header
		secret, body string
		at           time.Time
	}{
		"another body":      {signed(same), "s3cret", "other", now},
		"another secret":    {signed(same), "other", "body", now},
		"no secret":         {signed(same), "", "body", now},
		"an old one":        {signed(same), "s3cret", "body", now.Add(Tolerance + time.Second)},
		"one of the future": {signed(same), "s3cret", "body", now.Add(-Tolerance - time.Second)},
		"another time":      {signed(func(h http.Header) { h.Set(Timestamp, "1767225601") }), "s3cret", "body", now},
		"no time":           {signed(func(h http.Header) { h.Del(Timestamp) }), "s3cret", "body", now},
		"no signature":      {signed(func(h http.Header) { h.Del(Signature) }), "s3cret", "body", now},
		"no hexadecimals":   {signed(func(h http.Header) { h.Set(Signature, "v1=xyz") }), "s3cret", "body", now},
		"an empty one":      {signed(func(h http.Header) { h.Set(Signature, "v1=") }), "s3cret", "body", now},
	} {
		if Verify(test.h, test.secret, []byte(test.body), test.at) == nil {
			t.Errorf("%s is trusted", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("1767225600", "v1=00", "body")
	f.Fuzz(func(t *testing.T, timestamp, signature, body string) {
		h := http.Header{Timestamp: {timestamp}, Signature: {signature}}
		if Verify(h, "a secret that is not in the corpus", []byte(body), time.Unix(1767225600, 0)) == nil {
			t.Errorf("%q %q is trusted", timestamp, signature)
		}
	})
}
