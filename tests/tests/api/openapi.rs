//! The API's document: it holds together, its examples work, and every call that the hub makes is as it says.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::platform::{Call, Platform, platform_of};
use system_tests::{Session, Stand, id, until};

async fn document(stand: &Stand) -> Value {
    let answer = stand.send("GET", "/openapi.json", &[], "").await;
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "application/json"), "{}", answer.text);
    answer.json()
}

/// Every value under this key, at any depth.
fn under<'d>(json: &'d Value, key: &str, found: &mut Vec<&'d Value>) {
    match json {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            if name == key {
                found.push(value);
            }
            under(value, key, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| under(item, key, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_holds_together_and_names_every_model_in_both_shapes() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let document = document(&stand).await;
        assert_eq!(document["openapi"], "3.1.0");
        let (mut references, mut ids) = (Vec::new(), Vec::new());
        under(&document, "$ref", &mut references);
        under(&document, "operationId", &mut ids);
        for reference in references.iter().filter_map(|reference| reference.as_str()) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        let distinct: BTreeSet<_> = ids.iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(distinct.len(), ids.len(), "an operationId stands twice");
        for model in service::directory::SERVICES.iter().flat_map(|(_, models)| *models) {
            assert!(document["paths"][format!("/api/{model}/")]["get"].is_object(), "{model}");
            assert!(document["components"]["schemas"][*model]["properties"]["id"].is_object(), "{model}");
        }
        let text = document.to_string();
        assert!(!text.contains("post_hash") && !text.contains("secret_before"), "internal fields are nobody's business");
    }
}

/// What differs between two documents, a line a place.
fn differences(before: &Value, now: &Value, at: &str, found: &mut Vec<String>) {
    let short = |value: &Value| value.to_string().chars().take(200).collect::<String>();
    let step = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            for name in before.keys().chain(now.keys().filter(|name| !before.contains_key(*name))) {
                match (before.get(name), now.get(name)) {
                    (Some(before), Some(now)) => differences(before, now, &step(name), found),
                    (Some(before), None) => found.push(format!("- {} {}", step(name), short(before))),
                    (None, now) => found.push(format!("+ {} {}", step(name), now.map(short).unwrap_or_default())),
                }
            }
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            before
                .iter()
                .zip(now)
                .enumerate()
                .for_each(|(index, (before, now))| differences(before, now, &step(&index.to_string()), found));
        }
        _ if before == now => {}
        _ => found.push(format!("~ {at} {} → {}", short(before), short(now))),
    }
}

