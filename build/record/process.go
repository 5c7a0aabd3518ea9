package record

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ticks is the unit of times in /proc: 1/100 s on every Linux that Go runs on (sysconf(_SC_CLK_TCK)).
const ticks = 100

// clockSlack allows for the rounding of the start times in /proc.
const clockSlack = 2 * time.Second

// processSince tells whether the process is there and is not a later one under the same number.
func processSince(pid int, at time.Time) bool {
	if pid <= 0 || errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
		return false
	}
	started, err := processStart(pid)
	return err != nil || started.Before(at.Add(clockSlack))
}

// processStart is when a process began. Source of the formats: proc(5), /proc/PID/stat field 22 and btime in /proc/stat.
func processStart(pid int) (time.Time, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return time.Time{}, err
	}
	boot, err := bootTime()
	if err != nil {
		return time.Time{}, err
	}
	return startOf(string(stat), boot)
}

func startOf(stat string, boot time.Time) (time.Time, error) {
	// The second field is the command's name in parentheses and may hold anything; field 3 follows the last one.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const startTime = 22 - 3
	if len(fields) <= startTime {
		return time.Time{}, errors.New("unknown format of /proc/PID/stat")
	}
	since, err := strconv.ParseInt(fields[startTime], 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("unknown format of /proc/PID/stat: %w", err)
	}
	return boot.Add(time.Duration(since) * (time.Second / ticks)), nil
}

func bootTime() (time.Time, error) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return time.Time{}, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), "btime "); found {
			seconds, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return time.Unix(seconds, 0), err
		}
	}
	return time.Time{}, errors.New("/proc/stat has no boot time")
}
