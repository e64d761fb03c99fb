//! What each call says: the platforms' existing interface, a place a kind. Built when sent, from the owners' records as they
//! are now, asked for in batches.

use std::collections::{BTreeMap, BTreeSet};

use jsonrpc::Fault;
use serde_json::{Map, Value as Json, json};
use service::Owner;

use crate::Sync;
use crate::hear::{Kind, read, read_all};

type Row = Map<String, Json>;

/// A call to a platform, but for its base URL.
#[derive(Clone, Debug)]
pub struct Message {
    /// POST, PUT or PATCH.
    pub method: &'static str,
    /// After the base URL.
    pub path: String,
    /// Empty for a PATCH.
    pub body: Vec<u8>,
    /// What it tells of which records, as JSON without spaces and with its keys in order, to be compared later by digests.
    pub told: Vec<(Kind, i64, String)>,
}

/// What there is to say of each record, by kind and record; none for a record that is not there any more.
pub struct Said(BTreeMap<(Kind, i64), Row>);

const CONFIGURATION: &str = "{id, name, manufacturer_ref, master_product{ref_odoo}, selling_price, central_price, active, description, \
     fab_certificate, image_url, ref_odoo, attribute_value_ids{name, attribute_id{name}}}";
const PRODUCT: &str = "{id, name, description, categ_id{name}, brand{name, reference}, ref, fab_name, active, ref_odoo}";

/// Asks the owners: one call a kind for all its records, two more for quantities.
///
/// # Errors
/// 503 where an owner is away.
pub async fn look_up(owner: &Owner<Sync>, wanted: &BTreeSet<(Kind, i64)>) -> Result<Said, Fault> {
    let mut said = BTreeMap::new();
    let ids = |kind: Kind| wanted.iter().filter(move |(of, _)| *of == kind).map(|(_, id)| *id).collect::<Vec<_>>();
    for kind in wanted.iter().map(|(kind, _)| *kind).collect::<BTreeSet<_>>() {
        let query = match kind {
            Kind::Product => PRODUCT,
            Kind::Configuration => CONFIGURATION,
            Kind::Stock => "{id, ref_odoo, central_price, selling_price}",
            Kind::Order => {
                "{id, ek_order_id, ek_state, \
                 order_line{manufacturer_ref, product_uom_qty, reserved, qty_delivered, qty_returned, qty_credited}}"
            }
            Kind::Client => "{id, name, email, phone, country_id{code}, state_id{name}}",
            Kind::Pos => "{id, name, street, city, phone, mobile, state_id{name}, code_pos, status, active, create_by}",
            Kind::User => "{id, name, login, phone, codification, role, email, code_pos}",
        };
        for row in read(owner, kind.model(), json!([["id", "in", ids(kind)]]), query).await? {
            said.insert((kind, number(&row, "id")), row);
        }
    }
    let mut add = |kind: Kind, of: &str, under: &str, rows: Vec<Row>| {
        for row in rows {
            let id = row.get(of).map_or(0, |value| value.as_i64().or_else(|| value.get("id")?.as_i64()).unwrap_or_default());
            let holder = said.get_mut(&(kind, id)).map(|row| row.entry(under.to_owned()).or_insert_with(|| json!([])));
            if let Some(Json::Array(list)) = holder {
                list.push(Json::Object(row));
            }
        }
    };
    let (products, stocks) = (ids(Kind::Product), ids(Kind::Stock));
    if !products.is_empty() {
        let query = CONFIGURATION.replace("master_product{ref_odoo}", "master_product{id, ref_odoo}");
        let rows =
            read_all(owner, "product.template", &[json!(["master_product", "in", products]), json!(["active", "=", true])], &query).await?;
        add(Kind::Product, "master_product", "configurations", rows);
    }
    if !stocks.is_empty() {
        let query = "{id, product_id, location_id{warehouse_id{code}}, quantity, available_quantity, closed, version}";
        // What came back is not sold
        let filter = [json!(["product_id", "in", stocks]), json!(["location_id.return_location", "=", false])];
        add(Kind::Stock, "product_id", "quants", read_all(owner, "stock.quant", &filter, query).await?);
    }
    let codes: Vec<String> = wanted
        .iter()
        .filter(|(kind, _)| *kind == Kind::Pos)
        .filter_map(|key| Some(said.get(key)?.get("code_pos")?.as_str()?.to_owned()))
        .collect();
    if !codes.is_empty() {
        let users = read(owner, "res.users", json!([["code_pos", "in", codes]]), "{id, login, codification, role, code_pos}").await?;
        for (_, row) in said.iter_mut().filter(|((kind, _), _)| *kind == Kind::Pos) {
            let mine = users.iter().filter(|user| user.get("code_pos") == row.get("code_pos"));
            let mine: Vec<Json> = mine
                .map(|user| json!({"username": user.get("login"), "codification": text(user, "codification"), "role": text(user, "role")}))
                .collect();
            row.insert("users".to_owned(), mine.into());
        }
    }
    Ok(Said(said))
}

