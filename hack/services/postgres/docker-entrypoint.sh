#!/usr/bin/env bash
# Starts PostgreSQL as Docker's official image does: a new data folder gets POSTGRES_USER with POSTGRES_PASSWORD,
# POSTGRES_DB and the scripts of /docker-entrypoint-initdb.d, while nothing listens on the network yet.
#
# Every variable can be given as a file, NAME_FILE. POSTGRES_INITDB_ARGS and POSTGRES_HOST_AUTH_METHOD are honoured.
set -euo pipefail

main() {
  if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi
  if [[ ${1:-} != postgres ]]; then exec "$@"; fi

  if [[ $(id -u) -eq 0 ]]; then
    mkdir -p "$PGDATA"
    find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres {} +
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
  fi
  if [[ ! -s $PGDATA/PG_VERSION ]]; then first_start "$@"; fi
  exec "$@"
}

# value NAME [default] prints the variable, or the content of the file that NAME_FILE names.
value() {
  local file_name=$1_FILE
  if [[ -n ${!file_name:-} ]]; then cat "${!file_name}"; else printf '%s' "${!1:-${2:-}}"; fi
}

first_start() {
  local user password database method
  local -a initdb_args=()
  user=$(value POSTGRES_USER postgres)
  password=$(value POSTGRES_PASSWORD)
  database=$(value POSTGRES_DB "$user")
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  read -r -a initdb_args <<<"$(value POSTGRES_INITDB_ARGS)"
  if [[ -z $password && $method != trust ]]; then
    echo 'Error: the database is not initialized and no superuser password is given. Set POSTGRES_PASSWORD.' >&2
    exit 1
  fi

  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") "${initdb_args[@]}"
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait --timeout=60 start
  if [[ $database != postgres ]]; then
    psql --no-psqlrc --username="$user" --dbname=postgres --set=name="$database" <<<'CREATE DATABASE :"name";'
  fi
  run_scripts "$user" "$database"
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
}

run_scripts() {
  local script
  local -a psql=(psql --no-psqlrc --no-password --set=ON_ERROR_STOP=1 --username="$1" --dbname="$2")
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) bash "$script" ;;
      *.sql) "${psql[@]}" --file="$script" ;;
      *.sql.gz) gunzip --stdout "$script" | "${psql[@]}" ;;
    esac
  done
}

main "$@"
