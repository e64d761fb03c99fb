//! The calls to the platforms as the API's document tells of them, in OpenAPI's `webhooks`. A test holds every call that the
//! hub makes against it.

use serde_json::{Map, Value as Json, json};

/// A call: its name, method, path, what it tells, and its body.
pub struct Webhook {
    /// Among the document's webhooks.
    pub name: &'static str,
    /// HTTP's.
    pub method: &'static str,
    /// After the platform's base URL; `{}` stands for a reference.
    pub path: &'static str,
    /// When it comes.
    pub about: &'static str,
    /// JSON Schema.
    pub body: Json,
}

fn object(properties: &[(&str, Json)]) -> Json {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Json> = properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// Every call.
pub fn all() -> Vec<Webhook> {
    let text = || json!({"type": ["string", "null"]});
    let (number, flag) = (|| json!({"type": "number"}), || json!({"type": "boolean"}));
    let list = |items: Json| json!({"type": "array", "items": items});
    let configuration = object(&[
        ("name", text()),
        ("reference", text()),
        ("product_ref_odoo", text()),
        ("price", number()),
        ("buyingPrice", number()),
        ("state", json!({"type": "string", "enum": ["ACTIVE", "ARCHIVED"]})),
        ("productCharacteristics", list(object(&[("name", text()), ("value", text())]))),
        ("active", flag()),
        ("description", text()),
        ("certificateUrl", text()),
        ("images", text()),
        ("ref_odoo", text()),
    ]);
    let product = [
        ("name", text()),
        ("description", text()),
        ("categoryName", text()),
        ("brand", object(&[("name", text()), ("reference", text())])),
        ("refConstructor", text()),
        ("manufactureName", text()),
        ("activate", flag()),
        ("ref_odoo", text()),
    ];
    let whole = object(&[product.as_slice(), &[("configurations", list(configuration.clone()))]].concat());
    let place = object(&[
        ("pos", text()),
        ("configuration_ref_odoo", text()),
        ("realQuantity", number()),
        ("availableQuantity", number()),
        ("price", number()),
        ("sellingPrice", number()),
        ("version", json!({"type": "integer"})),
    ]);
    let quantities = ["quantity", "reserved", "delivered", "returned", "credited"].map(|name| (name, number()));
    let line = object(&[[("reference", text())].as_slice(), &quantities].concat());
    let mut order = object(&[("state", text()), ("lines", list(line))]);
    // It may be missing
    if let Some(properties) = order.get_mut("properties").and_then(Json::as_object_mut) {
        let about = "The loan file's state, where it was taken to it by a step.";
        properties.insert("file_state".to_owned(), json!({"type": ["string", "null"], "maxLength": 64, "description": about}));
    }
    let names = |names: &[&'static str]| object(&names.iter().map(|name| (*name, text())).collect::<Vec<_>>());
    let client = names(&["name", "email", "phone", "country_id", "state_id", "xml_id"]);
    let pos_user = names(&["username", "codification", "role"]);
    let pos_names =
        ["name_pos", "address_pos", "pos_phone_one", "pos_phone_two", "pos_wilaya", "pos_commune", "codification", "status", "source"];
    let pos = pos_names.iter().map(|name| (*name, text())).chain([("users", list(pos_user))]);
    let pos = object(&pos.collect::<Vec<_>>());
    let user = names(&["username", "firstname", "lastname", "phone", "address", "codification", "role", "email"]);

    let call = |name, method, path, about, body| Webhook { name, method, path, about, body };
    let configurations = "/api/odoo/products/configuration";
    vec![
        call("product.created", "POST", "/api/odoo/products", "A product was created, with its configurations.", whole),
        call("product.updated", "PUT", "/api/odoo/products/update", "A product was updated.", object(&product)),
        call("product.archived", "PATCH", "/api/odoo/products/archive/{}", "A product was archived.", object(&[])),
        call("product.activated", "PATCH", "/api/odoo/products/activate/{}", "A product was activated.", object(&[])),
        call("configuration.changed", "PUT", configurations, "A configuration was created later, or updated.", configuration),
        call(
            "configuration.archived",
            "PATCH",
            "/api/odoo/products/configuration/archive/{}",
            "A configuration was archived.",
            object(&[]),
        ),
        call(
            "configuration.activated",
            "PATCH",
            "/api/odoo/products/configuration/activate/{}",
            "A configuration was activated.",
            object(&[]),
        ),
        call(
            "stock.changed",
            "PUT",
            "/api/odoo/stocks",
            "A quantity or a price changed: all places of a configuration, absolute.",
            list(place),
        ),
        call(
            "order.changed",
            "PUT",
            "/api/odoo/order/{}",
            "An order was delivered, cancelled, is short of goods, got the rest, goods of it came back or were credited, or its loan file \
             was taken to another state.",
            order,
        ),
        call("client.changed", "PUT", "/api/odoo/client/clients", "A client was created or updated.", client),
        call("pos.created", "POST", "/api/odoo/pos", "A point of sale was created.", pos.clone()),
        call("pos.updated", "PUT", "/api/odoo/pos", "A point of sale was updated.", pos),
        call("user.created", "POST", "/api/odoo/users", "A user was created.", user.clone()),
        call(
            "platform.tested",
            "POST",
            "/api/odoo/test",
            "An administrator looks whether calls arrive. It comes once.",
            object(&[("test", flag())]),
        ),
        call("user.updated", "PUT", "/api/odoo/users", "A user was updated.", user),
    ]
}

/// OpenAPI's `webhooks`.
pub fn document() -> Json {
    let header = |name: &str, about: &str| json!({"name": name, "in": "header", "required": true, "description": about, "schema": {"type": "string"}});
    let headers = json!([
        header("webhook-id", "The same on every retry that says the same; no other call ever bears it."),
        header("webhook-timestamp", "Of this attempt, in seconds since 1970."),
        json!({"name": "webhook-version", "in": "header", "required": true, "schema": {"type": "integer", "minimum": 0},
            "description": "The record's: what has a lower one than you have stored of the record is older."}),
        header(
            "webhook-signature",
            "Standard Webhooks: `v1,` and the HMAC-SHA256 of `id.timestamp.body`; two for a day after a new secret."
        ),
    ]);
    let answers = json!({
        "2XX": {"description": "Taken."},
        "409": {"description": "To a POST: it is there already, and is sent as the PUT."},
        "410": {"description": "The platform wants no more calls and is switched off."},
        "default": {"description": "Tried again, up to ten times in four days."},
    });
    let all = all().into_iter().map(|call| {
        let operation = json!({
            "operationId": format!("webhook.{}", call.name), "tags": ["webhooks"], "summary": call.about,
            "description": format!("`{} {}` at the platform's base URL.", call.method, call.path.replace("{}", "{ref_odoo}")),
            "parameters": headers, "responses": answers,
            "requestBody": {"required": true, "content": {"application/json": {"schema": call.body}}},
        });
        (call.name.to_owned(), json!({call.method.to_lowercase(): operation}))
    });
    Json::Object(all.collect())
}
