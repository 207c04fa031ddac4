#!/bin/sh
# Runs inside the machine, at every boot: the tests of this boot, then their results to the results disk.
# What to do stands on that disk: `tests` or `shell`, and which files.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
results=/dev/disk/by-id/virtio-results
work=/var/lib/aiplat-tests
mkdir -p "$work"
boot=1
[ ! -e "$work/boot-1" ] || boot=2
[ "$boot" = 2 ] || tar -xf "$results" -C "$work"
touch "$work/boot-$boot"
# Compiled code is kept by the path of its source: the first commands fill aiplat's cache, as an installation does.
mount -o remount,rw,noatime /opt/aiplat
cp -r /opt/aiplat/ca-certificates/. /usr/local/share/ca-certificates/
node=/opt/aiplat/node_modules/node/bin/node
cd /opt/aiplat || exit 1

if [ "$(cat "$work/mode")" = shell ]; then
  read -r columns rows terminal <"$work/terminal"
  stty sane cols "$columns" rows "$rows"
  "$node" -e 'import("/opt/aiplat/test/machine/inside.ts").then(({ prepareHost }) => prepareHost())'
  cat <<'EOF'

A machine with systemd, AppArmor and Docker. It is emulated, so everything takes its time, and it forgets all.
Users alice, bob and carol have the UIDs 1001 to 1003; setup mounts the volumes of the first two. You are root.

  aiplat setup --tenant tenant-1001 --services caddy --vector-db chroma
  aiplat deploy --tenant tenant-1001
  aa-status    nft list table inet aiplat    su - bob    node --test test/machine/20-attacks.test.ts

`exit` turns it off; Ctrl-A X does so at once.
EOF
  TERM=$terminal PS1='vm# ' PATH=$PATH:${node%/*} setsid -c bash --norc -i
else
  case $boot in
    1) files=$(grep -v after-reboot "$work/files") ;;
    *) files=$(grep after-reboot "$work/files") ;;
  esac
  # shellcheck disable=SC2086
  "$node" --test --test-concurrency=1 --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$work/tap-$boot" $files </dev/null 2>&1
  journalctl -b --no-pager >"$work/journal-$boot" 2>&1
  dmesg >"$work/kernel-$boot" 2>&1
  nft list ruleset >"$work/ruleset-$boot" 2>&1
fi

again=
if [ "$boot" = 1 ] && [ -e "$work/tap-1" ] && grep -q after-reboot "$work/files"; then again=yes; fi
[ -n "$again" ] || touch "$work/done"
tar -C "$work" -cf "$results" .
sync
if [ -n "$again" ]; then systemctl reboot; else systemctl poweroff; fi
