#!/bin/sh
# The library that User-Mode Linux is started with, in ../bin/machine, when its source changed. Several may run at once.
set -eu
cd "$(dirname "$0")"
mkdir -p ../bin/machine
out=$(cd ../bin/machine && pwd)

(
  # Whoever waits here finds it built.
  flock 9
  stamp=$(cat ./* | sha256sum | cut -d' ' -f1)
  [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ] && exit 0
  gcc -O2 -Wall -shared -fPIC -o "$out/whole-xstate.so.new" whole-xstate.c
  mv "$out/whole-xstate.so.new" "$out/whole-xstate.so"
  echo "$stamp" >"$out/stamp"
) 9>"$out/lock"
