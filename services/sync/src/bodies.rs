//! What each call says: the platforms' existing interface, a place a kind. Built when sent, from the owners' records as they
//! are now, asked for in batches.

use std::collections::{BTreeMap, BTreeSet};

use jsonrpc::Fault;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use service::Owner;

use crate::Sync;
use crate::hear::{Kind, read, read_all, read_as};

type Row = Map<String, Json>;

/// A call to a platform, but for its base URL.
#[derive(Clone, Debug)]
pub struct Message {
    /// POST, PUT or PATCH.
    pub method: &'static str,
    /// After the base URL.
    pub path: String,
    /// `{}` for a PATCH.
    pub body: Vec<u8>,
    /// The record's, or the newest of those that it consists of.
    pub version: i64,
    /// What it tells of which records, to be compared later.
    pub told: Vec<Told>,
    /// Of a POST: what a platform is told that has the record already.
    pub instead: Option<Box<Message>>,
    /// Configurations that a platform may not have, as they are not in the body.
    pub untold: Vec<i64>,
}

/// What a platform has taken of a record, when it has taken the message.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "columns of ek_sent")]
pub struct Told {
    pub kind: Kind,
    pub record_id: i64,
    /// Of JSON without spaces and with its keys in order; that text itself until it is known by whose secret.
    pub digest: String,
    pub version: i64,
}

/// To whom a message is.
#[derive(Clone, Copy, Debug)]
pub struct Hearer<'r> {
    /// The platform's bank.
    pub bank: Option<i64>,
    /// Whether it has taken the record before.
    pub knows: bool,
    /// How it knows the record, where that is not there any more to be asked for.
    pub reference: Option<&'r str>,
}

/// What there is to say of each record, by kind and record; none for a record that is not there any more.
pub struct Said(BTreeMap<(Kind, i64), Row>);

const CONFIGURATION: &str = "{id, version, name, manufacturer_ref, master_product{ref_odoo}, selling_price, central_price, active, description, \
     fab_certificate, image_url, ref_odoo, attribute_value_ids{name, attribute_id{name}}}";
const PRODUCT: &str = "{id, version, name, description, categ_id{name}, brand{name, reference}, ref, fab_name, active, ref_odoo}";

const CLIENT: &str = "{id, ref_odoo, name, email, phone, country_id{code}, state_id{name}}";
/// Of the release before, which does not keep a client's reference: it is made of the id. It goes with the next release.
const CLIENT_BEFORE: &str = "{id, name, email, phone, country_id{code}, state_id{name}}";

