//! The API's document, OpenAPI 3.1: made from what the services tell of their models, so that it can't drift from them. What
//! the doors themselves take stands here.

use std::collections::BTreeMap;

use jsonrpc::Fault;
use records::Described;
use records::request::{MAX_OFFSET, MAX_PAGE};
use serde_json::{Map, Value as Json, json};
use sync_contract::Webhooks;

use crate::doors::report;
use crate::known;
use crate::services::Services;
// circle: doors: the document tells of the doors, and one of them shows it

/// What is said of all of it.
const ABOUT: &str = "The hub between Ekiclik and the banks, with an Odoo-style REST API.

Log in with `POST /auth/`; the session's id goes into the header `X-Openerp-Session-Id` or the cookie `session_id`. Programs may use an \
API key: `Authorization: Bearer …`. Every path answers with and without its trailing slash.

Requests carry `{\"params\": {…}}`, answers Odoo's JSON-RPC envelope; lists and single records come without it. An error has its \
true HTTP status and, in `error.data.name`, Odoo's name. Texts may also be sent as numbers, numbers as texts, `false` is unset, as in Odoo.

A list is grouped by `group_by=state,date_order:month` (hour, day, week, month, quarter, year), with `sum`, `avg`, `min`, `max` and \
`count_distinct` of fields separated by commas: `{count, result}`, each group with its `count`.

A list is a file by `format=csv` or `format=xlsx`, or by `Accept`: every record that matches, without pages.";

/// The statuses that a request may be refused with, and what each means.
const REFUSALS: &[(&str, &str)] = &[
    ("400", "The request can't be read: no JSON, a wrong filter or query. The message tells where."),
    ("401", "No session, or one that has ended; a log-in that failed."),
    ("403", "Not allowed."),
    ("404", "Not there, or not for this user."),
    ("405", "Another method is possible here: see `Allow`."),
    ("408", "The body took too long to come."),
    ("409", "It can't be done as things stand. `ConcurrencyError`: send the same request again."),
    ("413", "The body is too large."),
    ("415", "A JSON body says `Content-Type: application/json`, and comes without `Content-Encoding`."),
    ("422", "Wrong values: everything that is wrong is told at once, and nothing is stored."),
    ("429", "Too many log-ins that failed."),
    ("503", "Full, or something that this needs is away. Nothing happened, or the request is safe to repeat."),
];

/// What is read may be refused with these.
const OF_READS: &[&str] = &["400", "401", "403", "404", "422", "503"];
/// What changes something, with these.
const OF_CHANGES: &[&str] = &["400", "401", "403", "404", "408", "409", "413", "415", "422", "503"];

/// The document, asked for of every service.
///
/// # Errors
/// 503 where one is away.
pub async fn openapi(services: &Services) -> Result<Json, Fault> {
    let mut tags = Vec::new();
    let mut models: BTreeMap<String, (&'static str, Described)> = BTreeMap::new();
    for (service, described) in known::asked(services).await? {
        models.extend(described.into_iter().map(|(name, model)| (name, (service, model))));
        tags.push(json!({"name": service}));
    }
    let webhooks = services.ask(&Webhooks {}, None).await?;
    tags.extend([json!({"name": "sessions"}), json!({"name": "documents"}), json!({"name": "webhooks"})]);

    let mut paths = own_paths();
    let mut schemas = own_schemas();
    schemas.extend(records::schema::components());
    for (name, (service, model)) in models {
        describe(&name, service, model, &mut paths, &mut schemas);
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {"title": "Echange", "version": process::VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"session": []}, {"cookie": []}, {"key": []}],
        "tags": tags,
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": schemas,
            "parameters": parameters(),
            "responses": refusals(),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "header", "name": "X-Openerp-Session-Id"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "session_id"},
                "key": {"type": "http", "scheme": "bearer"},
            },
        },
    }))
}

