#!/usr/bin/env bash
# Fuzzes running servers by their own OpenAPI document: as each role, over every operation, with every check. Where a role may
# not, it has to be told so. Counts from the server's own /metrics what was sent and what was answered.
#
# CASES: then every request that any role made up is sent as each of them, until each has sent so many (default: none).
# ROLES: which, of the six below. JOBS: how many at a time (2). BINARY: a server that is built (default: a debug one, built here).
# Needs Python 3.10; schemathesis comes from PyPI into the cache folder. Arguments go on to it, such as -n 50.
# shellcheck disable=SC2030,SC2031,SC2317  # functions are called by name; each role has a port of its own
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
version=4.32.5
port=${TRIBUTARY_PORT:-3390}
base=http://127.0.0.1:$port
binary=${BINARY:-target/debug/tributary}
# What people send with a session, and shops with an API key, signed or not.
read -ra roles <<<"${ROLES:-nobody admin advertiser influencer key signed}"

tool=$CACHE/schemathesis-$version
if [[ ! -x $tool/bin/schemathesis ]]; then
    python3 -m venv "$tool"
    "$tool/bin/pip" install --quiet "schemathesis==$version"
fi
if [[ -z ${BINARY:-} ]]; then cargo build --package server; fi

data=$(mktemp -d "${TMPDIR:-/tmp}/tributary-fuzz.XXXXXX")
mkdir "$data/records"
server=
stop() {
    if [[ -n $server ]]; then
        end "$server"
        server=
    fi
}
trap 'stop; wait; rm -rf "$data"' EXIT
# Not the one of the document's examples: with it the fuzzer would change its own password.
password='kept from the fuzzer'
export TRIBUTARY_ADMIN_EMAIL=admin@example.com TRIBUTARY_ADMIN_PASSWORD=$password

# start FOLDER: a server on this data.
start() {
    "$binary" serve --addr "127.0.0.1:$port" --data-dir "$1" --public-url "$base" --log warn \
        --requests-per-minute 0 --failed-logins-per-account 0 --failed-logins-per-address 0 \
        >"$1.log" 2>&1 &
    server=$!
    for ((try = 0; try < 300; try++)); do
        if curl -fs "$base/readyz" >/dev/null; then return; fi
        sleep 0.1
    done
    die "the server does not start: $(cat "$1.log")"
}

# field NAME…: out of the JSON that comes in.
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name)] if name.isdigit() else value[name]
print(value)' "$@"
}
# post PATH JSON FIELD: makes something as the admin and prints one text field of the answer.
post() {
    curl -fsS -H "Authorization: Bearer ${token:-}" -H 'Content-Type: application/json' -d "$2" "$base/api/v1/$1" | field "$3"
}
get() { curl -fsS -H "Authorization: Bearer $token" "$base/api/v1/$1"; }
log_in() { post auth/login "{\"email\":\"$1@example.com\",\"password\":\"$password\"}" token; }
# account NAME ROLE FIELDS: somebody who can log in.
account() { post accounts "{\"email\":\"$1@example.com\",\"role\":\"$2\",\"password\":\"$password\",$3}" id; }

# One of each for paths with an id: without, fuzzing would see little but 404. The roles' own accounts, advertisers and keys are
# none of them, so that the fuzzer does not lock itself out.
set_up() {
    token=$(log_in admin)
    advertiser=$(post advertisers '{"name":"Fuzzed"}' id)
    key=$(post "advertisers/$advertiser/api-keys" '{"name":"Fuzzing"}' key)
    spare_advertiser=$(post advertisers '{"name":"Spare"}' id)
    spare_key=$(post "advertisers/$spare_advertiser/api-keys" '{"name":"Spare"}' id)
    campaign=$(post campaigns "{\"advertiser_id\":\"$advertiser\",\"name\":\"Spring\",\"destination_url\":\"https://shop.example/\"}" id)
    influencer=$(post influencers '{"name":"Anna"}' id)
    curl -fsS -X PUT -H "Authorization: Bearer $token" "$base/api/v1/campaigns/$campaign/influencers/$influencer"
    coupon=$(post coupons "{\"campaign_id\":\"$campaign\",\"influencer_id\":\"$influencer\",\"code\":\"ANNA10\"}" id)
    link=$(post links "{\"campaign_id\":\"$campaign\",\"influencer_id\":\"$influencer\"}" id)
    account=$(account spare influencer "\"influencer_id\":\"$influencer\"")
    account shop advertiser "\"advertiser_id\":\"$advertiser\"" >/dev/null
    account anna influencer "\"influencer_id\":\"$influencer\"" >/dev/null
    shop_token=$(log_in shop)
    anna_token=$(log_in anna)
    ref_code=$(get "links/$link" | field code)
    # Another shop, which signs what it sends.
    signing_advertiser=$(post advertisers '{"name":"Signing"}' id)
    signing_key=$(post "advertisers/$signing_advertiser/api-keys" '{"name":"Fuzzing"}' key)
    secret=$(post "advertisers/$signing_advertiser/signing-secret" '{}' secret)
    curl -fsS -o /dev/null -X PATCH -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
        -d '{"require_signature":true}' "$base/api/v1/advertisers/$signing_advertiser"
    curl -fsS -o /dev/null "$base/r/$ref_code"
    event=$(curl -fsS -H "X-API-KEY: $key" -H 'Content-Type: application/json' \
        -d '{"action":"purchase","coupon_code":"ANNA10"}' "$base/api/v1/events" | field id)
    curl -sS -o /dev/null -H "X-API-KEY: $key" -d '{"action":"purchase"}' "$base/api/v1/events"
    for ((try = 0; try < 100; try++)); do
        if failure=$(get ingest-failures | field items 0 id 2>/dev/null); then return; fi
        sleep 0.1
    done
    die "what an event got wrong is not kept"
}

