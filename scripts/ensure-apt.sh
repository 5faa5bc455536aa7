#!/usr/bin/env bash
# Makes commands available that come from Debian's packages: ensure-apt.sh PACKAGE=COMMAND…
# COMMAND is a name looked up in PATH, or the absolute path of any file the package brings.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

have() { if [[ $1 == /* ]]; then [[ -e $1 ]]; else command -v "$1" >/dev/null; fi; }

missing=()
for pair in "$@"; do
    have "${pair#*=}" || missing+=("${pair%%=*}")
done
((${#missing[@]})) || exit 0

by_hand="please install: ${missing[*]}"
command -v apt-get >/dev/null || die "no apt-get here; $by_hand"
as_root=()
if ((EUID != 0)); then
    sudo -n true 2>/dev/null || die "not root, and no sudo without a password; $by_hand"
    as_root=(sudo -n)
fi

say "installing ${missing[*]} with apt"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# An update that fails for some other source's sake is no reason to stop: the install decides.
"${as_root[@]}" apt-get update >"$log" 2>&1 || true
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null ||
    { tail -n 20 "$log" >&2; die "apt could not install them; $by_hand"; }

for pair in "$@"; do
    have "${pair#*=}" || die "package ${pair%%=*} is installed, but ${pair#*=} is not there"
done