fn refusals() -> Json {
    let all = REFUSALS.iter().map(|(status, about)| {
        let mut refusal =
            json!({"description": about, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}});
        let header = match *status {
            "401" => Some("WWW-Authenticate"),
            "405" => Some("Allow"),
            "429" | "503" => Some("Retry-After"),
            _ => None,
        };
        if let (Some(header), Some(refusal)) = (header, refusal.as_object_mut()) {
            refusal.insert("headers".to_owned(), json!({header: {"schema": {"type": "string"}}}));
        }
        ((*status).to_owned(), refusal)
    });
    Json::Object(all.collect())
}

/// A 200 and the refusals.
fn answers(about: &str, kind: &str, schema: Json, refused: &[&str]) -> Json {
    let mut all = Map::new();
    all.insert("200".to_owned(), json!({"description": about, "content": {kind: {"schema": schema}}}));
    all.extend(refused.iter().map(|status| ((*status).to_owned(), json!({"$ref": format!("#/components/responses/{status}")}))));
    Json::Object(all)
}

fn enveloped(schema: Json) -> Json {
    json!({"type": "object", "required": ["jsonrpc", "id"], "additionalProperties": false,
        "properties": {"jsonrpc": {"type": "string"}, "id": {}, "result": schema}})
}

/// A body in the envelope: nothing in it but `params` counts.
fn body(params: Json, required: bool, example: Option<Json>) -> Json {
    let mut content = json!({"schema": {"type": "object", "properties": {
        "jsonrpc": {"type": "string"}, "id": {}, "method": {"type": "string"}, "params": params}, "required": if required { vec!["params"] } else { Vec::new() }}});
    if let (Some(example), Some(content)) = (example, content.as_object_mut()) {
        content.insert("example".to_owned(), json!({"params": example}));
    }
    json!({"required": required, "content": {"application/json": content}})
}

fn parameters() -> Json {
    let query = |name: &str, about: &str, schema: Json| json!({"name": name, "in": "query", "description": about, "schema": schema});
    let whole = |least: i64, most: i64| json!({"type": "integer", "minimum": least, "maximum": most});
    let domain = |example: &str| json!({"type": "string", "contentMediaType": "application/json", "examples": [example]});
    let filter = "Odoo's domain, in JSON: `[[\"name\", \"ilike\", \"tv\"]]`; `&`, `|`, `!` in prefix notation; `domain` is taken too.";
    json!({
        "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": i64::MAX}},
        "query": query("query", "The fields wanted: `{id, name, categ_id{name}}`, `{*}`, `{-name}`; `fields=id,name` is taken too.", json!({"type": "string", "maxLength": 4_000, "examples": ["{*}"]})),
        "filter": query("filter", filter, domain("[[\"id\", \">\", 0]]")),
        "needed_filter": {"name": "filter", "in": "query", "required": true, "description": filter, "schema": domain("[[\"id\", \"=\", 0]]")},
        "order": query("order", "`name desc, id`; `sort` is taken too.", json!({"type": "string", "maxLength": 400, "examples": ["id desc"]})),
        "page": query("page", "Counts with `page_size`; at most 1,000,000 records lie before it.", whole(1, MAX_OFFSET)),
        "page_size": query("page_size", "With it `total` tells how many match.", whole(1, MAX_PAGE)),
        "limit": query("limit", "At most so many.", whole(1, MAX_PAGE)),
        "offset": query("offset", "Leaves out so many, where there is no `page_size`.", whole(0, MAX_OFFSET)),
        "after": query("after", "Walks all records without repeats: begin with nothing, go on with `next_cursor`.", json!({"type": "string", "maxLength": 100})),
        "idempotency": {"name": "Idempotency-Key", "in": "header", "description": "A copy within 24 hours gets the kept answer; another payload is 422.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-]+$"}},
    })
}

