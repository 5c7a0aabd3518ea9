package server

import (
	"strings"
	"testing"
)

func TestStateMustBeMountedFromTheHost(t *testing.T) {
	const root = "100 90 0:50 / / rw - overlay overlay rw\n101 100 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
	for name, c := range map[string]struct {
		mounts, folder, want string
	}{
		"not mounted":      {root, "/var/lib/dokku", "/var/lib/dokku is not mounted"},
		"nothing at all":   {"", "/var/lib/dokku", "is not mounted"},
		"of the same name": {root + "102 100 8:1 /var/lib/dokku /var/lib/dokku rw - ext4 /dev/sda1 rw\n", "/var/lib/dokku", ""},
		"a disk of its own": {
			root + "102 100 8:2 / /var/lib/dokku rw - ext4 /dev/sdb1 rw\n", "/var/lib/dokku", "",
		},
		"below a mount":       {root + "102 100 8:1 /srv /srv rw - ext4 /dev/sda1 rw\n", "/srv/dokku", ""},
		"beside a mount":      {root + "102 100 8:1 /srv /srv/dok rw - ext4 /dev/sda1 rw\n", "/srv/dokku", "is not mounted"},
		"with a blank":        {root + `102 100 8:1 /my\040srv /my\040srv rw - ext4 /dev/sda1 rw` + "\n", "/my srv", ""},
		"a Docker volume":     {root + "102 100 8:1 /var/lib/docker/volumes/x/_data /var/lib/dokku rw - ext4 /dev/sda1 rw\n", "/var/lib/dokku", "is a Docker volume"},
		"a volume underneath": {root + "102 100 8:1 /v/volumes/x/_data /srv rw - ext4 a rw\n103 102 8:1 /srv/dokku /srv/dokku rw - ext4 a rw\n", "/srv/dokku", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := mountedFromHost(strings.NewReader(c.mounts), c.folder)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func FuzzMountedFromHost(f *testing.F) {
	f.Add("100 90 0:50 / / rw - overlay overlay rw\n", "/var/lib/dokku")
	f.Fuzz(func(t *testing.T, mounts, folder string) {
		if err := mountedFromHost(strings.NewReader(mounts), "/x"+folder); err == nil && !strings.Contains(mounts, "/") {
			t.Error("mounted, where nothing is")
		}
	})
}
