package sshd

import (
	"testing"

	"github.com/slipwayhq/slipway/command"
)

// Who began is known to plugins by name in what hooks call; it makes nobody root.
func TestWhoBeganIsKnownByName(t *testing.T) {
	system := caller{local: true, actor: command.Actor{User: "dokku"}}
	root := caller{local: true, actor: command.Actor{User: "root", Root: true}}
	remote := caller{actor: command.Actor{User: "dokku", KeyName: "ann", Fingerprint: "SHA256:x"}}
	for _, test := range []struct {
		who  caller
		env  map[string]string
		want command.Actor
	}{
		{system, map[string]string{"SSH_USER": "root"}, command.Actor{User: "root"}},
		{system, map[string]string{"SSH_USER": "bad name\n"}, command.Actor{User: "dokku"}},
		{system, map[string]string{"SSH_USER": "dokku", "NAME": "ann", "FINGERPRINT": "SHA256:x"}, remote.actor},
		{root, map[string]string{"SSH_USER": "ann"}, root.actor},
		{root, map[string]string{"SSH_USER": "dokku", "NAME": "ann", "FINGERPRINT": "SHA256:x"}, remote.actor},
		{remote, map[string]string{"SSH_USER": "root", "NAME": "bob", "FINGERPRINT": "SHA256:y"}, remote.actor},
	} {
		if got := test.who.asKey(test.env).actor; got != test.want {
			t.Errorf("%v of %+v: %+v, want %+v", test.env, test.who.actor, got, test.want)
		}
	}
}
