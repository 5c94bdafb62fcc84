#!/bin/sh
# Builds the test programs that come as Go modules: each folder here with a go.mod, into bin/, when its
# sources changed. A module's build.env may set variables of Go's, such as CGO_ENABLED. Several may run at
# once. Usage: sh test/tools/build.sh [NAME…]
set -eu
cd "$(dirname "$0")"
mkdir -p bin
[ $# -gt 0 ] || set -- $(for module in */go.mod; do dirname "$module"; done)
command -v go >/dev/null || {
  echo "build.sh: Go is not installed; the tests need 1.25 or later" >&2
  exit 1
}

# Passes on what Go says, with its many lines on packages and downloads counted.
progress() {
  awk -v name="$1" '
    function say(text) { print text; fflush() }
    /^go: downloading / { if (++fetched % 100 == 0) say(name ": " fetched " modules downloaded"); next }
    /^[^ :#]+$/ { if (++compiled % 200 == 0) say(name ": " compiled " packages compiled"); next }
    { say($0) }
  '
}

for name in "$@"; do
  [ -f "$name/go.mod" ] || {
    echo "build.sh: there is no Go module $name here" >&2
    exit 2
  }
  (
    # Whoever waits here finds it built. Go itself locks go.mod.
    flock 9
    stamp=$(cat "$name"/go.mod "$name"/go.sum "$name"/*.go "$name"/build.env build.sh 2>/dev/null |
      sha256sum | cut -d' ' -f1)
    [ -x "bin/$name" ] && [ "$(cat "bin/$name.stamp" 2>/dev/null)" = "$stamp" ] && exit 0
    echo "building $name" >&2
    [ ! -f "$name/build.env" ] || export $(cat "$name/build.env")
    rm -f "bin/$name.new"
    go build -C "$name" -v -trimpath -ldflags '-s -w' -o "../bin/$name.new" tool 2>&1 | progress "$name" >&2
    # A pipe hides how Go ended.
    [ -x "bin/$name.new" ] || exit 1
    mv "bin/$name.new" "bin/$name"
    echo "$stamp" >"bin/$name.stamp"
  ) 9>"bin/$name.lock"
done
