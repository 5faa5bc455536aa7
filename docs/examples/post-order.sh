#!/usr/bin/env bash
# Reports an order to Tributary, as a shop's backend does. Needs curl.
#
#   TRIBUTARY_URL=https://tributary.example TRIBUTARY_API_KEY=trb_live_… \
#       ./post-order.sh ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]
#
# REF_CODE is the ref_code that the shopper's first page had in its address; COUPON_CODE what was
# typed at the checkout. Leave out, or pass "" for, what there is not. Prints Tributary's answer.
#
# The order number makes the report idempotent: send it again as often as you like, after a timeout or
# a crash too, and the order counts once. So do run it again where it failed.
set -euo pipefail

: "${TRIBUTARY_URL:?is not set: the address of your Tributary}"
: "${TRIBUTARY_API_KEY:?is not set: the API key of your shop}"
if (($# < 3)); then
    echo "usage: $0 ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]" >&2
    exit 2
fi

# A text as JSON has it.
quoted() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# The value is sent as text: a decimal, never a binary fraction.
body=$(
    cat <<JSON
{
  "action": "purchase",
  "event_id": $(quoted "$1"),
  "value": $(quoted "$2"),
  "currency": $(quoted "$3"),
  "ref_code": $(quoted "${4:-}"),
  "coupon_code": $(quoted "${5:-}")
}
JSON
)

# The key goes in through a pipe: arguments can be read by everybody on the machine.
# curl itself tries again after 429 and 5xx, and waits as long as Retry-After says.
answer=$(
    curl --silent --show-error --max-time 10 --retry 4 --retry-connrefused --write-out '\n%{http_code}' \
        --header "Content-Type: application/json" --header @- \
        --data-binary "$body" "${TRIBUTARY_URL%/}/api/v1/events" <<<"X-API-KEY: $TRIBUTARY_API_KEY"
)
status=${answer##*$'\n'}

case $status in
# 201: recorded. 200: it was already. 202: safely kept, and recorded as soon as the database is back.
200 | 201 | 202) echo "${answer%$'\n'*}" ;;
*)
    echo "order $1 was not taken, HTTP $status: ${answer%$'\n'*}" >&2
    exit 1
    ;;
esac
