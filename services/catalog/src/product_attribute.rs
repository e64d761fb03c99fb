//! `product.attribute` and `product.attribute.value`: the characteristics that tell configurations apart.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Text};
use jsonrpc::strict;
use records::values::{Mode, Problems, is_unset};
use records::write::{self, OnConflict};
use records::{Body, Failure, Field, Kind, Model, Sql, Tx, Value, Values, schema};
use serde_json::{Map, Value as Json};
use service::{Behaviour, Owner};

use crate::{Catalog, access};

/// How many characteristics a configuration may have.
pub const MAX_ATTRIBUTES: usize = 100;

/// How long an attribute's or a value's name may be, in characters.
const MAX_NAME: usize = 254;

/// The declaration of attributes.
pub fn model(_: &Catalog) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("sequence", Kind::Integer, "Sequence"),
        Field::new("value_ids", Kind::One2many { comodel: "product.attribute.value", inverse: "attribute_id" }, "Values"),
    ];
    Model::new("product.attribute", "product_attribute", "Attribute", fields, access).order("sequence, name")
}

/// The declaration of their values.
pub fn value_model(_: &Catalog) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("attribute_id", Kind::Many2one("product.attribute"), "Attribute").required().by_name_or_new(),
        Field::new("sequence", Kind::Integer, "Sequence"),
    ];
    Model::new("product.attribute.value", "product_attribute_value", "Attribute value", fields, access)
        .order("attribute_id, sequence, name")
}

/// An attribute that is made or changed.
#[derive(Default)]
pub struct ProductAttribute;

impl Behaviour<Catalog> for ProductAttribute {
    fn body(_: &Owner<Catalog>, model: &Model, mode: Mode) -> Option<Body> {
        Some(Body::of(model, mode).with("value_ids", schema::x2many()))
    }
}

/// A configuration's `attribute` list, as it was sent: the names of the attribute and of its value.
pub type Sent = Vec<(String, String)>;

/// A name as it was sent: a number is the one that is written with its digits.
fn name(json: &Json) -> Option<String> {
    let name = match json {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(number) => number.to_string(),
        _ => return None,
    };
    (1..=MAX_NAME).contains(&name.chars().count()).then_some(name)
}

/// Reads the `attribute` list of a configuration: objects with `attribute_id` and `value_id`.
pub fn read(where_: &str, json: Json, problems: &mut Problems) -> Sent {
    let items = match json {
        unset if is_unset(&unset) => return Vec::new(),
        Json::Array(items) if items.len() <= MAX_ATTRIBUTES => items,
        other => {
            problems.add(format!("{where_}attribute: {} (a list of at most {MAX_ATTRIBUTES} objects expected)", strict::kind(&other)));
            return Vec::new();
        }
    };
    let mut sent = Vec::new();
    for item in items {
        let mut item = match item {
            Json::Object(item) => item,
            other => {
                problems.add(format!("{where_}attribute: {} (an object with attribute_id and value_id expected)", strict::kind(&other)));
                continue;
            }
        };
        let mut named = |key: &str| name(&item.remove(key)?);
        match (named("attribute_id"), named("value_id")) {
            (Some(attribute), Some(value)) => sent.push((attribute, value)),
            _ => problems.add(format!("{where_}attribute: attribute_id and value_id must be names, of 1 to {MAX_NAME} characters")),
        }
        if let Some(unknown) = item.keys().find(|key| *key != "create_by") {
            problems.add(format!("{where_}attribute: unknown key '{unknown}' (known are attribute_id, value_id)"));
        }
    }
    sent
}

/// The ids of the values that configurations were sent with, made where they are new: a constant number of statements for
/// all configurations of a request.
pub async fn resolve(tx: &mut Tx<'_>, sent: &[&Sent], problems: &mut Problems) -> Result<Vec<Vec<i64>>, Failure> {
    let pairs: Vec<&(String, String)> = sent.iter().flat_map(|list| list.iter()).collect();
    if pairs.is_empty() {
        return Ok(sent.iter().map(|_| Vec::new()).collect());
    }
    let registry = tx.registry;
    let model = registry.model("product.attribute.value")?;
    let mut rows: Vec<Values> = Vec::new();
    for (attribute, _) in &pairs {
        let mut row = Values::default();
        row.name("attribute_id", attribute.as_str());
        rows.push(row);
    }
    tx.resolve(model, &mut rows, problems).await?;
    let attribute_of = |row: Option<&Values>| match row.and_then(|row| row.get("attribute_id")) {
        Some(Value::Plain(id)) => id.as_i64(),
        _ => None,
    };
    // Values are made where they are new; then all are looked up
    let mut new: BTreeMap<(i64, String), Map<String, Json>> = BTreeMap::new();
    for (at, (_, value)) in pairs.iter().enumerate() {
        if let Some(attribute) = attribute_of(rows.get(at)) {
            let row = Map::from_iter([("attribute_id".to_owned(), attribute.into()), ("name".to_owned(), value.as_str().into())]);
            new.insert((attribute, value.clone()), row);
        }
    }
    let columns = ["attribute_id", "name"];
    let rows_to_make: Vec<_> = new.into_values().collect();
    let look_up = |rows: &[Map<String, Json>]| {
        let mut sql = Sql::new("SELECT r.attribute_id, r.name, v.id FROM jsonb_to_recordset(");
        sql.bind(serde_json::to_string(rows).unwrap_or_default());
        sql.push(
            "::jsonb) AS r(attribute_id bigint, name text) JOIN product_attribute_value v \
             ON v.attribute_id = r.attribute_id AND norm(v.name) = norm(r.name) WHERE v.deleted_at IS NULL",
        );
        sql
    };
    type Row = (i64, String, i64);
    let mut known = look_up(&rows_to_make).load::<(BigInt, Text, BigInt), Row>(tx.conn).await?;
    let is_known = |known: &[Row], row: &Map<String, Json>| {
        known.iter().any(|(attribute, name, _)| {
            row.get("attribute_id").and_then(Json::as_i64) == Some(*attribute) && row.get("name").and_then(Json::as_str) == Some(name)
        })
    };
    let unknown: Vec<_> = rows_to_make.iter().filter(|row| !is_known(&known, row)).cloned().collect();
    // Of a request that is refused nothing is made; an attribute that is not there could have no values
    let is_refused = !problems.is_empty();
    if !unknown.is_empty() && !is_refused {
        tx.ids_of_new(write::insert(model, &tx.author, &columns, &unknown, OnConflict::Skip, "NULL")).await?;
        known = look_up(&rows_to_make).load::<(BigInt, Text, BigInt), Row>(tx.conn).await?;
    }
    let mut at = 0;
    let mut resolved = Vec::new();
    for list in sent {
        let mut ids = Vec::new();
        for (_, value) in list.iter() {
            let attribute = attribute_of(rows.get(at));
            at += 1;
            let id = known.iter().find(|(of, name, _)| Some(*of) == attribute && name == value).map(|(_, _, id)| *id);
            match id {
                Some(id) => ids.push(id),
                None if attribute.is_some() && !is_refused => {
                    problems.add(format!("Unknown reference in product.template.attribute: '{value}'"))
                }
                None => {}
            }
        }
        ids.sort_unstable();
        ids.dedup();
        resolved.push(ids);
    }
    Ok(resolved)
}
