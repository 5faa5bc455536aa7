#!/usr/bin/env bash
# Writes the names of machines anew from the lists that package.json pins, and measures them on real agents from packages
# that are none of ours to ship: they stay in the cache folder. Used by `make agents`. Needs pip.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
scripts/ensure-node.sh
node scripts/agents.mjs

sources=$CACHE/agents-1
if [[ ! -e $sources/complete ]]; then
    say "fetching agents to measure on"
    mkdir -p "$sources"
    (
        cd "$sources"
        npm install --silent --no-save --ignore-scripts --prefix . \
            crawler-user-agents@1.60.0 user-agents@2.1.198 top-user-agents@2.1.138 >&2
        for package in crawlerdetect==0.4.2 device_detector==6.5.1; do
            python3 -m pip download --quiet --no-deps --no-binary :all: "$package" >&2
            mkdir -p "${package%%==*}"
            tar xzf "${package%%==*}"-*.tar.gz -C "${package%%==*}" --strip-components 1
        done
    ) || die "the agents could not be fetched"
    touch "$sources/complete"
fi
node scripts/agents-corpora.mjs "$sources" target/agents
TEST_AGENTS=$ROOT/target/agents TEST_AGENTS_OUT=$ROOT/target/agents \
    cargo test --release --package engine --lib public_agents -- --ignored --nocapture
say "what was taken for the other: target/agents/wrong-*.tsv"
