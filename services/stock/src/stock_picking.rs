//! `stock.picking`: receipts, deliveries, transfers and returns, each of several moves.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use domain::Identity;
use jsonrpc::{Call, Fault, Reply};
use records::tx::Found;
use records::values::Mode;
use records::write::OnConflict;
use records::{Access, Action, Argument, Body, Failure, Field, Kind, Model, Tx, Value, schema, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner};

use crate::documents::{self, Named, Names, Place};
use crate::done::{self, Part};
use crate::stock_move::{self, Move, State};
use crate::stock_quant::{self, Key};
use crate::{ENDS, NOW, Stock, demand, of_own_bank, of_own_place, printed, reservation, returns, settled, stock_warehouse};
// circle: demand, done, returns, reservation: its methods are what these do to a picking

/// The declaration.
pub fn model(_: &Stock) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(300), "Reference").readonly(),
        Field::new("origin", Kind::Char(254), "Source document").readonly(),
        Field::new("state", Kind::Selection(&["draft", "waiting", "confirmed", "assigned", "done", "cancel"]), "Status").readonly(),
        Field::new("picking_type_id", Kind::Many2one("stock.picking.type"), "Operation type").readonly(),
        Field::new("picking_type_code", Kind::Selection(&["incoming", "outgoing", "internal"]), "Type of operation").readonly(),
        Field::new("location_id", Kind::Many2one("stock.location"), "Source").readonly(),
        Field::new("location_dest_id", Kind::Many2one("stock.location"), "Destination").readonly(),
        Field::new("partner_id", Kind::Many2one("res.partner"), "Contact").readonly(),
        Field::new("sale_id", Kind::Many2one("sale.order"), "Order").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::new("purchase_id", Kind::Many2one("purchase.order"), "Purchase").readonly(),
        Field::new("backorder_id", Kind::Many2one("stock.picking"), "Back order of").readonly(),
        Field::new("return_id", Kind::Many2one("stock.picking"), "Return of").readonly(),
        Field::new("move_ids", Kind::One2many { comodel: "stock.move", inverse: "picking_id" }, "Moves"),
        Field::new("scheduled_date", Kind::Datetime, "Scheduled date"),
        Field::new("date_done", Kind::Datetime, "Date done").readonly(),
        Field::new("note", Kind::Text(20_000), "Notes").personal(),
        Field::new("priority", Kind::Selection(&["0", "1"]), "Priority").default("0"),
    ];
    Model::new("stock.picking", "stock_picking", "Transfer", fields, access).order("priority desc, scheduled_date, id desc")
}

fn access(identity: &Identity) -> Access {
    of_own_place(identity, of_own_bank(identity, crate::goods(identity)), ENDS)
}

/// A picking that is made or changed, with what it names.
#[derive(Default)]
pub struct StockPicking(Named);

impl Behaviour<Stock> for StockPicking {
    const ACTIONS: &'static [Action] = &[
        Action::plain("action_confirm", "Confirms a transfer."),
        Action::plain("action_assign", "Reserves what is there."),
        Action::plain("do_unreserve", "Gives up what is reserved."),
        Action::plain("action_set_quantities_to_reservation", "Notes as done what is reserved."),
        Action::plain("button_validate", "Moves what was noted as done, or all; the rest is a backorder."),
        Action::plain("action_cancel", "Cancels what is not done; of a delivered order it gives up the rest, which is credited."),
        Action {
            method: "action_return",
            arguments: &[Argument::optional(
                "quantities",
                r#"{"type": ["object", "null"], "propertyNames": {"pattern": "^[0-9]{1,18}$"}, "additionalProperties": {"type": "number", "exclusiveMinimum": 0}, "maxProperties": 200}"#,
            )],
            on_record: true,
            about: "Makes the return of a delivery to the warehouse's `Retours`: all of it, or `quantities` by the ids of its moves. Answers its id.",
        },
    ];

    async fn prepare(asked: Asked<'_, Stock>, data: &mut Map<String, Json>) -> Result<StockPicking, Fault> {
        let places = vec![data.get("location_id"), data.get("location_dest_id")];
        let names = Names { places, products: documents::in_lines(data, "move_ids"), ..Names::default() };
        documents::named(&asked, names).await.map(StockPicking)
    }

    async fn create(&self, change: Changing<'_, '_, Stock>, data: Map<String, Json>) -> Result<i64, Failure> {
        create(change.tx, change.model, data, &self.0).await
    }

    async fn write(&self, change: Changing<'_, '_, Stock>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.tx, change.model, found, data).await
    }

    async fn act(&self, change: Changing<'_, '_, Stock>, call: &Call, data: Map<String, Json>) -> Answer {
        action(change.tx, change.model, call, data).await
    }

    async fn report(owner: &Owner<Stock>, identity: &Identity, model: &Model, report: &str, ids: &[i64]) -> Result<Reply, Fault> {
        printed::report(owner, identity, model, report, ids).await
    }

    fn body(_: &Owner<Stock>, model: &Model, mode: Mode) -> Option<Body> {
        Some(match mode {
            Mode::Create => body(model),
            Mode::Write => Body::of(model, mode),
        })
    }
}

