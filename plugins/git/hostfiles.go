package git

import (
	"regexp"
	"strings"

	"github.com/slipwayhq/slipway/command"
)

// mayRead tells whether the caller may name a folder or repository of this
// machine: it is read with the rights of the system user, and where there is
// none with those of the control plane, which are not for remote callers.
func (s *service) mayRead(c *command.Call, path string) error {
	if c.Actor.KeyName == "" || s.host.Exec.User != nil {
		return nil
	}
	return command.Deny("%s is on this server, where no SSH key reads anything as long as there is no user for that.\n"+
		"Call the command on the server, or name a URL that begins with https:// or ssh://.", path)
}

var remoteSchemes = regexp.MustCompile(`^(?i:https?|ssh|git|git\+ssh|ssh\+git)://`)

// onThisHost tells whether git reads a repository's URL from this machine:
// everything but a scheme of the network, and host:path.
// Source: git's connect.c, url_is_local_not_ssh.
func onThisHost(url string) bool {
	if strings.Contains(url, "://") {
		return !remoteSchemes.MatchString(url)
	}
	host, _, ok := strings.Cut(url, ":")
	return !ok || strings.Contains(host, "/")
}
