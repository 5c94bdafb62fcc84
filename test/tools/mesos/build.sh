#!/bin/sh
# A real Mesos 1.11.0, master and agent, for x86-64, in ../bin/mesos, when its sources changed: lib/ has libmesos, out of
# a Python package that has it whole, and stand-ins for what it needs and Debian lacks; bin/ has our mesosd, which calls
# it, and a module. The download is kept in ../bin/mesos.cache. Several may run at once.
set -eu
cd "$(dirname "$0")"
mkdir -p ../bin
bin=$(cd ../bin && pwd)
cache=$bin/mesos.cache
new=$bin/mesos.new
libmesos=84d7ee9af27e912636b139de40257df1ee4f56c201de6bba834278aa1e8fd64c

checked() { echo "$libmesos  $cache/_scheduler.so" | sha256sum --check --status 2>/dev/null; }

# A later pip refuses the version number of such a package. This one downloads and checks it, and then finds no project
# of Python's in it and fails: what it unpacked is what is wanted.
fetch() {
  TMPDIR=$cache/tmp
  export TMPDIR
  rm -rf "$TMPDIR"
  mkdir -p "$TMPDIR"
  python3 -m venv "$TMPDIR/venv"
  "$TMPDIR/venv/bin/pip" install -q --require-hashes --no-deps --only-binary :all: -r pip.txt
  "$TMPDIR/venv/bin/pip" download -q --no-clean --no-deps --require-hashes -d "$TMPDIR" -r libmesos.txt \
    >"$cache/pip.log" 2>&1 || true
  find "$TMPDIR" -name _scheduler.so -exec mv {} "$cache/" \;
  rm -rf "$TMPDIR"
  unset TMPDIR
  checked || {
    cat "$cache/pip.log" >&2
    echo "build.sh: libmesos cannot be had" >&2
    exit 1
  }
}

(
  # Whoever waits here finds it built.
  flock 9
  stamp=$(cat ./* | sha256sum | cut -d' ' -f1)
  [ "$(cat "$bin/mesos.stamp" 2>/dev/null)" = "$stamp" ] && [ -d "$bin/mesos" ] && exit 0
  echo "building mesos" >&2
  rm -rf "$new"
  mkdir -p "$new/lib" "$new/bin" "$cache"
  checked || fetch
  ln "$cache/_scheduler.so" "$new/lib/"
  python3 stand_ins.py "$new/lib/_scheduler.so" "$new/lib" >&2
  g++ -std=c++17 -O1 -Wall -o "$new/bin/mesosd" mesosd.cpp -L"$new/lib" -Wl,--no-as-needed \
    -l:libpy2stub.so -l:_scheduler.so -Wl,--allow-shlib-undefined -Wl,-z,lazy -Wl,--disable-new-dtags \
    '-Wl,-rpath,$ORIGIN/../lib'
  g++ -std=c++17 -O1 -Wall -Wno-invalid-offsetof -shared -fPIC -o "$new/bin/libprofiles.so" profiles.cpp
  ln -s mesosd "$new/bin/mesos-containerizer"
  rm -rf "$bin/mesos"
  mv "$new" "$bin/mesos"
  echo "$stamp" >"$bin/mesos.stamp"
) 9>"$bin/mesos.lock"