/// A picking as code works on it, and as it is stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of the model")]
pub struct Picking {
    pub id: i64,
    pub name: String,
    pub origin: Option<String>,
    pub state: State,
    pub picking_type_id: i64,
    pub picking_type_code: String,
    pub location_id: i64,
    pub location_dest_id: i64,
    pub partner_id: Option<i64>,
    pub sale_id: Option<i64>,
    pub bank_id: Option<i64>,
    pub purchase_id: Option<i64>,
    pub backorder_id: Option<i64>,
    pub return_id: Option<i64>,
    pub scheduled_date: Option<String>,
    pub note: Option<String>,
    pub priority: Option<String>,
}

impl Picking {
    /// Whether only its order's state ships it.
    fn is_an_orders(&self) -> bool {
        self.sale_id.is_some() && self.picking_type_code == "outgoing"
    }
}

/// What a new picking has from its type.
#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    prefix: String,
}

/// Makes pickings, numbered in this order, with their moves. Answers their ids.
///
/// # Errors
/// The database's own.
pub async fn insert(tx: &mut Tx<'_>, new: Vec<(Picking, Vec<Move>)>) -> Result<Vec<i64>, Failure> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let types: Vec<i64> = new.iter().map(|(picking, _)| picking.picking_type_id).collect();
    let numbered: Vec<Numbered> = tx.rows(sql!("stock_picking/numbered.sql", types)).await?;
    if numbered.len() != new.len() {
        return Err(service::our_fault("stock", "a picking is of no type", &format!("{} of {}", numbered.len(), new.len())).into());
    }
    let (mut pickings, mut moves) = (Vec::new(), Vec::new());
    for (Numbered { id, code, prefix }, (picking, own)) in numbered.into_iter().zip(new) {
        moves.extend(own.into_iter().map(|one| Move { picking_id: Some(id), ..one }));
        pickings.push(Picking {
            id,
            name: format!("{prefix}/{id:05}"),
            picking_type_code: code,
            scheduled_date: picking.scheduled_date.or_else(|| Some(NOW.to_owned())),
            priority: picking.priority.or_else(|| Some("0".to_owned())),
            ..picking
        });
    }
    tx.insert_rows(tx.registry.model("stock.picking")?, &pickings, OnConflict::Fail).await?;
    stock_move::insert(tx, &moves).await?;
    Ok(pickings.iter().map(|picking| picking.id).collect())
}

/// Makes one picking with its moves.
///
/// # Errors
/// The database's own.
pub async fn insert_one(tx: &mut Tx<'_>, picking: Picking, moves: Vec<Move>) -> Result<i64, Failure> {
    let made = insert(tx, vec![(picking, moves)]).await?.pop();
    made.ok_or_else(|| service::our_fault("stock", "a picking was not made", &"it has no id").into())
}

/// Pickings in rising order.
///
/// # Errors
/// The database's own.
pub async fn load(tx: &mut Tx<'_>, ids: Vec<i64>) -> Result<Vec<Picking>, Failure> {
    tx.read(sql!("stock_picking/of_ids.sql", ids)).await
}

/// One picking more like each of these, for what is left of it: by the old one.
///
/// # Errors
/// The database's own.
pub async fn backorders(tx: &mut Tx<'_>, of: Vec<Picking>) -> Result<BTreeMap<i64, i64>, Failure> {
    let ids: Vec<i64> = of.iter().map(|picking| picking.id).collect();
    let rest = |of: Picking| (Picking { backorder_id: Some(of.id), state: State::Confirmed, ..of }, Vec::new());
    let rests = insert(tx, of.into_iter().map(rest).collect()).await?;
    Ok(ids.into_iter().zip(rests).collect())
}