# with_id PATH ID: what often stands for {id} there.
with_id() {
    printf '[dictionaries.%s]\nvalues = ["%s"]\n' "$1" "$2"
    printf '[[operations]]\ninclude-path-regex = "^/api/v1/%s/[{]"\n' "$1"
    printf '[operations.parameters]\n"path.id" = { dictionary = "%s", probability = 0.8 }\n' "$1"
    printf '"header.If-Match" = { dictionary = "any-version", probability = 0.8 }\n'
}
# may_refuse REASON STATUS OPERATION…: what is right and still refused, as no schema can say it.
may_refuse() {
    local names
    names=$(printf '"%s", ' "${@:3}")
    printf '# %s\n[[operations]]\ninclude-operation-id = [%s]\n' "$1" "${names%, }"
    printf 'checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, %s]\n' "$2"
}
configure() {
    with_id advertisers "$spare_advertiser"
    with_id api-keys "$spare_key"
    with_id campaigns "$campaign"
    with_id influencers "$influencer"
    with_id coupons "$coupon"
    with_id links "$link"
    with_id accounts "$account"
    with_id events "$event"
    with_id ingest-failures "$failure"
    # Figures, lists and exports are of something that is there.
    printf '[dictionaries.shops]\nvalues = ["%s"]\n[parameters]\n' "$advertiser"
    local name
    for name in advertiser:shops campaign:campaigns influencer:influencers link:links coupon:coupons; do
        printf '"query.%s_id" = { dictionary = "%s", probability = 0.7 }\n' "${name%:*}" "${name#*:}"
    done
    printf '"path.influencer_id" = { dictionary = "influencers", probability = 0.8 }\n'
    # Looking through all that answers held, to send it again, takes most of the time of an admin's long run.
    if [[ -n ${CASES:-} ]]; then printf '[phases.fuzzing.extra-data-sources]\nresponses = false\n'; fi
    # Of made-up keys none is known.
    printf '[dictionaries.codes]\nvalues = ["ANNA10"]\n[dictionaries.ref-codes]\nvalues = ["%s"]\n' "$ref_code"
    printf '[[operations]]\ninclude-operation-id = ["recordEvent", "recordAction", "validateEvent"]\n'
    printf '[operations.parameters]\n"body.coupon_code" = { dictionary = "codes", probability = 0.3 }\n'
    printf '"body.ref_code" = { dictionary = "ref-codes", probability = 0.5 }\n'
    # Of made-up versions none stands: mostly whichever does is edited.
    printf '[dictionaries.any-version]\nvalues = ["*"]\n'
    may_refuse 'a cursor comes from an earlier page' 422 listAdvertisers listApiKeys listCampaigns listAssigned \
        listInfluencers listCoupons listLinks listAccounts listFailures listOwn{Links,Coupons,Campaigns}
    may_refuse 'a range ends after it begins, and a chart has at most 1,000 points' 422 listClicks listEvents \
        exportClicks exportEvents get{Overview,Chart,Funnel} getFiguresPer{Campaign,Coupon,Influencer,Link} \
        listOwnSales exportOwnSales getOwn{Overview,Chart,Funnel} getOwnFiguresPer{Campaign,Coupon,Link}
    may_refuse 'If-Match names the version that stands' 412 changeAdvertiser deactivateAdvertiser archiveCampaign \
        changeInfluencer archiveInfluencer changeAccount deactivateAccount
    may_refuse 'a campaign ends after it begins' '412, 422' createCampaign changeCampaign
    may_refuse 'the current password is known to its owner alone' 422 changePassword
    may_refuse 'codes must fit their rules: prefix and length together, and enough of them' 422 generateCoupons
    may_refuse 'events are of the last 90 days' 422 recordEvent recordAction validateEvent
    may_refuse 'what was wrong with an event still is' 422 retryFailure
    printf '# a wrong event does not spoil its batch\n[[operations]]\ninclude-operation-id = ["recordEvents"]\n'
    printf 'checks.negative_data_rejection.expected-statuses = ["2xx", "4xx"]\n'
}

