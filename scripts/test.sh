#!/usr/bin/env bash
# Everything that must hold before a change lands: format, lints, all Rust tests on SQLite and MariaDB,
# the release build, and the browser tests against it. Installs what it needs. A step that fails does
# not hide those after it. The last line is "N passed, N failed": tests, plus each step that failed
# without a failed test to its name.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

logs=$ROOT/target/test-logs
rm -rf "$logs"
mkdir -p "$logs"
passed=0 failed=0 tests=0
declare -A statuses # of the steps that failed
started=$SECONDS

# step NAME TITLE CMD…: runs a step, its output live and in a log of its own.
step() {
    local name=$1 title=$2 begun=$SECONDS
    shift 2
    printf '\n== %s\n' "$title"
    status=0
    "$@" 2>&1 </dev/null | tee "$logs/$name.log" || status=$?
    if ((status)); then statuses[$name]=$status; fi
    printf '== %s: %s in %d s\n' "$title" "$( ((status)) && echo FAILED || echo ok)" $((SECONDS - begun))
}

# count PASSED FAILED: adds the last step's tests; a step that failed counts as one failure at least.
count() {
    tests=$((tests + $1 + $2)) passed=$((passed + $1)) failed=$((failed + $2))
    if ((status && $2 == 0)); then failed=$((failed + 1)); fi
}

count_cargo() {
    local sums
    sums=$(awk '/test result: / { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i - 1); if ($i ~ /^failed/) f += $(i - 1) } }
                END { print p + 0, f + 0 }' "$logs/$1.log")
    # shellcheck disable=SC2086
    count $sums
}

count_playwright() {
    local sums='0 0'
    if [[ -s $logs/$1.json ]]; then
        # shellcheck disable=SC2016  # the dollar signs are JavaScript's
        sums=$(node -p 'const { stats: s } = JSON.parse(fs.readFileSync(process.argv[1])); `${s.expected + s.flaky} ${s.unexpected}`' "$logs/$1.json")
    fi
    # shellcheck disable=SC2086
    count $sums
}

# what_failed LOG: what a step's log says of its failures, again where nobody has to scroll for it: each failed test of cargo's
# with its own words, Playwright's list of the failed, or the last lines of a step that failed without naming a test.
what_failed() {
    local name
    name=$(basename "$1" .log)
    if grep -q '^---- .* stdout ----$' "$1"; then
        awk '/^---- .* stdout ----$/ { on = 1; lines = 0 } /^failures:$/ { on = 0 } on && lines++ < 40' "$1"
    elif grep -qE '^ +[0-9]+ failed$' "$1"; then
        awk '/^ +[0-9]+\) / { on = 1; lines = 0 } /^ +[0-9]+ failed$/ { on = 1; lines = 0 } on && lines++ < 40' "$1"
    elif [[ ${statuses[$name]:-} ]]; then
        printf -- '-- %s ended with %d and named no test that failed; its end:\n' "$name" "${statuses[$name]}"
        tail -n 40 "$1"
    fi
}

browser_tests() {
    scripts/ensure-apt.sh chromium=chromium fonts-dejavu-core=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
    PLAYWRIGHT_JSON_OUTPUT_NAME=$logs/playwright.json \
        node_modules/.bin/playwright test --config end2end --reporter=list,json
}

export CARGO_TERM_COLOR=never

scripts/ensure-apt.sh build-essential=cc faketime=faketime
# What stands before a node in deploy/.
RUNLEVEL=1 scripts/ensure-apt.sh nginx-light=nginx
# What docs/examples is run by; Node.js comes with the line below.
scripts/ensure-apt.sh curl=curl openssl=openssl php-cli=php python3=python3
# Some tests read what npm brings: the country file.
scripts/ensure-node.sh
step fmt "format" cargo fmt --all --check
count 0 0
step clippy "lints, server side" cargo clippy --workspace --exclude frontend --all-targets -- -D warnings
count 0 0
# On its own: together with the server, the two sets of the app's features would become one.
step clippy-frontend "lints, browser side" cargo clippy --package frontend -- -D warnings
count 0 0
step deny "licences, bans and sources of dependencies" scripts/deny.sh licenses bans sources
count 0 0
step cargo "tests, on SQLite and MariaDB" \
    scripts/s3.sh run scripts/mariadb.sh run cargo test --workspace --exclude frontend --no-fail-fast
count_cargo cargo
step build "release build" make --no-print-directory build
count 0 0
if ((status == 0)); then
    step playwright "browser tests" browser_tests
    count_playwright playwright
else
    printf '\n== browser tests: left out, there is no build to test\n'
fi

if ((tests == 0)); then
    printf '\nno test ran at all\n'
    if ((failed == 0)); then failed=1; fi
fi
if ((failed)); then
    printf '\n== What failed\n'
    for log in "$logs"/*.log; do what_failed "$log"; done
fi
printf '\n%d s in all; logs in target/test-logs\n' $((SECONDS - started))
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
