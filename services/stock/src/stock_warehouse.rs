//! `stock.warehouse`, `stock.location`, `stock.picking.type`: where goods can be. The central warehouse is the migration's;
//! each point of sale has one of its own, named and coded as it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use domain::{CENTRAL, Identity, Kind as Who};
use events::Event;
use jsonrpc::{Fault, Published};
use partners_contract::{PointOfSale, Points, PointsOfSale, ResPartner};
use records::write::{self, OnConflict};
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Tx, sql};
use serde::{Deserialize, Serialize};
use service::{Owner, consumer};

use crate::Stock;

/// What the location is called where goods stand that came back.
pub const RETURNS: &str = "Retours";
/// `Partners/Vendors`, from the migration.
pub const VENDORS: i64 = 1;
/// `Partners/Customers`, from the migration.
pub const CUSTOMERS: i64 = 2;
/// `Virtual Locations/Inventory adjustment`, from the migration.
pub const INVENTORY: i64 = 3;

/// The declaration of warehouses.
pub fn model(_: &Stock) -> Model {
    let stock = "(SELECT l.id FROM stock_location l WHERE l.warehouse_id = {t}.id AND l.deleted_at IS NULL)";
    let fields = vec![
        Field::new("name", Kind::Char(600), "Warehouse").readonly(),
        Field::new("code", Kind::Char(254), "Code").readonly().help("A point of sale's code."),
        Field::new("partner_id", Kind::Many2one("res.partner"), "Point of sale").readonly(),
        Field::computed("lot_stock_id", Kind::Many2one("stock.location"), "Location of its stock", stock),
        Field::new("active", Kind::Boolean, "Active").readonly(),
        Field::new("closed", Kind::Boolean, "Closed").readonly().help("Its point of sale is archived or BLOCKED: it takes nothing new."),
        Field::internal("partner_version", Kind::Integer),
    ];
    Model::new("stock.warehouse", "stock_warehouse", "Warehouse", fields, |identity| crate::place(identity, "code"))
}

/// The declaration of their locations.
pub fn location_model(_: &Stock) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Location").readonly(),
        Field::new("complete_name", Kind::Char(600), "Full name").readonly().help("Its code, by which documents name it."),
        Field::new("usage", Kind::Selection(&["supplier", "view", "internal", "customer", "inventory", "transit"]), "Location type")
            .readonly(),
        Field::computed("warehouse_id", Kind::Many2one("stock.warehouse"), "Warehouse", "coalesce({t}.warehouse_id, {t}.returns_of)"),
        Field::computed("return_location", Kind::Boolean, "Is a return location", "({t}.returns_of IS NOT NULL)")
            .help("What came back stands here, reserved for nobody, until it is moved to stock or written off."),
        Field::internal("returns_of", Kind::Integer),
    ];
    Model::new("stock.location", "stock_location", "Location", fields, location_access).order("complete_name, id").rec_name("complete_name")
}

/// The declaration of what is done at them.
pub fn picking_type_model(_: &Stock) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Operation type").readonly(),
        Field::new("code", Kind::Selection(&["incoming", "outgoing", "internal"]), "Type of operation").readonly(),
        Field::new("warehouse_id", Kind::Many2one("stock.warehouse"), "Warehouse").readonly(),
        Field::new("sequence_code", Kind::Char(8), "Code").readonly(),
    ];
    Model::new("stock.picking.type", "stock_picking_type", "Operation type", fields, |identity| crate::place(identity, "warehouse_id.code"))
        .order("warehouse_id, id")
}

/// A clerk sees the locations of its point of sale, and those outside all warehouses: vendors, clients, counts.
fn location_access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Clerk { code_pos, .. } => Access::read()
            .only(Filter::Or(vec![Filter::path("warehouse_id.code", Op::Eq, code_pos), Filter::leaf("warehouse_id", Op::Eq, false)])),
        Who::Administrator | Who::Staff | Who::Integration | Who::Bank(_) | Who::Outsider => crate::place(identity, "warehouse_id.code"),
    }
}

