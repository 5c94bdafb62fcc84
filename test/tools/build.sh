#!/bin/sh
# Builds the test programs that come as Go modules: each folder here with a go.mod, into bin/, when its
# sources changed. Several may run at once. Usage: sh test/tools/build.sh [NAME…]
set -eu
cd "$(dirname "$0")"
mkdir -p bin
[ $# -gt 0 ] || set -- $(for module in */go.mod; do dirname "$module"; done)
command -v go >/dev/null || {
  echo "build.sh: Go is not installed; the tests need 1.25 or later" >&2
  exit 1
}
for name in "$@"; do
  [ -f "$name/go.mod" ] || {
    echo "build.sh: there is no Go module $name here" >&2
    exit 2
  }
  (
    # Whoever waits here finds it built.
    flock 9
    stamp=$(cat "$name"/go.mod "$name"/go.sum "$name"/*.go build.sh 2>/dev/null | sha256sum | cut -d' ' -f1)
    [ -x "bin/$name" ] && [ "$(cat "bin/$name.stamp" 2>/dev/null)" = "$stamp" ] && exit 0
    echo "building $name" >&2
    go build -C "$name" -trimpath -ldflags '-s -w' -o "../bin/$name.new" tool
    mv "bin/$name.new" "bin/$name"
    echo "$stamp" >"bin/$name.stamp"
  ) 9<build.sh
done
