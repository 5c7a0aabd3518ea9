package buildkit

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/moby/buildkit/session/secrets"
	"github.com/moby/buildkit/session/secrets/secretsprovider"

	"github.com/slipwayhq/slipway/command"
)

// secretStore answers the engine's questions for secrets by id.
type secretStore struct {
	given map[string][]byte // of --secret
	env   map[string]string
}

// newSecrets reads the files that --secret names, relative ones below the root
// of tree, which they cannot leave.
func newSecrets(tree Tree, given []Secret, env map[string]string) (secretStore, error) {
	store := secretStore{given: map[string][]byte{}, env: env}
	for _, secret := range given {
		value, set := env[secret.variable()]
		switch {
		case secret.File == "" && set:
			store.given[secret.ID] = []byte(value)
		case secret.Env != "":
			return store, command.Fail("The secret %s of the docker option --secret is the config var %s, which is not set: dokku config:set %s=…", secret.ID, secret.Env, secret.Env)
		default:
			content, err := readSecret(tree.root, secret.file())
			if err != nil {
				return store, command.Fail("Cannot read the secret %s of the docker option --secret: %w", secret.ID, err)
			}
			store.given[secret.ID] = content
		}
	}
	return store, nil
}

func readSecret(root, name string) ([]byte, error) {
	file, err := openSecret(root, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, secretsprovider.MaxSecretSize+1))
	if err == nil && len(content) > secretsprovider.MaxSecretSize {
		err = fmt.Errorf("%s is larger than %d bytes", name, secretsprovider.MaxSecretSize)
	}
	return content, err
}

func openSecret(root, name string) (*os.File, error) {
	if filepath.IsAbs(name) {
		return os.Open(name) // the operator's word: docker-options can mount any file as well
	}
	return os.OpenInRoot(root, name)
}

// GetSecret implements secrets.SecretStore.
func (s secretStore) GetSecret(_ context.Context, id string) ([]byte, error) {
	if value, ok := s.given[id]; ok {
		return value, nil
	}
	if value, ok := s.env[id]; ok {
		return []byte(value), nil
	}
	return nil, secrets.ErrNotFound
}
