#!/usr/bin/env bash
# Sets a whole campaign up: makes it, assigns influencers, gives each a coupon and a tracking link, and prints
# them, one line an influencer: name, link and code between tabs. Needs curl.
#
#   TRIBUTARY_URL=https://tributary.example TRIBUTARY_EMAIL=admin@example.com TRIBUTARY_PASSWORD=… \
#       ./set-up-campaign.sh ADVERTISER_ID NAME DESTINATION_URL CODE_PREFIX [INFLUENCER_ID…]
#
# Without influencers, every active one takes part. NAME is what the campaign is called, DESTINATION_URL where its
# links lead, CODE_PREFIX what its codes begin with, such as SPRING-. The same can be done in the admin's pages;
# each call is described at $TRIBUTARY_URL/docs/api/.
#
# A step that fails says why and ends the script. What was made by then stays: archive the campaign and run it again.
set -euo pipefail

: "${TRIBUTARY_URL:?is not set: the address of your Tributary}"
: "${TRIBUTARY_EMAIL:?is not set: the e-mail address of an admin}"
: "${TRIBUTARY_PASSWORD:?is not set: the password of that admin}"
if (($# < 4)); then
    echo "usage: $0 ADVERTISER_ID NAME DESTINATION_URL CODE_PREFIX [INFLUENCER_ID…]" >&2
    exit 2
fi
advertiser=$1 name=$2 destination=$3 prefix=$4
influencers=("${@:5}")
token=

# A text as JSON has it.
quoted() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# call METHOD PATH [JSON]: prints the answer; says what is wrong and fails where it is an error. Token and body go in
# through pipes: arguments can be read by everybody on the machine.
call() {
    local answer status
    answer=$(
        curl --silent --show-error --max-time 60 --write-out '\n%{http_code}' --request "$1" \
            --header @<(printf 'Authorization: Bearer %s\n' "$token") \
            --header 'Content-Type: application/json' --data-binary @- "${TRIBUTARY_URL%/}/api/v1/$2" <<<"${3:-}"
    )
    status=${answer##*$'\n'}
    if [[ $status != 2* ]]; then
        echo "$1 $2: HTTP $status: ${answer%$'\n'*}" >&2
        return 1
    fi
    printf '%s\n' "${answer%$'\n'*}"
}

# field NAME: that text field of each line. Answers are compact JSON, whose texts hold no bare quotation marks.
field() { sed -nE "s/.*\"$1\":\"(([^\"\\\\]|\\\\.)*)\".*/\1/p"; }

# One line for each item of a list, which all begin with their id.
items() { sed -e 's/},{"id":"/}\n{"id":"/g'; }

token=$(call POST auth/login "{\"email\":$(quoted "$TRIBUTARY_EMAIL"),\"password\":$(quoted "$TRIBUTARY_PASSWORD")}" | field token)

# Who takes part, and what they are called.
declare -A names
cursor=
while :; do
    page=$(call GET "influencers?status=active&sort=a-z&limit=500&cursor=$cursor")
    while read -r item; do
        id=$(field id <<<"$item")
        if [[ -n $id ]]; then names[$id]=$(field name <<<"$item"); fi
    done < <(items <<<"$page")
    cursor=$(field next_cursor <<<"$page")
    if [[ -z $cursor ]]; then break; fi
done
if ((${#influencers[@]} == 0)); then influencers=("${!names[@]}"); fi
if ((${#influencers[@]} == 0)); then
    echo "there is no active influencer to take part" >&2
    exit 1
fi

campaign=$(call POST campaigns "{
    \"advertiser_id\": $(quoted "$advertiser"),
    \"name\": $(quoted "$name"),
    \"destination_url\": $(quoted "$destination")
}" | field id)
for influencer in "${influencers[@]}"; do
    call PUT "campaigns/$campaign/influencers/$influencer" >/dev/null
done

# One coupon and one link for each, all or none.
everybody="\"campaign_id\": \"$campaign\", \"all_assigned\": true"
coupons=$(call POST coupons/generate "{ $everybody, \"prefix\": $(quoted "$prefix"), \"length\": 6 }")
links=$(call POST links/generate "{ $everybody }")

declare -A codes
while read -r coupon; do
    codes[$(field influencer_id <<<"$coupon")]=$(field code <<<"$coupon")
done < <(items <<<"$coupons")
while read -r link; do
    influencer=$(field influencer_id <<<"$link")
    printf '%s\t%s\t%s\n' "${names[$influencer]:-$influencer}" "$(field url <<<"$link")" "${codes[$influencer]}"
done < <(items <<<"$links")
