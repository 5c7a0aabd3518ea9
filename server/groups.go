package server

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// groups lists those that the account is in, and the one that the engine's
// socket belongs to: plugins start containers with docker, as the system user.
// Dokku: debian/postinst puts its user into the group docker. In a container
// that group has a number and no name, so the socket is asked.
func groups(account *user.User, engine string) ([]uint32, error) {
	names, err := account.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("cannot look up the groups of %s: %w", account.Username, err)
	}
	var ids []uint32
	for _, name := range names {
		if id, err := strconv.ParseUint(name, 10, 32); err == nil {
			ids = append(ids, uint32(id))
		}
	}
	socket, ok := strings.CutPrefix(engine, "unix://")
	if !ok {
		return ids, nil
	}
	st, err := os.Stat(socket)
	if err != nil {
		return nil, fmt.Errorf("cannot look at the socket of Docker: %w", err)
	}
	// Not the group of root, which owns a socket that others may use, or nobody may.
	if gid := st.Sys().(*syscall.Stat_t).Gid; gid != 0 && !slices.Contains(ids, gid) { //nolint:forcetypeassert // on Linux
		ids = append(ids, gid)
	}
	return ids, nil
}
