#!/usr/bin/env bash
# The last stage of deploy/Dockerfile as far as that goes without a container engine: target/release/tributary in a folder with
# the C library and the country file alone, read-only but for the data, as the image's user, without capabilities, with
# the image's variables. It has to become ready, be found healthy from inside, and stop cleanly. As root.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
PATH=$PATH:/usr/sbin
binary=target/release/tributary
[[ $(id -u) == 0 ]] || die "only root can close a program in"
[[ -x $binary ]] || die "$binary is missing: run \"make build\""

work=$(mktemp -d "${TMPDIR:-/tmp}/tributary-image.XXXXXX")
server=
# unshare waits for its child, whatever it is told.
trap '[[ -z $server ]] || { pkill --parent "$server" || true; wait "$server" || true; }; rm -rf "$work"' EXIT
image=$work/image
user=$(sed -n 's/^USER //p' deploy/Dockerfile)
mapfile -t variables < <(sed -n '/^ENV /,/[^\\]$/p' deploy/Dockerfile | sed 's/\\$//; s/^ENV//; s/^ *//; s/ *$//')
port=$(node -e 'const s = require("node:net").createServer(); s.listen(0, () => { console.log(s.address().port); s.close(); })')
variables+=("TRIBUTARY_ADDR=127.0.0.1:$port")

mkdir -p "$image"/usr/local/bin "$image"/usr/share/tributary "$image"/var/lib/tributary "$image"/proc "$work/data"
cp "$binary" "$image/usr/local/bin/"
cp node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb "$image/usr/share/tributary/country.mmdb"
ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do install -D "$library" "$image$library"; done
chown "$user" "$work/data"
chmod 700 "$work/data"
chmod 755 "$work"

# inside COMMAND…: in the image, as its user.
inside() {
    env -i "${variables[@]}" /usr/sbin/chroot --userspec="$user" --groups= "$image" /usr/local/bin/tributary "$@"
}
export image user work
# What is mounted here goes with the last process that sees it.
closed_in() {
    mount --bind "$image" "$image"
    mount -o remount,bind,ro "$image"
    mount --bind "$work/data" "$image/var/lib/tributary"
    mount -t proc proc "$image/proc"
    exec env -i "$@" setpriv --no-new-privs /usr/sbin/chroot --userspec="$user" --groups= "$image" /usr/local/bin/tributary serve
}
export -f closed_in
unshare --mount --pid --kill-child --fork bash -euc 'closed_in "$@"' closed "${variables[@]}" >"$work/log" 2>&1 </dev/null &
server=$!
for ((try = 0; try < 100; try++)); do
    if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz"; then break; fi
    kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; die "it does not start in the image"; }
    sleep 0.1
done
inside healthcheck || { cat "$work/log" >&2; die "it is not found healthy from inside"; }
inner=$(pgrep --parent "$server")
grep -q '^CapEff:\s*0*$' "/proc/$inner/status" || die "it has capabilities"
[[ $(stat -c %u:%g "/proc/$inner") == "$user" ]] || die "it is not the image's user"
kill -TERM "$inner"
wait "$server" || true
server=
grep -q 'nothing is left unwritten' "$work/log" || { cat "$work/log" >&2; die "it did not stop cleanly"; }
say "the image's last stage: starts, is ready and healthy, and stops, read-only, as $user, without a capability"
