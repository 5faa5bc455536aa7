#!/usr/bin/env bash
# Fuzzes a running debug server by its own OpenAPI document: every operation, every check. As an admin, then what a shop
# sends with an API key, then the same signed (schemathesis_sign.py).
# Needs Python 3.10; schemathesis comes from PyPI into the cache folder. Arguments go on to it, such as -n 50.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
version=4.32.5
port=${TRIBUTARY_PORT:-3390}
base=http://127.0.0.1:$port

tool=$CACHE/schemathesis-$version
if [[ ! -x $tool/bin/schemathesis ]]; then
    python3 -m venv "$tool"
    "$tool/bin/pip" install --quiet "schemathesis==$version"
fi

cargo build --package server
data=$(mktemp -d "${TMPDIR:-/tmp}/tributary-fuzz.XXXXXX")
# Not the one of the document's examples: with it the fuzzer would change its own password.
password='kept from the fuzzer'
export TRIBUTARY_ADMIN_EMAIL=admin@example.com TRIBUTARY_ADMIN_PASSWORD=$password
target/debug/tributary serve --addr "127.0.0.1:$port" --data-dir "$data/server" --public-url "$base" --log warn \
    --requests-per-minute 0 --failed-logins-per-account 0 --failed-logins-per-address 0 \
    >"$data/log" 2>&1 &
server=$!
trap 'kill "$server"; wait "$server"; rm -rf "$data"' EXIT
for ((try = 0; try < 100; try++)); do
    if curl -fs "$base/readyz" >/dev/null; then break; fi
    sleep 0.1
done

# post PATH JSON FIELD: makes something and prints one text field of the answer.
post() {
    curl -fsS -H "Authorization: Bearer ${token:-}" -H 'Content-Type: application/json' -d "$2" "$base/api/v1/$1" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$3"
}
log_in() { post auth/login "{\"email\":\"$1\",\"password\":\"$password\"}" token; }

token=$(log_in admin@example.com)
advertiser=$(post advertisers '{"name":"Fuzzed"}' id)
key=$(post "advertisers/$advertiser/api-keys" '{"name":"Fuzzing"}' key)
# One of each for paths with an id: without, fuzzing would see little but 404. The fuzzer's own account, advertiser
# and key are none of them, so that it does not lock itself out.
spare_advertiser=$(post advertisers '{"name":"Spare"}' id)
spare_key=$(post "advertisers/$spare_advertiser/api-keys" '{"name":"Spare"}' id)
campaign=$(post campaigns "{\"advertiser_id\":\"$advertiser\",\"name\":\"Spring\",\"destination_url\":\"https://shop.example/\"}" id)
influencer=$(post influencers '{"name":"Anna"}' id)
curl -fsS -X PUT -H "Authorization: Bearer $token" "$base/api/v1/campaigns/$campaign/influencers/$influencer"
coupon=$(post coupons "{\"campaign_id\":\"$campaign\",\"influencer_id\":\"$influencer\",\"code\":\"ANNA10\"}" id)
link=$(post links "{\"campaign_id\":\"$campaign\",\"influencer_id\":\"$influencer\"}" id)
account=$(post accounts "{\"email\":\"spare@example.com\",\"role\":\"influencer\",\"influencer_id\":\"$influencer\"}" id)
ref_code=$(curl -fsS -H "Authorization: Bearer $token" "$base/api/v1/links/$link" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["code"])')
# Another shop, which signs what it sends.
signing_advertiser=$(post advertisers '{"name":"Signing"}' id)
signing_key=$(post "advertisers/$signing_advertiser/api-keys" '{"name":"Fuzzing"}' key)
SIGNING_SECRET=$(post "advertisers/$signing_advertiser/signing-secret" '{}' secret)
export SIGNING_SECRET
curl -fsS -o /dev/null -X PATCH -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
    -d '{"require_signature":true}' "$base/api/v1/advertisers/$signing_advertiser"
