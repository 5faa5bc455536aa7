#!/usr/bin/env bash
# Makes node_modules what package-lock.json says; does nothing while it already is.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

for command in node npm; do
    command -v "$command" >/dev/null || die "$command is missing: please install node 20 or later, and npm"
done
major=$(node -p 'process.versions.node.split(".")[0]')
((major >= 20)) || die "node 20 or later is needed, this is $(node --version)"

cmp -s package-lock.json node_modules/.installed-lock.json && exit 0
say "installing the pinned npm packages"
# The tests drive Debian's Chromium: no browser is to be downloaded.
PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent >&2 </dev/null || die "npm ci failed"
cp package-lock.json node_modules/.installed-lock.json
