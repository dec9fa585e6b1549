#!/bin/sh
# What the image of PostgreSQL does at its first start, for the three settings that compose.yml gives.
set -eu
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    printf %s "$POSTGRES_PASSWORD" > /tmp/password
    initdb --username "$POSTGRES_USER" --pwfile /tmp/password --auth-local trust --auth-host scram-sha-256 \
        --encoding UTF8 --locale C.UTF-8 --pgdata "$PGDATA" > /dev/null
    rm /tmp/password
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
    pg_ctl --wait --silent --options "-c listen_addresses=''" start > /dev/null
    createdb --username "$POSTGRES_USER" --host /tmp "$POSTGRES_DB" 2> /dev/null || true
    pg_ctl --wait --silent stop > /dev/null
fi
exec "$@"
