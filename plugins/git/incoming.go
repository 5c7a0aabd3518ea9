package git

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// incomingVars are the variables by which git tells a pre-receive hook where
// the pushed objects are until they are accepted.
// Source: git-receive-pack(1), "Quarantine environment".
const (
	incomingObjects    = "GIT_OBJECT_DIRECTORY"
	incomingAlternates = "GIT_ALTERNATE_OBJECT_DIRECTORIES"
)

// withIncoming is the repository with the objects that are being pushed, as
// the environment of the hook names them. Folders outside of the repository
// are refused: the caller must not make git read elsewhere.
//
// GIT_QUARANTINE_PATH itself is not passed on: all it does is forbid changes
// of refs, and none is made there.
func (r repository) withIncoming(env map[string]string) (repository, error) {
	own, err := filepath.EvalSymlinks(filepath.Join(r.dir, "objects"))
	if err != nil {
		return r, fmt.Errorf("cannot read the repository of %s: %w", r.app, err)
	}
	inside := func(dir string) (string, error) {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(r.dir, dir)
		}
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || (real != own && !strings.HasPrefix(real, own+string(filepath.Separator))) {
			return "", command.Deny("The pushed objects are not in the repository of %s: %s", r.app, dir)
		}
		return real, nil
	}
	if dir := env[incomingObjects]; dir != "" {
		real, err := inside(dir)
		if err != nil {
			return r, err
		}
		r.incoming = append(r.incoming, incomingObjects+"="+real)
		r.objects = append(r.objects, real)
	}
	if list := env[incomingAlternates]; list != "" {
		var kept []string
		for _, dir := range filepath.SplitList(list) {
			real, err := inside(dir)
			if err != nil {
				return r, err
			}
			kept = append(kept, real)
		}
		r.incoming = append(r.incoming, incomingAlternates+"="+strings.Join(kept, string(filepath.ListSeparator)))
	}
	return r, nil
}
