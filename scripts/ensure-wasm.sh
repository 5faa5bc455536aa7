#!/usr/bin/env bash
# Makes a Rust toolchain available that compiles for browsers, and prints the `export` lines that
# choose it. Use: toolchain=$(scripts/ensure-wasm.sh); eval "$toolchain"; "$WASM_CARGO" build …
#
# The rustc in PATH serves where it has the target, or where rustup can fetch it. Elsewhere Debian's
# rustc-web does, with a standard library for wasm32 built once from Debian's own sources and kept in
# the cache folder. TRIBUTARY_WASM=native|debian insists on one of the two.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
target=wasm32-unknown-unknown
choice=${TRIBUTARY_WASM:-any}

native_has_target() {
    local folder
    folder=$(rustc --print target-libdir --target "$target" 2>/dev/null) && compgen -G "$folder/libstd-*.rlib" >/dev/null
}

rustup_brings_target() {
    command -v rustup >/dev/null || return 1
    say "asking rustup for $target"
    RUSTUP_MAX_RETRIES=0 timeout 180 rustup target add "$target" >/dev/null 2>&1 && native_has_target
}

use_native() {
    echo "export WASM_CARGO=cargo"
    exit 0
}

# Where the standard library for Debian's present rustc is kept; fails while that rustc is missing.
debian_std() {
    [[ -x /usr/bin/rustc && -x /usr/bin/cargo && -x /usr/bin/rust-lld ]] || return 1
    local package
    package=$(dpkg-query -W -f '${Version}' rustc-web 2>/dev/null) && [[ -n $package ]] || return 1
    echo "$CACHE/wasm-std/${package//[^A-Za-z0-9.+~-]/_}"
}

use_debian() {
    echo "export WASM_CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc"
    # These flags hide those of .cargo/config.toml, so what stands there stands here too.
    printf 'export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=%q\n' "--sysroot=$1 --cfg erase_components"
    exit 0
}

build_debian_std() {
    local sysroot=$1 work
    say "building the standard library for $target with Debian's rustc (about a minute, once)"
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    mkdir "$work/src"
    echo '#![no_std]' >"$work/src/lib.rs"
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' >"$work/Cargo.toml"
    (
        cd "$work"
        unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR RUSTC_WRAPPER CARGO_BUILD_RUSTC_WRAPPER
        RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc /usr/bin/cargo build --quiet --release \
            --target "$target" --target-dir "$work/target" -Zbuild-std=std,panic_abort >&2
    ) || die "Debian's rustc could not build the standard library"
    rm -f "$work/target/$target/release/deps/"libempty-*.rlib
    mkdir -p "$work/lib/rustlib/$target/lib"
    cp "$work/target/$target/release/deps/"*.rlib "$work/lib/rustlib/$target/lib/"
    # Versions before this one are of no use to anybody.
    rm -rf "${sysroot%/*}"
    mkdir -p "$sysroot"
    mv "$work/lib" "$sysroot/lib"
}

if [[ $choice != debian ]]; then
    command -v rustc >/dev/null || die "no Rust here: install the stable toolchain with rustup first"
    native_has_target && use_native
fi
if [[ $choice != native ]] && sysroot=$(debian_std) && [[ -d $sysroot ]]; then
    use_debian "$sysroot"
fi
if [[ $choice != debian ]]; then
    rustup_brings_target && use_native
    [[ $choice != native ]] || die "this rustc has no $target, and rustup could not fetch it"
    say "rustup could not fetch $target: taking Debian's toolchain"
fi

"$ROOT/scripts/ensure-apt.sh" rustc-web=/usr/share/doc/rustc-web cargo-web=/usr/share/doc/cargo-web \
    rust-web-src=/usr/lib/rustlib/src/rust/library/std rust-web-llvm=/usr/share/doc/rust-web-llvm
# rust-lld is a link into the lld of the LLVM that this rustc was built with.
llvm=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
"$ROOT/scripts/ensure-apt.sh" "lld-$llvm=wasm-ld-$llvm"
sysroot=$(debian_std) || die "Debian's rustc-web is installed, but incomplete"
[[ -d $sysroot ]] || build_debian_std "$sysroot"
use_debian "$sysroot"
