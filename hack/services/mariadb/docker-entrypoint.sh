#!/usr/bin/env bash
# Starts MariaDB as Docker's official image does: a new data folder gets the root password, a database, a user with all
# rights in it, and the scripts of /docker-entrypoint-initdb.d, while nothing listens on the network yet.
#
# Variables: MARIADB_ or MYSQL_ before ROOT_PASSWORD, RANDOM_ROOT_PASSWORD, ALLOW_EMPTY_PASSWORD, DATABASE, USER,
# PASSWORD; each also as a file, with _FILE after it.
set -euo pipefail

readonly data=/var/lib/mysql

main() {
  if [[ ${1:-} == -* ]]; then set -- mariadbd "$@"; fi
  if [[ ${1:-} != mariadbd && ${1:-} != mysqld || " $* " == *' --version '* ]]; then exec "$@"; fi

  if [[ $(id -u) -eq 0 ]]; then
    find "$data" /run/mysqld \! -user mysql -exec chown mysql: {} +
    exec setpriv --reuid=mysql --regid=mysql --init-groups "${BASH_SOURCE[0]}" "$@"
  fi
  if [[ ! -d $data/mysql ]]; then first_start "$@"; fi
  exec "$@"
}

# value NAME prints MARIADB_NAME or MYSQL_NAME, or the content of the file that either with _FILE names.
value() {
  local prefix name file_name
  for prefix in MARIADB MYSQL; do
    name=${prefix}_$1 file_name=${prefix}_$1_FILE
    if [[ -n ${!file_name:-} ]]; then
      cat "${!file_name}"
      return
    fi
    if [[ -n ${!name:-} ]]; then
      printf '%s' "${!name}"
      return
    fi
  done
}

first_start() {
  local root_password pid attempt
  root_password=$(value ROOT_PASSWORD)
  if [[ -z $root_password && -n $(value RANDOM_ROOT_PASSWORD) ]]; then
    root_password=$(head -c 24 /dev/urandom | base64)
    echo "GENERATED ROOT PASSWORD: $root_password"
  fi
  if [[ -z $root_password && -z $(value ALLOW_EMPTY_PASSWORD) ]]; then
    echo 'Error: the database is not initialized and no root password is given. Set MARIADB_ROOT_PASSWORD.' >&2
    exit 1
  fi

  mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
  "$@" --skip-networking &
  pid=$!
  for ((attempt = 0; attempt < 300; attempt++)); do
    if mariadb-admin --user=root ping >/dev/null 2>&1; then break; fi
    sleep 0.1
  done
  mariadb --user=root < <(accounts "$root_password")
  run_scripts "$root_password"
  kill "$pid"
  wait "$pid"
}

# accounts ROOT_PASSWORD prints the SQL that makes what the environment asks for.
accounts() {
  local root_password database user password
  root_password=$(quoted "$1") database=$(value DATABASE) user=$(value USER) password=$(value PASSWORD)
  if [[ -n $database ]]; then printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "${database//\`/\`\`}"; fi
  if [[ -n $user && -n $password ]]; then
    printf "CREATE USER %s@'%%' IDENTIFIED BY %s;\n" "$(quoted "$user")" "$(quoted "$password")"
    if [[ -n $database ]]; then
      printf "GRANT ALL ON \`%s\`.* TO %s@'%%';\n" "${database//_/\\_}" "$(quoted "$user")"
    fi
  fi
  printf "CREATE USER root@'%%' IDENTIFIED BY %s;\nGRANT ALL ON *.* TO root@'%%' WITH GRANT OPTION;\n" "$root_password"
  printf 'ALTER USER root@localhost IDENTIFIED BY %s;\n' "$root_password"
}

# quoted TEXT prints an SQL string.
quoted() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\'\'}"
}

run_scripts() {
  local script
  local -a client=(env "MYSQL_PWD=$1" mariadb --user=root)
  if [[ -n $(value DATABASE) ]]; then client+=("$(value DATABASE)"); fi
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) bash "$script" ;;
      *.sql) "${client[@]}" <"$script" ;;
      *.sql.gz) gunzip --stdout "$script" | "${client[@]}" ;;
    esac
  done
}

main "$@"