fn parameter(name: &str) -> Json {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

fn own_schemas() -> Map<String, Json> {
    let data = json!({"type": "object", "required": ["name", "message", "arguments", "context", "debug"], "properties": {
        "name": {"type": "string", "description": "Odoo's exception, `odoo.exceptions.ValidationError`."}, "message": {"type": "string"},
        "arguments": {"type": "array", "items": {}}, "context": {"type": "object"}, "debug": {"type": "string"}, "exception_type": {"type": "string"}}});
    let error = json!({"type": "object", "required": ["code", "message", "data"], "additionalProperties": false,
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}, "data": data}});
    let removed = json!({"type": "object", "required": ["result"], "properties": {"result": {"type": "boolean"}}});
    Map::from_iter([
        ("Done".to_owned(), enveloped(json!({"type": "boolean"}))),
        ("Made".to_owned(), enveloped(json!({"type": "integer", "format": "int64"}))),
        ("Removed".to_owned(), removed),
        (
            "Error".to_owned(),
            json!({"type": "object", "required": ["jsonrpc", "id", "error"], "additionalProperties": false,
                "properties": {"jsonrpc": {"type": "string"}, "id": {}, "error": error}}),
        ),
        (
            "Session".to_owned(),
            json!({"type": "object", "required": ["uid", "db", "username", "server_version"], "properties": {
                "uid": {"type": "integer"}, "db": {"type": "string"}, "username": {"type": "string"}, "server_version": {"type": "string"},
                "session_id": {"type": "string", "pattern": "^[0-9a-f]{40}$"}}}),
        ),
    ])
}

/// What the doors take that is of no model.
fn own_paths() -> Map<String, Json> {
    let credentials = json!({"type": "object", "required": ["login", "password"], "properties": {
        "db": {"type": "string"}, "login": {"type": "string", "minLength": 1}, "password": {"type": "string", "minLength": 1, "format": "password"}}});
    let session = || enveloped(json!({"$ref": "#/components/schemas/Session"}));
    let session_or_error = || json!({"anyOf": [session(), {"$ref": "#/components/schemas/Error"}]});
    let log_in = |answer: Json, refused: &[&str], path: &str, about: &str| {
        json!({"post": {
            "operationId": path, "tags": ["sessions"], "summary": about, "security": [],
            "requestBody": body(credentials.clone(), true, Some(json!({"login": "ekiclik", "password": "ekiclik", "db": "echange"}))),
            "responses": answers("The session, with its cookie.", "application/json", answer, refused),
        }})
    };
    let in_session = |path: &str, about: &str| {
        json!({"post": {"operationId": path, "tags": ["sessions"], "summary": about, "requestBody": body(json!({"type": "object"}), false, None),
            "responses": answers("The answer; errors come with 200, as Odoo's do.", "application/json", session_or_error(), &["400", "408", "413", "415"])}})
    };
    let reports: Vec<&str> = report::REPORTS.iter().map(|(name, ..)| *name).collect();
    let file = json!({"type": "string", "contentMediaType": "application/pdf"});
    let follow = [
        json!({"name": "model", "in": "query", "description": "Models, separated by commas.", "schema": {"type": "string"}}),
        json!({"name": "bank", "in": "query", "description": "The bank that caused a change.", "schema": {"type": "integer"}}),
        json!({"name": "after", "in": "query", "description": "Where to go on.", "schema": {"type": "integer", "minimum": 0}}),
        json!({"name": "Last-Event-ID", "in": "header", "description": "The same, as browsers send it.", "schema": {"type": "string"}}),
    ];
    let paths = json!({
        "/auth/": log_in(session(), &["400", "401", "403", "408", "413", "415", "422", "429", "503"], "auth", "Logs in; the session's id is in the answer too."),
        "/web/session/authenticate": log_in(session_or_error(), &["400", "408", "413", "415"], "authenticate", "Logs in, as Odoo's own route: errors come with 200."),
        "/web/session/get_session_info": in_session("get_session_info", "Tells of the session."),
        "/web/session/check": in_session("check", "Whether the session lives."),
        "/web/session/destroy": in_session("destroy", "Ends the session."),
        "/report/pdf/{report}/{ids}": {"get": {
            "operationId": "report", "tags": ["documents"], "summary": "Printed documents, up to 100 in one file.",
            "parameters": [
                {"name": "report", "in": "path", "required": true, "schema": {"type": "string", "enum": reports}},
                {"name": "ids", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[1-9][0-9]{0,8}(,[1-9][0-9]{0,8}){0,9}$"}},
            ],
            "responses": answers("The file.", "application/pdf", file, OF_READS),
        }},
        "/web/image/{model}/{id}/{field}": {"get": {
            "operationId": "image", "tags": ["documents"],
            "summary": "A picture of a record: PNG or JPEG, with an ETag by which it is asked for again.",
            "parameters": [
                {"name": "model", "in": "path", "required": true, "schema": {"type": "string", "enum": ["product.product", "product.template"]}},
                {"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}},
                {"name": "field", "in": "path", "required": true,
                 "schema": {"type": "string", "enum": ["image_1920", "image_1024", "image_512", "image_256", "image_128"]}},
            ],
            "responses": answers("The picture.", "image/*", json!({"type": "string", "format": "binary"}), OF_READS),
        }},
        "/web/content/{id}": {"get": {
            "operationId": "content", "tags": ["documents"], "summary": "A paper of a loan file (`ir.attachment`): PDF, JPEG or PNG.",
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}],
            "responses": answers("The paper.", "*/*", json!({"type": "string", "format": "binary"}), OF_READS),
        }},
        "/events": {"get": {
            "operationId": "events", "tags": ["documents"], "summary": "Changes as they come, as server-sent events: which record, not what it says.",
            "parameters": follow, "responses": answers("The stream.", "text/event-stream", json!({"type": "string"}), &["400", "401", "503"]),
        }},
    });
    match paths {
        Json::Object(paths) => paths,
        _ => Map::new(),
    }
}

