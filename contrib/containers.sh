#!/usr/bin/env bash
# Runs Slipway as two containers of one image, and replaces them by newer ones without losing a request. On the server, as
# root; it needs Docker and nothing else. See docs/containers.md.
#
# usage: containers.sh start [IMAGE]      starts what does not run yet
#        containers.sh upgrade IMAGE      replaces the control plane, then the proxy; takes back what does not come up
#        containers.sh stop               stops and removes both containers; apps and state stay
#
# IMAGE is slipway:latest unless you say so. Settings are those of docs/configuration.md, from the environment or from
# the file /etc/default/slipway (SLIPWAY_DEFAULTS names another one). SLIPWAY_NAME (slipway) is the control plane's
# container, SLIPWAY_NAME-proxy the other one.
set -euo pipefail

readonly start_wait=60 # seconds until a new container must answer

main() {
  local command=${1:-} image
  settings
  image=${2:-slipway:latest}
  case $command in
    start) start "$image" ;;
    upgrade)
      [[ -n ${2:-} ]] || die 'Name the image: containers.sh upgrade slipway:1.2.3'
      upgrade "$image"
      ;;
    stop) stop ;;
    *) die 'usage: containers.sh start [IMAGE] | upgrade IMAGE | stop' ;;
  esac
}

say() { printf -- '-----> %s\n' "$*"; }

die() {
  printf ' !     %s\n' "$*" >&2
  exit 1
}

# settings reads the operator's file and says what it leaves open. The environment wins.
settings() {
  local file=${SLIPWAY_DEFAULTS:-/etc/default/slipway} name value
  if [[ -r $file ]]; then
    while IFS='=' read -r name value; do
      if [[ $name =~ ^[A-Z_][A-Z0-9_]*$ && -z ${!name+set} ]]; then export "$name=$value"; fi
    done <"$file"
  fi
  export DOKKU_ROOT=${DOKKU_ROOT:-/home/dokku} DOKKU_LIB_ROOT=${DOKKU_LIB_ROOT:-/var/lib/dokku}
  export SLIPWAY_SSH_PORT=${SLIPWAY_SSH_PORT-3022}              # the host's sshd has 22, as a rule
  export DOCKER_CONFIG=${DOCKER_CONFIG:-$DOKKU_ROOT/.docker}    # logins to registries outlive the container
  control_plane=${SLIPWAY_NAME:-slipway}
  proxy=$control_plane-proxy
}

start() {
  make_folders "$1"
  if ! exists "$control_plane"; then
    say "Starting $control_plane ($1)"
    run_control_plane "$1"
    healthy "$control_plane" || give_up "$control_plane"
  fi
  if ! exists "$proxy"; then
    say "Starting $proxy ($1)"
    run_proxy "$1"
    healthy "$proxy" || give_up "$proxy"
  fi
}

# make_folders makes the state folders that are missing, for the user that the image has.
make_folders() {
  local folder user
  for folder in "$DOKKU_ROOT" "$DOKKU_LIB_ROOT"; do
    [[ ! -d $folder ]] || continue
    user=$(docker run --rm --network none --entrypoint sh "$1" -c 'echo "$(id -u dokku):$(id -g dokku)"')
    install -d -o "${user%:*}" -g "${user#*:}" "$folder"
  done
}

upgrade() {
  local name
  docker image inspect "$1" >/dev/null 2>&1 || docker pull "$1"
  for name in "$control_plane" "$proxy"; do
    exists "$name" || die "There is no container $name. Start Slipway: containers.sh start $1"
    if exists "$name-old"; then
      die "An upgrade before this one was interrupted: there is a container $name-old. Remove it (docker rm $name-old) when $name runs; else rename it to $name."
    fi
  done
  upgrade_control_plane "$1"
  upgrade_proxy "$1"
}

