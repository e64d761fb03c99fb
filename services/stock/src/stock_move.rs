//! `stock.move`: what is to go from where to where, and `stock.move.line`: the ledger of what went.

use catalog_contract::Configuration;
use diesel::sql_types::{BigInt, Nullable, Text};
use domain::Identity;
use jsonrpc::Fault;
use records::condition::denied;
use records::tx::{Found, taken};
use records::values::Mode;
use records::write::{self, OnConflict};
use records::{Access, Body, Failure, Field, Kind, Model, Sql, Tx, Value};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use service::{Behaviour, Changing, Owner};

use crate::stock_quant::Changes;
use crate::{ENDS, Stock, documents, of_own_bank, of_own_place, rows};

const STATES: &[&str] = &["draft", "waiting", "confirmed", "partially_available", "assigned", "done", "cancel"];

/// The declaration.
pub fn model(_: &Stock) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(500), "Description").readonly(),
        Field::new("product_id", Kind::Many2one("product.product"), "Product").readonly(),
        Field::new("manufacturer_ref", Kind::Char(254), "Manufacturer's reference").readonly(),
        Field::new("product_uom_qty", Kind::Float, "Demand").readonly(),
        Field::new("quantity_done", Kind::Float, "Quantity done"),
        Field::new("reserved_availability", Kind::Float, "Reserved").readonly(),
        Field::new("state", Kind::Selection(STATES), "Status").readonly(),
        Field::new("picking_id", Kind::Many2one("stock.picking"), "Transfer").readonly(),
        Field::new("location_id", Kind::Many2one("stock.location"), "Source").readonly(),
        Field::new("location_dest_id", Kind::Many2one("stock.location"), "Destination").readonly(),
        Field::new("sale_id", Kind::Many2one("sale.order"), "Order").readonly(),
        Field::new("sale_line_id", Kind::Many2one("sale.order.line"), "Order's line").readonly(),
        Field::new("purchase_line_id", Kind::Many2one("purchase.order.line"), "Purchase's line").readonly(),
        Field::new("origin_returned_move_id", Kind::Many2one("stock.move"), "Move that it takes back").readonly(),
        Field::new("origin", Kind::Char(254), "Source document").readonly(),
        Field::new("date", Kind::Datetime, "Date").readonly(),
        Field::new("price_unit", Kind::Monetary, "Unit price").readonly().readable_by(Identity::is_trusted),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::internal("place", Kind::Integer),
        Field::internal("picked", Kind::Boolean),
    ];
    Model::new("stock.move", "stock_move", "Move", fields, access).order("id").publishes::<stock_contract::StockMove>()
}

/// The declaration of the ledger.
pub fn line_model(_: &Stock) -> Model {
    let fields = vec![
        Field::new("move_id", Kind::Many2one("stock.move"), "Move").readonly(),
        Field::new("picking_id", Kind::Many2one("stock.picking"), "Transfer").readonly(),
        Field::new("product_id", Kind::Many2one("product.product"), "Product").readonly(),
        Field::new("location_id", Kind::Many2one("stock.location"), "From").readonly(),
        Field::new("location_dest_id", Kind::Many2one("stock.location"), "To").readonly(),
        Field::new("qty_done", Kind::Float, "Quantity").readonly(),
        Field::new("date", Kind::Datetime, "Date").readonly(),
        Field::new("reference", Kind::Char(254), "Reference").readonly(),
        Field::new("origin", Kind::Char(254), "Source document").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
    ];
    let access = |identity: &Identity| of_own_place(identity, of_own_bank(identity, Access::read()), ENDS);
    Model::new("stock.move.line", "stock_move_line", "Product move", fields, access).order("id desc").rec_name("reference")
}

/// Moves are made by what causes them; by hand only what is done is noted.
fn access(identity: &Identity) -> Access {
    of_own_place(identity, of_own_bank(identity, Access { create: false, ..crate::goods(identity) }), ENDS)
}

/// A move that is changed.
#[derive(Default)]
pub struct StockMove;

impl Behaviour<Stock> for StockMove {
    async fn create(&self, change: Changing<'_, '_, Stock>, _: Map<String, Json>) -> Result<i64, Failure> {
        Err(denied(change.model, "create").into())
    }

    async fn write(&self, change: Changing<'_, '_, Stock>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.tx, change.model, found, data).await
    }

    fn body(_: &Owner<Stock>, model: &Model, mode: Mode) -> Option<Body> {
        (mode == Mode::Write).then(|| Body::of(model, mode))
    }
}

/// How far a move has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its document is not confirmed.
    #[default]
    Draft,
    /// It waits for goods.
    Confirmed,
    /// It has some.
    PartiallyAvailable,
    /// It has all; or it takes them from outside, where they are not counted.
    Assigned,
    /// It happened.
    Done,
    /// It never will.
    Cancel,
}

