//! `product.attribute` and `product.attribute.value`: the characteristics that tell configurations apart.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use jsonrpc::strict;
use records::values::{Mode, Problems, is_unset};
use records::write::OnConflict;
use records::{Body, Failure, Field, Kind, Model, Tx, Values, schema, sql};
use serde::Serialize;
use serde_json::Value as Json;
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
    Model::new("product.attribute", "product_attribute", "Attribute", fields, access).copied_without(&["name"]).order("sequence, name")
}

/// The declaration of their values.
pub fn value_model(_: &Catalog) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("attribute_id", Kind::Many2one("product.attribute"), "Attribute").required().by_name_or_new(),
        Field::new("sequence", Kind::Integer, "Sequence"),
    ];
    Model::new("product.attribute.value", "product_attribute_value", "Attribute value", fields, access)
        .copied_without(&["name"])
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
    let attributes: Vec<Option<i64>> = rows.iter().map(|row| row.get("attribute_id")?.plain()?.as_i64()).collect();
    // Values are made where they are new; then all are looked up
    let named = attributes.iter().zip(&pairs).filter_map(|(attribute, (_, name))| Some(New { attribute_id: (*attribute)?, name }));
    let named: BTreeSet<New<'_>> = named.collect();
    let mut known = known_of(tx, &named).await?;
    let is_known = |value: &New<'_>| known.iter().any(|known| known.attribute_id == value.attribute_id && known.name == value.name);
    let unknown: Vec<_> = named.iter().filter(|value| !is_known(value)).collect();
    // Of a request that is refused nothing is made; an attribute that is not there could have no values
    let is_refused = !problems.is_empty();
    if !unknown.is_empty() && !is_refused {
        tx.insert_rows(model, &unknown, OnConflict::Skip).await?;
        known = known_of(tx, &named).await?;
    }
    let mut attributes = attributes.into_iter();
    let mut resolved = Vec::new();
    for list in sent {
        let mut ids = Vec::new();
        for ((_, value), attribute) in list.iter().zip(&mut attributes) {
            let id = known.iter().find(|known| Some(known.attribute_id) == attribute && known.name == *value).map(|known| known.id);
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

/// A value of an attribute, as it is named and made.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct New<'a> {
    attribute_id: i64,
    name: &'a str,
}

/// A row of `values.sql`.
#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = BigInt)]
    attribute_id: i64,
    /// As it was named.
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

async fn known_of(tx: &mut Tx<'_>, named: &BTreeSet<New<'_>>) -> Result<Vec<Known>, Failure> {
    let (attributes, names): (Vec<_>, Vec<_>) = named.iter().map(|value| (value.attribute_id, value.name.to_owned())).unzip();
    tx.rows(sql!("product_attribute/values.sql", attributes, names)).await
}