/// A warehouse with what documents need of it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Warehouse {
    /// Its number.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    code: String,
    /// Whose it is; none: the central one.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub partner: Option<i64>,
    /// Where its goods are.
    #[diesel(sql_type = BigInt)]
    pub stock: i64,
    /// Where goods stand that came back; none, of one that a release before made.
    #[diesel(sql_type = Nullable<BigInt>)]
    returns: Option<i64>,
    /// The type of what comes in.
    #[diesel(sql_type = BigInt)]
    pub incoming: i64,
    /// The type of what goes out.
    #[diesel(sql_type = BigInt)]
    pub outgoing: i64,
    /// The type of what goes elsewhere.
    #[diesel(sql_type = BigInt)]
    pub internal: i64,
}

/// Warehouses by point of sale.
#[derive(Clone, Debug, Default)]
pub struct Warehouses(Vec<Warehouse>);

impl Warehouses {
    /// The one of this point of sale; of none, the central one.
    pub fn of(&self, partner: Option<i64>) -> Option<&Warehouse> {
        self.0.iter().find(|warehouse| warehouse.partner == partner && (partner.is_some() || warehouse.code == CENTRAL))
    }

    /// The one of this number.
    pub fn get(&self, id: i64) -> Option<&Warehouse> {
        self.0.iter().find(|warehouse| warehouse.id == id)
    }

    /// The one whose goods, sold or come back, are at this location.
    pub fn at(&self, location: i64) -> Option<&Warehouse> {
        self.0.iter().find(|warehouse| warehouse.stock == location || warehouse.returns == Some(location))
    }
}

/// The central warehouse, and those whose goods are at these locations.
///
/// # Errors
/// The database's own.
pub async fn at(tx: &mut Tx<'_>, locations: Vec<i64>) -> Result<Warehouses, Failure> {
    known(tx, Vec::new(), locations, Vec::new()).await
}

/// The central warehouse, and these.
///
/// # Errors
/// The database's own.
pub async fn of_ids(tx: &mut Tx<'_>, ids: Vec<i64>) -> Result<Warehouses, Failure> {
    known(tx, Vec::new(), Vec::new(), ids).await
}

async fn known(tx: &mut Tx<'_>, points: Vec<i64>, locations: Vec<i64>, ids: Vec<i64>) -> Result<Warehouses, Failure> {
    tx.rows(sql!("stock_warehouse/known.sql", points, locations, CENTRAL, ids)).await.map(Warehouses)
}

/// Where what comes back to a warehouse stands: made where there is no such place yet.
///
/// # Errors
/// The database's own.
pub async fn returns(tx: &mut Tx<'_>, warehouse: &Warehouse) -> Result<i64, Failure> {
    if let Some(there) = warehouse.returns {
        return Ok(there);
    }
    make_locations(tx, &[returns_of(warehouse.id, &warehouse.code)]).await?;
    tx.ids(sql!("stock_warehouse/returns_of.sql", warehouse.id)).await?.pop().ok_or_else(|| Fault::busy().into())
}

/// The central warehouse, and those of these points of sale: made where there are none yet.
///
/// # Errors
/// The database's own.
pub async fn of_points(tx: &mut Tx<'_>, points: &Points) -> Result<Warehouses, Failure> {
    let ids: Vec<i64> = points.values().map(|point| point.id).collect();
    let there = known(tx, ids.clone(), Vec::new(), Vec::new()).await?;
    let missing: Vec<_> = points.iter().filter(|(_, point)| there.of(Some(point.id)).is_none()).collect();
    if missing.is_empty() {
        return Ok(there);
    }
    make(tx, &missing).await?;
    known(tx, ids, Vec::new(), Vec::new()).await
}

/// A warehouse as it is stored.
#[derive(Serialize)]
struct New<'p> {
    name: &'p str,
    code: &'p str,
    partner_id: i64,
    closed: bool,
}

/// A type of transfers as it is stored.
#[derive(Serialize)]
struct NewType {
    name: &'static str,
    code: &'static str,
    sequence_code: &'static str,
    warehouse_id: i64,
}

/// A location as it is stored: of what is sold, or of what came back.
#[derive(Serialize)]
struct NewLocation {
    name: &'static str,
    complete_name: String,
    usage: &'static str,
    warehouse_id: Option<i64>,
    returns_of: Option<i64>,
}

fn stock_of(warehouse: i64, code: &str) -> NewLocation {
    let complete_name = format!("{code}/Stock");
    NewLocation { name: "Stock", complete_name, usage: "internal", warehouse_id: Some(warehouse), returns_of: None }
}

fn returns_of(warehouse: i64, code: &str) -> NewLocation {
    let complete_name = format!("{code}/{RETURNS}");
    NewLocation { name: RETURNS, complete_name, usage: "internal", warehouse_id: None, returns_of: Some(warehouse) }
}

