//! `stock.warehouse`, `stock.location`, `stock.picking.type`: where goods can be. The central warehouse is the migration's;
//! each point of sale has one of its own, named and coded as it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::{BigInt, Nullable, Text};
use domain::{Identity, Kind as Who};
use events::Event;
use jsonrpc::Fault;
use partners_contract::{PointOfSale, Points, PointsOfSale, ResPartner};
use records::write::{self, OnConflict};
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Sql, Tx};
use serde::Deserialize;
use serde_json::json;
use service::{Owner, consumer};

use crate::{Stock, rows};

/// The code of the central warehouse.
pub const CENTRAL: &str = "EKIWH";
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
#[derive(Clone, Debug)]
pub struct Warehouse {
    /// Its number.
    pub id: i64,
    /// Whose it is; none: the central one.
    pub partner: Option<i64>,
    /// Where its goods are.
    pub stock: i64,
    /// Where goods stand that came back; none, of one that a release before made.
    returns: Option<i64>,
    /// The type of what comes in.
    pub incoming: i64,
    /// The type of what goes out.
    pub outgoing: i64,
    /// The type of what goes elsewhere.
    pub internal: i64,
}

/// Warehouses by point of sale.
#[derive(Clone, Debug, Default)]
pub struct Warehouses(Vec<Warehouse>);

impl Warehouses {
    /// The one of this point of sale; of none, the central one.
    pub fn of(&self, partner: Option<i64>) -> Option<&Warehouse> {
        self.0.iter().find(|warehouse| warehouse.partner == partner)
    }

    /// The one whose goods, sold or come back, are at this location.
    pub fn at(&self, location: i64) -> Option<&Warehouse> {
        self.0.iter().find(|warehouse| warehouse.stock == location || warehouse.returns == Some(location))
    }
}

const READ: &str = "SELECT w.id, w.partner_id, l.id, (SELECT r.id FROM stock_location r WHERE r.returns_of = w.id AND r.deleted_at IS NULL), \
    (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'incoming'), \
    (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'outgoing'), \
    (SELECT t.id FROM stock_picking_type t WHERE t.warehouse_id = w.id AND t.code = 'internal') \
    FROM stock_warehouse w JOIN stock_location l ON l.warehouse_id = w.id WHERE w.deleted_at IS NULL AND (w.partner_id IS NULL OR ";

