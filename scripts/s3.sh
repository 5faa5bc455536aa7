#!/usr/bin/env bash
# A private S3 server for tests (s3rver, from package.json), with a folder and a port of its own.
#   s3.sh run CMD…   runs CMD with TEST_S3_ENDPOINT set, then stops the server and removes its data
# It has one bucket, `archive`, and knows one key, S3RVER, with a secret of the same name. Signatures of version 4 it takes
# unseen.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[[ ${1:-} == run && $# -gt 1 ]] || die "s3.sh run CMD…"
shift
"$ROOT/scripts/ensure-node.sh"
data=$(mktemp -d "${TMPDIR:-/tmp}/tributary-s3.XXXXXX")
trap 'rm -rf "$data"' EXIT
# The kernel chooses the port; the server says which.
"$ROOT/node_modules/.bin/s3rver" --directory "$data/objects" --address 127.0.0.1 --port 0 --silent --no-vhost-buckets \
    --configure-bucket archive >"$data/log" 2>&1 </dev/null &
server=$!
trap 'end "$server"; rm -rf "$data"' EXIT
port=
for ((try = 0; try < 200; try++)); do
    port=$(sed -n 's/^S3rver listening on 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$data/log")
    if [[ -n $port ]]; then break; fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
[[ -n $port ]] || { cat "$data/log" >&2; die "the S3 server does not start"; }
TEST_S3_ENDPOINT=http://127.0.0.1:$port "$@"
