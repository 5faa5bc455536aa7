//! What follows from an operation's shape: the errors it can answer, and that answers hold every field.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

/// Fields that answers leave out where there is nothing to say, or the reader may not see it.
const MAY_BE_ABSENT: [(&str, &str); 9] = [
    ("Problem", "errors"),
    ("Click", "ip"),
    ("Influencer", "email"),
    ("CreatedAccount", "set_password_url"),
    ("Figures", "commission_estimate"),
    ("Overview", "previous"),
    ("Point", "previous"),
    ("CampaignFigures", "commission"),
    ("CampaignFigures", "gmv_per_commission"),
];

/// The errors, each with the kind its example is of and what it means.
const PROBLEMS: [(u16, &str, &str); 15] = [
    (400, "not-json", "The body is not JSON."),
    (401, "unauthenticated", "No session, no key, or one that has ended."),
    (403, "forbidden", "Closed to this role, or a cookie's write from a foreign page."),
    (404, "not-found", "There is no such thing, or not within one's scope."),
    (408, "timeout", "The body took too long to arrive."),
    (409, "conflict", "What must be unique is taken, or the state does not allow it."),
    (412, "changed-meanwhile", "It has changed since the version that `If-Match` names. Nothing was changed."),
    (413, "too-large", "The body is too large."),
    (414, "address-too-long", "Path and query are too long."),
    (415, "media-type", "The body is not sent as JSON."),
    (422, "validation", "The request breaks rules; all of them are named."),
    (429, "rate-limited", "Faster, or more at once, than is allowed. Nothing was changed; wait for `Retry-After`."),
    (431, "headers-too-large", "The headers are too long."),
    (500, "internal", "The fault is ours, and is in the log under this request id."),
    (503, "unavailable", "The database does not answer. Nothing was changed; send the same request again."),
];

pub fn complete(document: &mut Value) {
    let mut answered = BTreeSet::new();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete_requests(operation);
            complete_responses(path, method, operation);
            names_in(&operation["responses"], &mut answered);
        }
    }
    answered.insert("Problem".to_owned());
    let components = &mut document["components"];
    name_items(&mut components["schemas"]);
    complete_answers(&mut components["schemas"], answered);
    components["responses"] = PROBLEMS.iter().map(|problem| (problem.0.to_string(), response(*problem))).collect();
}

/// A parameter or a whole body is absent, never null.
fn complete_requests(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        drop_null(&mut parameter["schema"]);
    }
    if let Some(schema) = operation.pointer_mut("/requestBody/content/application~1json/schema") {
        drop_null(schema);
    }
}

fn drop_null(schema: &mut Value) {
    if let Some(types) = schema["type"].as_array() {
        schema["type"] = types.iter().find(|it| *it != "null").cloned().unwrap_or_default();
    }
    let is_some = |it: &&Value| it["type"] != "null";
    if let Some(some) = schema["oneOf"].as_array().and_then(|either| either.iter().find(is_some)) {
        *schema = some.clone();
    }
}

fn complete_responses(path: &str, method: &str, operation: &mut Value) {
    let statuses = errors_of(path, method, operation);
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, response) in responses.iter_mut() {
        if status.starts_with('4') {
            *response = reference(status);
        } else if response["description"].as_str().is_none_or(str::is_empty) {
            let known = status.parse().ok().and_then(|status: u16| StatusCode::from_u16(status).ok());
            response["description"] = known.and_then(|status| status.canonical_reason()).unwrap_or_default().into();
        }
        describe_headers(response);
    }
    for status in statuses {
        responses.entry(status.to_string()).or_insert_with(|| reference(&status.to_string()));
    }
}

fn errors_of(path: &str, method: &str, operation: &Value) -> BTreeSet<u16> {
    let parameters = operation["parameters"].as_array();
    let has = |place: &str, name: &str| {
        parameters
            .into_iter()
            .flatten()
            .any(|it| it["in"] == place && it["name"].as_str().is_some_and(|it| it.ends_with(name)))
    };
    let is_public = operation["security"] == json!([{}]);
    let mut statuses = BTreeSet::from([414, 431, 500]);
    if !is_public {
        statuses.insert(401);
    }
    // Who am I is open to every role, answered from memory, and no write.
    if !path.ends_with("/auth/me") {
        statuses.insert(503);
        if !is_public {
            statuses.insert(403);
        }
    }
    if path.contains('{') || has("query", "_id") {
        statuses.insert(404);
    }
    if has("header", "If-Match") {
        statuses.extend([412, 422]);
    }
    if has("query", "") {
        statuses.insert(422);
    }
    if operation.get("requestBody").is_some() && method != "get" {
        statuses.extend([400, 408, 413, 415, 422]);
    }
    statuses
}

fn describe_headers(response: &mut Value) {
    if let Some(tag) = response.pointer_mut("/headers/ETag") {
        tag["description"] = "Which version this is; send it as `If-Match` with an edit.".into();
    }
}

fn reference(status: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{status}") })
}

fn response((status, kind, meaning): (u16, &str, &str)) -> Value {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let mut example = json!({
        "type": format!("urn:tributary:problem:{kind}"),
        "title": title,
        "status": status,
        "detail": meaning,
        "request_id": "5f0c8a52-7f7e-4c55-9a0c-0d6f1f4e8b1a",
    });
    if status == 422 {
        example["errors"] = json!([{ "field": "name", "message": "is required" }]);
    }
    let content = json!({ "schema": { "$ref": "#/components/schemas/Problem" }, "example": example });
    let mut response = json!({ "description": meaning, "content": { "application/problem+json": content } });
    if matches!(status, 429 | 503) {
        let seconds = json!({ "type": "integer", "minimum": 0 });
        response["headers"] = json!({ "Retry-After": { "description": "Seconds.", "schema": seconds } });
    }
    response
}

/// Lists hold their items by name: `Page_Coupon` is a page of `Coupon`s.
fn name_items(schemas: &mut Value) {
    let lists = schemas.as_object().into_iter().flatten();
    let lists: Vec<_> =
        lists.filter_map(|(list, _)| Some((list.clone(), list.split_once('_')?.1.to_owned()))).collect();
    for (list, item) in lists {
        let place = &mut schemas[&list]["properties"]["items"]["items"];
        let name = json!({ "$ref": format!("#/components/schemas/{item}") });
        let schema = std::mem::replace(place, name);
        if schemas[&item].is_null() {
            schemas[&item] = schema;
        }
    }
}

/// Answers hold every field, null where there is nothing, but for those of [`MAY_BE_ABSENT`].
fn complete_answers(schemas: &mut Value, mut waiting: BTreeSet<String>) {
    let mut done = BTreeSet::new();
    while let Some(name) = waiting.pop_first() {
        if !done.insert(name.clone()) {
            continue;
        }
        let Some(schema) = schemas.get_mut(&name) else { continue };
        require_all(&name, schema);
        names_in(schema, &mut waiting);
    }
}

fn require_all(name: &str, schema: &mut Value) {
    if let Some(properties) = schema["properties"].as_object() {
        let stays = |field: &&String| !MAY_BE_ABSENT.contains(&(name, field.as_str()));
        schema["required"] = properties.keys().filter(stays).cloned().collect();
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for schema in schema.get_mut(part).and_then(Value::as_array_mut).into_iter().flatten() {
            require_all(name, schema);
        }
    }
}

/// The schemas that are referred to.
fn names_in(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str);
            names.extend(name.and_then(|name| name.strip_prefix("#/components/schemas/")).map(str::to_owned));
            fields.values().for_each(|value| names_in(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        _ => {}
    }
}
