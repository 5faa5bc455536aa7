#!/usr/bin/env bash
# Sends hostile input at what strangers reach, by libFuzzer: RUNS inputs for TARGET, one of fuzz/targets, or for each.
# Coverage flags alone are used, which a stable compiler takes: our code has no unsafe blocks for a sanitizer to watch.
# Findings are in fuzz/artifacts; what has been learnt stays in fuzz/corpus.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
targets=${TARGET:-event_body batch_body signature ref_code redirect redaction}
runs=${RUNS:-10000000}

scripts/ensure-apt.sh build-essential=c++
# A target of its own, named: so that build scripts and macros are not instrumented.
host=$(rustc -vV | sed -n 's/^host: //p')
coverage='-Cpasses=sancov-module -Ccodegen-units=1 --cfg fuzzing'
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    coverage+=" -Cllvm-args=-sanitizer-coverage-$option"
done
RUSTFLAGS=$coverage cargo build --release --manifest-path fuzz/Cargo.toml --target "$host"
[[ $runs != 0 ]] || exit 0

# Long enough to say anything, short enough to say it often.
length() {
    case $1 in
        event_body | batch_body) echo 512 ;;
        signature) echo 320 ;;
        *) echo 256 ;;
    esac
}

status=0
for target in $targets; do
    mkdir -p "fuzz/corpus/$target" fuzz/artifacts
    say "$target: $runs inputs"
    "fuzz/target/$host/release/$target" -runs="$runs" -max_len="$(length "$target")" -timeout=10 -print_final_stats=1 \
        -dict="fuzz/seeds/$target.dict" -artifact_prefix="fuzz/artifacts/$target-" \
        "fuzz/corpus/$target" "fuzz/seeds/$target" || status=1
done
exit "$status"
