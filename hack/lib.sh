# Sourced by the scripts beside it: how they speak, and what they ask the host.
# shellcheck shell=bash

say() { printf -- '-----> %s\n' "$*" >&2; }

die() {
  printf ' !     %s\n' "$*" >&2
  exit 1
}

# package_installed NAME: true for a Debian package that is there whole.
package_installed() { [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# has_systemd: true where systemd is process 1.
has_systemd() { [[ $(cat /proc/1/comm) == systemd ]]; }

# as_root COMMAND…: directly, or by sudo, which may ask for a password only where someone can type it.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    die "This needs root: $*"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# What links Caddy leaves out storage that Slipway does not use.
# shellcheck disable=SC2034 # read by those that source this
readonly go_tags=nobadger,nomysql,nopgx

# Go's own installer unpacks to a place that is on the PATH of login shells only.
if ! command -v go >/dev/null && [[ -x /usr/local/go/bin/go ]]; then PATH=$PATH:/usr/local/go/bin; fi