/// A picking's state that is not that of its moves any more.
#[derive(QueryableByName)]
struct Turned {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    state: State,
}

/// The state as it is stored.
#[derive(Serialize)]
struct Changed {
    id: i64,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_done: Option<&'static str>,
}

/// Gives pickings the state that their moves have.
///
/// # Errors
/// The database's own.
pub async fn refresh(tx: &mut Tx<'_>, mut ids: Vec<i64>) -> Result<(), Failure> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let turned: Vec<Turned> = tx.rows(sql!("stock_picking/turned.sql", ids)).await?;
    let changed = turned.into_iter().map(|Turned { id, state }| Changed { id, state, date_done: (state == State::Done).then_some(NOW) });
    let changed: Vec<_> = changed.collect();
    tx.update_rows(tx.registry.model("stock.picking")?, &changed).await.map(drop)
}

/// What a transfer is made of.
pub fn body(model: &Model) -> Body {
    let line = json!({"type": "object", "required": ["product_id", "product_uom_qty"], "additionalProperties": false, "properties": {
        "product_id": documents::named_by("A manufacturer_ref, or the configuration's id.", 254),
        "product_uom_qty": documents::POSITIVE.clone(),
        "name": {"type": ["string", "null"], "maxLength": 500},
    }});
    let place = || documents::named_by("The code of a point of sale or EKIWH, or a location's id.", 254);
    Body::of(model, Mode::Create)
        .with_required("picking_type_code", json!({"type": "string", "enum": ["internal"]}))
        .with_required("location_id", place())
        .with_required("location_dest_id", place())
        .with_required("move_ids", schema::list(line, 1, documents::MAX_LINES))
        .example(json!({"picking_type_code": "internal", "location_id": "EKIWH", "location_dest_id": "PDVA-E-BOJ-BOJ-05-001",
            "move_ids": [{"product_id": "ATLAS-CAN3-BL", "product_uom_qty": 1}]}))
}

/// A transfer between two places that keep goods: a draft.
///
/// # Errors
/// 422 with everything that is wrong.
pub async fn create(tx: &mut Tx<'_>, model: &Model, mut data: Map<String, Json>, named: &Named) -> Result<i64, Failure> {
    let mut problems = tx.problems();
    let mut take = |name: &str| data.remove(name);
    let (code, from, to, lines) = (take("picking_type_code"), take("location_id"), take("location_dest_id"), take("move_ids"));
    if code.is_none_or(|code| code != "internal") {
        problems.add("Wrong value for stock.picking.picking_type_code: only \"internal\" ones are made by hand");
    }
    let read = |field: &str, sent: Option<Json>, problems: &mut _| Place::read(field, &sent.unwrap_or_default(), named, problems);
    let from = read("stock.picking.location_id", from, &mut problems);
    let to = read("stock.picking.location_dest_id", to, &mut problems);
    let mut moves = Vec::new();
    for line in documents::lines("move_ids", lines, &mut problems) {
        moves.extend(read_line(&line, named, &mut problems));
    }
    let values = tx.check(model, Mode::Create, data, &mut problems).await?;
    let warehouses = stock_warehouse::of_points(tx, &named.points).await?;
    let mut ends = [None, None];
    for ((end, place), field) in ends.iter_mut().zip([from, to]).zip(["stock.picking.location_id", "stock.picking.location_dest_id"]) {
        if let Some(place) = place {
            *end = place.location(tx, field, &warehouses, &mut problems).await?;
        }
    }
    if ends[0].is_some() && ends[0] == ends[1] {
        problems.add("The source and the destination of a stock.picking must differ");
    }
    problems.check()?;
    let [Some(from), Some(to)] = ends else { return Err(Fault::busy().into()) };
    let Some(warehouse) = stock_warehouse::at(tx, vec![from]).await?.at(from).cloned() else { return Err(Fault::busy().into()) };
    stock_warehouse::lock(tx, vec![from, to]).await?;
    let text = |name: &str| values.text(name).map(str::to_owned);
    let picking = Picking {
        picking_type_id: warehouse.internal,
        location_id: from,
        location_dest_id: to,
        scheduled_date: text("scheduled_date"),
        note: text("note"),
        priority: text("priority"),
        ..Picking::default()
    };
    let moves = moves.into_iter().map(|one| Move { location_id: from, location_dest_id: to, ..one }).collect();
    insert_one(tx, picking, moves).await
}