event=$(curl -fsS -H "X-API-KEY: $key" -H 'Content-Type: application/json' -d '{"action":"purchase","coupon_code":"ANNA10"}' \
    "$base/api/v1/events" | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
curl -sS -o /dev/null -H "X-API-KEY: $key" -d '{"action":"purchase"}' "$base/api/v1/events"
sleep 0.5
failure=$(curl -fsS -H "Authorization: Bearer $token" "$base/api/v1/ingest-failures" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["id"])')

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
{
    with_id advertisers "$spare_advertiser"
    with_id api-keys "$spare_key"
    with_id campaigns "$campaign"
    with_id influencers "$influencer"
    with_id coupons "$coupon"
    with_id links "$link"
    with_id accounts "$account"
    with_id events "$event"
    with_id ingest-failures "$failure"
    # Of made-up keys none is known.
    printf '[dictionaries.codes]\nvalues = ["ANNA10"]\n[dictionaries.ref-codes]\nvalues = ["%s"]\n' "$ref_code"
    printf '[[operations]]\ninclude-operation-id = ["recordEvent", "recordAction", "validateEvent"]\n'
    printf '[operations.parameters]\n"body.coupon_code" = { dictionary = "codes", probability = 0.3 }\n'
    printf '"body.ref_code" = { dictionary = "ref-codes", probability = 0.5 }\n'
    # Of made-up versions none stands: mostly whichever does is edited.
    printf '[dictionaries.any-version]\nvalues = ["*"]\n'
    may_refuse 'a cursor comes from an earlier page' 422 listAdvertisers listApiKeys listCampaigns listAssigned \
        listInfluencers listCoupons listLinks listAccounts listFailures
    may_refuse 'a range ends after it begins, and a chart has at most 1,000 points' 422 listClicks listEvents \
        getOverview getChart
    may_refuse 'If-Match names the version that stands' 412 changeAdvertiser deactivateAdvertiser archiveCampaign \
        changeInfluencer archiveInfluencer changeAccount deactivateAccount
    may_refuse 'a campaign ends after it begins' '412, 422' createCampaign changeCampaign
    may_refuse 'the current password is known to its owner alone' 422 changePassword
    may_refuse 'codes must fit their rules: prefix and length together, and enough of them' 422 generateCoupons
    may_refuse 'events are of the last 90 days' 422 recordEvent recordAction validateEvent
    may_refuse 'what was wrong with an event still is' 422 retryFailure
    printf '# a wrong event does not spoil its batch\n[[operations]]\ninclude-operation-id = ["recordEvents"]\n'
    printf 'checks.negative_data_rejection.expected-statuses = ["2xx", "4xx"]\n'
} >"$data/schemathesis.toml"

# fuzz HEADER… -- ARGUMENT…: with these headers on every request.
fuzz() {
    local headers=()
    while [[ $1 != -- ]]; do
        headers+=(--header "$1")
        shift
    done
    "$tool/bin/schemathesis" --config-file "$data/schemathesis.toml" run "$base/api/v1/openapi.json" --checks all \
        --no-color "${headers[@]}" "${@:2}"
}
status=0
# It finds its own account too. The last admin cannot be ended: so first, while it is the only one.
accounts='^(changeAccount|deactivateAccount)$'
events='^(recordEvent|recordEvents|recordAction|validateEvent)$'
as_admin="Authorization: Bearer $token"
fuzz "$as_admin" -- --include-operation-id-regex "$accounts" --phases examples,coverage,fuzzing "$@" || status=1
fuzz "$as_admin" "X-API-KEY: $key" -- --exclude-operation-id-regex "^logOut$|$accounts|$events" "$@" || status=1
# What a shop sends, and nothing that only people may.
fuzz "X-API-KEY: $key" -- --include-operation-id-regex "$events" "$@" || status=1
SCHEMATHESIS_HOOKS=scripts/schemathesis_sign.py fuzz "X-API-KEY: $signing_key" -- --include-operation-id-regex "$events" \
    "$@" || status=1
# Whoever logs out is out: on its own, as somebody else. Where this cannot be made, the fuzzer was out before.
post accounts "{\"email\":\"leaver@example.com\",\"role\":\"admin\",\"password\":\"$password\"}" id >/dev/null ||
    die "the fuzzer has locked itself out on the way: its figures mean little"
fuzz "Authorization: Bearer $(log_in leaver@example.com)" -- --include-operation-id logOut "$@" || status=1
if grep -E 'ERROR|panicked' "$data/log" >&2; then die "the server's log has errors"; fi
exit "$status"
