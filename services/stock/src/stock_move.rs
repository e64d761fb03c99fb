//! `stock.move`: what is to go from where to where, and `stock.move.line`: the ledger of what went.

use std::collections::BTreeMap;

use catalog_contract::Configuration;
use diesel::QueryableByName;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{BigInt, Bool, Text};
use domain::Identity;
use domain::goods::Claim;
use jsonrpc::Fault;
use records::condition::denied;
use records::tx::Found;
use records::values::Mode;
use records::write::OnConflict;
use records::{Access, Body, Exact, Failure, Field, Kind, Model, Tx, Value, sql};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use service::{Behaviour, Changing, Owner};

use crate::stock_quant::{self, Changes, Key};
use crate::{ENDS, NOW, Stock, documents, of_own_bank, of_own_place};
// circle: stock_quant: a move that is done changes what stands at its ends, and a count makes a move

const STATES: &[&str] = &["draft", "waiting", "confirmed", "partially_available", "assigned", "done", "cancel"];

/// A move that is confirmed and neither done nor cancelled.
const OPEN: &str = "state IN ('confirmed', 'partially_available', 'assigned')";

/// The declaration.
pub fn model(_: &Stock) -> Model {
    // Word for word what the index stock_move_short is of
    let short = format!(
        "CASE WHEN {{t}}.{OPEN} AND {{t}}.sale_id IS NOT NULL AND {{t}}.origin_returned_move_id IS NULL \
         THEN {{t}}.product_uom_qty - {{t}}.reserved_availability ELSE 0 END"
    );
    let warehouse = "(SELECT coalesce(l.warehouse_id, l.returns_of) FROM stock_location l WHERE l.id = {t}.location_id)";
    let of_expected = |what: &str, from: &str| {
        format!(
            "CASE WHEN {{t}}.{OPEN} THEN (SELECT {what} FROM stock_move i {from}WHERE i.product_id = {{t}}.product_id \
             AND i.location_dest_id = {{t}}.location_id AND i.{OPEN} AND i.deleted_at IS NULL) END"
        )
    };
    let expected_date = of_expected("min(p.scheduled_date)", "JOIN stock_picking p ON p.id = i.picking_id ");
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
        Field::computed("short", Kind::Float, "Short", short).help("What an order still waits for of an open move."),
        Field::computed("warehouse_id", Kind::Many2one("stock.warehouse"), "Warehouse", warehouse).help("Of the source."),
        Field::computed(
            "partner_id",
            Kind::Many2one("res.partner"),
            "Contact",
            "(SELECT p.partner_id FROM stock_picking p WHERE p.id = {t}.picking_id)",
        ),
        Field::computed("expected_date", Kind::Datetime, "Expected on", expected_date)
            .help("Of an open move: when the first of what is on its way to its source is due."),
        Field::computed("expected_quantity", Kind::Float, "Expected", of_expected("sum(i.product_uom_qty)", ""))
            .help("Of an open move: how much of its product is on its way to its source, for all who wait there."),
        Field::internal("place", Kind::Integer),
        Field::internal("picked", Kind::Boolean),
        Field::internal("held", Kind::Boolean),
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromSqlRow)]
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
    const ALL: [State; 6] = [State::Draft, State::Confirmed, State::PartiallyAvailable, State::Assigned, State::Done, State::Cancel];

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

impl FromSql<Text, Pg> for State {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<State> {
        let text = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        let known = State::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| format!("'{text}' is not a state of goods").into())
    }
}

/// A move as code works on it, and as it is stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of the model")]
pub struct Move {
    /// The database gives it.
    #[serde(skip_serializing)]
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
    /// Whether it came from elsewhere and gets no goods before the cut-over.
    pub held: bool,
    /// Whether it takes goods from where they are reserved before: not from outside, and not from what came back.
    #[serde(skip_serializing)]
    pub from_stock: bool,
}

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
    pub fn source(&self) -> Key {
        (self.product_id, self.location_id)
    }

    /// The product at the destination.
    pub fn destination(&self) -> Key {
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

    /// What it claims of the goods at its source.
    pub fn claim(&self) -> Claim {
        Claim { wanted: self.product_uom_qty, reserved: self.reserved_availability }
    }

    /// Reserves so many for it, and notes in `changes` how many more than before these are.
    pub fn reserve(&mut self, reserved: Decimal, changes: &mut Changes) {
        changes.reserve(self.source(), reserved - self.reserved_availability);
        self.reserved_availability = reserved;
        self.state = self.open_state();
    }

    /// Whose turn it is: what is left of a move has the place of the whole.
    pub fn turn(&self) -> (i64, i64) {
        (self.place.unwrap_or(self.id), self.id)
    }
}

