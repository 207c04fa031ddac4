#!/bin/sh
# root.sh SUITE FOLDER: makes the root disk, kernel and initrd of a Debian machine with AppArmor, systemd and Docker.
set -eu
suite=$1
out=$2
root=$out.root
partial=$out.partial
rm -rf "$root" "$partial"
mkdir -p "$partial"

# minbase alone comes from debootstrap, the rest from apt: only apt chooses between alternatives (forky's kernel
# would rather have dracut than the initramfs-tools that the lines below configure).
packages='linux-image-cloud-amd64 initramfs-tools docker.io apparmor apparmor-utils systemd-sysv dbus iptables nftables iproute2 sudo
  kmod udev procps psmisc curl netcat-openbsd python3-minimal haproxy util-linux zstd e2fsprogs bash-completion'
[ "$suite" = bookworm ] || packages="$packages docker-cli"
debootstrap --variant=minbase "$suite" "$root" '' /usr/share/debootstrap/scripts/sid
in_root() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
trap 'umount "$root/proc" 2>/dev/null || true' EXIT
mount -t proc proc "$root/proc"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
in_root apt-get -o Acquire::Check-Valid-Until=false update
# shellcheck disable=SC2086
in_root apt-get -o Dpkg::Options::=--force-unsafe-io install -y --no-install-recommends $packages
rm "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"

echo aiplat-vm >"$root/etc/hostname"
printf '127.0.0.1 localhost aiplat-vm\n' >"$root/etc/hosts"
for user in alice:1001 bob:1002 carol:1003; do
  chroot "$root" useradd --create-home --shell /bin/bash --uid "${user#*:}" --user-group "${user%:*}"
done
chroot "$root" groupadd aiplat-admin
chroot "$root" passwd -d root >/dev/null

# The engine's folder comes on a disk of its own, with the images inside; the project on another, to read only.
mkdir -p "$root/srv/engine" "$root/opt/aiplat" "$root/etc/docker" "$root/mnt/data-tenant-1001" "$root/mnt/data-tenant-1002"
printf '{"data-root": "/srv/engine/data"}\n' >"$root/etc/docker/daemon.json"
cat >"$root/etc/fstab" <<'EOF'
/dev/vda / ext4 defaults,noatime 0 1
/dev/disk/by-id/virtio-engine /srv/engine ext4 noatime 0 0
/dev/disk/by-id/virtio-project /opt/aiplat ext4 ro 0 0
EOF
ln -s /opt/aiplat/bin/aiplat "$root/usr/local/bin/aiplat"

cat >"$root/etc/systemd/system/aiplat-tests.service" <<'EOF'
[Unit]
Description=Tests of aiplat
After=docker.service multi-user.target
RequiresMountsFor=/opt/aiplat /srv/engine

[Service]
Type=idle
ExecStart=/bin/sh /opt/aiplat/scripts/vm/guest.sh
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/ttyS0
TimeoutStartSec=infinity
EOF
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s /etc/systemd/system/aiplat-tests.service "$root/etc/systemd/system/multi-user.target.wants/"
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer \
  serial-getty@ttyS0.service getty@tty1.service systemd-timesyncd.service systemd-networkd-wait-online.service \
  e2scrub_reap.service systemd-pcrphase.service systemd-update-utmp.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# Only what this machine has: the emulated processor unpacks every byte of it.
printf 'virtio_pci\nvirtio_blk\next4\nnvme\n' >"$root/etc/initramfs-tools/modules"
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=lz4/' "$root/etc/initramfs-tools/initramfs.conf"
grep -q lz4 "$root/etc/initramfs-tools/initramfs.conf" && sed -i 's/^COMPRESS=.*/COMPRESS=gzip/' "$root/etc/initramfs-tools/initramfs.conf"
in_root update-initramfs -u -k all
umount "$root/proc"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

cp "$root"/boot/vmlinuz-* "$partial/vmlinuz"
cp "$root"/boot/initrd.img-* "$partial/initrd"
truncate -s 6G "$partial/root.img"
mkfs.ext4 -q -F -d "$root" "$partial/root.img"
rm -rf "$root"
mv "$partial" "$out"
