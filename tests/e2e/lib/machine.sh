#!/bin/sh
# machine.sh FOLDER [inside]: becomes a systemd that is process 1 of namespaces of its own (machine.py), on a copy of this
# system that is thrown away: an overlay of /, whose changes are kept in memory. Started as process 1 of its PID namespace.
# Ends with 77 and a reason where such things are not permitted.
set -eu
folder=$1
root=$folder/root
name=${folder##*/}

not_here()
{
	echo "$1" >&2
	exit 77
}

if [ "${2:-}" != inside ]; then
	mount -t tmpfs -o mode=755,size=1g disk "$folder/disk" || not_here "no tmpfs can be mounted"
	mkdir "$folder/disk/upper" "$folder/disk/work"
	mount -t overlay -o "lowerdir=/,upperdir=$folder/disk/upper,workdir=$folder/disk/work" root "$root" || not_here "no overlay can be mounted"
	# A control group of our own, which becomes the root of what is seen inside.
	mount -t cgroup2 cgroup2 "$folder/cgroup" || not_here "no cgroup2 can be mounted"
	mkdir "$folder/cgroup/$name"
	echo 0 >"$folder/cgroup/$name/cgroup.procs" || not_here "no control group of our own"
	exec unshare --cgroup sh "$0" "$folder" inside
fi

umount "$folder/cgroup"
mount -t proc proc "$root/proc"
# What belongs to the machine can be read; what belongs to the network namespace is ours.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 mem:1:1; do
	IFS=: read -r file major minor <<-END
		$node
	END
	mknod -m 666 "$root/dev/$file" c "$major" "$minor"
done
chmod 600 "$root/dev/mem" # for PrivateDevices to hide; nobody opens it
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"

# Nothing runs but systemd, its journal, and what a test asks for.
units=$root/usr/lib/systemd/system
rm -rf "$root"/etc/systemd/system/* "$units"/*.wants "$units"/*.requires "$units/systemd-journald-audit.socket" "$units-generators"/*
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id" # else it is a first boot, which turns on all that is installed
mkdir -p "$root/etc/systemd/system/sysinit.target.wants" "$root/etc/systemd/journald.conf.d"
ln -s /lib/systemd/system/systemd-journald.service "$root/etc/systemd/system/sysinit.target.wants/"
# Neither the kernel's log nor its audit, which are the machine's.
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=\nRateLimitBurst=0\n' >"$root/etc/systemd/journald.conf.d/test.conf"

cd "$root"
pivot_root . .
umount -l .
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 container=rserverd-test \
	chroot . /lib/systemd/systemd --system --unit=multi-user.target --show-status=no --log-target=journal </dev/null