fn read_line(line: &Map<String, Json>, named: &Named, problems: &mut records::values::Problems) -> Option<Move> {
    documents::only(line, "stock.move", &["product_id", "product_uom_qty", "name"], problems);
    let quantity = documents::quantity("stock.move.product_uom_qty", line.get("product_uom_qty"), problems);
    let product = named.product("stock.move.product_id", line.get("product_id").unwrap_or(&Json::Null), problems)?;
    Some(Move { product_uom_qty: quantity?, ..Move::new(product) })
}

/// Changes what may be changed by hand. What a client unsets stays as it is where there must be something.
///
/// # Errors
/// 422 with everything that is wrong.
pub async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    let mut values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    if values.get("scheduled_date") == Some(&Value::Plain(Json::Null)) {
        values.remove("scheduled_date");
    }
    tx.update(model, found.ids, &values).await.map(drop)
}

/// A public method.
///
/// # Errors
/// 403 where the identity may not, 409 as things stand.
pub async fn action(tx: &mut Tx<'_>, model: &Model, call: &Call, data: Map<String, Json>) -> Answer {
    let ends = tx.ids(sql!("stock_picking/ends.sql", crate::named_ids(call)?)).await?;
    stock_warehouse::lock(tx, ends).await?;
    let found = crate::find(tx, model, call).await?;
    let pickings = load(tx, found.ids.clone()).await?;
    if call.method == "action_return" {
        return match pickings.as_slice() {
            [one] => Ok(returns::make(tx, one, data).await?.into()),
            _ => Err(Fault::validation("One picking at a time.").into()),
        };
    }
    let moves = stock_move::open_of(tx, found.ids.clone()).await?;
    match call.method.as_str() {
        "action_confirm" => confirm(tx, &pickings, moves).await?,
        "action_assign" => assign(tx, &pickings, moves).await?,
        "do_unreserve" => unreserve(tx, moves).await?,
        "action_set_quantities_to_reservation" => set_to_reservation(tx, moves).await?,
        "action_cancel" => {
            let kept = demand::not_delivered(tx, &pickings).await?;
            refuse_orders(kept, "is cancelled with its order, through the order's state")?;
            refuse_in(&pickings, &[State::Done])?;
            cancel(tx, moves).await?;
        }
        "button_validate" => validate(tx, &pickings, moves).await?,
        method => return Err(Fault::no_such_method(model.name, method).into()),
    }
    Ok(true.into())
}

/// What an order is shipped with, only the order's state moves.
fn refuse_orders<'p>(pickings: impl IntoIterator<Item = &'p Picking>, why: &str) -> Result<(), Fault> {
    match pickings.into_iter().find(|picking| picking.is_an_orders()) {
        Some(one) => Err(Fault::conflict(format!("{} of the order {} {why}.", one.name, one.origin.as_deref().unwrap_or_default()))),
        None => Ok(()),
    }
}

fn refuse_in(pickings: &[Picking], states: &[State]) -> Result<(), Fault> {
    match pickings.iter().find(|picking| states.contains(&picking.state)) {
        Some(one) => Err(Fault::conflict(format!("{} is in the state '{}': that can't be done with it.", one.name, one.state.as_str()))),
        None => Ok(()),
    }
}

fn keys<'m>(moves: impl IntoIterator<Item = &'m Move>) -> Vec<Key> {
    moves.into_iter().map(Move::source).collect()
}

fn pickings_of(moves: &[Move]) -> Vec<i64> {
    let ids: BTreeSet<i64> = moves.iter().filter_map(|one| one.picking_id).collect();
    ids.into_iter().collect()
}

/// Drafts wait for their goods from now on, and take what is there. Confirming again changes nothing.
async fn confirm(tx: &mut Tx<'_>, pickings: &[Picking], mut moves: Vec<Move>) -> Result<(), Failure> {
    refuse_in(pickings, &[State::Cancel])?;
    moves.retain(|one| one.state == State::Draft);
    for one in &mut moves {
        one.state = one.open_state();
    }
    stock_move::store(tx, &moves).await?;
    let mut touched = reservation::settle(tx, &keys(&moves), &[]).await?;
    touched.extend(pickings_of(&moves));
    refresh(tx, touched).await
}