/// A warehouse that was made.
#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    code: String,
}

/// Makes the warehouses of points of sale that have none; those that another request makes in this moment are waited for.
async fn make(tx: &mut Tx<'_>, points: &[(&String, &PointOfSale)]) -> Result<(), Failure> {
    let named = points.iter().map(|(code, point)| New { name: &point.name, code, partner_id: point.id, closed: point.closed });
    let named: Vec<_> = named.collect();
    let made = tx.insert_rows(tx.registry.model("stock.warehouse")?, &named, OnConflict::Skip).await?;
    complete(tx, made).await
}

/// Makes what belongs to warehouses that were made: their locations, and the types of what is done there. Those that have it stay so.
///
/// # Errors
/// The database's own.
pub async fn complete(tx: &mut Tx<'_>, made: Vec<i64>) -> Result<(), Failure> {
    let made: Vec<Made> = tx.rows(sql!("stock_warehouse/made.sql", made)).await?;
    let locations = made.iter().map(|one| stock_of(one.id, &one.code)).chain(made.iter().map(|one| returns_of(one.id, &one.code)));
    make_locations(tx, &locations.collect::<Vec<_>>()).await?;
    let types = made.iter().flat_map(|one| {
        [("Receipts", "incoming", "IN"), ("Delivery Orders", "outgoing", "OUT"), ("Internal Transfers", "internal", "INT")]
            .map(|(name, code, sequence_code)| NewType { name, code, sequence_code, warehouse_id: one.id })
    });
    let types: Vec<_> = types.collect();
    tx.insert_rows(tx.registry.model("stock.picking.type")?, &types, OnConflict::Fail).await.map(drop)
}

async fn make_locations(tx: &mut Tx<'_>, new: &[NewLocation]) -> Result<(), Failure> {
    // Named here, for a declared `warehouse_id` is also that of returns, and so none of the table's columns
    let columns = ["name", "complete_name", "usage", "warehouse_id", "returns_of"];
    let model = tx.registry.model("stock.location")?;
    tx.ids_of_new(write::insert(model, &tx.author, &columns, &write::rows(new)?, OnConflict::Skip, "NULL")).await.map(drop)
}

/// Locks where these goods are, in one fixed order, before anything there is read for a decision: everything that reserves,
/// moves or counts at a location holds its lock, so that neither its quantities nor its pickings change meanwhile, and no
/// two requests wait for each other. Taken before any document's lock.
///
/// # Errors
/// The database's own.
pub async fn lock(tx: &mut Tx<'_>, locations: Vec<i64>) -> Result<(), Failure> {
    tx.ids(sql!("stock_warehouse/lock.sql", locations)).await.map(drop)
}

/// Whether an event is of a point of sale, or can't be read.
pub fn concerns(event: &Event) -> bool {
    let said = || event.read::<ResPartner>("stock");
    event.model == "res.partner" && said().map_or(true, |partner| partner.is_pos)
}

/// Points of sale have a warehouse from their event on, which is named, coded, archived and closed as they are.
///
/// # Errors
/// The database's own.
pub async fn follow(tx: &mut Tx<'_>, events: &[Event]) -> Result<(), Failure> {
    let mut points: BTreeMap<i64, (String, PointOfSale)> = BTreeMap::new();
    for event in events.iter().filter(|event| event.model == ResPartner::MODEL && event.kind != "deleted") {
        points.extend(point_of_sale(event)?.map(|point| (event.record_id, point)));
    }
    if points.is_empty() {
        return Ok(());
    }
    // Renamed before others are made: a code that one gave up another may have
    keep(tx, &points).await?;
    let new: Points = points.into_values().collect();
    of_points(tx, &new).await.map(drop)
}

/// The point of sale that an event is of, with its code; none where it is of a client.
fn point_of_sale(event: &Event) -> Result<Option<(String, PointOfSale)>, Fault> {
    let partner: ResPartner = consumer::read(event, "stock")?;
    if !partner.is_pos {
        return Ok(None);
    }
    let lacks = |what: &str| service::our_fault("stock", "an event of a point of sale lacks what it is known by", &what);
    let code = partner.code_pos.filter(|code| !code.is_empty()).ok_or_else(|| lacks("code_pos"))?;
    let name = partner.name.ok_or_else(|| lacks("name"))?;
    let closed = domain::is_closed(partner.active, partner.status.as_deref().unwrap_or(""));
    Ok(Some((code, PointOfSale { id: event.record_id, name, active: partner.active, closed, version: event.version })))
}

