//! `stock.warehouse`, `stock.location`, `stock.picking.type`: where goods can be. The central warehouse is the migration's;
//! each point of sale has one of its own, named and coded as it is.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Nullable, Text};
use events::Event;
use records::write::{self, OnConflict};
use records::{Failure, Field, Kind, Model, Sql, Tx};
use serde::Deserialize;
use serde_json::json;

use crate::{everybody_reads, rows};

/// The code of the central warehouse.
pub const CENTRAL: &str = "EKIWH";
/// `Partners/Vendors`, from the migration.
pub const VENDORS: i64 = 1;
/// `Partners/Customers`, from the migration.
pub const CUSTOMERS: i64 = 2;
/// `Virtual Locations/Inventory adjustment`, from the migration.
pub const INVENTORY: i64 = 3;

/// The declarations.
pub fn models() -> [Model; 3] {
    let stock = "(SELECT l.id FROM stock_location l WHERE l.warehouse_id = {t}.id AND l.deleted_at IS NULL)";
    let warehouse = vec![
        Field::new("name", Kind::Char(600), "Warehouse").readonly(),
        Field::new("code", Kind::Char(254), "Code").readonly().help("A point of sale's code."),
        Field::new("partner_id", Kind::Many2one("res.partner"), "Point of sale").readonly(),
        Field::computed("lot_stock_id", Kind::Many2one("stock.location"), "Location of its stock", stock),
        Field::new("active", Kind::Boolean, "Active").readonly(),
    ];
    let location = vec![
        Field::new("name", Kind::Char(254), "Location").readonly(),
        Field::new("complete_name", Kind::Char(600), "Full name").readonly(),
        Field::new("usage", Kind::Selection(&["supplier", "view", "internal", "customer", "inventory", "transit"]), "Location type")
            .readonly(),
        Field::new("warehouse_id", Kind::Many2one("stock.warehouse"), "Warehouse").readonly(),
    ];
    let picking_type = vec![
        Field::new("name", Kind::Char(254), "Operation type").readonly(),
        Field::new("code", Kind::Selection(&["incoming", "outgoing", "internal"]), "Type of operation").readonly(),
        Field::new("warehouse_id", Kind::Many2one("stock.warehouse"), "Warehouse").readonly(),
        Field::new("sequence_code", Kind::Char(8), "Code").readonly(),
    ];
    [
        Model::new("stock.warehouse", "stock_warehouse", "Warehouse", warehouse, everybody_reads),
        Model::new("stock.location", "stock_location", "Location", location, everybody_reads)
            .order("complete_name, id")
            .rec_name("complete_name"),
        Model::new("stock.picking.type", "stock_picking_type", "Operation type", picking_type, everybody_reads).order("warehouse_id, id"),
    ]
}

/// A warehouse with what documents need of it.
#[derive(Clone, Debug)]
pub struct Warehouse {
    /// Its number.
    pub id: i64,
    /// Whose it is; none: the central one.
    pub partner: Option<i64>,
    /// Where its goods are.
    pub stock: i64,
    /// The type of what comes in.
    pub incoming: i64,
    /// The type of what goes out.
    pub outgoing: i64,
    /// The type of what goes elsewhere.
    pub internal: i64,
}

/// A point of sale, as partners tell.
#[derive(Clone, Debug, Deserialize)]
pub struct PointOfSale {
    /// `res.partner` id.
    pub id: i64,
    /// What people call it.
    pub name: String,
}

/// Points of sale by code.
pub type Points = BTreeMap<String, PointOfSale>;

/// Warehouses by point of sale.
#[derive(Clone, Debug, Default)]
pub struct Warehouses(Vec<Warehouse>);

impl Warehouses {
    /// The one of this point of sale; of none, the central one.
    pub fn of(&self, partner: Option<i64>) -> Option<&Warehouse> {
        self.0.iter().find(|warehouse| warehouse.partner == partner)
    }

