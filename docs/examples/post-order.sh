#!/usr/bin/env bash
# Reports an order to Tributary, as a shop's backend does. Needs curl, and openssl where reports are signed.
#
#   export TRIBUTARY_URL=https://tributary.example TRIBUTARY_API_KEY=trb_live_…
#   export TRIBUTARY_SIGNING_SECRET=trb_sign_…   # where reports are signed
#   ./post-order.sh ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]
#
# REF_CODE is the ref_code that the shopper's first page had in its address; COUPON_CODE what was
# typed at the checkout. Leave out, or pass "" for, what there is not. Prints Tributary's answer.
#
# The order number makes the report idempotent: send it again as often as you like, after a timeout or
# a crash too, and the order counts once. So do run it again where it failed.
set -euo pipefail

tries=5
timeout=10

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

# HMAC-SHA256 of the input, by its definition: what openssl itself offers takes the secret as an argument,
# which everybody on the machine can read.
hmac() { { pad 0x5c && { pad 0x36 && cat; } | openssl dgst -sha256 -binary; } | openssl dgst -sha256 -r | cut -c 1-64; }
pad() {
    local i byte padded=
    for ((i = 0; i < 64; i++)); do
        printf -v byte %d "'${TRIBUTARY_SIGNING_SECRET:i:1}"
        printf -v padded '%s\\x%02x' "$padded" $((byte ^ $1))
    done
    # shellcheck disable=SC2059  # the bytes are written as escapes
    printf "$padded"
}

# Key and signature, which is made anew for each try: it holds for 300 seconds.
headers() {
    local t
    echo "X-API-KEY: $TRIBUTARY_API_KEY"
    if [[ -n ${TRIBUTARY_SIGNING_SECRET:-} ]]; then
        t=$(date +%s)
        echo "X-Signature: t=$t,v1=$(printf '%s.%s' "$t" "$body" | hmac)"
    fi
}

answer=$(mktemp -d)
trap 'rm -rf "$answer"' EXIT
for ((tried = 1; ; tried++)); do
    rm -f "$answer"/*
    # The key goes in through a pipe, as the secret did. No answer is 000: the order may have been recorded
    # or not. Sending it again is safe.
    status=$(
        headers | curl --silent --show-error --max-time "$timeout" --write-out '%{http_code}' \
            --dump-header "$answer/headers" --output "$answer/body" \
            --header 'Content-Type: application/json' --header @- \
            --data-binary "$body" "${TRIBUTARY_URL%/}/api/v1/events" 2>"$answer/fault"
    ) || status=000
    case $status in
    # 201: recorded. 200: it was already. 202: safely kept, and recorded as soon as the database is back.
    200 | 201 | 202)
        cat "$answer/body"
        echo
        exit
        ;;
    000 | 408 | 429 | 5??) ((tried < tries)) || break ;;
    *) break ;;
    esac
    seconds=$((1 << (tried - 1)))
    asked=$(awk 'tolower($1) == "retry-after:" { print int($2) }' "$answer/headers" 2>/dev/null) || true
    if ((${asked:-0} > seconds)); then seconds=$asked; fi
    # At random up to twice as long, so that many who fail at once do not come back at once.
    sleep "$((seconds + seconds * (RANDOM % 1000) / 1000)).$((RANDOM % 10))"
done
echo "order $1 was not taken, HTTP $status: $(cat "$answer/fault" "$answer/body" 2>/dev/null)" >&2
exit 1