/// Asks the owners: one call a kind for all its records, two more for quantities, one more for the clients of each bank.
///
/// # Errors
/// 503 where an owner is away.
pub async fn look_up(owner: &Owner<Sync>, wanted: &BTreeSet<(Kind, i64)>) -> Result<Said, Fault> {
    let mut said = BTreeMap::new();
    let ids = |kind: Kind| wanted.iter().filter(move |(of, _)| *of == kind).map(|(_, id)| *id).collect::<Vec<_>>();
    for kind in wanted.iter().map(|(kind, _)| *kind).collect::<BTreeSet<_>>() {
        let query = match kind {
            // There is nothing to ask
            Kind::Test => continue,
            Kind::Product => PRODUCT,
            Kind::Configuration => CONFIGURATION,
            Kind::Stock => "{id, version, ref_odoo, central_price, selling_price}",
            Kind::Order => {
                "{id, version, bank_id, ek_order_id, ek_state, opportunity_id{file_state, file_state_date}, \
                 order_line{manufacturer_ref, product_uom_qty, reserved, qty_delivered, qty_returned, qty_credited}}"
            }
            Kind::Client => "{id, version, bank_ids}",
            Kind::Pos => "{id, version, name, street, city, phone, mobile, state_id{name}, code_pos, status, active, create_by}",
            Kind::User => "{id, version, bank_id, name, login, phone, codification, role, email}",
        };
        for row in read(owner, kind.model(), json!([["id", "in", ids(kind)]]), query).await? {
            said.insert((kind, id_of(&row)?), row);
        }
    }
    // What there is to say of a client, each bank's platform hears as its bank may read it
    let mut of_banks: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for ((_, id), row) in said.iter().filter(|((kind, _), _)| *kind == Kind::Client) {
        for bank in row.get("bank_ids").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_i64) {
            of_banks.entry(bank).or_default().push(*id);
        }
    }
    for (bank, clients) in of_banks {
        let of_these = json!([["id", "in", clients]]);
        let rows = match read_as(owner, bank, Kind::Client.model(), of_these.clone(), CLIENT).await {
            Err(fault) if fault.message.contains("'ref_odoo'") => {
                read_as(owner, bank, Kind::Client.model(), of_these, CLIENT_BEFORE).await?
            }
            rows => rows?,
        };
        for row in rows {
            let holder = said.get_mut(&(Kind::Client, needed(&row, "id")?)).map(|row| row.entry("said_to").or_insert_with(|| json!({})));
            if let Some(Json::Object(banks)) = holder {
                banks.insert(bank.to_string(), row.into());
            }
        }
    }
    let mut add = |kind: Kind, of: &str, under: &str, rows: Vec<Row>| {
        for row in rows {
            id_of(&row)?;
            let id = match row.get(of) {
                Some(Json::Object(record)) => needed(record, "id")?,
                _ => needed(&row, of)?,
            };
            let holder = said.get_mut(&(kind, id)).map(|row| row.entry(under.to_owned()).or_insert_with(|| json!([])));
            if let Some(Json::Array(list)) = holder {
                list.push(Json::Object(row));
            }
        }
        Ok::<_, Fault>(())
    };
    let (products, stocks) = (ids(Kind::Product), ids(Kind::Stock));
    if !products.is_empty() {
        let query = CONFIGURATION.replace("master_product{ref_odoo}", "master_product{id, ref_odoo}");
        let rows = read_all(owner, "product.template", &[json!(["master_product", "in", products])], &query).await?;
        add(Kind::Product, "master_product", "configurations", rows)?;
    }
    if !stocks.is_empty() {
        let query = "{id, product_id, location_id{warehouse_id{code}}, quantity, available_quantity, closed, version}";
        // What came back is not sold
        let filter = [json!(["product_id", "in", stocks]), json!(["location_id.return_location", "=", false])];
        add(Kind::Stock, "product_id", "quants", read_all(owner, "stock.quant", &filter, query).await?)?;
    }
    let codes: Vec<String> = wanted
        .iter()
        .filter(|(kind, _)| *kind == Kind::Pos)
        .filter_map(|key| Some(said.get(key)?.get("code_pos")?.as_str()?.to_owned()))
        .collect();
    if !codes.is_empty() {
        let theirs = [json!(["code_pos", "in", codes]), json!(["bank_id", "!=", false]), json!(["active", "=", true])];
        let users = read_all(owner, "res.users", &theirs, "{id, login, codification, role, code_pos, bank_id}").await?;
        for (_, row) in said.iter_mut().filter(|((kind, _), _)| *kind == Kind::Pos) {
            let mine = users.iter().filter(|user| user.get("code_pos") == row.get("code_pos"));
            let mine: Vec<Json> = mine.map(|user| Json::Object(user.clone())).collect();
            row.insert("users".to_owned(), mine.into());
        }
    }
    Ok(Said(said))
}

/// A number that an owner always tells.
fn needed(row: &Row, name: &str) -> Result<i64, Fault> {
    let number = row.get(name).and_then(Json::as_i64);
    number.ok_or_else(|| service::our_fault("sync", "a record to be told lacks a number", &name))
}

/// The id of a record, whose version is looked at too.
fn id_of(row: &Row) -> Result<i64, Fault> {
    needed(row, "version")?;
    needed(row, "id")
}

/// A number of a row that was looked at for it.
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

/// The records of a list that a record has.
fn listed<'r>(row: &'r Row, name: &str) -> impl Iterator<Item = &'r Row> {
    row.get(name).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object)
}