fn number(row: &Row, name: &str) -> i64 {
    row.get(name).and_then(Json::as_i64).unwrap_or_default()
}

/// Odoo reads what is unset as `false`; a platform reads null.
fn text(row: &Row, name: &str) -> Json {
    row.get(name).filter(|value| **value != Json::Bool(false)).cloned().unwrap_or_default()
}

fn within(row: &Row, name: &str, inner: &str) -> Json {
    row.get(name).and_then(|value| value.get(inner)).filter(|value| **value != Json::Bool(false)).cloned().unwrap_or_default()
}

fn configuration(row: &Row) -> Json {
    let values = row.get("attribute_value_ids").and_then(Json::as_array).into_iter().flatten();
    let characteristics: Vec<Json> =
        values.map(|value| json!({"name": value.pointer("/attribute_id/name"), "value": value.get("name")})).collect();
    let active = row.get("active") == Some(&Json::Bool(true));
    json!({
        "name": text(row, "name"), "reference": text(row, "manufacturer_ref"), "product_ref_odoo": within(row, "master_product", "ref_odoo"),
        "price": text(row, "selling_price"), "buyingPrice": text(row, "central_price"), "state": if active { "ACTIVE" } else { "ARCHIVED" },
        "productCharacteristics": characteristics, "active": active, "description": text(row, "description"),
        "certificateUrl": text(row, "fab_certificate"), "images": text(row, "image_url"), "ref_odoo": text(row, "ref_odoo"),
    })
}

