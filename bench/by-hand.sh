#!/bin/sh
# What an operator would type to have an RBD image mounted through rbd-fuse and a loop device, and to take it
# down again: what the node's calls are measured against.
#
# Usage: sh by-hand.sh stage-new|stage|publish|unpublish|unstage CONF USER POOL IMAGE FOLDER

set -eu
verb=$1 conf=$2 user=$3 pool=$4 image=$5 folder=$6

attach() {
	mkdir -p "$folder/image" "$folder/staging"
	rbd-fuse -c "$conf" --id "$user" -p "$pool" "--image=$image" -o attr_timeout=0,big_writes "$folder/image"
	device=$(losetup --direct-io=on --show --find "$folder/image/$image")
}

case $verb in
stage-new)
	attach
	! blkid --probe "$device" || exit 1
	mkfs.ext4 -q -m 0 -E nodiscard,lazy_itable_init=1,lazy_journal_init=1 "$device"
	mount -t ext4 "$device" "$folder/staging"
	;;
stage)
	attach
	blkid --probe "$device"
	mount -t ext4 "$device" "$folder/staging"
	;;
publish)
	mkdir "$folder/target"
	mount -o bind "$folder/staging" "$folder/target"
	;;
unpublish)
	umount "$folder/target"
	rmdir "$folder/target"
	;;
unstage)
	device=$(findmnt --noheadings --output SOURCE "$folder/staging")
	umount "$folder/staging"
	losetup --detach "$device"
	pid=$(pgrep -f "rbd-fuse .* $folder/image\$")
	fusermount -u "$folder/image"
	while kill -0 "$pid" 2>/dev/null && [ "$(cut -d ' ' -f 3 "/proc/$pid/stat" 2>/dev/null)" != Z ]; do
		sleep 0.005
	done
	rmdir "$folder/image"
	;;
esac