/// JSON for people who compare: what fits on a line stands on one.
fn laid_out(value: &Value, indent: usize) -> String {
    let short = value.to_string();
    let (open, lines, close) = match value {
        _ if short.len() + indent <= 130 => return short,
        Value::Object(map) => {
            let line = |(name, value)| format!("{}:{}", json!(name), laid_out(value, indent + 1));
            ('{', map.iter().map(line).collect::<Vec<_>>(), '}')
        }
        Value::Array(items) => ('[', items.iter().map(|item| laid_out(item, indent + 1)).collect(), ']'),
        _ => return short,
    };
    let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + 1));
    format!("{open}\n{inner}{}\n{outer}{close}", lines.join(&format!(",\n{inner}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_that_of_its_snapshot() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/openapi.json");
    let mut now = document(&Stand::new().await).await;
    // It changes with every release, and tells a client nothing of what it may send
    now["info"]["version"] = "the release's".into();
    #[expect(clippy::disallowed_methods, reason = "how a change is accepted")]
    let accepts = std::env::var("SNAPSHOTS").is_ok_and(|word| word == "accept");
    if accepts {
        return std::fs::write(&path, laid_out(&now, 0) + "\n").unwrap();
    }
    let before = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let mut found = Vec::new();
    differences(&before, &now, "", &mut found);
    assert!(found.is_empty(), "clients see this change; `make accept` takes it into {}:\n{}", path.display(), found.join("\n"));
}

/// Everything that is a schema by its keys, with where it stands.
fn schemas<'d>(json: &'d Value, at: &str, found: &mut Vec<(String, &'d serde_json::Map<String, Value>)>) {
    match json {
        Value::Object(map) => {
            found.push((at.to_owned(), map));
            map.iter().for_each(|(name, value)| schemas(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| schemas(item, &format!("{at}/{index}"), found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_schema_is_of_a_kind_that_makers_of_typed_clients_leave_out() {
    let stand = Stand::new().await;
    let document = document(&stand).await;
    let mut found = Vec::new();
    // What is an example is data
    for part in ["/paths", "/webhooks", "/components"] {
        schemas(document.pointer(part).unwrap(), part, &mut found);
    }
    let mut wrong = Vec::new();
    for (at, schema) in found.iter().filter(|(at, _)| !at.contains("/example") && !at.ends_with("/properties")) {
        let is = |kind: &str| {
            schema.get("type").is_some_and(|found| found == kind || found.as_array().is_some_and(|all| all.contains(&json!(kind))))
        };
        if is("array") && !schema.contains_key("items") {
            wrong.push(format!("{at}: an array without items"));
        }
        if schema.contains_key("const") || (schema.get("enum").is_some_and(Value::is_array) && !schema.contains_key("type")) {
            wrong.push(format!("{at}: a value without a type"));
        }
        let options = schema.get("anyOf").and_then(Value::as_array);
        if options.is_some_and(|options| options.iter().any(|option| option["type"] == "array")) {
            wrong.push(format!("{at}: a list among other things"));
        }
        if schema.get("in").is_some_and(|place| place == "query") && schema.contains_key("content") {
            wrong.push(format!("{at}: a parameter that is not a plain text or number"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_works_on_the_demos_data() {
    let stand = Stand::new().await;
    let document = document(&stand).await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let mut tried = 0;
    // A lead before its order
    for method in ["post", "put"] {
        // An Odoo before its run
        let mut paths: Vec<_> = document["paths"].as_object().unwrap().iter().collect();
        paths.sort_by_key(|(path, _)| path.trim_end_matches('/'));
        for (path, operations) in paths {
            let example = operations[method].pointer("/requestBody/content/application~1json/example");
            let Some(example) = example.filter(|_| path.starts_with("/api/") && path.ends_with('/')) else { continue };
            let staffs = path.contains("/stock.") || path.contains("/ek.");
            let who: &Session<'_> = if staffs { &admin } else { &ekiclik };
            let answer = who.send(&method.to_uppercase(), path, &[], &example.to_string()).await;
            assert_eq!(answer.status, 200, "{method} {path}: {example}: {}", answer.text);
            if method == "put" {
                assert_ne!(answer.headers["x-records-matched"], "0", "{path} finds nothing: {example}");
            }
            tried += 1;
        }
    }
    assert!(tried >= 14, "only {tried} examples");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_comes_out_of_the_program_and_asks_no_other_host() {
    let stand = Stand::new().await;
    let page = stand.send("GET", "/docs/", &[], "").await;
    assert_eq!(page.status, 200);
    assert!(page.headers["content-security-policy"].starts_with("default-src 'self'"), "{:?}", page.headers);
    assert!(!page.text.contains("https://"), "{}", page.text);
    for part in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        let part = stand.send("GET", &format!("/docs/{part}"), &[], "").await;
        assert!(part.status == 200 && part.text.len() > 100, "{}", part.status);
    }
}

/// What of a value its schema does not allow; the words of JSON Schema that the webhooks use.
fn wrong(value: &Value, schema: &Value, at: &str) -> Option<String> {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if let Some(options) = schema["enum"].as_array() {
        return (!options.contains(value)).then(|| format!("{at}: {value} is none of {options:?}"));
    }
    let is = |name: &Value| name == kind || (name == "number" && kind == "integer");
    let allowed = schema["type"].as_array().map_or_else(|| is(&schema["type"]), |kinds| kinds.iter().any(is));
    if !allowed {
        return Some(format!("{at}: {value} is no {}", schema["type"]));
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| wrong(item, &schema["items"], &format!("{at}[]"))),
        Value::Object(map) => {
            let required = schema["required"].as_array().unwrap();
            let missing = required.iter().find(|name| !map.contains_key(name.as_str().unwrap()));
            let missing = missing.map(|name| format!("{at}: {name} is missing"));
            missing.or_else(|| {
                map.iter().find_map(|(name, value)| match schema["properties"].get(name) {
                    Some(schema) => wrong(value, schema, &format!("{at}.{name}")),
                    None => Some(format!("{at}: {name} is not told of")),
                })
            })
        }
        _ => None,
    }
}

/// The webhook that a call is.
fn told_of(call: &Call) -> &'static str {
    let (method, path) = call.line.split_once(' ').unwrap();
    let fits = |pattern: &str| match pattern.split_once("{}") {
        Some((before, _)) => path.strip_prefix(before).is_some_and(|rest| !rest.contains('/')),
        None => path == pattern,
    };
    let found = sync::webhooks::all().into_iter().find(|webhook| webhook.method == method && fits(webhook.path));
    let webhook = found.unwrap_or_else(|| panic!("the document does not know {}", call.line));
    assert_eq!(wrong(&call.json(), &webhook.body, webhook.name), None, "{}", call.body);
    webhook.name
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_a_platform_is_as_the_document_says_and_each_that_it_names_is_made() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    let quant = id(&admin.create("stock.quant", json!({"product_id": 1, "location_id": "EKIWH", "inventory_quantity": 17})).await);
    assert_eq!(admin.call("stock.quant", quant, "action_apply_inventory", json!([])).await.status, 200);
    assert_eq!(admin.call("ek.platform", platform, "action_full_sync", json!([])).await.status, 200);
    let synced = async || stand.count("SELECT count(*) AS n FROM sync.ek_sync WHERE state = 'running'").await == 0;
    until("all is told", synced).await;
    let lead = json!({"order_source": "BNA", "cart_id": 9001, "partner": {"email": "mourad.belkacem@example.dz"},
        "cart": [{"manufacturer_ref": "ATLAS-CAN3-BL", "quantity": 3, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}],
        "quotation_address": {"ek_order_id": 9001}});
    assert_eq!(ekiclik.create("crm.lead", lead).await.status, 200);
    let changes = [
        ("product.master", json!({"description": "New"})),
        ("product.master", json!({"active": false})),
        ("product.master", json!({"active": true})),
        ("product.template", json!({"description": "New"})),
        ("product.template", json!({"active": false})),
        ("product.template", json!({"active": true})),
        ("res.partner", json!({"mobile": "0555 00 00 00"})),
        ("res.users", json!({"codification": "A-17"})),
    ];
    for (model, data) in changes {
        let filter = match model {
            "res.partner" => json!([["is_pos", "=", true]]),
            "res.users" => json!([["login", "=", "bna"]]),
            _ => json!([["id", "=", 1], ["active", "in", [true, false]]]),
        };
        let changed = admin.write(model, filter, data.clone()).await;
        assert_eq!((changed.status, changed.headers["x-records-matched"].as_str() != "0"), (200, true), "{model} {data}: {}", changed.text);
        // Before the next one, or they are folded
        stand.all_told(Duration::from_secs(10)).await;
    }
    id(&admin.call("ek.platform", platform, "action_test", json!([])).await);
    stand.all_told(Duration::from_secs(10)).await;
    let all: BTreeSet<&str> = sync::webhooks::all().iter().map(|webhook| webhook.name).collect();
    until("each was made", async || bna.calls().iter().map(told_of).collect::<BTreeSet<_>>() == all).await;
}