    /// The one whose goods are at this location.
    pub fn at(&self, location: i64) -> Option<&Warehouse> {
        self.0.iter().find(|warehouse| warehouse.stock == location)
    }
}

const READ: &str = "SELECT w.id, w.partner_id, l.id, \
    (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'incoming'), \
    (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'outgoing'), \
    (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'internal') \
    FROM stock_warehouse w JOIN stock_location l ON l.warehouse_id = w.id WHERE w.deleted_at IS NULL AND (w.partner_id IS NULL OR ";

async fn read(tx: &mut Tx<'_>, mut sql: Sql) -> Result<Warehouses, Failure> {
    type Columns = (BigInt, Nullable<BigInt>, BigInt, BigInt, BigInt, BigInt);
    sql.push(")");
    let rows = sql.load::<Columns, (i64, Option<i64>, i64, i64, i64, i64)>(tx.conn).await?;
    let warehouses = rows.into_iter().map(|(id, partner, stock, incoming, outgoing, internal)| Warehouse {
        id,
        partner,
        stock,
        incoming,
        outgoing,
        internal,
    });
    Ok(Warehouses(warehouses.collect()))
}

/// The central warehouse, and those whose goods are at these locations.
///
/// # Errors
/// The database's own.
pub async fn at(tx: &mut Tx<'_>, locations: Vec<i64>) -> Result<Warehouses, Failure> {
    let mut sql = Sql::new(READ);
    sql.push("l.id = ANY(").bind(locations).push(")");
    read(tx, sql).await
}

/// The central warehouse, and those of these points of sale: made where there are none yet.
///
/// # Errors
/// The database's own.
pub async fn of_points(tx: &mut Tx<'_>, points: &Points) -> Result<Warehouses, Failure> {
    let of = |points: &Points| {
        let mut sql = Sql::new(READ);
        sql.push("w.partner_id = ANY(").bind(points.values().map(|point| point.id).collect::<Vec<_>>()).push(")");
        sql
    };
    let there = read(tx, of(points)).await?;
    let missing: Points =
        points.iter().filter(|(_, point)| there.of(Some(point.id)).is_none()).map(|(code, point)| (code.clone(), point.clone())).collect();
    if missing.is_empty() {
        return Ok(there);
    }
    make(tx, &missing).await?;
    read(tx, of(points)).await
}

/// Makes the warehouses of points of sale that have none; those that another request makes in this moment are waited for.
async fn make(tx: &mut Tx<'_>, points: &Points) -> Result<(), Failure> {
    let registry = tx.registry;
    let named: Vec<_> =
        points.iter().map(|(code, point)| rows::row(json!({"name": point.name, "code": code, "partner_id": point.id}))).collect();
    let model = registry.model("stock.warehouse")?;
    let insert = write::insert(model, &tx.author, &["name", "code", "partner_id"], &named, OnConflict::Skip, "new.code");
    let made = insert.load::<(BigInt, Nullable<Text>), (i64, Option<String>)>(tx.conn).await?;
    if made.is_empty() {
        return Ok(());
    }
    let stocks: Vec<_> = made
        .iter()
        .map(|(id, code)| {
            let complete = format!("{}/Stock", code.as_deref().unwrap_or_default());
            rows::row(json!({"name": "Stock", "complete_name": complete, "usage": "internal", "warehouse_id": id}))
        })
        .collect();
    let columns = ["name", "complete_name", "usage", "warehouse_id"];
    let model = registry.model("stock.location")?;
    tx.ids_of_new(write::insert(model, &tx.author, &columns, &stocks, OnConflict::Fail, "NULL")).await?;
    let types: Vec<_> = made
        .iter()
        .flat_map(|(id, _)| {
            [("Receipts", "incoming", "IN"), ("Delivery Orders", "outgoing", "OUT"), ("Internal Transfers", "internal", "INT")]
                .map(|(name, code, sequence)| rows::row(json!({"name": name, "code": code, "sequence_code": sequence, "warehouse_id": id})))
        })
        .collect();
    let columns = ["name", "code", "sequence_code", "warehouse_id"];
    let model = registry.model("stock.picking.type")?;
    tx.ids_of_new(write::insert(model, &tx.author, &columns, &types, OnConflict::Fail, "NULL")).await.map(drop)
}