async fn read(tx: &mut Tx<'_>, mut sql: Sql) -> Result<Warehouses, Failure> {
    type Columns = (BigInt, Nullable<BigInt>, BigInt, Nullable<BigInt>, BigInt, BigInt, BigInt);
    sql.push(")");
    let rows = sql.load::<Columns, (i64, Option<i64>, i64, Option<i64>, i64, i64, i64)>(tx.conn).await?;
    let warehouses = rows.into_iter().map(|(id, partner, stock, returns, incoming, outgoing, internal)| Warehouse {
        id,
        partner,
        stock,
        returns,
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
    sql.push("w.id IN (SELECT coalesce(o.warehouse_id, o.returns_of) FROM stock_location o WHERE o.id = ANY(").bind(locations).push("))");
    read(tx, sql).await
}

/// Where what comes back to a warehouse stands: made where there is no such place yet.
///
/// # Errors
/// The database's own.
pub async fn returns(tx: &mut Tx<'_>, warehouse: &Warehouse) -> Result<i64, Failure> {
    if let Some(there) = warehouse.returns {
        return Ok(there);
    }
    let mut code = Sql::new("SELECT w.id, w.code FROM stock_warehouse w WHERE w.id = ");
    code.bind(warehouse.id);
    let codes = code.load::<(BigInt, Text), (i64, String)>(tx.conn).await?;
    make_locations(tx, &[], &codes).await?;
    let mut sql = Sql::new("SELECT id FROM stock_location WHERE deleted_at IS NULL AND returns_of = ");
    sql.bind(warehouse.id);
    tx.ids(sql).await?.pop().ok_or_else(|| Fault::busy().into())
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
    let named: Vec<_> = points
        .iter()
        .map(|(code, point)| rows::row(json!({"name": point.name, "code": code, "partner_id": point.id, "closed": point.closed})))
        .collect();
    let model = registry.model("stock.warehouse")?;
    let insert = write::insert(model, &tx.author, &["name", "code", "partner_id", "closed"], &named, OnConflict::Skip, "new.code");
    let made = insert.load::<(BigInt, Nullable<Text>), (i64, Option<String>)>(tx.conn).await?;
    if made.is_empty() {
        return Ok(());
    }
    let made: Vec<(i64, String)> = made.into_iter().map(|(id, code)| (id, code.unwrap_or_default())).collect();
    make_locations(tx, &made, &made).await?;
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

/// Makes the places of warehouses, by number and code: for what is sold, and for what came back.
async fn make_locations(tx: &mut Tx<'_>, stocks: &[(i64, String)], returns: &[(i64, String)]) -> Result<(), Failure> {
    let stocks = stocks
        .iter()
        .map(|(id, code)| json!({"name": "Stock", "complete_name": format!("{code}/Stock"), "usage": "internal", "warehouse_id": id}));
    let returns = returns
        .iter()
        .map(|(id, code)| json!({"name": RETURNS, "complete_name": format!("{code}/{RETURNS}"), "usage": "internal", "returns_of": id}));
    let new: Vec<_> = stocks.chain(returns).map(rows::row).collect();
    let columns = ["name", "complete_name", "usage", "warehouse_id", "returns_of"];
    let model = tx.registry.model("stock.location")?;
    tx.ids_of_new(write::insert(model, &tx.author, &columns, &new, OnConflict::Skip, "NULL")).await.map(drop)
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

/// Points of sale have a warehouse from their event on, which is named, coded, archived and closed as they are.
///
/// # Errors
/// The database's own.
pub async fn follow(tx: &mut Tx<'_>, events: &[Event]) -> Result<(), Failure> {
    let mut points: BTreeMap<i64, (String, PointOfSale)> = BTreeMap::new();
    for event in events.iter().filter(|event| event.model == "res.partner" && event.kind != "deleted") {
        let partner: ResPartner = consumer::read(event, "stock")?;
        if let (true, Some(code)) = (partner.is_pos, partner.code_pos.filter(|code| !code.is_empty())) {
            let named = || service::our_fault("stock", "an event of a point of sale does not say its name", &event.record_id);
            let (name, status) = (partner.name.ok_or_else(named)?, partner.status.as_deref().unwrap_or(""));
            let closed = domain::is_closed(partner.active, status);
            let point = PointOfSale { id: event.record_id, name, active: partner.active, closed, version: event.version };
            points.insert(event.record_id, (code, point));
        }
    }
    if points.is_empty() {
        return Ok(());
    }
    // Renamed before others are made: a code that one gave up another may have
    keep(tx, &points).await?;
    let new: Points = points.into_values().collect();
    of_points(tx, &new).await.map(drop)
}

/// A warehouse as it is known.
#[derive(Deserialize)]
struct Known {
    id: i64,
    partner: i64,
    closed: bool,
    version: i64,
    locations: Vec<(i64, String, String)>,
}

/// Makes the warehouses that are there what their points of sale are now; what is no newer than what is known changes nothing.
async fn keep(tx: &mut Tx<'_>, points: &BTreeMap<i64, (String, PointOfSale)>) -> Result<(), Failure> {
    let registry = tx.registry;
    let mut sql = Sql::new(
        "SELECT json_build_object('id', w.id, 'partner', w.partner_id, 'closed', w.closed, 'version', w.partner_version, \
         'locations', (SELECT coalesce(json_agg(json_build_array(l.id, l.name, l.complete_name)), '[]') FROM stock_location l \
         WHERE w.id IN (l.warehouse_id, l.returns_of)))::text \
         FROM stock_warehouse w WHERE w.deleted_at IS NULL AND w.partner_id = ANY(",
    );
    sql.bind(points.keys().copied().collect::<Vec<_>>()).push(") ORDER BY w.id FOR NO KEY UPDATE");
    let known: Vec<Known> = rows::load(tx, sql).await?;
    let (mut warehouses, mut locations, mut switched) = (Vec::new(), Vec::new(), Vec::new());
    for one in &known {
        let Some((code, point)) = points.get(&one.partner).filter(|(_, point)| point.version > one.version) else { continue };
        warehouses.push(rows::row(json!({
            "id": one.id, "name": point.name, "code": code, "active": point.active, "closed": point.closed, "partner_version": point.version,
        })));
        for (id, name, complete) in &one.locations {
            let now = format!("{code}/{name}");
            if *complete != now {
                locations.push(rows::row(json!({"id": id, "complete_name": now})));
            }
        }
        if one.closed != point.closed {
            switched.push(one.id);
        }
    }
    if !warehouses.is_empty() {
        let model = registry.model("stock.warehouse")?;
        let columns = ["name", "code", "active", "closed", "partner_version"];
        tx.ids(write::update_each(model, &tx.author, &columns, &warehouses)).await?;
    }
    if !locations.is_empty() {
        let model = registry.model("stock.location")?;
        tx.ids(write::update_each(model, &tx.author, &["complete_name"], &locations)).await?;
    }
    if switched.is_empty() { Ok(()) } else { switch(tx, switched).await }
}

/// Notes on what is sold at warehouses whether they are closed: an event a quantity, by which platforms are told.
async fn switch(tx: &mut Tx<'_>, warehouses: Vec<i64>) -> Result<(), Failure> {
    let mut stocks = Sql::new("SELECT id FROM stock_location WHERE warehouse_id = ANY(");
    stocks.bind(warehouses).push(")");
    let stocks = tx.ids(stocks).await?;
    lock(tx, stocks.clone()).await?;
    let mut sql = Sql::new(
        "SELECT json_build_object('id', q.id, 'closed', w.closed)::text FROM stock_quant q JOIN stock_location l ON l.id = q.location_id \
         JOIN stock_warehouse w ON w.id = l.warehouse_id WHERE q.deleted_at IS NULL AND q.closed <> w.closed AND l.id = ANY(",
    );
    sql.bind(stocks).push(") ORDER BY q.id FOR UPDATE OF q");
    let changed = rows::load(tx, sql).await?;
    if changed.is_empty() {
        return Ok(());
    }
    tx.ids(write::update_each(tx.registry.model("stock.quant")?, &tx.author, &["closed"], &changed)).await.map(drop)
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
    let unknown =
        Sql::new("SELECT partner_id FROM stock_warehouse WHERE partner_version = 0 AND partner_id IS NOT NULL AND deleted_at IS NULL");
    let ids = owner.database.search::<BigInt, i64>(unknown).await?;
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
