#!/bin/sh
# adopt-sqlite3 DIR: gives every sqlite3 package of an npm tree the compiled binding of Debian's package.
set -eu
work=$(mktemp -d)
cd "$work"
apt-get download node-sqlite3
dpkg -x node-sqlite3_*.deb .
binding=$(find . -name node_sqlite3.node -type f | head -n 1)
find "$1" -type d -name sqlite3 -path '*node_modules/sqlite3' | while IFS= read -r dir; do
  rm -rf "$dir/deps" "$dir/build"
  install -D "$binding" "$dir/build/Release/node_sqlite3.node"
  node -e 'const { Database } = require(process.argv[1]); new Database(":memory:").exec("SELECT 1", (e) => { if (e) throw e; })' "$dir"
done
rm -rf "$work"
