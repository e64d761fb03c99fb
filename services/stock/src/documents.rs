//! What documents name: products by reference or number, places by the code of their warehouse. Other services are asked
//! once, before the transaction; what they don't know is told with everything else that is wrong.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use catalog_contract::{ByReference, Configuration};
use jsonrpc::{Fault, strict};
use partners_contract::{OfLogin, PointOfSale, Points, PointsOfSale};
pub use records::values::is_unset;
use records::values::{Problems, whole};
use records::{Failure, Sql, Tx, schema};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use service::Asked;

use crate::Stock;
use crate::stock_warehouse::{self, CENTRAL, RETURNS, Warehouses};

/// How many lines a document may have.
pub const MAX_LINES: usize = 200;

/// What the other services know of what a request names.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Configurations.
    pub products: Vec<Configuration>,
    /// Points of sale.
    pub points: Points,
    /// The user, if there is one with this number.
    pub user: Option<i64>,
}

impl Prepared {
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
    pub fn read(field: &str, named: &Json, prepared: &Prepared, problems: &mut Problems) -> Option<Place> {
        let warehouse = |code: &str| match code.trim() {
            CENTRAL => Some(None),
            code => prepared.points.get(code).map(|point: &PointOfSale| Some(point.id)),
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
        let mut sql = Sql::new("SELECT id FROM stock_location WHERE usage = 'internal' AND deleted_at IS NULL AND id = ");
        sql.bind(id);
        let found = tx.ids(sql).await?.pop();
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

/// Asks the other services about everything that a document names.
///
/// # Errors
/// 503 where one is away.
pub async fn prepare(asked: Asked<'_, Stock>, data: &Map<String, Json>) -> Result<Prepared, Fault> {
    let (places, products): (&[&str], Vec<&Json>) = match (asked.model.name, asked.call.method.as_str()) {
        ("purchase.order", "create") => (&["partner_id"], in_lines(data, "order_line")),
        ("stock.picking", "create") => (&["location_id", "location_dest_id"], in_lines(data, "move_ids")),
        ("stock.quant", "create") => (&["location_id"], data.get("product_id").into_iter().collect()),
        _ => return Ok(Prepared::default()),
    };
    let mut prepared = Prepared::default();
    let traceparent = asked.call.traceparent.as_ref();
    let references: BTreeSet<String> =
        products.iter().filter_map(|named| named.as_str()).map(|reference| reference.trim().to_owned()).collect();
    let ids: BTreeSet<i64> = products.iter().filter(|named| named.is_number()).filter_map(|named| whole(named)).collect();
    if !references.is_empty() || !ids.is_empty() {
        prepared.products = asked.owner.ask(&ByReference { references, ids }, traceparent).await?;
    }
    let named = || places.iter().filter_map(|field| data.get(*field));
    let codes = named().filter_map(Json::as_str).map(str::trim).flat_map(|code| [Some(code), of_returns(code)]).flatten();
    let codes: BTreeSet<String> = codes.filter(|code| *code != CENTRAL).map(str::to_owned).collect();
    // Only a purchase names a point of sale by its number
    let ids: BTreeSet<i64> = named().filter(|named| named.is_number() && asked.model.name == "purchase.order").filter_map(whole).collect();
    if !codes.is_empty() || !ids.is_empty() {
        prepared.points = asked.owner.ask(&PointsOfSale { codes, ids }, traceparent).await?;
    }
    if let Some(user) = data.get("user_id").filter(|user| !is_unset(user)) {
        let known = match (whole(user), user.as_str()) {
            (Some(id), _) => asked.owner.existing("res.users", &[id], traceparent).await?,
            (None, Some(login)) => asked.owner.ask(&OfLogin { login: login.trim().to_owned() }, traceparent).await?,
            (None, None) => Vec::new(),
        };
        prepared.user = known.first().copied();
    }
    Ok(prepared)
}

fn in_lines<'d>(data: &'d Map<String, Json>, field: &str) -> Vec<&'d Json> {
    let lines = data.get(field).and_then(Json::as_array).into_iter().flatten().take(MAX_LINES);
    lines.filter_map(|line| line.get("product_id").or_else(|| line.get(2)?.get("product_id"))).collect()
}

/// A quantity above zero, as the API's document has it.
pub static POSITIVE: LazyLock<Json> =
    LazyLock::new(|| json!({"type": "number", "minimum": 0.001, "exclusiveMaximum": records::values::MAX_QUANTITY}));

/// What is named by a text or a number, as the API's document has it.
pub fn named(about: &str, at_most: usize) -> Json {
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
