package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// kill starts a command and kills it, with all its children, after a time.
func kill(cmd *exec.Cmd, after time.Duration) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	time.Sleep(after)
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	cmd.Wait()
	return nil
}

// Wherever migrate and --undo are killed: the containers run on, and either run again ends well.
func TestMigrateIsKilled(t *testing.T) {
	s := newDokkuServer(t, "0.30.11", "")
	before := s.files(t)
	took := func(args ...string) time.Duration {
		start := time.Now()
		s.says(t, args...)
		return time.Since(start)
	}
	there, back := took("slipway", "migrate"), took("slipway", "migrate", "--undo")
	s.same(t, "after one way there and back", before)
	t.Logf("migrate takes %s, --undo %s", there, back)

	const moments = 16
	for n := range moments {
		for _, way := range []string{"migrate", "undo", "migrate under the daemon"} {
			t.Run(fmt.Sprintf("%s/%d", way, n), func(t *testing.T) {
				switch way {
				case "migrate":
					s.must(kill(s.command("slipway", "migrate"), there*time.Duration(n)/moments))
				case "undo":
					s.says(t, "slipway", "migrate")
					s.must(kill(s.command("slipway", "migrate", "--undo"), back*time.Duration(n)/moments))
				default:
					s.must(s.start("serve"))
					cmd := s.command("slipway", "migrate")
					s.must(cmd.Start())
					time.Sleep(there * time.Duration(n) / moments)
					s.stop("serve", syscall.SIGKILL)
					cmd.Wait()
				}
				s.untouched(t)
				if n%2 == 0 && way != "undo" {
					s.says(t, "slipway", "migrate")
					s.untouched(t)
				}
				s.says(t, "slipway", "migrate", "--undo")
				s.same(t, "after the undo", before)
				s.untouched(t)
			})
		}
	}
}

// A full disk ends migrate and --undo with its reason, and both go on when there is room.
func TestMigrateOnAFullDisk(t *testing.T) {
	s := newDokkuServer(t, "0.30.11", "")
	s.must(run(s.command("sh", "-c", `set -e
mkdir /state
mount -t tmpfs -o size=32m full /state
for dir in /home/dokku /var/lib/dokku; do
	cp -a --parents $dir /state
	mount --bind /state/$dir $dir
done`)))
	before := s.files(t)
	fill := func(pages int) {
		s.must(run(s.command("sh", "-c", `head -c $(($0 * 4096)) /dev/zero >/state/room
cat /dev/zero >/state/filler 2>/dev/null
rm /state/room`, fmt.Sprint(pages))))
	}
	free := func() { s.must(run(s.command("rm", "-f", "/state/filler"))) }
	refused := func(t *testing.T, args ...string) bool {
		t.Helper()
		out, err := s.command(args[0], args[1:]...).CombinedOutput()
		if err != nil && !strings.Contains(string(out), "no space left on device") && !strings.Contains(string(out), "There is no room for the backup") {
			t.Errorf("%v does not say why it fails: %s", args, out)
		}
		s.untouched(t)
		return err != nil
	}
	failed := 0
	for _, pages := range []int{0, 1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 64} {
		t.Run(fmt.Sprint(pages), func(t *testing.T) {
			fill(pages)
			if refused(t, "slipway", "migrate", "--backup", fmt.Sprintf("/root/backup-%d", pages)) {
				failed++
			}
			fill(pages / 2)
			if refused(t, "slipway", "migrate", "--undo") {
				failed++
			}
			free()
			s.says(t, "slipway", "migrate", "--undo")
			s.same(t, "after the undo", before)
			s.untouched(t)
		})
	}
	if failed < 5 {
		t.Errorf("the disk was full %d times only", failed)
	}
	fill(0)
	if !refused(t, "slipway", "migrate") {
		t.Error("a backup on a full disk succeeds")
	}
	free()
	s.same(t, "after a migration without room for its backup", before)
	s.says(t, "slipway", "migrate")
	s.says(t, "slipway", "migrate", "--undo")
	s.same(t, "after there and back with room", before)
}
