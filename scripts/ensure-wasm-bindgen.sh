#!/usr/bin/env bash
# Makes wasm-bindgen's command available in exactly the version that Cargo.lock names (the two must
# agree to the last digit), and prints its path.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=$(awk '$0 == "name = \"wasm-bindgen\"" { getline; gsub(/"/, "", $3); print $3; exit }' "$ROOT/Cargo.lock")
[[ -n $version ]] || die "Cargo.lock names no wasm-bindgen"

folder=$CACHE/wasm-bindgen/$version
for command in "$folder/bin/wasm-bindgen" "$(command -v wasm-bindgen || true)"; do
    if [[ -x $command && $("$command" --version) == "wasm-bindgen $version" ]]; then
        echo "$command"
        exit 0
    fi
done

say "installing wasm-bindgen-cli $version (about a minute, once)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Compile time matters, speed does not: it runs for seconds. No --locked: that lock file may name
# versions which a mirror of the registry has not got yet.
cd "$work"
env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u RUSTC \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
    cargo install wasm-bindgen-cli --quiet --version "=$version" --bin wasm-bindgen \
    --root "$folder" --target-dir "$work/target" --no-track >&2 ||
    die "wasm-bindgen-cli $version could not be installed"
echo "$folder/bin/wasm-bindgen"
