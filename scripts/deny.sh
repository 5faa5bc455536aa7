#!/usr/bin/env bash
# Whether what we depend on may be depended on, as deny.toml says: deny.sh licenses bans sources, or deny.sh advisories,
# which downloads what is known to be wrong with crates.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
deny=$(scripts/ensure-deny.sh)
exec "$deny" --all-features check --hide-inclusion-graph "$@"
