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

# need_root WHAT ends the script with a clear sentence where as_root could not do anything.
need_root() { [[ $(id -u) -eq 0 ]] || command -v sudo >/dev/null || die "$1 needs root. Run this as root, once."; }

# as_root COMMAND…: directly, or by sudo, which asks for a password on the terminal, and fails where there is none.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# unpack_package NAME FOLDER lays the files of a Debian package out in FOLDER, without installing it.
unpack_package() {
  local download
  download=$(mktemp -d)
  (cd "$download" && { apt_download "$1" || { as_root apt-get --quiet=2 update && apt_download "$1"; }; }) ||
    die "The package $1 cannot be downloaded. Try: apt-get update"
  mkdir -p "$2"
  dpkg-deb --extract "$download"/*.deb "$2"
  rm -rf "$download"
}

apt_download() { apt-get --quiet=2 --option APT::Sandbox::User=root download "$1" >/dev/null; }

# What links Caddy leaves out storage that Slipway does not use.
# shellcheck disable=SC2034 # read by those that source this
readonly go_tags=nobadger,nomysql,nopgx

# Go's own installer unpacks to a place that is on the PATH of login shells only.
if ! command -v go >/dev/null && [[ -x /usr/local/go/bin/go ]]; then PATH=$PATH:/usr/local/go/bin; fi
