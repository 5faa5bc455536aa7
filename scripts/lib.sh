# What every script here needs: the project's folder, the cache folder, messages. Sourced, not run.
# shellcheck shell=bash
set -euo pipefail

# shellcheck disable=SC2034  # used by the scripts that source this file
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/tributary

# Messages go to standard error: standard output carries results for the caller.
say() { printf '· %s\n' "$*" >&2; }
die() { printf '✗ %s\n' "$*" >&2; exit 1; }

# end PID: ends a process that this shell started. It always succeeds: what fails in a trap on EXIT becomes the script's own status.
end() {
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
