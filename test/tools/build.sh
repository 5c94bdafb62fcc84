#!/bin/sh
# Builds the test programs that come as Go modules: each folder here with a go.mod, into bin/, when its
# sources changed. Usage: sh test/tools/build.sh [NAME…]
set -eu
cd "$(dirname "$0")"
mkdir -p bin
[ $# -gt 0 ] || set -- $(for module in */go.mod; do dirname "$module"; done)
command -v go >/dev/null || {
  echo "build.sh: Go is not installed; the tests need it: apt-get install golang-go" >&2
  exit 1
}
for name in "$@"; do
  stamp=$(cat "$name"/go.mod "$name"/go.sum "$name"/*.go 2>/dev/null | cat - build.sh | sha256sum | cut -d' ' -f1)
  [ -x "bin/$name" ] && [ "$(cat "bin/$name.stamp" 2>/dev/null)" = "$stamp" ] && continue
  echo "building $name" >&2
  package=$(sed -n 's/^tool //p' "$name/go.mod")
  (cd "$name" && go build -trimpath -ldflags '-s -w' -o "../bin/$name.new" "${package:-.}")
  mv "bin/$name.new" "bin/$name"
  echo "$stamp" >"bin/$name.stamp"
done