/// The open moves of pickings, locked.
///
/// # Errors
/// The database's own.
pub async fn open_of(tx: &mut Tx<'_>, pickings: Vec<i64>) -> Result<Vec<Move>, Failure> {
    tx.read(sql!("stock_move/open_of_pickings.sql", pickings)).await
}

/// Makes moves, in this order, with the rows of `stock.quant` that they need.
///
/// # Errors
/// The database's own.
pub async fn insert(tx: &mut Tx<'_>, moves: &[Move]) -> Result<Vec<i64>, Failure> {
    stock_quant::open(tx, moves).await?;
    tx.insert_rows(tx.registry.model("stock.move")?, moves, OnConflict::Fail).await
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
    write_ledger(tx, &moves, &BTreeMap::new()).await
}

/// A row of the ledger as it is stored.
#[derive(Serialize)]
struct Line<'m> {
    move_id: i64,
    picking_id: Option<i64>,
    product_id: i64,
    location_id: i64,
    location_dest_id: i64,
    qty_done: Decimal,
    reference: Option<&'m str>,
    origin: Option<&'m str>,
    bank_id: Option<i64>,
}

/// One row of the ledger a move that is done; its reference is its picking's name, by these `names`.
///
/// # Errors
/// The database's own.
pub async fn write_ledger(tx: &mut Tx<'_>, moves: &[Move], names: &BTreeMap<i64, String>) -> Result<(), Failure> {
    let lines: Vec<_> = moves
        .iter()
        .map(|one| Line {
            move_id: one.id,
            picking_id: one.picking_id,
            product_id: one.product_id,
            location_id: one.location_id,
            location_dest_id: one.location_dest_id,
            qty_done: one.quantity_done,
            reference: one.picking_id.and_then(|picking| names.get(&picking)).or(one.origin.as_ref()).map(String::as_str),
            origin: one.origin.as_deref(),
            bank_id: one.bank_id,
        })
        .collect();
    tx.insert_rows(tx.registry.model("stock.move.line")?, &lines, OnConflict::Fail).await.map(drop)
}

/// What of a locked move is stored again.
#[derive(Serialize)]
struct Changed {
    id: i64,
    product_uom_qty: Decimal,
    quantity_done: Decimal,
    reserved_availability: Decimal,
    state: State,
    picking_id: Option<i64>,
    picked: bool,
    held: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'static str>,
}

/// Gives locked moves what they are now: their reservation, state, quantities and picking.
///
/// # Errors
/// What the table's checks refuse, as 422.
pub async fn store(tx: &mut Tx<'_>, moves: &[Move]) -> Result<(), Failure> {
    let changed: Vec<_> = moves
        .iter()
        .map(|one| Changed {
            id: one.id,
            product_uom_qty: one.product_uom_qty,
            quantity_done: one.quantity_done,
            reserved_availability: one.reserved_availability,
            state: one.state,
            picking_id: one.picking_id,
            picked: one.picked,
            held: one.held,
            date: (one.state == State::Done).then_some(NOW),
        })
        .collect();
    tx.update_rows(tx.registry.model("stock.move")?, &changed).await.map(drop)
}

/// What a request notes as done on a move.
#[derive(QueryableByName)]
struct Noted {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    state: State,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    demand: Decimal,
    #[diesel(sql_type = Bool)]
    from_vendor: bool,
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
        Some(Value::Plain(Json::String(text))) => {
            text.parse::<Decimal>().map_err(|error| service::our_fault("stock", "a checked quantity can't be read", &error))?
        }
        // It is unset, or wrong, which is told below
        _ => Decimal::ZERO,
    };
    values.set("picked", picked);
    let moves: Vec<Noted> = tx.rows(sql!("stock_move/noted.sql", found.ids.clone())).await?;
    for Noted { id, state, demand, from_vendor } in moves {
        if matches!(state, State::Done | State::Cancel) {
            let state = state.as_str();
            return Err(Fault::conflict(format!("The stock.move {id} is {state}: what was done can't be changed.")).into());
        }
        if !from_vendor && done > demand {
            problems.add(format!("Wrong value for stock.move.quantity_done: {done} (at most {demand}, the demand of the move {id})"));
        }
    }
    problems.check()?;
    tx.update(model, found.ids, &values).await.map(drop)
}
