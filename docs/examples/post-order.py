#!/usr/bin/env python3
"""Reports an order to Tributary, as a shop's backend does. Needs Python 3.8 or newer, and nothing else.

  export TRIBUTARY_URL=https://tributary.example TRIBUTARY_API_KEY=trb_live_…
  export TRIBUTARY_SIGNING_SECRET=trb_sign_…   # where reports are signed
  python3 post-order.py ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]

REF_CODE is the ref_code that the shopper's first page had in its address; COUPON_CODE what was
typed at the checkout. Leave out, or pass "" for, what there is not. Prints Tributary's answer.

The order number makes the report idempotent: send it again as often as you like, after a timeout or
a crash too, and the order counts once. So do run it again where it failed.
"""
import hashlib
import hmac
import http.client
import json
import os
import random
import sys
import time
import urllib.request

TRIES = 5
TIMEOUT_S = 10

URL = os.environ.get("TRIBUTARY_URL", "").rstrip("/")
KEY = os.environ.get("TRIBUTARY_API_KEY", "")
SECRET = os.environ.get("TRIBUTARY_SIGNING_SECRET", "")


def send(event):
    """Tributary's answer, as it was sent; tries again where that can help."""
    body = json.dumps(event).encode()
    for tried in range(1, TRIES + 1):
        status, text, retry_after = post(body)
        # 201: recorded. 200: it was already. 202: safely kept, and recorded as soon as the database is back.
        if status in (200, 201, 202):
            return text
        may_help = status is None or status in (408, 429) or status >= 500
        if not may_help or tried == TRIES:
            raise RuntimeError(f"HTTP {status}: {text}" if status else text)
        # At random up to twice as long, so that many who fail at once do not come back at once.
        time.sleep(max(retry_after, 2 ** (tried - 1)) * (1 + random.random()))


def post(body):
    headers = {"Content-Type": "application/json", "X-API-KEY": KEY}
    if SECRET:
        headers["X-Signature"] = signature(body)
    request = urllib.request.Request(f"{URL}/api/v1/events", body, headers)
    try:
        with urllib.request.build_opener(AsAnswered).open(request, timeout=TIMEOUT_S) as response:
            return response.status, response.read().decode(), int(response.headers.get("Retry-After") or 0)
    except (OSError, http.client.HTTPException) as error:
        # No answer: the order may have been recorded or not. Sending it again is safe.
        return None, f"no answer from {URL}: {error}", 0


class AsAnswered(urllib.request.HTTPErrorProcessor):
    """A problem is an answer too, not an exception."""

    def http_response(self, request, response):
        return response

    https_response = http_response


def signature(body):
    """Anew for each try: it holds for 300 seconds."""
    t = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{t}.".encode() + body, hashlib.sha256)
    return f"t={t},v1={signed.hexdigest()}"


if __name__ == "__main__":
    if not URL or not KEY or len(sys.argv) < 4:
        print("usage: post-order.py ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]", file=sys.stderr)
        print("TRIBUTARY_URL and TRIBUTARY_API_KEY stand in the environment.", file=sys.stderr)
        sys.exit(2)
    order_number, value, currency, ref_code, coupon_code = (sys.argv[1:] + ["", ""])[:5]
    try:
        answer = send({
            "action": "purchase",
            "event_id": order_number,
            "value": value,  # as text: a decimal, never a binary fraction
            "currency": currency,
            "ref_code": ref_code,
            "coupon_code": coupon_code,
        })
    except RuntimeError as error:
        sys.exit(f"order {order_number} was not taken: {error}")
    print(answer)
