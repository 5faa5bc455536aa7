"""What the fuzzer does beside fuzzing, told by the environment.

SIGNING_SECRET: signs each event, as the secret's owner would. A header that was made up to be malformed stays as it is.
RECORD: writes each request into this file, a line of JSON each, for schemathesis_replay.py; and makes new cases only. The
fuzzer else tries to better those that were answered well, which takes most of its time.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import threading
import time

import hypothesis
import schemathesis

WELL_FORMED = re.compile("t=[0-9]{1,12}(,v1=[0-9a-f]{64}){1,8}")


def text(header):
    return header.decode("latin-1") if isinstance(header, bytes) else header


def raw(body):
    return body.encode() if isinstance(body, str) else body or b""


class Signed:
    def __init__(self, secret):
        self.secret = secret.encode()

    def __call__(self, request):
        made_up = request.headers.get("X-Signature")
        if made_up is None or WELL_FORMED.fullmatch(text(made_up)):
            t = str(int(time.time()))
            v1 = hmac.new(self.secret, t.encode() + b"." + raw(request.body), hashlib.sha256).hexdigest()
            request.headers["X-Signature"] = f"t={t},v1={v1}"
        return request


if "SIGNING_SECRET" in os.environ:
    schemathesis.auth.set_from_requests(Signed(os.environ["SIGNING_SECRET"]))

if "RECORD" in os.environ:
    hypothesis.target = lambda *_args, **_named: None
    record = open(os.environ["RECORD"], "a", encoding="utf-8")
    turn = threading.Lock()

    @schemathesis.hook
    def after_call(_context, _case, response):
        request = response.request
        line = json.dumps({
            "method": request.method,
            "path": request.path_url,
            "headers": {text(name): text(value) for name, value in request.headers.items()},
            "body": base64.b64encode(raw(request.body)).decode(),
        })
        with turn:
            record.write(line + "\n")
