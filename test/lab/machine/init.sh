#!/bin/sh
# The first process of a machine of the lab. Its root is the host's, read-only, and what the machine writes are folders
# of its own. The kernel's command line gives the variables; init.sh's failure is a kernel panic, which ends the machine.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /sys/fs/cgroup
for controller in cpu cpuacct blkio memory devices freezer pids; do
	mkdir "/sys/fs/cgroup/$controller"
	mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
done
# This kernel has one processor and no cpuset, which Nomad's exec driver wants to write to: files will do.
mkdir -p /sys/fs/cgroup/cpuset/nomad/share /sys/fs/cgroup/cpuset/nomad/reserve
echo 0 >/sys/fs/cgroup/cpuset/cpuset.mems
echo 0 >/sys/fs/cgroup/cpuset/cpuset.cpus
: >/sys/fs/cgroup/cpuset/nomad/share/cgroup.procs
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm /run/home
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -s /proc/self/fd /dev/fd
# Files here outlive the machine.
mount -t hostfs hostfs "$LAB_FOLDER" -o "$LAB_FOLDER"
mount --make-rshared /

echo "$LAB_NAME" >/proc/sys/kernel/hostname
ip link set lo up
ip address add "$LAB_ADDRESS" dev eth0
ip link set eth0 up

# The kernel asks for further modules itself.
echo "$LAB_MODPROBE" >/proc/sys/kernel/modprobe
for module in $(echo "$LAB_MODULES" | tr , ' '); do "$LAB_MODPROBE" "$module"; done

export HOME=/run/home TMPDIR=/run/home
"$LAB_NODE" "$LAB_AGENT" &
# It reaps what others leave.
wait
