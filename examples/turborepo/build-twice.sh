#!/usr/bin/env bash
# Runs a task of two packages twice by Turborepo, without its local cache.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
export TURBO_API="${GOREGO:-http://127.0.0.1:8980}" TURBO_TOKEN=any TURBO_TEAM="example-$RANDOM$RANDOM" TURBO_TELEMETRY_DISABLED=1
echo '{"name": "root", "packageManager": "npm@11.0.0", "workspaces": ["packages/*"]}' >package.json
echo '{"name": "root", "lockfileVersion": 3, "packages": {}}' >package-lock.json
echo '{"tasks": {"build": {"inputs": ["package.json"], "outputs": ["out/**"]}}}' >turbo.json
for name in a b; do
  mkdir -p "packages/$name"
  echo "{\"name\": \"$name\", \"scripts\": {\"build\": \"mkdir -p out && date >out/file\"}}" >"packages/$name/package.json"
done
command -v turbo >/dev/null || turbo() { npx --yes turbo@2.11.11 "$@"; }
for time in first second; do
  rm -rf packages/*/out .turbo
  echo "the $time time:" $(turbo run build --cache=remote:rw --ui=stream 2>&1 | grep 'Cached:')
done