impl Said {
    /// The call that tells a record; none where there is nothing to tell any more.
    pub fn message(&self, kind: Kind, id: i64, verb: &str) -> Option<Message> {
        let reference = if kind == Kind::Product { format!("rc_{id}") } else { format!("rc_variante{id}") };
        let of_product = if kind == Kind::Product { "" } else { "/configuration" };
        let patch = |word: &str| Message {
            method: "PATCH",
            path: format!("/api/odoo/products{of_product}/{word}/{reference}"),
            body: Vec::new(),
            told: Vec::new(),
        };
        let Some(row) = self.0.get(&(kind, id)) else {
            // What was removed is archived there
            return matches!(kind, Kind::Product | Kind::Configuration).then(|| patch("archive"));
        };
        if verb == "PATCH" && matches!(kind, Kind::Product | Kind::Configuration) {
            return Some(patch(if row.get("active") == Some(&Json::Bool(true)) { "activate" } else { "archive" }));
        }
        let method = if verb == "POST" { "POST" } else { "PUT" };
        let mut told = Vec::new();
        let (method, path, body) = match kind {
            Kind::Product => {
                let mut body = json!({
                    "name": text(row, "name"), "description": text(row, "description"), "categoryName": within(row, "categ_id", "name"),
                    "brand": {"name": within(row, "brand", "name"), "reference": within(row, "brand", "reference")},
                    "refConstructor": text(row, "ref"), "manufactureName": text(row, "fab_name"), "activate": row.get("active"),
                    "ref_odoo": text(row, "ref_odoo"),
                });
                told.push((kind, id, body.to_string()));
                if let ("POST", Some(body)) = (method, body.as_object_mut()) {
                    let all = row.get("configurations").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object);
                    let all: Vec<(i64, Json)> = all.map(|one| (number(one, "id"), configuration(one))).collect();
                    told.extend(all.iter().map(|(id, one)| (Kind::Configuration, *id, one.to_string())));
                    body.insert("configurations".to_owned(), all.into_iter().map(|(_, one)| one).collect());
                }
                (method, if method == "POST" { "products" } else { "products/update" }.to_owned(), body)
            }
            Kind::Configuration => ("PUT", "products/configuration".to_owned(), configuration(row)),
            Kind::Stock => {
                let quants = row.get("quants").and_then(Json::as_array).into_iter().flatten();
                let places = quants.map(|quant| {
                    let closed = quant.get("closed") == Some(&Json::Bool(true));
                    let available = if closed { json!(0) } else { quant.get("available_quantity").cloned().unwrap_or_default() };
                    json!({
                        "pos": quant.pointer("/location_id/warehouse_id/code"), "configuration_ref_odoo": row.get("ref_odoo"),
                        "realQuantity": quant.get("quantity"), "availableQuantity": available,
                        "price": row.get("central_price"), "sellingPrice": row.get("selling_price"), "version": quant.get("version"),
                    })
                });
                let places: Vec<Json> = places.collect();
                if places.is_empty() {
                    return None;
                }
                ("PUT", "stocks".to_owned(), places.into())
            }
            Kind::Order => {
                let lines = row.get("order_line").and_then(Json::as_array).into_iter().flatten();
                let lines: Vec<Json> = lines
                    .map(|line| {
                        json!({
                            "reference": line.get("manufacturer_ref"), "quantity": line.get("product_uom_qty"), "reserved": line.get("reserved"),
                            "delivered": line.get("qty_delivered"), "returned": line.get("qty_returned"), "credited": line.get("qty_credited"),
                        })
                    })
                    .collect();
                ("PUT", format!("order/{}", number(row, "ek_order_id")), json!({"state": row.get("ek_state"), "lines": lines}))
            }
            Kind::Client => {
                let body = json!({
                    "name": text(row, "name"), "email": text(row, "email"), "phone": text(row, "phone"),
                    "country_id": within(row, "country_id", "code"), "state_id": within(row, "state_id", "name"), "xml_id": format!("res_partner_{id}"),
                });
                ("PUT", "client/clients".to_owned(), body)
            }
            Kind::Pos => {
                let status = row.get("status").and_then(Json::as_str).unwrap_or_default();
                let closed = domain::is_closed(row.get("active") == Some(&Json::Bool(true)), status);
                let body = json!({
                    "name_pos": text(row, "name"), "address_pos": text(row, "street"), "pos_phone_one": text(row, "phone"),
                    "pos_phone_two": text(row, "mobile"), "pos_wilaya": within(row, "state_id", "name"), "pos_commune": text(row, "city"),
                    "codification": text(row, "code_pos"), "status": if closed { json!("BLOCKED") } else { text(row, "status") }, "source": text(row, "create_by"),
                    "users": row.get("users").cloned().unwrap_or_else(|| json!([])),
                });
                (method, "pos".to_owned(), body)
            }
            Kind::User => {
                let name = row.get("name").and_then(Json::as_str).unwrap_or_default();
                let (first, last) = name.split_once(' ').unwrap_or((name, ""));
                let body = json!({
                    "username": text(row, "login"), "firstname": first, "lastname": last, "phone": text(row, "phone"), "address": null,
                    "codification": text(row, "codification"), "role": text(row, "role"), "email": text(row, "email"),
                });
                (method, "users".to_owned(), body)
            }
        };
        if told.is_empty() {
            told.push((kind, id, body.to_string()));
        }
        Some(Message { method, path: format!("/api/odoo/{path}"), body: body.to_string().into_bytes(), told })
    }
}
