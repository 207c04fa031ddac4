#!/bin/sh
set -eu
# Bare options or a configuration file are arguments of the server.
case "${1:-}" in
  '' | -* | *.conf) set -- valkey-server "$@" ;;
esac
# Files hold data: nobody but the owner reads them.
umask 0077
exec "$@"