impl State {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Confirmed => "confirmed",
            State::PartiallyAvailable => "partially_available",
            State::Assigned => "assigned",
            State::Done => "done",
            State::Cancel => "cancel",
        }
    }
}

/// A move as code works on it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of the model")]
pub struct Move {
    pub id: i64,
    pub name: String,
    pub product_id: i64,
    pub manufacturer_ref: String,
    pub product_uom_qty: Decimal,
    pub quantity_done: Decimal,
    pub reserved_availability: Decimal,
    pub state: State,
    pub picking_id: Option<i64>,
    pub location_id: i64,
    pub location_dest_id: i64,
    pub sale_id: Option<i64>,
    pub sale_line_id: Option<i64>,
    pub purchase_line_id: Option<i64>,
    pub origin_returned_move_id: Option<i64>,
    pub origin: Option<String>,
    pub price_unit: Decimal,
    pub bank_id: Option<i64>,
    pub place: Option<i64>,
    /// Whether its quantity was noted: that none came is noted too.
    pub picked: bool,
    /// Whether it takes goods from where they are reserved before: not from outside, and not from what came back.
    #[serde(skip_serializing)]
    pub from_stock: bool,
}

/// What a new move is stored with.
const COLUMNS: &[&str] = &[
    "name",
    "product_id",
    "manufacturer_ref",
    "product_uom_qty",
    "quantity_done",
    "reserved_availability",
    "state",
    "picking_id",
    "location_id",
    "location_dest_id",
    "sale_id",
    "sale_line_id",
    "purchase_line_id",
    "origin_returned_move_id",
    "origin",
    "price_unit",
    "bank_id",
    "place",
    "picked",
];

impl Move {
    /// Of a product, to be completed.
    pub fn new(product: &Configuration) -> Move {
        Move { name: product.name.clone(), product_id: product.id, manufacturer_ref: product.manufacturer_ref.clone(), ..Move::default() }
    }

    /// Whether its quantity was noted. A release before this one left no other trace of it than the quantity.
    pub fn is_noted(&self) -> bool {
        self.picked || !self.quantity_done.is_zero()
    }

    /// The product at the source.
    pub fn source(&self) -> (i64, i64) {
        (self.product_id, self.location_id)
    }

    /// The product at the destination.
    pub fn destination(&self) -> (i64, i64) {
        (self.product_id, self.location_dest_id)
    }

    /// The state of an open move with this reservation.
    pub fn open_state(&self) -> State {
        match self.reserved_availability {
            _ if !self.from_stock => State::Assigned,
            reserved if reserved >= self.product_uom_qty => State::Assigned,
            reserved if reserved.is_zero() => State::Confirmed,
            _ => State::PartiallyAvailable,
        }
    }
}

/// The moves (`m`) that a condition finds, locked.
///
/// # Errors
/// The database's own.
pub async fn locked(tx: &mut Tx<'_>, condition: Sql) -> Result<Vec<Move>, Failure> {
    let mut sql = Sql::new(
        "SELECT (to_jsonb(m) || jsonb_build_object('product_uom_qty', m.product_uom_qty::text, 'quantity_done', m.quantity_done::text, \
         'reserved_availability', m.reserved_availability::text, 'price_unit', m.price_unit::text, \
         'from_stock', (SELECT l.usage = 'internal' AND l.returns_of IS NULL FROM stock_location l WHERE l.id = m.location_id)))::text \
         FROM stock_move m WHERE m.deleted_at IS NULL AND ",
    );
    sql.append(condition).push(" ORDER BY m.id FOR UPDATE OF m");
    rows::load(tx, sql).await
}

/// The open moves of pickings, locked.
///
/// # Errors
/// The database's own.
pub async fn open_of(tx: &mut Tx<'_>, pickings: Vec<i64>) -> Result<Vec<Move>, Failure> {
    let mut condition = Sql::new("m.state IN ('draft', 'confirmed', 'partially_available', 'assigned') AND m.picking_id = ANY(");
    condition.bind(pickings).push(")");
    locked(tx, condition).await
}

/// Makes moves, in this order, with the rows of `stock.quant` that they need.
///
/// # Errors
/// The database's own.
pub async fn insert(tx: &mut Tx<'_>, moves: &[Move]) -> Result<Vec<i64>, Failure> {
    if moves.is_empty() {
        return Ok(Vec::new());
    }
    crate::stock_quant::open(tx, moves).await?;
    let model = tx.registry.model("stock.move")?;
    tx.ids_of_new(write::insert(model, &tx.author, COLUMNS, &rows::of(moves), OnConflict::Fail, "NULL")).await
}

