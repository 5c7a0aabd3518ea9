# Sourced by hack/demo and hack/demo-down: where the demo keeps its state, and how to tell whether it runs.
# shellcheck shell=bash

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly checkout
readonly demo=$checkout/.demo
readonly demo_pid=$demo/slipwayd.pid
# shellcheck disable=SC2034 # used by those that source this
readonly demo_log=$demo/slipwayd.log
# shellcheck disable=SC2034
readonly socket_limit=107 # bytes in the path of a unix socket; unix(7)

# demo_instance keeps two checkouts on one Docker Engine apart.
demo_instance() { printf 'demo-%s\n' "$(printf '%s' "$checkout" | sha256sum | cut -c 1-4)"; }

# demo_process prints the pid of the running supervisor of this checkout, or nothing. A pid that another program has
# by now does not count.
demo_process() {
  if [[ $(demo_command) == "$checkout/bin/slipwayd up "* ]]; then cat "$demo_pid"; fi
}

# demo_command prints the command line of the pid in the pid file: nothing when it has ended.
demo_command() {
  local pid
  pid=$(cat "$demo_pid" 2>/dev/null) || return 0
  [[ $pid =~ ^[0-9]+$ ]] || return 0
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" || true
}

# stop_demo ends the supervisor, which ends what it started; apps go on running.
stop_demo() {
  local pid deadline=$((SECONDS + 30))
  pid=$(demo_process)
  [[ -n $pid ]] || return 0
  kill -TERM "$pid"
  while [[ -n $(demo_process) ]]; do
    if ((SECONDS >= deadline)); then
      say "slipwayd (pid $pid) does not stop; killing it and what it started"
      kill -KILL -- "-$pid" # it leads a process group of its own
      break
    fi
    sleep 0.1
  done
  rm -f "$demo_pid"
}
