#!/bin/sh
# `npm test`: every tier that runs on one machine, on a private engine of its own. Ends with `N passed, N failed`.
set -u
. "$(dirname -- "$0")/machine.sh"
install_modules
build_program
# shellcheck disable=SC2086
install_programs $ENGINE_PROGRAMS $IMAGE_PROGRAMS apparmor_parser:apparmor nft:nftables visudo:sudo restic:restic chromium:chromium

work=$root/.cache
mkdir -p "$work"
rm -f "$work"/results-*.json
extra_passed=0
extra_failed=0
broken=

# A check without test cases of its own counts as one.
check() {
  title=$1
  shift
  if "$@"; then extra_passed=$((extra_passed + 1)); else
    extra_failed=$((extra_failed + 1))
    broken="$broken${broken:+,}{\"status\":\"failed\",\"fullName\":\"$title\"}"
    say "✖ $title"
  fi
}

tier() {
  name=$1
  shift
  vitest run "$@" --reporter=default --reporter=json --outputFile.json="$work/results-$name.json"
}

check 'the types hold' tsc -p .
check 'the style holds' biome check .
check 'unit and walk tiers end' tier pure --project unit --project walk

if [ "$(id -u)" = 0 ]; then
  engine=$work/engine
  DOCKER_HOST=$(node scripts/private-engine.ts start "$engine") || exit 1
  export DOCKER_HOST
  trap 'node scripts/private-engine.ts stop "$engine"' EXIT INT TERM
  printf '{"stateDir":"%s/state","runDir":"%s/run","logDir":"%s/log","confinement":"off","firewall":"off","images":"embedded"}\n' "$work" "$work" "$work" >"$work/config.json"
  check 'the embedded images are built' env AIPLAT_CONFIG="$work/config.json" bin/aiplat host images build
  check 'the engine tier ends' tier engine --project engine
else
  say '! The engine tier needs root: left out.'
fi

printf '{"numPassedTests":%d,"numFailedTests":%d,"testResults":[{"name":"checks","status":"%s","assertionResults":[%s]}]}\n' \
  "$extra_passed" "$extra_failed" "$([ "$extra_failed" = 0 ] && echo passed || echo failed)" "$broken" >"$work/results-checks.json"
node scripts/sum-results.ts "$work"
