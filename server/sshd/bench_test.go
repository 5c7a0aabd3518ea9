package sshd

import (
	"os/exec"
	"testing"
)

// BenchmarkClient is a whole local command, from the start of the client to its
// end; BenchmarkTrue is a process that does nothing, for comparison.
func BenchmarkClient(b *testing.B) {
	r := newRig(b, nil)
	_ = r.slipway(nil, "who").Run() // builds it
	for b.Loop() {
		if err := r.slipway(nil, "who").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTrue(b *testing.B) {
	for b.Loop() {
		if err := exec.Command("true").Run(); err != nil {
			b.Fatal(err)
		}
	}
}