/// Makes moves that have happened already, and lets them have their effect.
///
/// # Errors
/// 422 where less than nothing would be there.
pub async fn insert_done(tx: &mut Tx<'_>, mut moves: Vec<Move>) -> Result<(), Failure> {
    let ids = insert(tx, &moves).await?;
    for (one, id) in moves.iter_mut().zip(ids) {
        one.id = id;
    }
    let mut changes = Changes::default();
    for one in &moves {
        changes.add(one.source(), -one.quantity_done);
        changes.add(one.destination(), one.quantity_done);
    }
    changes.apply(tx).await?;
    write_ledger(tx, &moves, |_| None).await
}

/// One row of the ledger a move that is done; `reference` is its picking's name.
///
/// # Errors
/// The database's own.
pub async fn write_ledger(tx: &mut Tx<'_>, moves: &[Move], reference: impl Fn(i64) -> Option<String>) -> Result<(), Failure> {
    let lines: Vec<_> = moves
        .iter()
        .map(|one| {
            rows::row(json!({
                "move_id": one.id,
                "picking_id": one.picking_id,
                "product_id": one.product_id,
                "location_id": one.location_id,
                "location_dest_id": one.location_dest_id,
                "qty_done": one.quantity_done,
                "reference": one.picking_id.and_then(&reference).or_else(|| one.origin.clone()),
                "origin": one.origin,
                "bank_id": one.bank_id,
            }))
        })
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let columns = ["move_id", "picking_id", "product_id", "location_id", "location_dest_id", "qty_done", "reference", "origin", "bank_id"];
    let model = tx.registry.model("stock.move.line")?;
    tx.ids_of_new(write::insert(model, &tx.author, &columns, &lines, OnConflict::Fail, "NULL")).await.map(drop)
}

/// Gives locked moves what they are now: their reservation, state, quantities and picking.
///
/// # Errors
/// What the table's checks refuse, as 422.
pub async fn store(tx: &mut Tx<'_>, moves: &[Move]) -> Result<(), Failure> {
    if moves.is_empty() {
        return Ok(());
    }
    let changed: Vec<_> = moves
        .iter()
        .map(|one| {
            let mut row = rows::row(json!({
                "id": one.id, "product_uom_qty": one.product_uom_qty, "quantity_done": one.quantity_done,
                "reserved_availability": one.reserved_availability, "state": one.state, "picking_id": one.picking_id, "picked": one.picked,
            }));
            if one.state == State::Done {
                // For Postgres: the transaction's time
                row.insert("date".to_owned(), "now".into());
            }
            row
        })
        .collect();
    let columns = ["product_uom_qty", "quantity_done", "reserved_availability", "state", "picking_id", "picked", "date"];
    let model = tx.registry.model("stock.move")?;
    let update = write::update_each(model, &tx.author, &columns, &changed);
    update.load::<BigInt, i64>(tx.conn).await.map(drop).map_err(|error| taken(model, error))
}

/// Notes how much of open moves is done; that none is done is noted as 0, and unset notes nothing. Only what comes from a vendor may be
/// more than was asked for: everything else is taken from what is there, or from what was shipped.
///
/// # Errors
/// 409 for what is done or cancelled already, 422 for too much.
pub async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    let picked = data.get("quantity_done").map(|sent| !documents::is_unset(sent));
    if picked == Some(false) {
        data.insert("quantity_done".to_owned(), Json::Null);
    }
    let mut values = tx.check(model, Mode::Write, data, &mut problems).await?;
    let Some(picked) = picked else { return Ok(problems.check()?) };
    let done = match values.get("quantity_done") {
        Some(Value::Plain(Json::String(text))) => text.parse::<Decimal>().unwrap_or_default(),
        // It is wrong, which is told below
        _ => Decimal::ZERO,
    };
    values.set("picked", picked);
    let mut sql = Sql::new(
        "SELECT m.id, m.state, CASE WHEN l.usage <> 'supplier' AND m.product_uom_qty < r.done THEN m.product_uom_qty::text END \
         FROM stock_move m JOIN stock_location l ON l.id = m.location_id, (SELECT ",
    );
    sql.bind(done.to_string()).push("::numeric AS done) r WHERE m.id = ANY(").bind(found.ids.clone()).push(") ORDER BY m.id");
    let moves = sql.load::<(BigInt, Text, Nullable<Text>), (i64, String, Option<String>)>(tx.conn).await?;
    for (id, state, most) in moves {
        if matches!(state.as_str(), "done" | "cancel") {
            return Err(Fault::conflict(format!("The stock.move {id} is {state}: what was done can't be changed.")).into());
        }
        if let Some(most) = most {
            problems.add(format!("Wrong value for stock.move.quantity_done: {done} (at most {most}, the demand of the move {id})"));
        }
    }
    problems.check()?;
    tx.update(model, found.ids, &values).await.map(drop)
}