# fuzz ARGUMENT…: with the role's header on every request.
fuzz() {
    "$tool/bin/schemathesis" --config-file "$data/schemathesis.toml" run "$base/api/v1/openapi.json" --checks all \
        --no-color "${header[@]}" "$@"
}
# made_up ROLE ARGUMENT…: by the fuzzer, over the whole API.
made_up() {
    if [[ $1 == nobody || $1 == key || $1 == signed ]]; then
        fuzz "${@:2}"
        return
    fi
    # An admin finds its own account too. The last admin cannot be ended: so first, while it is the only one.
    local accounts='^(changeAccount|deactivateAccount)$' failed=0
    fuzz --include-operation-id-regex "$accounts" --phases examples,coverage,fuzzing "${@:2}" || failed=1
    fuzz --exclude-operation-id-regex "^logOut$|$accounts" "${@:2}" || failed=1
    curl -fsS -o /dev/null "${header[@]}" "$base/api/v1/auth/me" ||
        die "the fuzzer has locked itself out on the way: its figures mean little"
    # Whoever logs out is out: so last.
    fuzz --include-operation-id logOut "${@:2}" || failed=1
    return "$failed"
}
# Requests to the API so far, by their answers, from the server's own figures.
counted() {
    curl -fsS "$base/metrics" | python3 -c '
import collections, re, sys
line = re.compile("tributary_http_requests_total[{]method=\"(.*)\",route=\"(/api/v1/.*|/event/.*)\",status=\"(.*)\"[}] ([0-9]+)")
answers, well = collections.Counter(), set()
for method, route, status, n in line.findall(sys.stdin.read()):
    answers[status] += int(n)
    if status == "2xx":
        well.add((method, route))
print("%7d requests: %6d 2xx, %7d 4xx, %d 5xx; %2d operations answered 2xx"
      % (answers.total(), answers["2xx"], answers["4xx"], answers["5xx"], len(well)))'
}
# as ROLE WHAT COMMAND…: on a server of its own, as it was set up: what was done to another is no matter to it.
as() (
    local role=$1 header=() failed=0 line
    trap stop EXIT
    server=
    for other in "${!roles[@]}"; do
        if [[ ${roles[$other]} == "$role" ]]; then port=$((port + other)); fi
    done
    base=http://127.0.0.1:$port
    if [[ -n ${headers[$role]} ]]; then header=(--header "${headers[$role]}"); fi
    if [[ $role == signed ]]; then export SIGNING_SECRET=$secret; fi
    rm -rf "${data:?}/$role"
    cp -r "$data/begun" "$data/$role"
    start "$data/$role"
    "${@:3}" || failed=1
    line=$(printf '%-10s %-7s %s' "$role" "$2" "$(counted)")
    stop
    if [[ $line != *' 0 5xx'* ]] || grep -E 'ERROR|panicked' "$data/$role.log"; then
        line+=', and the server has had errors of its own'
        failed=1
    fi
    say "$line"
    printf '%s\n' "$line" >>"$data/report"
    return "$failed"
)
made_up_as() {
    if [[ -n ${CASES:-} ]]; then export RECORD=$data/records/$1; fi
    as "$1" 'made up' made_up "$@"
}
sent_as() {
    as "$1" 'sent' replay "$1"
}
replay() {
    python3 scripts/schemathesis_replay.py "$base" "$CASES" "$data/records" "${headers[$1]}"
}
# each COMMAND ARGUMENT…: the command for each role, some at a time, each one's words together.
each() {
    local role
    for role in "${roles[@]}"; do
        while (($(jobs -rp | wc -l) >= ${JOBS:-2})); do wait -n || status=1; done
        { "$1" "$role" "${@:2}" >"$data/$role.$1" 2>&1 && failed=0 || failed=1; cat "$data/$role.$1"; exit "$failed"; } &
    done
    while [[ -n $(jobs -p) ]]; do wait -n || status=1; done
}

status=0
start "$data/begun"
set_up
stop
configure >"$data/schemathesis.toml"
export SCHEMATHESIS_HOOKS=$ROOT/scripts/schemathesis_hooks.py
declare -A headers=(
    [nobody]='' [key]="X-API-KEY: $key" [signed]="X-API-KEY: $signing_key"
    [admin]="Authorization: Bearer $token" [advertiser]="Authorization: Bearer $shop_token"
    [influencer]="Authorization: Bearer $anna_token"
)
each made_up_as "$@"
if [[ -n ${CASES:-} ]]; then each sent_as; fi
printf '\n'
cat "$data/report"
exit "$status"
