# Starts and stops a private database server for tests. Sourced by mariadb.sh and mysql-sid.sh, which
# define `serve PORT`: start the server in the background with its data in $data and its messages
# appended to $data.log, and leave its pid in $server.
# shellcheck shell=bash disable=SC2154

free_port() {
    node -e 'const s = require("node:net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# The line that MariaDB and MySQL alike log once they take logins.
answers() { grep -qE "socket: .* port: $1( |\$)" "$data.log"; }

# Sets $server and $port.
start_server() {
    local tick
    for _ in 1 2 3; do # another program may take the port between the look and the start
        port=$(free_port)
        serve "$port"
        for ((tick = 0; tick < 600; tick++)); do
            if answers "$port"; then return 0; fi
            kill -0 "$server" 2>/dev/null || break
            sleep 0.1
        done
        stop_server
    done
    tail -n 20 "$data.log" >&2
    die "the database server did not start"
}

stop_server() {
    [[ ${server:-} ]] || return 0
    kill -TERM "$server" 2>/dev/null || true
    local tick
    for ((tick = 0; tick < 300; tick++)); do
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}

# Runs a command with TEST_MYSQL_URL set; stops the server and removes its data whatever happens.
run_with_server() {
    trap 'stop_server; rm -rf "$data" "$data.log"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    start_server
    local status=0
    TEST_MYSQL_URL="mysql://root@127.0.0.1:$port/" "$@" || status=$?
    exit "$status"
}
