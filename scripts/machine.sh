# Sourced by the other scripts: brings what a fresh machine does not have.
# Sets `root` to the project's directory and puts its Node.js first on the PATH.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root" || exit 1
PATH=$root/node_modules/.bin:$PATH
export PATH

say() { printf '%s\n' "$*" >&2; }

# Runs a command quietly and shows its last lines only when it fails.
quietly() {
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then rm -f "$log"; return 0; fi
  tail -n 30 "$log" >&2
  rm -f "$log"
  say "✖ $* did not succeed."
  say "  why  Its last lines stand above."
  say "  fix  Mend that, then run the same command again."
  exit 1
}

# Like quietly, for what fetches something: whoever serves it is sometimes away for a moment.
persistently() {
  for pause in 10 60; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    say "… $1 did not succeed: once more in $pause s"
    sleep "$pause"
  done
  quietly "$@"
}

# The packages of package-lock.json, once for each state of that file.
install_modules() {
  if [ -x node_modules/node/bin/node ] && cmp -s package-lock.json node_modules/.aiplat-lock; then return 0; fi
  say "… installing the npm packages"
  persistently npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.aiplat-lock
}

build_program() {
  if [ -f dist/start.mjs ] && [ -z "$(find src scripts/build.ts package.json -newer dist/start.mjs | head -n 1)" ]; then return 0; fi
  say "… building aiplat"
  quietly npm run build
}

# Debian packages by the programs that they bring: PROGRAM:PACKAGE …
install_programs() {
  missing=
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -e "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair#*:}"
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    say "✖ Programs are missing:$missing"
    say "  why  They are installed by themselves only on Debian or Ubuntu, as root."
    say "  fix  Install them, or run the same command as root."
    exit 3
  fi
  say "… installing Debian packages:$missing"
  persistently apt-get update
  # The engine's own service may not start (no init system in a container or a rescue shell): only the files count.
  # shellcheck disable=SC2086
  persistently env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}

ENGINE_PROGRAMS='dockerd:docker.io iptables:iptables ip:iproute2'
IMAGE_PROGRAMS='debootstrap:debootstrap flock:util-linux'
