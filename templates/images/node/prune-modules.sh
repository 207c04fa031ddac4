#!/bin/sh
# prune-modules DIR: removes from an installed npm tree what no program reads at run time.
set -eu
cd "$1"

case "$(node -p process.arch)" in
  x64) arch=x64 other=arm64 ;;
  *) arch=arm64 other=x64 ;;
esac

# The compiler's own lib.*.d.ts files are data that some programs read.
find . -type f \( -name '*.map' -o -name '*.tsbuildinfo' -o -name '*.flow' -o -name '*.md.bak' \) -delete
find . -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) ! -path '*/typescript/lib/*' ! -path '*/@typescript/*' -delete

# Only well-known names: other Markdown files can be prompts or skills of a program.
find . -type f \( -iname 'readme*.md' -o -iname 'changelog*' -o -iname 'history.md' -o -iname 'contributing.md' \
  -o -iname 'security.md' -o -iname 'code_of_conduct.md' -o -iname 'upgrading*.md' -o -iname 'migration*.md' \
  -o -name '.eslintrc*' -o -name '.nycrc*' -o -name '.prettierrc*' \) -delete

# Tests and examples at the top of a package only: deeper down a folder of that name can be code.
find . -type d \( -name __tests__ -o -name .github -o -name .vscode \) -prune -exec rm -rf {} +
find . -type d -path '*node_modules/*' \( -name test -o -name tests -o -name example -o -name examples \) -print |
  while IFS= read -r dir; do
    if [ -f "${dir%/*}/package.json" ]; then rm -rf "$dir"; fi
  done

# Binaries of other platforms and leftovers of compilations.
find . -type d -path '*/prebuilds/*' \( -name 'darwin*' -o -name 'win32*' -o -name 'android*' -o -name "linux-$other*" -o -name 'linux-arm' -o -name 'linux-ia32' -o -name 'linuxmusl*' -o -name 'freebsd*' \) -prune -exec rm -rf {} +
find . -type d -path '*/bin/napi-v*/*' \( -name darwin -o -name win32 -o -name "$other" \) -prune -exec rm -rf {} +
find . -type f \( -name '*.musl.node' -o -name '*.exe' -o -name '*.dll' -o -name '*.pdb' -o -name '*-darwin-arm64' -o -name '*-darwin-x64' \
  -o -name "*-linux-$other" -o -name '*-linux-musl-*' \) -delete
find . -type d -path '*/build/Release/*' \( -name .deps -o -name obj -o -name obj.target \) -prune -exec rm -rf {} +
find . -type f -path '*/build/Release/*' -name '*.a' -delete

find . -type d -empty -delete
# npm nests equal copies of a package: equal files share their blocks.
hardlink -q . || true