# upgrade_control_plane: one at a time works on the state. Apps and their traffic do not notice.
upgrade_control_plane() {
  say "Replacing $control_plane by $1"
  docker stop "$control_plane" >/dev/null # commands and deploys under way get the time to end
  docker rename "$control_plane" "$control_plane-old"
  run_control_plane "$1" || true
  if ! healthy "$control_plane"; then
    docker logs --tail 20 "$control_plane" >&2 || true
    docker rm --force "$control_plane" >/dev/null 2>&1 || true
    docker rename "$control_plane-old" "$control_plane"
    docker start "$control_plane" >/dev/null
    healthy "$control_plane" ||
      die "$1 does not come up, and neither does the old one: see docker logs $control_plane, and Going back in docs/containers.md"
    die "$1 does not come up: its last words are above. The old control plane runs again."
  fi
  docker rm "$control_plane-old" >/dev/null
}

# upgrade_proxy: the new one takes over the ports of the old one while that still serves, and only then the old one is
# told to stop. It finishes its requests first.
upgrade_proxy() {
  say "Replacing $proxy by $1"
  docker rename "$proxy" "$proxy-old"
  run_proxy "$1" || true
  if ! healthy "$proxy"; then
    docker logs --tail 20 "$proxy" >&2 || true
    docker rm --force "$proxy" >/dev/null 2>&1 || true
    docker rename "$proxy-old" "$proxy"
    die "$1 does not come up as a proxy: its last words are above. The old proxy goes on."
  fi
  docker stop "$proxy-old" >/dev/null
  docker rm "$proxy-old" >/dev/null
}

stop() {
  local name
  for name in "$control_plane" "$proxy"; do
    exists "$name" || continue
    docker stop "$name" >/dev/null
    docker rm "$name" >/dev/null
  done
}

exists() { docker container inspect "$1" >/dev/null 2>&1; }

# healthy NAME waits until the process in a container answers; fails as soon as the container has ended.
healthy() {
  local deadline=$((SECONDS + start_wait))
  until docker exec "$1" slipwayd health >/dev/null 2>&1; do
    [[ $(docker container inspect --format '{{.State.Status}} {{.RestartCount}}' "$1" 2>/dev/null) == 'running 0' ]] || return 1
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# give_up NAME removes a container that has never worked.
give_up() {
  docker logs --tail 20 "$1" >&2 || true
  docker rm --force "$1" >/dev/null 2>&1 || true
  die "$1 does not come up: its last words are above."
}

# What both containers have in common: the host's network, and the settings of both processes.
common() {
  local name
  printf '%s\n' --detach --restart unless-stopped --network host --log-opt max-size=10m --log-opt max-file=3
  for name in DOKKU_ROOT DOKKU_LIB_ROOT DOKKU_SYSTEM_USER DOCKER_CONFIG TZ HTTP_PROXY HTTPS_PROXY NO_PROXY \
    SLIPWAY_LISTEN SLIPWAY_SSH_PORT SLIPWAY_HTTP_PORT SLIPWAY_HTTPS_PORT SLIPWAY_INSTANCE SLIPWAY_DEBUG; do
    if [[ -n ${!name+set} ]]; then printf '%s\n' --env "$name"; fi # its value comes from our environment
  done
}

run_control_plane() {
  local -a options
  mapfile -t options < <(common)
  docker run "${options[@]}" --name "$control_plane" --stop-timeout 60 \
    --volume /var/run/docker.sock:/var/run/docker.sock \
    --volume "$DOKKU_ROOT:$DOKKU_ROOT" --volume "$DOKKU_LIB_ROOT:$DOKKU_LIB_ROOT" \
    "$1" serve >/dev/null
}

# run_proxy: the part that faces the internet has no Docker socket, and may write to the library folder only.
run_proxy() {
  local -a options
  mapfile -t options < <(common)
  docker run "${options[@]}" --name "$proxy" --stop-timeout 90 \
    --volume "$DOKKU_ROOT:$DOKKU_ROOT:ro" --volume "$DOKKU_LIB_ROOT:$DOKKU_LIB_ROOT" \
    --read-only --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add DAC_OVERRIDE --security-opt no-new-privileges \
    "$1" proxy --take-over >/dev/null
}

main "$@"
