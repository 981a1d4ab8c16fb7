#!/usr/bin/env bash
# Compiles five files twice by sccache.
set -euo pipefail
directory=$(mktemp -d)
trap 'sccache --stop-server >/dev/null 2>&1 || true; rm -rf "$directory"' EXIT
cd "$directory"
export SCCACHE_WEBDAV_ENDPOINT="${GOREGO:-http://127.0.0.1:8980}/sccache-example-$RANDOM$RANDOM"
export SCCACHE_SERVER_PORT=$((20000 + RANDOM % 10000)) SCCACHE_CONF=/dev/null
for i in {1..5}; do echo "int f$i(int x) { return x + $i; }" >"f$i.c"; done
for time in first second; do
  sccache --start-server >/dev/null
  for file in *.c; do sccache cc -c "$file" -o "$file.o"; done
  echo "the $time time:" $(sccache --show-stats | grep -E '^Cache (hits|misses) +[0-9]+$')
  sccache --stop-server >/dev/null
  rm ./*.o
done
