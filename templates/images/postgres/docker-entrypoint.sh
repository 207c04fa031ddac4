#!/bin/bash
# Makes the cluster at the first start, then becomes the server.
# The cluster is built in a sibling of PGDATA and renamed at the very end: a PGDATA that exists is complete.
set -euo pipefail

say() { echo "entrypoint: $*" >&2; }
die() { say "$*"; exit 1; }

# NAME or the content of the file named by NAME_FILE, else a default.
setting() {
  local name=$1 file="${1}_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then die "set either $name or $file"; fi
  if [ -n "${!file:-}" ]; then
    [ -r "${!file}" ] || die "cannot read the file of $file"
    printf -v "$name" '%s' "$(< "${!file}")"
  fi
  [ -n "${!name:-}" ] || printf -v "$name" '%s' "${2:-}"
  unset "$file"
}

case "${1:-}" in
  '' | -*) set -- postgres "$@" ;;
esac
if [ "$1" != postgres ]; then exec "$@"; fi
case " $* " in
  *' --help '* | *' --version '* | *' -V '* | *' -? '*) exec "$@" ;;
esac

umask 0077
parent=$(dirname "$PGDATA")
stage="$PGDATA.init"
mkdir -p "$parent"

if [ "$(id -u)" = 0 ]; then
  find "$parent" \! -user postgres -exec chown postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

# The socket directory is upstream's when it can be written, so that clients inside find it.
sockets=/var/run/postgresql
[ -w "$sockets" ] || { sockets=/tmp; set -- "$@" -c unix_socket_directories=/tmp; }

first_boot() {
  setting POSTGRES_PASSWORD
  setting POSTGRES_USER postgres
  setting POSTGRES_DB "$POSTGRES_USER"
  setting POSTGRES_INITDB_ARGS
  local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$method" != trust ]; then
    die 'no password: set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD'
  fi

  # initdb asks for the name of its user, which an arbitrary id does not have.
  local work preload=()
  work=$(mktemp -d /tmp/init.XXXXXX)
  if ! getent passwd "$(id -u)" > /dev/null; then
    echo "postgres:x:$(id -u):$(id -g):postgres:$parent:/bin/false" > "$work/passwd"
    echo "postgres:x:$(id -g):" > "$work/group"
    preload=(env "LD_PRELOAD=$(find /usr/lib -name libnss_wrapper.so | head -n 1)"
      "NSS_WRAPPER_PASSWD=$work/passwd" "NSS_WRAPPER_GROUP=$work/group")
  fi

  [ ! -e "$stage" ] || say 'an earlier first start was interrupted: starting over'
  rm -rf "$stage"
  # The built-in provider sorts the same under every version of libc.
  # shellcheck disable=SC2086
  "${preload[@]}" initdb -D "$stage" -U "$POSTGRES_USER" --no-sync --encoding=UTF8 \
    --locale=C.UTF-8 --locale-provider=builtin --auth-local=trust --auth-host=scram-sha-256 \
    --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") $POSTGRES_INITDB_ARGS
  printf '\nhost all all all %s\n' "$method" >> "$stage/pg_hba.conf"

  # This server is for the scripts only: no TCP, and a socket nobody else looks at.
  PGPASSWORD=$POSTGRES_PASSWORD pg_ctl -D "$stage" -w -s start \
    -o "-c listen_addresses='' -c unix_socket_directories='$work' -c fsync=off -c logging_collector=off"
  export PGHOST=$work PGUSER=$POSTGRES_USER PGDATABASE=$POSTGRES_DB
  export POSTGRES_USER POSTGRES_DB POSTGRES_PASSWORD
  local sql=(psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc)
  if [ "$POSTGRES_DB" != postgres ]; then
    "${sql[@]}" -q -d postgres -v db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
  fi
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh)
        say "running $file"
        if [ -x "$file" ]; then "$file"; else bash -euo pipefail "$file"; fi ;;
      *.sql) say "running $file"; "${sql[@]}" -f "$file" ;;
      *.sql.gz) say "running $file"; gunzip -c "$file" | "${sql[@]}" ;;
      */'*') ;;
      *) say "leaving $file" ;;
    esac
  done
  pg_ctl -D "$stage" -m fast -w -s stop
  unset PGHOST PGUSER PGDATABASE POSTGRES_PASSWORD

  initdb -D "$stage" --sync-only > /dev/null
  [ ! -d "$PGDATA" ] || rmdir "$PGDATA" || die "$PGDATA cannot be replaced: mount the volume at a directory above it"
  mv -T "$stage" "$PGDATA"
  sync "$parent"
  rm -rf "$work"
  say 'the cluster is ready'
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -d "$PGDATA" ] && [ -n "$(ls -A "$PGDATA")" ]; then die "$PGDATA is neither empty nor a cluster"; fi
  # As process 1 a shell would ignore these; between two steps it may go, the next start begins anew.
  trap 'exit 143' TERM INT
  first_boot
  trap - TERM INT
fi

unset POSTGRES_PASSWORD
exec "$@"
