#!/usr/bin/env bash
# Builds the command line of this repository, and installs the sandbox that confines what it runs.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 13) ? 0 : 1)' || {
  echo "Node.js 22.13 or later is needed, and this is $(node --version)." >&2
  exit 3
}
if [ ! -f "$here/dist/cli.js" ]; then
  cd "$here"
  npm ci --ignore-scripts --no-audit --no-fund
  node scripts/build.mjs
fi
if [ "$(uname)" = Linux ] && ! command -v bwrap > /dev/null; then
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get update -qq
  $as_root apt-get install -y -qq --no-install-recommends bubblewrap
fi
