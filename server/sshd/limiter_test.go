package sshd

import (
	"net"
	"testing"
	"time"
)

func TestLimiterForgets(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimiter(func() time.Time { return now })
	addr := func(s string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(s)} }
	for i := range maxFailures {
		if l.blocked(addr("192.0.2.1")) {
			t.Fatalf("closed after %d", i)
		}
		l.failedLogin(addr("192.0.2.1"))
	}
	if !l.blocked(addr("::ffff:192.0.2.1")) || l.blocked(addr("192.0.2.2")) {
		t.Error("the wrong door")
	}
	now = now.Add(blockTime)
	if l.blocked(addr("192.0.2.1")) {
		t.Error("still closed")
	}
	for i := range maxFailures {
		l.failedLogin(addr("2001:db8::" + string(rune('1'+i%9))))
	}
	if !l.blocked(addr("2001:db8::ffff")) || l.blocked(addr("2001:db8:0:1::1")) {
		t.Error("IPv6 is not by /64")
	}
	now = now.Add(time.Hour)
	for i := range maxAddresses + 10 {
		l.failedLogin(&net.TCPAddr{IP: net.IPv4(10, byte(i>>16), byte(i>>8), byte(i))})
	}
	if len(l.seen) > maxAddresses {
		t.Errorf("%d addresses", len(l.seen))
	}
}
