//! What documents name: products by reference or number, places by the code of their warehouse. Other services are asked
//! once, before the transaction; what they don't know is told with everything else that is wrong.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use catalog_contract::{ByReference, Configuration};
use domain::CENTRAL;
use jsonrpc::{Fault, strict};
use partners_contract::{OfLogin, PointOfSale, Points, PointsOfSale};
pub use records::values::is_unset;
use records::values::{Problems, whole};
use records::{Failure, Tx, schema, sql};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use service::Asked;

use crate::Stock;
use crate::stock_warehouse::{self, RETURNS, Warehouses};

/// How many lines a document may have.
pub const MAX_LINES: usize = 200;

/// What the other services know of what a request names.
#[derive(Debug, Default)]
pub struct Named {
    /// Configurations.
    pub products: Vec<Configuration>,
    /// Points of sale.
    pub points: Points,
    /// The user, if there is one with this number.
    pub user: Option<i64>,
}

impl Named {
    /// The configuration that a document names by reference or number.
    pub fn product(&self, field: &str, named: &Json, problems: &mut Problems) -> Option<&Configuration> {
        let found = match named {
            unset if is_unset(unset) => {
                problems.add(format!("Field '{field}' is required"));
                return None;
            }
            Json::String(reference) => self.products.iter().find(|product| product.manufacturer_ref == reference.trim()),
            Json::Number(_) => self.products.iter().find(|product| Some(product.id) == whole(named)),
            other => {
                problems.add(format!("Wrong value for {field}: {} (a manufacturer_ref expected)", strict::kind(other)));
                return None;
            }
        };
        if found.is_none() {
            problems.add(format!("Unknown reference in {field}: '{}'", shown(named)));
        }
        found
    }
}

/// A name as it stands in an error: short.
pub fn shown(named: &Json) -> String {
    let text = named.as_str().map_or_else(|| named.to_string(), |text| text.trim().to_owned());
    text.chars().take(80).collect()
}

/// Where goods are or go, as a document names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// What a warehouse sells: of a point of sale, or the central one.
    Stock(Option<i64>),
    /// What came back to it.
    Returns(Option<i64>),
    /// A location by its number.
    Location(i64),
}

/// The code of a warehouse in the code of its returns.
fn of_returns(code: &str) -> Option<&str> {
    code.trim().strip_suffix(RETURNS)?.strip_suffix('/')
}

impl Place {
    /// Reads one: the code of a warehouse, that of its returns, or the number of a location.
    pub fn read(field: &str, named: &Json, known: &Named, problems: &mut Problems) -> Option<Place> {
        let warehouse = |code: &str| match code.trim() {
            CENTRAL => Some(None),
            code => known.points.get(code).map(|point: &PointOfSale| Some(point.id)),
        };
        match named {
            unset if is_unset(unset) => {
                problems.add(format!("Field '{field}' is required"));
                None
            }
            Json::String(code) => {
                let returns = || of_returns(code).and_then(warehouse).map(Place::Returns);
                let found = warehouse(code).map(Place::Stock).or_else(returns);
                if found.is_none() {
                    problems.add(format!("Unknown reference in {field}: '{}'", shown(named)));
                }
                found
            }
            Json::Number(_) if whole(named).is_some() => whole(named).map(Place::Location),
            other => {
                problems.add(format!("Wrong value for {field}: {} (the code of a warehouse expected)", strict::kind(other)));
                None
            }
        }
    }

    /// The location, which must be one that keeps goods.
    ///
    /// # Errors
    /// The database's own.
    pub async fn location(
        self,
        tx: &mut Tx<'_>,
        field: &str,
        warehouses: &Warehouses,
        problems: &mut Problems,
    ) -> Result<Option<i64>, Failure> {
        let id = match self {
            Place::Stock(partner) => return Ok(warehouses.of(partner).map(|warehouse| warehouse.stock)),
            Place::Returns(partner) => {
                let Some(warehouse) = warehouses.of(partner) else { return Ok(None) };
                return stock_warehouse::returns(tx, warehouse).await.map(Some);
            }
            Place::Location(id) => id,
        };
        let found = tx.ids(sql!("documents/location.sql", id)).await?.pop();
        if found.is_none() {
            problems.add(format!("Unknown reference in {field}: '{id}' is no location that keeps goods"));
        }
        Ok(found)
    }
}

