#!/usr/bin/env bash
# Lighthouse on the page each role lands on: a demo of its own, served by the release build; used by `make lighthouse`.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/scripts/database.sh"
cd "$ROOT"
scripts/ensure-apt.sh chromium=chromium fonts-dejavu-core=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
scripts/ensure-node.sh
say "installing Lighthouse"
npm --prefix end2end/lighthouse ci --silent >&2 </dev/null || die "npm ci failed"

data=$(mktemp -d)
server=
trap '[[ -z $server ]] || end "$server"; rm -rf "$data"' EXIT
say "filling a demo"
target/release/tributary demo --clicks 100000 --data-dir "$data" | tee "$data/logins" >&2
port=$(free_port)
target/release/tributary serve --data-dir "$data" --addr "127.0.0.1:$port" --public-url "http://127.0.0.1:$port" --log warn &
server=$!
node end2end/lighthouse/measure.mjs "http://127.0.0.1:$port" "$data/logins"
