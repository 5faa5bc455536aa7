#!/usr/bin/env bash
# A private real MySQL for tests, of the version that Debian's unstable branch has today:
#   mysql-sid.sh run CMD…   runs CMD with TEST_MYSQL_URL set, then stops the server and removes its data
# Its programs live in a small Debian of their own in the cache folder; TRIBUTARY_MYSQL_REFRESH=1 gets
# them anew. Needs root, for chroot.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/scripts/database.sh"
PATH=$PATH:/usr/sbin:/sbin
debian=$CACHE/mysql-sid

[[ ${1:-} == run && $# -ge 2 ]] || die "mysql-sid.sh run CMD…"
shift
((EUID == 0)) || die "chroot needs root: run this target as root, or point TEST_MYSQL_URL at a MySQL of yours"

if [[ ${TRIBUTARY_MYSQL_REFRESH:-} ]]; then rm -rf "$debian"; fi
if [[ ! -x $debian/usr/sbin/mysqld ]]; then
    "$ROOT/scripts/ensure-apt.sh" debootstrap=debootstrap
    say "fetching MySQL from Debian sid (half a minute, once)"
    mkdir -p "$CACHE"
    rm -rf "$debian" "$debian.part"
    debootstrap --variant=minbase --include=mysql-server-core sid "$debian.part" >"$debian.log" 2>&1 ||
        { tail -n 20 "$debian.log" >&2; die "debootstrap failed"; }
    mkdir -p "$debian.part/var/lib/mysql-files"
    mv "$debian.part" "$debian"
fi

data=$(mktemp -d "$debian/tmp/data.XXXXXX")
inside=${data#"$debian"}
say "$(chroot "$debian" mysqld --no-defaults --version)"
chroot "$debian" mysqld --no-defaults --initialize-insecure --user=root --datadir="$inside" >"$data.log" 2>&1 ||
    { tail -n 20 "$data.log" >&2; die "MySQL could not make its data folder"; }

serve() {
    chroot "$debian" mysqld --no-defaults --user=root --datadir="$inside" --socket="$inside/socket" \
        --pid-file="$inside/pid" --bind-address=127.0.0.1 --port="$1" --mysqlx=OFF --secure-file-priv= \
        --max-connections=500 --skip-log-bin --innodb-flush-log-at-trx-commit=2 --innodb-doublewrite=OFF \
        --innodb-use-native-aio=OFF --innodb-buffer-pool-size=256M --performance-schema=OFF \
        >>"$data.log" 2>&1 </dev/null &
    server=$!
}

run_with_server "$@"
