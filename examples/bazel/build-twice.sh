#!/usr/bin/env bash
# Builds ten targets by Bazel over HTTP, cleans, and builds them again over gRPC.
set -euo pipefail
directory=$(mktemp -d)
address=${GOREGO:-http://127.0.0.1:8980}
bazel=(bazel --nohome_rc --noworkspace_rc "--output_user_root=$directory/output")
trap '"${bazel[@]}" shutdown; chmod -R u+w "$directory"; rm -rf "$directory"' EXIT
mkdir "$directory/workspace" && cd "$directory/workspace"
touch WORKSPACE MODULE.bazel
cat >BUILD <<END
[genrule(name = "t%d" % i, outs = ["t%d.txt" % i], cmd = "echo %d $RANDOM > \$@" % i) for i in range(10)]
END
for cache in "$address" "${address/http:/grpc:}"; do
  "${bazel[@]}" clean 2>/dev/null
  echo "$cache:" $("${bazel[@]}" build "--remote_cache=$cache" //... 2>&1 | grep -E 'processes?:')
done
