# Sourced by hack/install and hack/uninstall: what goes where. DESTDIR is put before every path, for packagers.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those that source this

readonly destdir=${DESTDIR:-}
readonly bindir=${PREFIX:-/usr/local}/bin
readonly unitdir=/etc/systemd/system
readonly defaults=/etc/default/slipway
readonly logrotate=/etc/logrotate.d/slipway
readonly dokku_root=${DOKKU_ROOT:-/home/dokku}
readonly lib_root=${DOKKU_LIB_ROOT:-/var/lib/dokku}
readonly -a units=(slipwayd.service slipway-proxy.service)
