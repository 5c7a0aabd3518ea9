package sshd

import (
	"io"
	"net"
	"testing"
	"time"
)

// A client that leaves Nagle's algorithm on, as the stock ssh does until its
// session begins, waits 40 ms for the acknowledgement of the first of two
// packets. The fastest of the last rounds counts: the first ones are acknowledged
// at once in any case, and a busy machine is no failure.
func TestTwoPacketsOfALoginDoNotWaitForADelayedAcknowledgement(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn = promptly(conn)
		for question := make([]byte, 2); ; {
			if _, err := io.ReadFull(conn, question); err != nil {
				return
			}
			if _, err := conn.Write([]byte{1}); err != nil {
				return
			}
		}
	}()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.(*net.TCPConn).SetNoDelay(false); err != nil {
		t.Fatal(err)
	}
	best := time.Hour
	for round := range 20 {
		start := time.Now()
		for range 2 {
			if _, err := client.Write([]byte{0}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.ReadFull(client, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if round >= 10 {
			best = min(best, time.Since(start))
		}
	}
	if best > 20*time.Millisecond {
		t.Errorf("two packets take %v at best", best)
	}
}
