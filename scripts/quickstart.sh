#!/bin/sh
# `npm run quickstart`: from a fresh machine to a running tenant. `npm run quickstart -- --stop` takes it all back.
set -eu
. "$(dirname -- "$0")/machine.sh"
if [ "$(id -u)" != 0 ]; then
  say '✖ The quickstart needs root.'
  say '  why  It starts containers and gives directories to the tenant.'
  say '  fix  Type: sudo npm run quickstart'
  exit 3
fi
install_modules
build_program
if [ "${1:-}" != --stop ] && [ -z "${DOCKER_HOST:-}" ] && ! [ -S /var/run/docker.sock ]; then
  # shellcheck disable=SC2086
  install_programs $ENGINE_PROGRAMS
fi
# shellcheck disable=SC2086
[ "${1:-}" = --stop ] || install_programs $IMAGE_PROGRAMS
exec node scripts/quickstart.ts "$@"