/// Locks where these goods are, in one fixed order, before anything there is read for a decision: everything that reserves,
/// moves or counts at a location holds its lock, so that neither its quantities nor its pickings change meanwhile, and no
/// two requests wait for each other. Taken before any document's lock.
///
/// # Errors
/// The database's own.
pub async fn lock(tx: &mut Tx<'_>, locations: Vec<i64>) -> Result<(), Failure> {
    let mut sql = Sql::new("SELECT id FROM stock_location WHERE usage = 'internal' AND id = ANY(");
    // What refers to a location needs no more than its key
    sql.bind(locations).push(") ORDER BY id FOR NO KEY UPDATE");
    tx.ids(sql).await.map(drop)
}

/// What an event says of a partner.
#[derive(Deserialize)]
struct Partner {
    #[serde(default)]
    is_pos: bool,
    #[serde(default)]
    code_pos: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    active: bool,
}

/// Points of sale have a warehouse from their event on, which is named, coded and archived as they are.
///
/// # Errors
/// The database's own.
pub async fn follow(tx: &mut Tx<'_>, events: &[Event]) -> Result<(), Failure> {
    let mut points: BTreeMap<i64, (String, Partner)> = BTreeMap::new();
    for event in events.iter().filter(|event| event.model == "res.partner" && event.kind != "deleted") {
        let Ok(partner) = serde_json::from_str::<Partner>(event.payload.get()) else { continue };
        if let (true, Some(code)) = (partner.is_pos, partner.code_pos.clone().filter(|code| !code.is_empty())) {
            points.insert(event.record_id, (code, partner));
        }
    }
    if points.is_empty() {
        return Ok(());
    }
    // Renamed before others are made: a code that one gave up another may have
    rename(tx, &points).await?;
    let new: Points = points.into_iter().map(|(id, (code, partner))| (code, PointOfSale { id, name: partner.name })).collect();
    of_points(tx, &new).await.map(drop)
}

async fn rename(tx: &mut Tx<'_>, points: &BTreeMap<i64, (String, Partner)>) -> Result<(), Failure> {
    let registry = tx.registry;
    let mut known = Sql::new(
        "SELECT w.id, w.partner_id, w.code, l.id FROM stock_warehouse w JOIN stock_location l ON l.warehouse_id = w.id \
         WHERE w.deleted_at IS NULL AND w.partner_id = ANY(",
    );
    known.bind(points.keys().copied().collect::<Vec<_>>()).push(") ORDER BY w.id");
    let known = known.load::<(BigInt, BigInt, Text, BigInt), (i64, i64, String, i64)>(tx.conn).await?;
    let (mut warehouses, mut locations) = (Vec::new(), Vec::new());
    for (id, partner, code, location) in &known {
        let Some((new, partner)) = points.get(partner) else { continue };
        warehouses.push(rows::row(json!({"id": id, "name": partner.name, "code": new, "active": partner.active})));
        if code != new {
            locations.push(rows::row(json!({"id": location, "complete_name": format!("{new}/Stock")})));
        }
    }
    if !warehouses.is_empty() {
        let model = registry.model("stock.warehouse")?;
        tx.ids(write::update_each(model, &tx.author, &["name", "code", "active"], &warehouses)).await?;
    }
    if !locations.is_empty() {
        let model = registry.model("stock.location")?;
        tx.ids(write::update_each(model, &tx.author, &["complete_name"], &locations)).await?;
    }
    Ok(())
}
