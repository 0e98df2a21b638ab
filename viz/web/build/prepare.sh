#!/usr/bin/env bash
# Builds a copy of viz/web in the current folder, for tests: node_modules, and rebuilt.html to hold against template.html.
# Does nothing where it was done already and nothing has changed since.
set -euo pipefail
source=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
sum=$(cd -- "$source" && find . \( -name node_modules -o -name dist \) -prune -o -type f -print |
  LC_ALL=C sort | xargs sha256sum | sha256sum)
[[ $(cat .prepared 2>/dev/null || true) != "$sum" ]] || exit 0
rm -rf src test browser build dist .prepared
(cd -- "$source" && tar -c --exclude=./node_modules --exclude=./dist .) | tar -x
if ! cmp -s package-lock.json node_modules/.lock; then
  npm ci --no-audit --no-fund --prefer-offline
  cp package-lock.json node_modules/.lock
fi
npx vite build
node build/single_file.mjs "$PWD/rebuilt.html"
echo "$sum" >.prepared
