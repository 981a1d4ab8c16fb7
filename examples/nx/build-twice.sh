#!/usr/bin/env bash
# Runs a task twice by Nx, with its local cache removed in between.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
export NX_SELF_HOSTED_REMOTE_CACHE_SERVER="${GOREGO:-http://127.0.0.1:8980}" NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN=any
export NX_DAEMON=false NX_TUI=false NX_NO_CLOUD=true CI=true
echo '{"name": "root", "private": true}' >package.json
echo '{"analytics": false, "neverConnectToCloud": true}' >nx.json
mkdir a
cat >a/project.json <<END
{"name": "a", "targets": {"build": {
  "command": "mkdir -p out && echo $RANDOM$RANDOM >out/file", "cache": true,
  "inputs": ["{projectRoot}/project.json"], "outputs": ["{workspaceRoot}/out"]}}}
END
npm install --silent --no-audit --no-fund nx@24.0.6
for time in first second; do
  rm -rf out .nx
  output=$(npx nx run a:build 2>&1)
  echo "the $time time: $([[ $output == *'remote cache'* ]] && echo 'from the remote cache' || echo 'built')"
done
