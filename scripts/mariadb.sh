#!/usr/bin/env bash
# A private MariaDB for tests, in a folder and on a port of its own; no service of the machine's.
#   mariadb.sh run CMD…   runs CMD with TEST_MYSQL_URL set, then stops the server and removes its data
#   mariadb.sh start      starts one that stays, and prints the line that sets TEST_MYSQL_URL
#   mariadb.sh stop       stops that one
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/scripts/database.sh"
PATH=$PATH:/usr/sbin
kept=$ROOT/target/mariadb # names the data folder and the pid of the server that `start` left running

prepare() {
    "$ROOT/scripts/ensure-apt.sh" mariadb-server-core=mariadbd mariadb-client-core=my_print_defaults
    data=$(mktemp -d "${TMPDIR:-/tmp}/tributary-mariadb.XXXXXX")
    user=$(id -un)
    mariadb-install-db --no-defaults --user="$user" --datadir="$data" --skip-test-db \
        --auth-root-authentication-method=normal >"$data.log" 2>&1 ||
        { tail -n 20 "$data.log" >&2; die "MariaDB could not make its data folder"; }
}

# The options for speed change nothing about what a transaction means: a commit reaches the log at
# once and the disk within a second, which only a power cut could tell apart. The SQL mode is MySQL 8's
# default, which is stricter than MariaDB's.
serve() {
    mariadbd --no-defaults --user="$user" --datadir="$data" --socket="$data/socket" --pid-file="$data/pid" \
        --bind-address=127.0.0.1 --port="$1" --max-connections=500 --character-set-server=utf8mb4 \
        --innodb-flush-log-at-trx-commit=2 --innodb-log-file-size=128M --innodb-buffer-pool-size=256M \
        --innodb-doublewrite=OFF --innodb-use-native-aio=OFF --performance-schema=OFF --skip-log-bin \
        --sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION \
        >>"$data.log" 2>&1 </dev/null &
    server=$!
}

stop_kept() {
    [[ -f $kept ]] || return 0
    read -r server data <"$kept"
    # Only that very server, never another process that has its number by now.
    if tr '\0' ' ' <"/proc/$server/cmdline" 2>/dev/null | grep -qF -- "--datadir=$data "; then stop_server; fi
    rm -rf "$data" "$data.log" "$kept"
}

case ${1:-} in
run)
    shift
    prepare
    run_with_server "$@"
    ;;
start)
    stop_kept
    prepare
    start_server
    mkdir -p "${kept%/*}"
    echo "$server $data" >"$kept"
    echo "export TEST_MYSQL_URL=mysql://root@127.0.0.1:$port/"
    ;;
stop) stop_kept ;;
*) die "mariadb.sh start | stop | run CMD…" ;;
esac
