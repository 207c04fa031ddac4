#!/bin/sh
# `npm run test:vm [-- --generation bookworm|trixie|forky] [--all-images] [--extra NAME] [files…]`: tests in a
# machine with systemd and an AppArmor kernel. `--extra` takes one of test/machine/extra, which are too slow for
# every run. `--shell` gives a shell in the machine instead. Ends with `N passed, N failed`.
set -eu
. "$(dirname -- "$0")/machine.sh"
generation=trixie
minutes=75
mode=tests
images='caddy prometheus chroma valkey postgres'
heavy='n8n openclaw flowise llamacpp'
files=
while [ $# -gt 0 ]; do
  case $1 in
    --generation) generation=$2; shift ;;
    --all-images) images="$images $heavy" ;;
    --extra)
      files="$files test/machine/00-boot.test.ts test/machine/extra/$2.test.ts"
      [ "$2" != services ] || images="$images $heavy"
      shift
      ;;
    --shell) mode=shell ;;
    *) files="$files $1" ;;
  esac
  shift
done
if [ "$(id -u)" != 0 ]; then
  say '✖ The machine tier needs root.'
  say '  why  It makes disks with the files of other users on them.'
  say '  fix  Run the same command as root.'
  exit 3
fi
install_modules
build_program
# shellcheck disable=SC2086
install_programs $ENGINE_PROGRAMS $IMAGE_PROGRAMS qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils mkfs.ext4:e2fsprogs

cache=$root/.cache/vm
mkdir -p "$cache"
hash_of() { cat "$@" | sha256sum | cut -c1-12; }
disk=$cache/root-$generation-$(hash_of scripts/vm/root.sh)
if ! [ -d "$disk" ]; then
  say "… making the machine's root disk ($generation)"
  persistently sh scripts/vm/root.sh "$generation" "$disk"
fi

if [ -z "${DOCKER_HOST:-}" ]; then
  DOCKER_HOST=$(node scripts/private-engine.ts start "$root/.cache/engine")
  export DOCKER_HOST
  trap 'node scripts/private-engine.ts stop "$root/.cache/engine"' EXIT INT TERM
fi
config=$root/.cache/config-vm.json
printf '{"stateDir":"%s/state","runDir":"%s/run","logDir":"%s/log","confinement":"off","firewall":"off","images":"embedded"}\n' "$root/.cache" "$root/.cache" "$root/.cache" >"$config"
# shellcheck disable=SC2086
AIPLAT_CONFIG=$config bin/aiplat host images build $images
references=$(AIPLAT_CONFIG=$config bin/aiplat host images list --json | node scripts/vm/references.ts $images)
engine=$cache/engine-$(echo "$references" | sha256sum | cut -c1-12).img
if ! [ -e "$engine" ]; then
  say "… making the engine's disk"
  # shellcheck disable=SC2086
  quietly node scripts/vm/engine.ts "$engine" $references
fi
sh scripts/vm/project.sh "$cache/project.img"

# Each machine keeps two processors busy: two of them with half of the tests each are faster than one on four alone.
# 01-tenants is for a machine without 10-confined, which begins with the same.
quoted() { printf '"%s",' "$@" | sed 's/,$//'; }
tests() { for number in "$@"; do ls test/machine/"$number"-*.test.ts; done; }
# shellcheck disable=SC2046,SC2086
if [ -n "$files" ] || [ "$mode" = shell ]; then
  machines="[$(quoted $files)]"
elif [ "$(nproc)" -lt 4 ]; then
  machines="[$(quoted $(ls test/machine/*.test.ts | grep -v /01-tenants))]"
else
  machines="[$(quoted $(tests 00 10 20 22 23 24))],[$(quoted $(tests 01 21 25 30 35 40 90))]"
  left=$(ls test/machine/*.test.ts | while read -r file; do case $machines in *"$file"*) ;; *) echo "$file" ;; esac; done)
  [ -z "$left" ] || { say "✖ No machine runs $left."; exit 1; }
fi
say "… starting ($generation)"
rm -f "$root/.cache/results-machine.json"
node scripts/vm/run.ts "{\"root\":\"$disk\",\"engine\":\"$engine\",\"project\":\"$cache/project.img\",\"mode\":\"$mode\",\"machines\":[$machines],\"evidence\":\"$cache/evidence\",\"results\":\"$root/.cache/results-machine.json\",\"minutes\":$minutes}" || true
if [ "$mode" = tests ]; then
  mkdir -p "$cache/sum" && cp "$root/.cache/results-machine.json" "$cache/sum/"
  node scripts/sum-results.ts "$cache/sum"
fi
