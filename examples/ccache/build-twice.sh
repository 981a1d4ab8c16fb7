#!/usr/bin/env bash
# Compiles twenty files twice by ccache, with an empty local cache each time.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
export CCACHE_DIR="$directory/cache" CCACHE_REMOTE_STORAGE="${GOREGO:-http://127.0.0.1:8980}/ccache-example-$RANDOM$RANDOM"
for i in {1..20}; do echo "int f$i(int x) { return x + $i; }" >"f$i.c"; done
for time in first second; do
  rm -rf cache
  for file in *.c; do ccache cc -c "$file"; done
  echo "the $time time:" $(ccache --print-stats | grep -E '^remote_storage_(hit|miss|error|timeout)\b')
done
