#!/bin/sh
# Options alone are options of memcached, as in Docker's official image.
set -e

case ${1:-} in
  -*) set -- memcached "$@" ;;
esac
exec "$@"
