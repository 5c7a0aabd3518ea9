package sshd

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	gossh "golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/internal/atomicfile"
)

// hostKeyName is the file of the private key; its public half is beside it.
const hostKeyName = "ssh_host_ed25519_key"

// hostKey reads the host key in dir and makes it the first time. A file that
// cannot be read is an error: a new key would look like an attack to clients.
func hostKey(dir string) (gossh.Signer, error) {
	path := filepath.Join(dir, hostKeyName)
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		b, err = makeHostKey(dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the SSH host key: %w", err)
	}
	signer, err := gossh.ParsePrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("cannot read the SSH host key %s: %w", path, err)
	}
	return signer, nil
}

func makeHostKey(dir, path string) ([]byte, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := gossh.MarshalPrivateKey(private, "slipway")
	if err != nil {
		return nil, err
	}
	sshPublic, err := gossh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := atomicfile.Write(path+".pub", gossh.MarshalAuthorizedKey(sshPublic), 0o644); err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(block)
	return text, atomicfile.Write(path, text, 0o600)
}
