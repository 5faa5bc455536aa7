#!/usr/bin/env bash
# Fills a data folder with the demonstration, then serves it; used by `make demo`.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
data=./data/demo

target/release/tributary demo --data-dir "$data"
exec target/release/tributary serve --data-dir "$data"
