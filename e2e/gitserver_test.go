package e2e

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdGitserver serves a repository as a forge does: git's own smart HTTP over TLS. The daemon's git finds it under the
// address that is given, such as github.com/someone/dokku-thing.git, by a setting in the daemon's home; nobody else does.
// Called again with the same address it serves the folder's new state.
func cmdGitserver(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: gitserver DIR ADDRESS")
	}
	in := of(ts)
	root := filepath.Join(in.dir, "forge")
	bare := filepath.Join(root, args[1])
	fresh := !fileExists(bare)
	ts.Check(pushFolder(in, ts.MkAbs(args[0]), bare))
	if !fresh {
		return
	}
	backend, err := exec.Command("git", "--exec-path").Output()
	ts.Check(err)
	host, _, _ := strings.Cut(args[1], "/")
	srv := httptest.NewTLSServer(&cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(backend)), "git-http-backend"),
		Env: []string{
			"GIT_PROJECT_ROOT=" + filepath.Join(root, host), "GIT_HTTP_EXPORT_ALL=1",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		},
	})
	ts.Defer(srv.Close)
	authority := filepath.Join(in.home(), "authority.pem")
	ts.Check(os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o644))
	settings := fmt.Sprintf("[http]\n\tsslCAInfo = %s\n[url %q]\n\tinsteadOf = https://%s/\n", authority, srv.URL+"/", host)
	ts.Check(os.WriteFile(filepath.Join(in.home(), ".gitconfig"), []byte(settings), 0o644))
	resp, err := srv.Client().Get(srv.URL + strings.TrimPrefix(args[1], host) + "/info/refs?service=git-upload-pack")
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("the git server answers with %s", resp.Status)
	}
}

// pushFolder makes the files of dir, as they are now, the newest commit of a bare repository.
func pushFolder(in *installation, dir, bare string) error {
	if !fileExists(bare) {
		if err := run(in.command("git", "init", "-q", "--bare", "-b", "main", bare)); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"add", "-A"}, {"commit", "-q", "-m", "next"}} {
		if err := run(in.command("git", append([]string{"--git-dir=" + bare, "--work-tree=" + dir}, args...)...)); err != nil {
			return err
		}
	}
	return nil
}