/// The lines of a document: a list of objects, or of Odoo's commands that make one.
pub fn lines(field: &str, json: Option<Json>, problems: &mut Problems) -> Vec<Map<String, Json>> {
    let items = match json {
        Some(Json::Array(items)) if !items.is_empty() && items.len() <= MAX_LINES => items,
        _ => {
            problems.add(format!("Field '{field}' is required: a list of 1 to {MAX_LINES} lines"));
            return Vec::new();
        }
    };
    let mut lines = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        let item = match item {
            Json::Array(mut command) if command.len() == 3 && command.first() == Some(&Json::from(0)) => command.pop().unwrap_or_default(),
            other => other,
        };
        match item {
            Json::Object(line) => lines.push(line),
            other => problems.add(format!("{field}[{at}]: {} (an object expected)", strict::kind(&other))),
        }
    }
    lines
}

/// What a document names.
#[derive(Default)]
pub struct Names<'d> {
    /// Places: by the code of their warehouse, else by the number of the location.
    pub places: Vec<Option<&'d Json>>,
    /// Points of sale, by code or number.
    pub points: Vec<Option<&'d Json>>,
    /// Configurations, by reference or number.
    pub products: Vec<Option<&'d Json>>,
    /// A user, by number or login.
    pub user: Option<&'d Json>,
}

/// Asks the other services about everything that a document that is made names.
///
/// # Errors
/// 503 where one is away.
pub async fn named(asked: &Asked<'_, Stock>, names: Names<'_>) -> Result<Named, Fault> {
    let mut known = Named::default();
    if asked.call.method != "create" {
        return Ok(known);
    }
    let traceparent = asked.call.traceparent.as_ref();
    let products = || names.products.iter().flatten();
    let references: BTreeSet<String> = products().filter_map(|named| named.as_str()).map(|reference| reference.trim().to_owned()).collect();
    let ids: BTreeSet<i64> = products().filter(|named| named.is_number()).filter_map(|named| whole(named)).collect();
    if !references.is_empty() || !ids.is_empty() {
        known.products = asked.owner.ask(&ByReference { references, ids }, traceparent).await?;
    }
    let codes = names.places.iter().chain(&names.points).flatten().filter_map(|named| named.as_str()).map(str::trim);
    let codes = codes.flat_map(|code| [Some(code), of_returns(code)]).flatten();
    let codes: BTreeSet<String> = codes.filter(|code| *code != CENTRAL).map(str::to_owned).collect();
    let ids: BTreeSet<i64> = names.points.iter().flatten().filter(|named| named.is_number()).filter_map(|named| whole(named)).collect();
    if !codes.is_empty() || !ids.is_empty() {
        known.points = asked.owner.ask(&PointsOfSale { codes, ids }, traceparent).await?;
    }
    if let Some(user) = names.user.filter(|user| !is_unset(user)) {
        let found = match (whole(user), user.as_str()) {
            (Some(id), _) => asked.owner.existing("res.users", &[id], traceparent).await?,
            (None, Some(login)) => asked.owner.ask(&OfLogin { login: login.trim().to_owned() }, traceparent).await?,
            (None, None) => Vec::new(),
        };
        known.user = found.first().copied();
    }
    Ok(known)
}

/// The products of a document's lines.
pub fn in_lines<'d>(data: &'d Map<String, Json>, field: &str) -> Vec<Option<&'d Json>> {
    let lines = data.get(field).and_then(Json::as_array).into_iter().flatten().take(MAX_LINES);
    lines.map(|line| line.get("product_id").or_else(|| line.get(2)?.get("product_id"))).collect()
}

/// A quantity above zero, as the API's document has it.
pub static POSITIVE: LazyLock<Json> =
    LazyLock::new(|| json!({"type": "number", "minimum": 0.001, "exclusiveMaximum": records::values::MAX_QUANTITY}));

/// What is named by a text or a number, as the API's document has it.
pub fn named_by(about: &str, at_most: usize) -> Json {
    json!({"anyOf": [schema::text(at_most), {"type": "integer", "minimum": 1, "maximum": i64::MAX}], "description": about})
}

/// A quantity above zero.
pub fn quantity(field: &str, json: Option<&Json>, problems: &mut Problems) -> Option<Decimal> {
    let found = json.and_then(records::values::quantity).filter(|quantity| *quantity > Decimal::ZERO);
    match (&found, json) {
        (Some(_), _) => {}
        (None, json) if json.is_none_or(is_unset) => problems.add(format!("Field '{field}' is required")),
        (None, None) => {}
        (None, Some(json)) => problems.add(format!("Wrong value for {field}: {} (a number above 0 expected)", shown(json))),
    }
    found
}

/// Tells of each key of a line that is none of these.
pub fn only(line: &Map<String, Json>, model: &str, known: &[&str], problems: &mut Problems) {
    for key in line.keys().filter(|key| !known.contains(&key.as_str())) {
        problems.add(format!(
            "Invalid field '{}' on model '{model}' (known in a line: {})",
            shown(&Json::from(key.as_str())),
            known.join(", ")
        ));
    }
}
