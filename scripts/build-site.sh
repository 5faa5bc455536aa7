#!/usr/bin/env bash
# Builds all that the browser loads, into target/site: the WASM of `frontend`, its glue, the
# stylesheet, the charting bundle, and public/. With --dev: quick, neither optimised nor compressed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

dev=()
profile=wasm-release folder=wasm-release
case ${1:-} in
"") ;;
--dev) dev=(--dev) profile=dev folder=debug ;;
*) die "build-site.sh knows only --dev" ;;
esac

scripts/ensure-apt.sh build-essential=cc
scripts/ensure-node.sh
bindgen=$(scripts/ensure-wasm-bindgen.sh)
toolchain=$(scripts/ensure-wasm.sh)

# Its own target folder: the compiler and the flags may differ from the server's. --locked: a second
# cargo must not rewrite the lock file.
say "compiling the browser half ($profile)"
(
    eval "$toolchain"
    "$WASM_CARGO" build --package frontend --lib --locked --profile "$profile" \
        --target wasm32-unknown-unknown --target-dir target/wasm
)

work=target/site-work/$folder
raw=target/wasm/wasm32-unknown-unknown/$folder/frontend.wasm
mkdir -p "$work" target/site

# What the optimised file depends on; while it stays the same, so does the file.
stamp=$(cat "$raw" "$0" package-lock.json <(echo "$bindgen") | sha256sum)
if [[ ! -f $work/tributary.wasm || $(cat "$work/stamp" 2>/dev/null) != "$stamp" ]]; then
    rm -rf "$work/stamp" "$work/bindgen"
    "$bindgen" "$raw" --target web --out-name tributary --no-typescript --out-dir "$work/bindgen"
    if ((${#dev[@]})); then
        cp "$work/bindgen/tributary_bg.wasm" "$work/tributary.wasm"
    else
        say "optimising the WASM"
        # The features rustc switches on for this target; wasm-opt must know them to read the file.
        node_modules/.bin/wasm-opt -Oz \
            --enable-bulk-memory --enable-multivalue --enable-mutable-globals \
            --enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext \
            "$work/bindgen/tributary_bg.wasm" --output "$work/tributary.wasm"
    fi
    echo "$stamp" >"$work/stamp"
fi

node scripts/bundle.mjs "$ROOT/$work" "${dev[@]}"
say "the site, in target/site:"
node scripts/site-assets.mjs "$ROOT/$work" "$ROOT/target/site" "${dev[@]}"
