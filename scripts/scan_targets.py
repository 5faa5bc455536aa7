"""Writes a request for each operation of the API, as sqlmap reads them: every parameter and field filled in as it should be.

Usage: scan_targets.py BASE TOKEN OWN FOLDER. What is there to be named is asked for with the tokens, an admin's and an influencer's,
whose own it is. `*` marks what stands in a path.
"""

import json
import pathlib
import sys
import urllib.parse
import urllib.request

BASE, TOKEN, OWN, FOLDER = sys.argv[1], sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
# What would end what the scan stands on, for whoever may.
LEFT_OUT = {"logOut", "changePassword", "deactivateAccount", "changeAccount", "deactivateAdvertiser", "revokeApiKey"}
FILLED = {
    "from": "2026-01-01", "to": "2026-12-31", "tz": "Europe/Berlin", "method": "coupon", "include_bots": "true",
    "compare": "previous", "interval": "month", "q": "mina", "limit": "5", "is_bot": "false", "status": "active", "role": "influencer",
    "action": "purchase", "code": "validation", "field": "amount", "If-Match": '"1"', "Idempotency-Key": "scan-1",
}
def got(path, token=TOKEN):
    request = urllib.request.Request(BASE + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def first(path):
    items = got(f"/api/v1/{path}{'&' if '?' in path else '?'}limit=1")["items"]
    return items[0] if items else {"id": "01890000-0000-7000-8000-000000000000"}


DOCUMENT = got("/api/v1/openapi.json")
# All of one campaign and one influencer, so that together they find something.
LINK = got("/api/v1/links/" + got("/api/v1/influencer/links?status=active&limit=1", OWN)["items"][0]["id"])
CAMPAIGN = got(f"/api/v1/campaigns/{LINK['campaign_id']}")
FILLED |= {
    "link_id": LINK["id"], "campaign_id": CAMPAIGN["id"], "advertiser_id": CAMPAIGN["advertiser_id"],
    "influencer_id": LINK["influencer_id"],
    "coupon_id": first(f"coupons?campaign_id={CAMPAIGN['id']}&influencer_id={LINK['influencer_id']}")["id"],
    "api_key_id": first(f"advertisers/{CAMPAIGN['advertiser_id']}/api-keys")["id"],
}
IDS = {place: first(place)["id"] for place in ("accounts", "events", "ingest-failures")}
IDS |= {f"{name[:-3]}s".replace("_", "-"): it for name, it in FILLED.items() if name.endswith("_id")}


def resolved(schema):
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def value(name, schema):
    schema = resolved(schema)
    if name in FILLED:
        return FILLED[name]
    for some in ("example", "default"):
        if some in schema:
            return schema[some]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for part in ("oneOf", "anyOf", "allOf"):
        if part in schema:
            return value(name, next(it for it in schema[part] if it.get("type") != "null"))
    kind = schema.get("type")
    kind = next(it for it in kind if it != "null") if isinstance(kind, list) else kind
    match kind:
        case "object":
            return {name: value(name, it) for name, it in schema.get("properties", {}).items()}
        case "array":
            return [value(name, schema["items"])]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
    return f"scan {name}"


def left_out(operation):
    """What would find nothing beside the rest."""
    named = operation["operationId"]
    own = {"advertiser_id", "influencer_id"} if "Own" in named else set()
    return {"cursor", "range", *own} | {
        "listClicks": {"coupon_id"}, "listAccounts": {"advertiser_id"}, "listEvents": {"method", "coupon_id"}, "listLinks": {"q"},
        "listCampaigns": {"q"}, "listOwnSales": {"method", "link_id"}, "listOwnLinks": {"q"}, "listOwnCampaigns": {"q"},
        "listFailures": {"code", "field", "api_key_id"},
    }.get(named, set())


def request(path, method, operation):
    query, headers = [], {}
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "path":
            # `{influencer_id}` says of what; `{id}` is of what stands before it, `{action}` of nothing.
            before = path.partition("/{")[0].rpartition("/")[2]
            what = FILLED.get(name) or IDS[before]
            path = path.replace(f"{{{name}}}", what + "*", 1)
        elif parameter["in"] == "query" and name not in left_out(operation):
            query.append((name, value(name, parameter["schema"])))
        elif parameter["in"] == "header" and name != "X-Signature":
            headers[name] = value(name, parameter["schema"])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    text = ""
    if body:
        headers["Content-Type"] = "application/json"
        made = body.get("example") or value("body", body["schema"])
        if isinstance(made, dict):
            made |= {name: FILLED[name] for name in made if name.endswith("_id") and name in FILLED}
        text = json.dumps(made)
    # A parameter that holds a path's mark is tested there alone, so paths with one bring no query.
    address = path + ("?" + urllib.parse.urlencode(query) if query and "*" not in path else "")
    head = "".join(f"{name}: {it}\r\n" for name, it in headers.items())
    return f"{method.upper()} {address} HTTP/1.1\r\nHost: {urllib.parse.urlsplit(BASE).netloc}\r\n{head}\r\n{text}"


FOLDER.mkdir(parents=True, exist_ok=True)
for path, item in DOCUMENT["paths"].items():
    for method, operation in item.items():
        if operation["operationId"] not in LEFT_OUT:
            (FOLDER / operation["operationId"]).write_text(request(path, method, operation), newline="")
# What a shopper sends ends in the click log; what a browser sends to log in is a form.
host = urllib.parse.urlsplit(BASE).netloc
(FOLDER / "follow").write_text(
    f"GET /r/{LINK['code']}?utm_source=scan HTTP/1.1\r\nHost: {host}\r\nUser-Agent: scan*\r\nReferer: https://scan.example/*\r\n\r\n",
    newline="",
)
