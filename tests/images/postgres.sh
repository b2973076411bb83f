#!/bin/sh
# Stands in for the entrypoint of the image `postgres`, as far as the compose file uses it: a first
# start makes the database POSTGRES_DB, owned by the superuser POSTGRES_USER, whose password is in
# POSTGRES_PASSWORD_FILE; it then runs as the user postgres. A socket is trusted, the network is not.
set -eu
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups sh "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 \
    --auth-local=trust --auth-host=scram-sha-256 -D "$PGDATA"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  # Nobody connects before the database is there: as in the image, this one hears the socket alone.
  pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start
  createdb --username="$POSTGRES_USER" --host=/var/run/postgresql --maintenance-db=postgres "$POSTGRES_DB"
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@" -c listen_addresses='*'
