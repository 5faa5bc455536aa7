#!/usr/bin/env bash
# Makes cargo-deny available, in the version that deny.toml was written for, and prints its path.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=0.20.2
folder=$CACHE/cargo-deny/$version
for command in "$folder/bin/cargo-deny" "$(command -v cargo-deny || true)"; do
    if [[ -x $command && $("$command" --version) == "cargo-deny $version" ]]; then
        echo "$command"
        exit 0
    fi
done

say "installing cargo-deny $version (about a minute, once)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Compile time matters, speed does not: it runs for two seconds. No --locked, as for wasm-bindgen.
cd "$work"
env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u RUSTC \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
    cargo install cargo-deny --quiet --version "=$version" \
    --root "$folder" --target-dir "$work/target" --no-track >&2 ||
    die "cargo-deny $version could not be installed"
echo "$folder/bin/cargo-deny"