async fn assign(tx: &mut Tx<'_>, pickings: &[Picking], mut moves: Vec<Move>) -> Result<(), Failure> {
    refuse_in(pickings, &[State::Draft, State::Done, State::Cancel])?;
    settled::let_go(tx, &mut moves).await?;
    let touched = reservation::settle(tx, &keys(&moves), &[]).await?;
    refresh(tx, touched).await
}

/// Gives up what is reserved, for others who wait; these moves get goods again when goods become free again.
async fn unreserve(tx: &mut Tx<'_>, mut moves: Vec<Move>) -> Result<(), Failure> {
    moves.retain(|one| !one.reserved_availability.is_zero());
    reservation::release(tx, &mut moves, None).await?;
    let own: Vec<i64> = moves.iter().map(|one| one.id).collect();
    let mut touched = reservation::settle(tx, &keys(&moves), &own).await?;
    touched.extend(pickings_of(&moves));
    refresh(tx, touched).await
}

async fn set_to_reservation(tx: &mut Tx<'_>, mut moves: Vec<Move>) -> Result<(), Failure> {
    for one in &mut moves {
        one.quantity_done = if one.from_stock { one.reserved_availability } else { one.product_uom_qty };
        one.picked = true;
    }
    stock_move::store(tx, &moves).await
}

/// Cancels locked, open moves; others who wait get their goods.
///
/// # Errors
/// The database's own.
pub async fn cancel(tx: &mut Tx<'_>, mut moves: Vec<Move>) -> Result<(), Failure> {
    reservation::release(tx, &mut moves, Some(State::Cancel)).await?;
    let mut touched = reservation::settle(tx, &keys(&moves), &[]).await?;
    touched.extend(pickings_of(&moves));
    refresh(tx, touched).await
}

/// What is done moves, the rest becomes a backorder. Nothing noted on any move means all: all that is expected, or, from stock, all
/// that is reserved. Once something is noted only that counts, and 0 is noted as well.
async fn validate(tx: &mut Tx<'_>, pickings: &[Picking], moves: Vec<Move>) -> Result<(), Failure> {
    refuse_orders(pickings, "is shipped by the order's state alone: EK_ORDER_DELIVERED")?;
    refuse_in(pickings, &[State::Draft, State::Done, State::Cancel])?;
    let noted: BTreeSet<i64> = moves.iter().filter(|one| one.is_noted()).filter_map(|one| one.picking_id).collect();
    let mut there = stock_quant::on_hand(tx, &keys(moves.iter().filter(|one| !one.from_stock))).await?;
    let mut parts = Vec::new();
    for of in moves {
        let quantity = match of.picking_id.is_some_and(|picking| noted.contains(&picking)) {
            true => of.quantity_done,
            false if of.from_stock => of.reserved_availability,
            false => of.product_uom_qty,
        };
        if of.from_stock && quantity > of.reserved_availability {
            return Err(Fault::conflict(format!(
                "Only {} of {} are reserved for the move {}, {quantity} can't be taken.",
                of.reserved_availability.normalize(),
                of.manufacturer_ref,
                of.id
            ))
            .into());
        }
        // What came back is reserved for nobody; elsewhere outside nothing is counted
        if let Some(left) = there.left(&of.source())
            && there.take(&of.source(), quantity) < quantity
        {
            let (left, reference) = (left.normalize(), &of.manufacturer_ref);
            return Err(Fault::conflict(format!(
                "Only {left} of {reference} are there for the move {}, {quantity} can't be taken.",
                of.id
            ))
            .into());
        }
        if !quantity.is_zero() {
            parts.push(Part { of, quantity });
        }
    }
    for picking in pickings {
        if !parts.iter().any(|part| part.of.picking_id == Some(picking.id)) {
            let why = if noted.contains(&picking.id) { "Nothing is noted as done on" } else { "Nothing is reserved for" };
            return Err(Fault::conflict(format!("{why} {}: there is nothing to move.", picking.name)).into());
        }
    }
    let freed: Vec<Key> = parts.iter().map(|part| part.of.destination()).collect();
    let mut touched = done::done(tx, parts).await?;
    touched.extend(reservation::settle(tx, &freed, &[]).await?);
    refresh(tx, touched).await
}