/// Whether a bank may hear of a record as it is now: it may have been told so when the record was still its own.
fn may_hear(kind: Kind, row: &Row, bank: Option<i64>) -> bool {
    match kind {
        Kind::Product | Kind::Configuration | Kind::Stock | Kind::Pos | Kind::Test => true,
        Kind::Client => {
            row.get("bank_ids").and_then(Json::as_array).is_some_and(|banks| banks.iter().any(|id| bank.is_some() && id.as_i64() == bank))
        }
        Kind::Order | Kind::User => bank.is_some() && row.get("bank_id").and_then(Json::as_i64) == bank,
    }
}

impl Said {
    /// The call that tells a platform of a record; none where there is nothing to tell it any more.
    pub fn message(&self, kind: Kind, id: i64, verb: &str, hearer: Hearer<'_>) -> Option<Message> {
        let of_product = if kind == Kind::Product { "" } else { "/configuration" };
        let patch = |word: &str, reference: &str, version: i64| Message {
            method: "PATCH",
            path: format!("/api/odoo/products{of_product}/{word}/{reference}"),
            body: b"{}".to_vec(),
            version,
            told: Vec::new(),
            instead: None,
            untold: Vec::new(),
        };
        if kind == Kind::Test {
            let (path, body) = ("/api/odoo/test".to_owned(), json!({"test": true}).to_string().into_bytes());
            return Some(Message { method: "POST", path, body, version: 1, told: Vec::new(), instead: None, untold: Vec::new() });
        }
        let of_catalog = matches!(kind, Kind::Product | Kind::Configuration);
        let Some(row) = self.0.get(&(kind, id)) else {
            // What was removed is archived there; without a reference it was not heard of yet
            let reference = hearer.reference.filter(|_| of_catalog && hearer.knows)?;
            return Some(patch("archive", reference, 0));
        };
        if !may_hear(kind, row, hearer.bank) {
            return None;
        }
        let version = number(row, "version");
        if verb == "PATCH" && of_catalog && hearer.knows {
            let word = if row.get("active") == Some(&Json::Bool(true)) { "activate" } else { "archive" };
            return Some(patch(word, row.get("ref_odoo")?.as_str()?, version));
        }
        let told = |body: &Json, version: i64| vec![Told { kind, record_id: id, digest: body.to_string(), version }];
        let put = |path: String, body: &Json, version: i64| Message {
            method: "PUT",
            path: format!("/api/odoo/{path}"),
            body: body.to_string().into_bytes(),
            version,
            told: told(body, version),
            instead: None,
            untold: Vec::new(),
        };
        // What is made by a POST and changed by a PUT that says the same
        let either = |path: &str, body: &Json| {
            let put = put(path.to_owned(), body, version);
            if verb == "POST" { Message { method: "POST", instead: Some(Box::new(put.clone())), ..put } } else { put }
        };
        Some(match kind {
            Kind::Product => {
                let mut body = json!({
                    "name": text(row, "name"), "description": text(row, "description"), "categoryName": within(row, "categ_id", "name"),
                    "brand": {"name": within(row, "brand", "name"), "reference": within(row, "brand", "reference")},
                    "refConstructor": text(row, "ref"), "manufactureName": text(row, "fab_name"), "activate": row.get("active"),
                    "ref_odoo": text(row, "ref_odoo"),
                });
                let mut update = put("products/update".to_owned(), &body, version);
                if verb != "POST" {
                    return Some(update);
                }
                // Archived ones too: what became of them meanwhile is told with them
                update.untold = listed(row, "configurations").map(|one| number(one, "id")).collect();
                if hearer.knows {
                    return Some(update);
                }
                let mut told = update.told.clone();
                let mut all = Vec::new();
                for one in listed(row, "configurations").filter(|one| one.get("active") == Some(&Json::Bool(true))) {
                    let said = configuration(one);
                    let (record_id, version) = (number(one, "id"), number(one, "version"));
                    told.push(Told { kind: Kind::Configuration, record_id, digest: said.to_string(), version });
                    all.push(said);
                }
                if let Some(body) = body.as_object_mut() {
                    body.insert("configurations".to_owned(), all.into());
                }
                let body = body.to_string().into_bytes();
                Message {
                    method: "POST",
                    path: "/api/odoo/products".to_owned(),
                    body,
                    told,
                    instead: Some(Box::new(update.clone())),
                    untold: Vec::new(),
                    version,
                }
            }
            Kind::Configuration => put("products/configuration".to_owned(), &configuration(row), version),
            Kind::Stock => {
                let places = listed(row, "quants").map(|quant| {
                    let closed = quant.get("closed") == Some(&Json::Bool(true));
                    let available = if closed { json!(0) } else { quant.get("available_quantity").cloned().unwrap_or_default() };
                    json!({
                        "pos": quant.get("location_id").and_then(|place| place.pointer("/warehouse_id/code")),
                        "configuration_ref_odoo": row.get("ref_odoo"),
                        "realQuantity": quant.get("quantity"), "availableQuantity": available,
                        "price": row.get("central_price"), "sellingPrice": row.get("selling_price"), "version": quant.get("version"),
                    })
                });
                let places: Vec<Json> = places.collect();
                let newest = listed(row, "quants").map(|quant| number(quant, "version")).max()?;
                put("stocks".to_owned(), &places.into(), newest)
            }
            Kind::Order => {
                let lines: Vec<Json> = listed(row, "order_line")
                    .map(|line| {
                        json!({
                            "reference": line.get("manufacturer_ref"), "quantity": line.get("product_uom_qty"), "reserved": line.get("reserved"),
                            "delivered": line.get("qty_delivered"), "returned": line.get("qty_returned"), "credited": line.get("qty_credited"),
                        })
                    })
                    .collect();
                // One that the platform has no number for it can't be told of
                let order = Some(number(row, "ek_order_id")).filter(|order| *order != 0)?;
                let mut body = json!({"state": row.get("ek_state"), "lines": lines});
                // Only where a step was taken: otherwise the platform has told it itself
                if let (Some(body), false) = (body.as_object_mut(), within(row, "opportunity_id", "file_state_date").is_null()) {
                    body.insert("file_state".to_owned(), within(row, "opportunity_id", "file_state"));
                }
                put(format!("order/{order}"), &body, version)
            }
            Kind::Client => {
                let row = row.get("said_to")?.get(hearer.bank?.to_string())?.as_object()?;
                let body = json!({
                    "name": text(row, "name"), "email": text(row, "email"), "phone": text(row, "phone"),
                    "country_id": within(row, "country_id", "code"), "state_id": within(row, "state_id", "name"), "xml_id": row.get("ref_odoo").cloned().unwrap_or_else(|| format!("res_partner_{id}").into()),
                });
                put("client/clients".to_owned(), &body, version)
            }
            Kind::Pos => {
                let users: Vec<Json> = listed(row, "users")
                    .filter(|user| hearer.bank.is_some() && user.get("bank_id").and_then(Json::as_i64) == hearer.bank)
                    .map(|user| json!({"username": user.get("login"), "codification": text(user, "codification"), "role": text(user, "role")}))
                    .collect();
                let status = row.get("status").and_then(Json::as_str).unwrap_or_default();
                let closed = domain::is_closed(row.get("active") == Some(&Json::Bool(true)), status);
                let body = json!({
                    "name_pos": text(row, "name"), "address_pos": text(row, "street"), "pos_phone_one": text(row, "phone"),
                    "pos_phone_two": text(row, "mobile"), "pos_wilaya": within(row, "state_id", "name"), "pos_commune": text(row, "city"),
                    "codification": text(row, "code_pos"), "status": if closed { json!("BLOCKED") } else { text(row, "status") }, "source": text(row, "create_by"),
                    "users": users,
                });
                either("pos", &body)
            }
            Kind::User => {
                let name = row.get("name").and_then(Json::as_str).unwrap_or_default();
                let (first, last) = name.split_once(' ').unwrap_or((name, ""));
                let body = json!({
                    "username": text(row, "login"), "firstname": first, "lastname": last, "phone": text(row, "phone"), "address": null,
                    "codification": text(row, "codification"), "role": text(row, "role"), "email": text(row, "email"),
                });
                either("users", &body)
            }
            Kind::Test => return None,
        })
    }
}
