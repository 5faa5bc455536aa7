#!/usr/bin/env bash
# Makes docs/images: a demo of its own, served by the release build, and what Chromium shows of it; used by `make screenshots`.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/scripts/database.sh"
cd "$ROOT"
scripts/ensure-apt.sh chromium=chromium fonts-dejavu-core=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
scripts/ensure-node.sh

data=$(mktemp -d)
server=
trap '[[ -z $server ]] || end "$server"; rm -rf "$data"' EXIT
say "filling a demo"
target/release/tributary demo --data-dir "$data" | tee "$data/logins" >&2
port=$(free_port)
target/release/tributary serve --data-dir "$data" --addr "127.0.0.1:$port" --public-url "http://127.0.0.1:$port" --log warn &
server=$!
node scripts/screenshots.mjs "http://127.0.0.1:$port" "$data/logins" docs/images