/// A warehouse as it is known.
#[derive(Deserialize)]
struct Known {
    id: i64,
    partner: i64,
    closed: bool,
    version: i64,
    locations: Vec<Location>,
}

#[derive(Deserialize)]
struct Location {
    id: i64,
    name: String,
    complete_name: String,
}

/// What a warehouse is now.
#[derive(Serialize)]
struct Changed<'p> {
    id: i64,
    name: &'p str,
    code: &'p str,
    active: bool,
    closed: bool,
    partner_version: i64,
}

/// What a location is called now.
#[derive(Serialize)]
struct Renamed {
    id: i64,
    complete_name: String,
}

/// Makes the warehouses that are there what their points of sale are now; what is no newer than what is known changes nothing.
async fn keep(tx: &mut Tx<'_>, points: &BTreeMap<i64, (String, PointOfSale)>) -> Result<(), Failure> {
    let known: Vec<Known> = tx.read(sql!("stock_warehouse/followed.sql", points.keys().copied().collect::<Vec<_>>())).await?;
    let (mut warehouses, mut locations, mut switched) = (Vec::new(), Vec::new(), Vec::new());
    let newer = |one: Known| points.get(&one.partner).filter(|(_, point)| point.version > one.version).map(|now| (one, now));
    for (one, (code, point)) in known.into_iter().filter_map(newer) {
        warehouses.push(Changed {
            id: one.id,
            name: &point.name,
            code,
            active: point.active,
            closed: point.closed,
            partner_version: point.version,
        });
        let renamed = one.locations.into_iter().filter_map(|Location { id, name, complete_name }| {
            let now = format!("{code}/{name}");
            (complete_name != now).then_some(Renamed { id, complete_name: now })
        });
        locations.extend(renamed);
        if one.closed != point.closed {
            switched.push(one.id);
        }
    }
    tx.update_rows(tx.registry.model("stock.warehouse")?, &warehouses).await?;
    tx.update_rows(tx.registry.model("stock.location")?, &locations).await?;
    if switched.is_empty() { Ok(()) } else { switch(tx, switched).await }
}

/// A quantity whose place is closed or open now.
#[derive(QueryableByName, Serialize)]
struct Switched {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Bool)]
    closed: bool,
}

/// Notes on what is sold at warehouses whether they are closed: an event a quantity, by which platforms are told.
async fn switch(tx: &mut Tx<'_>, warehouses: Vec<i64>) -> Result<(), Failure> {
    let stocks = tx.ids(sql!("stock_warehouse/stocks.sql", warehouses)).await?;
    lock(tx, stocks.clone()).await?;
    let changed: Vec<Switched> = tx.rows(sql!("stock_warehouse/switched.sql", stocks)).await?;
    tx.update_rows(tx.registry.model("stock.quant")?, &changed).await.map(drop)
}

/// How long after a failure partners are asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// Asks partners about points of sale of which nothing is known but their name: those of a release that did not ask.
pub async fn catch_up(owner: &Owner<Stock>) {
    loop {
        match learn(owner).await {
            Ok(true) => return,
            Ok(false) => tracing::info!("partners does not tell yet which points of sale are closed; asking again"),
            Err(fault) => tracing::warn!(%fault, "partners can't be asked which points of sale are closed; asking again"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Answers whether partners could tell.
async fn learn(owner: &Owner<Stock>) -> Result<bool, Fault> {
    let ids = owner.database.search::<BigInt, i64>(sql!("stock_warehouse/unknown_points.sql")).await?;
    if ids.is_empty() {
        return Ok(true);
    }
    let question = PointsOfSale { ids: ids.into_iter().collect(), ..PointsOfSale::default() };
    let points = owner.ask(&question, None).await?;
    let tells = points.values().all(|point| point.version > 0);
    let points: Arc<BTreeMap<i64, (String, PointOfSale)>> =
        Arc::new(points.into_iter().map(|(code, point)| (point.id, (code, point))).collect());
    owner
        .transact(None, |tx| {
            let points = points.clone();
            Box::pin(async move { keep(tx, &points).await })
        })
        .await?;
    Ok(tells)
}
