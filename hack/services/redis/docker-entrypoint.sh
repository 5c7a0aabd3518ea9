#!/bin/sh
# Starts redis-server as the user redis, which owns the data folder, as Docker's official image does. Redis refuses
# other hosts while it has neither a password nor a bind address; the official image is built without that refusal.
set -e

case ${1:-} in
  -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis {} +
  exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
if [ "$1" = redis-server ]; then set -- "$@" --protected-mode no; fi
exec "$@"