/// The paths and schemas of a model.
fn describe(name: &str, service: &str, model: Described, paths: &mut Map<String, Json>, schemas: &mut Map<String, Json>) {
    let rights =
        model.rights.iter().map(|(who, may)| format!("{who}: {}", if may.is_empty() { "nothing".to_owned() } else { may.join(", ") }));
    let rights = format!("Rights. {}.", rights.collect::<Vec<_>>().join("; "));
    let may = |what: &str| model.rights.values().any(|may| may.iter().any(|right| right == what));
    let label = model.label;
    let operation = |verb: &str, about: String, parameters: &[&str], body: Option<Json>, responses: Json| {
        let parameters: Vec<Json> = parameters.iter().map(|name| parameter(name)).collect();
        let mut operation = json!({"operationId": format!("{name}.{verb}"), "tags": [service], "summary": about, "description": rights,
            "parameters": parameters, "responses": responses});
        if let (Some(body), Some(operation)) = (body, operation.as_object_mut()) {
            operation.insert("requestBody".to_owned(), body);
        }
        operation
    };
    let record = || json!({"$ref": format!("#/components/schemas/{name}")});
    let null_or = |kind: &str| json!({"type": [kind, "null"]});
    let page = json!({"type": "object", "required": ["count", "prev", "current", "next", "total_pages", "result"], "additionalProperties": false, "properties": {
        "count": {"type": "integer"}, "prev": null_or("integer"), "current": null_or("integer"), "next": null_or("integer"),
        "total_pages": null_or("integer"), "total": {"type": "integer"}, "next_cursor": null_or("string"), "result": {"type": "array", "items": record()}}});
    let (mut of_model, mut of_record) = (Map::new(), Map::new());
    let listing = ["query", "filter", "order", "page", "page_size", "limit", "offset", "after"];
    of_model.insert(
        "get".to_owned(),
        operation("list", format!("{label}: search and read"), &listing, None, answers("The page.", "application/json", page, OF_READS)),
    );
    of_record.insert(
        "get".to_owned(),
        operation(
            "read",
            format!("{label}: read one"),
            &["id", "query"],
            None,
            answers("The record.", "application/json", record(), OF_READS),
        ),
    );
    let context = || json!({"type": "object"});
    let example = |schema: &Json| schema.pointer("/examples/0").cloned();
    let reference = |kind: &str| json!({"$ref": format!("#/components/schemas/{name}.{kind}")});
    if let Some(create) = model.create {
        let params = json!({"type": "object", "required": ["data"], "properties": {"data": reference("create"), "context": context()}});
        let taken = body(params, true, example(&create).map(|data| json!({"data": data})));
        let made = answers(
            "Its id, the same for a request that is sent again.",
            "application/json",
            json!({"$ref": "#/components/schemas/Made"}),
            OF_CHANGES,
        );
        of_model.insert("post".to_owned(), operation("create", format!("{label}: create"), &["idempotency"], Some(taken), made));
        schemas.insert(format!("{name}.create"), create);
    }
    if let Some(write) = model.write {
        let done = || {
            answers(
                "Done; `X-Records-Matched` tells to how many.",
                "application/json",
                json!({"$ref": "#/components/schemas/Done"}),
                OF_CHANGES,
            )
        };
        let data = example(&write);
        let filter = model.example_filter.zip(data.clone()).map(|(filter, data)| json!({"filter": filter, "data": data}));
        let found = json!({"type": "object", "required": ["filter", "data"], "properties": {
            "filter": {"type": "array", "items": {}, "minItems": 1}, "data": reference("write"), "context": context()}});
        let taken = body(found, true, filter);
        of_model.insert(
            "put".to_owned(),
            operation("write", format!("{label}: change those that a filter finds"), &["idempotency"], Some(taken), done()),
        );
        let params = json!({"type": "object", "required": ["data"], "properties": {"data": reference("write"), "context": context()}});
        let taken = body(params, true, data.map(|data| json!({"data": data})));
        of_record
            .insert("put".to_owned(), operation("write_one", format!("{label}: change one"), &["id", "idempotency"], Some(taken), done()));
        schemas.insert(format!("{name}.write"), write);
    }
    if may("unlink") {
        let gone = || answers("Removed.", "application/json", json!({"$ref": "#/components/schemas/Removed"}), OF_CHANGES);
        let removes = format!("{label}: remove, unless something refers to it");
        of_model.insert("delete".to_owned(), operation("unlink", removes.clone(), &["needed_filter", "idempotency"], None, gone()));
        of_record.insert("delete".to_owned(), operation("unlink_one", removes, &["id", "idempotency"], None, gone()));
    }
    schemas.insert(name.to_owned(), model.record);
    schemas.extend(records::schema::relations(name));
    paths.insert(format!("/api/{name}/"), of_model.into());
    paths.insert(format!("/api/{name}/{{id}}"), of_record.into());
    for (method, (arguments, on_record, about)) in model.actions {
        let needed = arguments.get("required").and_then(Json::as_array).is_some_and(|required| !required.is_empty());
        let params = json!({"type": "object", "properties": {"args": {"type": "array", "items": {}}, "kwargs": arguments, "context": context()},
            "required": if needed { vec!["kwargs"] } else { Vec::new() }});
        let done = || answers("What the method answers.", "application/json", enveloped(json!({})), OF_CHANGES);
        let called = |verb: &str, parameters: &[&str]| json!({"post": operation(verb, format!("{label}: {about}"), parameters, Some(body(params.clone(), needed, None)), done())});
        paths.insert(format!("/object/{name}/{{id}}/{method}"), called(&method, &["id", "idempotency"]));
        if !on_record {
            paths.insert(format!("/object/{name}/{method}"), called(&format!("{method}_of_model"), &["idempotency"]));
        }
    }
}
