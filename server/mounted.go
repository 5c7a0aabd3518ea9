package server

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// requireMounts makes sure that in a container the state folders are folders of the host. SLIPWAY_CONTAINER is set by the
// Dockerfile.
func requireMounts(cfg Config) error {
	if !cfg.Container {
		return nil
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("cannot see what is mounted: %w", err)
	}
	defer f.Close()
	for _, folder := range []string{cfg.Root, cfg.Lib} {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("cannot see what is mounted: %w", err)
		}
		if err := mountedFromHost(f, folder); err != nil {
			return err
		}
	}
	return nil
}

// mountedFromHost reads mountinfo (its format: proc(5)) and says what is wrong with how folder is mounted. Containers of apps
// mount folders below it by its name here, so the host must know it by that name.
func mountedFromHost(mountinfo io.Reader, folder string) error {
	var point, source string
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			continue
		}
		// Of two mounts at one point, the later one is what is seen.
		if at := unescape.Replace(fields[4]); covers(at, folder) && len(at) >= len(point) {
			point, source = at, unescape.Replace(fields[3])
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("cannot see what is mounted: %w", err)
	}
	switch {
	case point == "" || point == "/":
		return fmt.Errorf("the state folder %s is not mounted, so its content would be lost with this container; start it with --volume %[1]s:%[1]s", folder)
	case path.Base(source) == "_data" && strings.Contains(source, "/volumes/"):
		return fmt.Errorf("the state folder %s is a Docker volume, which containers of apps cannot mount by that name; use a folder of the host: --volume %[1]s:%[1]s", folder)
	}
	return nil
}

// covers reports whether folder is at the mount point or below it.
func covers(point, folder string) bool {
	return point == folder || point == "/" || strings.HasPrefix(folder, point+"/")
}

// unescape undoes how mountinfo writes blanks.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
