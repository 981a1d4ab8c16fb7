#!/usr/bin/env bash
set -euo pipefail
self="${BASH_SOURCE[0]}"
[[ "$self" == /* ]] || self="$PWD/$self"
if [[ -d "$self.runfiles" ]]; then
  runfiles="$self.runfiles"
else
  # Started by another program, in whose runfiles it is.
  runfiles="${self%%.runfiles/*}.runfiles"
fi
base="$runfiles/%WORKSPACE%"
exec "$base/%NODE%" --disable-warning=ExperimentalWarning "$base/%RUN%" "$base" "$base/%MANIFEST%" "$@"
