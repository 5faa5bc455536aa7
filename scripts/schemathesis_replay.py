"""Sends what the fuzzer made up, whoever it made it up as, again: as one role, until so many requests are sent.

Usage: schemathesis_replay.py BASE CASES FOLDER HEADER. HEADER says who it is, such as "X-API-KEY: …", or is empty; with
SIGNING_SECRET events are signed. Ends with 1 where the server answers with an error of its own, or with a status that its document
does not have.
"""

import base64
import collections
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import re
import sys
import threading
import time
import urllib.parse
import urllib.request

BASE, CASES, FOLDER, HEADER = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
HOST = urllib.parse.urlsplit(BASE).netloc
# Who it is and how it travels is said here; the rest was made up.
NOT_MADE_UP = {
    "authorization", "x-api-key", "cookie", "x-schemathesis-testcaseid", "host", "content-length", "connection", "transfer-encoding",
}
SECRET = os.environ.get("SIGNING_SECRET", "").encode()
THREADS = 4


def made_up():
    """Every request, each once, then all of them again as often as they were made up. In an order that is always the same."""
    found = collections.Counter()
    for file in sorted(FOLDER.iterdir()):
        # What is still being written ends in half a line.
        for line in file.read_text().split("\n")[:-1]:
            request = json.loads(line)
            headers = {n: v for n, v in request["headers"].items() if n.lower() not in NOT_MADE_UP}
            if SECRET:
                headers.pop("X-Signature", None)
            found[json.dumps([request["method"], request["path"], headers, request["body"]])] += 1
    distinct = sorted(found)
    again = [request for request in distinct for _ in range(found[request] - 1)]
    random.Random(0).shuffle(distinct)
    random.Random(0).shuffle(again)
    return distinct, again


def documented():
    with urllib.request.urlopen(f"{BASE}/api/v1/openapi.json") as answer:
        document = json.load(answer)
    for path, item in document["paths"].items():
        place = re.compile(re.sub(r"[{][^}]*[}]", "[^/]*", path))
        yield place, {method.upper(): set(operation["responses"]) for method, operation in item.items()}


def own_account(headers):
    request = urllib.request.Request(f"{BASE}/api/v1/auth/me", headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["id"]
    except urllib.error.HTTPError:
        return None


WHO = dict([HEADER.split(": ", 1)]) if HEADER else {}
ACCOUNT = own_account(WHO)
# What has no parameters first: /coupons/generate is no coupon's id.
DOCUMENTED = sorted(documented(), key=lambda it: it[0].pattern.count("[^/]*"))
# Where no operation is; and, anywhere, of an address or a head that is too long.
NO_OPERATION, TOO_LONG = {"400", "401", "404", "405"}, {"414", "431"}
threads = threading.local()


def locks_out(method, path):
    return ACCOUNT and (path.startswith("/api/v1/auth/logout") or (ACCOUNT in path and method not in ("GET", "HEAD")))


def ask(*request):
    """The answer. What was sent into a connection that the server was about to end is sent once more."""
    for is_last in (False, True):
        connection = getattr(threads, "connection", None) or http.client.HTTPConnection(HOST, timeout=60)
        threads.connection = connection
        try:
            connection.request(*request)
            answer = connection.getresponse()
            answer.read()
            return answer
        except (ConnectionError, http.client.HTTPException):
            connection.close()
            if is_last:
                raise
        except Exception:
            connection.close()
            raise
    return None


def send(text):
    """The status of the answer, and what is wrong with it."""
    method, path, headers, body = json.loads(text)
    if locks_out(method, path):
        return "left out", None
    body = base64.b64decode(body)
    headers = {**headers, **WHO}
    if SECRET:
        t = str(int(time.time()))
        headers["X-Signature"] = f"t={t},v1={hmac.new(SECRET, t.encode() + b'.' + body, hashlib.sha256).hexdigest()}"
    try:
        answer = ask(method, path, body or None, headers)
    except (ValueError, UnicodeError):
        return "cannot be sent", None
    except (OSError, http.client.HTTPException) as error:
        return "no answer", f"{method} {path}: {error!r}"
    status = str(answer.status)
    if status.startswith("5"):
        return status, f"{status} {text}"
    plain = path.partition("?")[0]
    methods = next((methods for place, methods in DOCUMENTED if place.fullmatch(plain)), {})
    known = methods.get(method, NO_OPERATION) | TOO_LONG
    return status, None if status in known else f"{status} is not documented: {text}"


distinct, again = made_up()
requests = (distinct + again)[:CASES]
if ACCOUNT:
    # Some are left out: others take their place.
    requests = (distinct + again)[: CASES + CASES // 20]
statuses, wrong, sent = collections.Counter(), [], 0
with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
    for status, fault in pool.map(send, requests, chunksize=100):
        statuses[status] += 1
        if fault:
            wrong.append(fault)
for fault in wrong[:20]:
    print(fault[:1500])
counts = ", ".join(f"{status} {count}" for status, count in sorted(statuses.items()))
print(f"{len(requests)} requests, {min(len(distinct), len(requests))} of them distinct: {counts}; {len(wrong)} wrong")
if ACCOUNT and own_account(WHO) != ACCOUNT:
    print("its session has ended on the way: what came after was as nobody")
    wrong.append("session")
sys.exit(bool(wrong))
