//! `stock.quant`: how much of a product is at a location, how much of it is reserved, and inventories: counting it.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use domain::Identity;
use domain::goods::Goods;
use jsonrpc::{Call, Fault};
use records::tx::Found;
use records::values::{Mode, is_unset};
use records::write::OnConflict;
use records::{Access, Action, Body, Exact, Failure, Field, Kind, Model, Tx, Value, Values, sql};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner};

use crate::documents::{self, Named, Names, Place};
use crate::stock_move::{self, Move, State};
use crate::{Stock, goods, of_own_place, reservation, stock_picking, stock_warehouse, write_off};
// circle: reservation, stock_picking: a count changes what is reserved, and what pickings show of it

/// The declaration.
pub fn model(_: &Stock) -> Model {
    let open = "m.state IN ('confirmed', 'partially_available', 'assigned') AND m.deleted_at IS NULL";
    let wanted = |column: &str| {
        format!(
            "(SELECT coalesce(sum(m.product_uom_qty), 0) FROM stock_move m \
             WHERE m.product_id = {{t}}.product_id AND m.{column} = {{t}}.location_id AND {open})"
        )
    };
    let warehouse = "(SELECT coalesce(l.warehouse_id, l.returns_of) FROM stock_location l WHERE l.id = {t}.location_id)";
    let outdated =
        "({t}.inventory_quantity IS NOT NULL AND {t}.inventory_quantity - {t}.inventory_diff_quantity IS DISTINCT FROM {t}.quantity)";
    let fields = vec![
        Field::new("product_id", Kind::Many2one("product.product"), "Product").readonly(),
        // Copied, so that a list can be read without another service
        Field::new("product_name", Kind::Char(500), "Product's name").readonly(),
        Field::new("manufacturer_ref", Kind::Char(254), "Manufacturer's reference").readonly(),
        Field::new("location_id", Kind::Many2one("stock.location"), "Location").readonly(),
        Field::computed("warehouse_id", Kind::Many2one("stock.warehouse"), "Warehouse", warehouse),
        Field::new("quantity", Kind::Float, "Quantity").readonly().help("On hand: the sum of what moved in and out."),
        Field::new("reserved_quantity", Kind::Float, "Reserved quantity").readonly(),
        Field::computed("available_quantity", Kind::Float, "Available quantity", "{t}.quantity - {t}.reserved_quantity"),
        Field::computed("incoming_quantity", Kind::Float, "Incoming quantity", wanted("location_dest_id")).help("Of open moves to here."),
        Field::computed("outgoing_quantity", Kind::Float, "Outgoing quantity", wanted("location_id")).help("Of open moves from here."),
        Field::new("inventory_quantity", Kind::Float, "Counted quantity").help("Takes effect by action_apply_inventory."),
        Field::computed("inventory_quantity_set", Kind::Boolean, "Counted", "{t}.inventory_quantity IS NOT NULL"),
        Field::new("inventory_diff_quantity", Kind::Float, "Difference").readonly().help("Of what was counted to what was there then."),
        Field::computed("is_outdated", Kind::Boolean, "Is to be counted again", outdated).help("Goods came or went since it was counted."),
        Field::internal("inventory_last_line", Kind::Integer),
        Field::new("closed", Kind::Boolean, "Closed").readonly().help("Its point of sale is archived or BLOCKED: nothing of it is sold."),
    ];
    Model::new("stock.quant", "stock_quant", "Quantity", fields, access)
        .order("product_name, id")
        .rec_name("product_name")
        .publishes::<stock_contract::StockQuant>()
}

fn access(identity: &Identity) -> Access {
    of_own_place(identity, goods(identity), &["location_id.warehouse_id.code"])
}

/// A quantity that is counted, with what the count names.
#[derive(Default)]
pub struct StockQuant(Named);

impl Behaviour<Stock> for StockQuant {
    const ACTIONS: &'static [Action] = &[
        Action::plain(
            "action_apply_inventory",
            "Makes what was counted what is there; 409 where goods came or went since: they are to be counted again.",
        ),
        write_off::WRITE_OFF,
    ];

    async fn prepare(asked: Asked<'_, Stock>, data: &mut Map<String, Json>) -> Result<StockQuant, Fault> {
        let names = Names { places: vec![data.get("location_id")], products: vec![data.get("product_id")], ..Names::default() };
        documents::named(&asked, names).await.map(StockQuant)
    }

    async fn create(&self, change: Changing<'_, '_, Stock>, data: Map<String, Json>) -> Result<i64, Failure> {
        create(change.tx, change.model, data, &self.0).await
    }

    async fn write(&self, change: Changing<'_, '_, Stock>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.tx, change.model, found, data).await
    }

    async fn act(&self, change: Changing<'_, '_, Stock>, call: &Call, data: Map<String, Json>) -> Answer {
        match call.method.as_str() {
            "action_write_off" => write_off::write_off(change.tx, change.model, call, &data).await?,
            "action_apply_inventory" => apply_inventory(change.tx, change.model, call).await?,
            unknown => return Err(Fault::no_such_method(change.model.name, unknown).into()),
        }
        Ok(true.into())
    }

    fn body(_: &Owner<Stock>, model: &Model, mode: Mode) -> Option<Body> {
        Some(match mode {
            Mode::Create => body(model),
            Mode::Write => Body::of(model, mode),
        })
    }
}

/// A product at a location.
pub type Key = (i64, i64);

/// Keys as two lists, as they are bound.
pub fn lists(keys: impl IntoIterator<Item = Key>) -> (Vec<i64>, Vec<i64>) {
    let mut keys: Vec<Key> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().unzip()
}

/// A place of a product of which there is no row yet.
#[derive(QueryableByName)]
struct Missing {
    #[diesel(sql_type = BigInt)]
    product: i64,
    #[diesel(sql_type = BigInt)]
    location: i64,
    #[diesel(sql_type = Bool)]
    closed: bool,
}

/// A row as it is made: nothing is there.
#[derive(Serialize)]
struct New<'m> {
    product_id: i64,
    location_id: i64,
    product_name: &'m str,
    manufacturer_ref: &'m str,
    closed: bool,
}

/// Makes rows, with nothing there, for the internal ends of these moves; those that are there stay as they are.
///
/// # Errors
/// The database's own.
pub async fn open(tx: &mut Tx<'_>, moves: &[Move]) -> Result<(), Failure> {
    if moves.is_empty() {
        return Ok(());
    }
    let named: BTreeMap<i64, &Move> = moves.iter().map(|one| (one.product_id, one)).collect();
    let (products, locations) = lists(moves.iter().flat_map(|one| [one.source(), one.destination()]));
    let missing: Vec<Missing> = tx.rows(sql!("stock_quant/missing.sql", products, locations)).await?;
    let new = missing.iter().filter_map(|missing| {
        let Move { name: product_name, manufacturer_ref, .. } = named.get(&missing.product)?;
        let Missing { product: product_id, location: location_id, closed } = *missing;
        Some(New { product_id, location_id, product_name, manufacturer_ref, closed })
    });
    let new: Vec<_> = new.collect();
    tx.insert_rows(tx.registry.model("stock.quant")?, &new, OnConflict::Skip).await.map(drop)
}

/// How much of a product is at a location.
#[derive(QueryableByName)]
struct Quant {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    product_id: i64,
    #[diesel(sql_type = BigInt)]
    location_id: i64,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    quantity: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    reserved_quantity: Decimal,
}

impl Quant {
    fn key(&self) -> Key {
        (self.product_id, self.location_id)
    }
}

/// How much is there at those of these places that keep quantities; they are locked.
///
/// # Errors
/// The database's own.
pub async fn on_hand(tx: &mut Tx<'_>, keys: &[Key]) -> Result<Goods<Key>, Failure> {
    let there = at(tx, keys).await?;
    Ok(there.iter().map(|quant| (quant.key(), quant.quantity)).collect())
}

/// How much of that is reserved for nobody.
///
/// # Errors
/// The database's own.
pub async fn free(tx: &mut Tx<'_>, keys: &[Key]) -> Result<Goods<Key>, Failure> {
    let there = at(tx, keys).await?;
    Ok(there.iter().map(|quant| (quant.key(), quant.quantity - quant.reserved_quantity)).collect())
}

async fn at(tx: &mut Tx<'_>, keys: &[Key]) -> Result<Vec<Quant>, Failure> {
    let (products, locations) = lists(keys.iter().copied());
    tx.rows(sql!("stock_quant/at.sql", products, locations)).await
}

/// What happens to quantities in a transaction, by product and location; applied at once. Locations that keep no
/// quantities (customers, vendors) may be named.
#[derive(Debug, Default)]
pub struct Changes(BTreeMap<Key, (Decimal, Decimal)>);

impl Changes {
    /// So much more is there.
    pub fn add(&mut self, key: Key, quantity: Decimal) {
        self.0.entry(key).or_default().0 += quantity;
    }

    /// So much more is reserved there.
    pub fn reserve(&mut self, key: Key, quantity: Decimal) {
        self.0.entry(key).or_default().1 += quantity;
    }

    /// Applies them; the locations are locked.
    ///
    /// # Errors
    /// 422 where less than nothing would be there.
    pub async fn apply(mut self, tx: &mut Tx<'_>) -> Result<(), Failure> {
        self.0.retain(|_, (quantity, reserved)| !quantity.is_zero() || !reserved.is_zero());
        if self.0.is_empty() {
            return Ok(());
        }
        let (products, locations) = lists(self.0.keys().copied());
        let there: Vec<Quant> = tx.rows(sql!("stock_quant/at_locked.sql", products, locations)).await?;
        let changed = there.iter().filter_map(|there| {
            let (quantity, reserved) = self.0.get(&there.key())?;
            Some(Changed { id: there.id, quantity: there.quantity + quantity, reserved_quantity: there.reserved_quantity + reserved })
        });
        let changed: Vec<_> = changed.collect();
        tx.update_rows(tx.registry.model("stock.quant")?, &changed).await.map(drop)
    }
}

/// What is there from now on.
#[derive(Serialize)]
struct Changed {
    id: i64,
    quantity: Decimal,
    reserved_quantity: Decimal,
}

/// What a count is made of.
pub fn body(model: &Model) -> Body {
    Body::of(model, Mode::Create)
        .with_required("product_id", documents::named_by("A manufacturer_ref, or the configuration's id.", 254))
        .with_required("location_id", documents::named_by("The code of a point of sale or EKIWH, or a location's id.", 254))
        .example(json!({"product_id": "ATLAS-CAN3-BL", "location_id": "EKIWH", "inventory_quantity": 12}))
}

/// Where a product is counted: makes the row where there is none, and notes the count.
///
/// # Errors
/// 422 with everything that is wrong.
pub async fn create(tx: &mut Tx<'_>, model: &Model, mut data: Map<String, Json>, named: &Named) -> Result<i64, Failure> {
    let mut problems = tx.problems();
    let (product, place) = (data.remove("product_id").unwrap_or_default(), data.remove("location_id").unwrap_or_default());
    let product = named.product("stock.quant.product_id", &product, &mut problems).cloned();
    let place = Place::read("stock.quant.location_id", &place, named, &mut problems);
    let counted = Count::take(&mut data);
    let values = tx.check(model, Mode::Create, data, &mut problems).await?;
    let warehouses = stock_warehouse::of_points(tx, &named.points).await?;
    let location = match place {
        Some(place) => place.location(tx, "stock.quant.location_id", &warehouses, &mut problems).await?,
        None => None,
    };
    problems.check()?;
    let (Some(product), Some(location)) = (product, location) else { return Err(Fault::busy().into()) };
    stock_warehouse::lock(tx, vec![location]).await?;
    open(tx, &[Move { location_dest_id: location, ..Move::new(&product) }]).await?;
    let row = tx.ids(sql!("stock_quant/counted_row.sql", product.id, location)).await?;
    let Some(id) = row.first().copied() else { return Err(Fault::busy().into()) };
    note(tx, model, vec![id], counted, values).await?;
    Ok(id)
}

/// Notes a count.
///
/// # Errors
/// 422 with everything that is wrong.
pub async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
    let counted = Count::take(&mut data);
    let mut problems = tx.problems();
    let values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    note(tx, model, found.ids, counted, values).await
}

/// What a request says of a count: no count is something else than a count of nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    Untouched,
    Cleared,
    Noted,
}

impl Count {
    fn take(data: &mut Map<String, Json>) -> Count {
        match data.get("inventory_quantity").map(is_unset) {
            None => Count::Untouched,
            Some(false) => Count::Noted,
            Some(true) => {
                data.remove("inventory_quantity");
                Count::Cleared
            }
        }
    }
}

/// What a count stands on: what is there, and where the ledger ends.
#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    quantity: Decimal,
    #[diesel(sql_type = BigInt)]
    last_line: i64,
}

/// A count as it is stored; cleared, it is nothing.
#[derive(Serialize)]
struct Stored {
    id: i64,
    inventory_quantity: Option<Decimal>,
    inventory_diff_quantity: Option<Decimal>,
    inventory_last_line: Option<i64>,
}

impl Stored {
    fn cleared(id: i64) -> Stored {
        Stored { id, inventory_quantity: None, inventory_diff_quantity: None, inventory_last_line: None }
    }
}

/// Notes a count on locked rows, with what it stands on.
async fn note(tx: &mut Tx<'_>, model: &Model, ids: Vec<i64>, count: Count, mut values: Values) -> Result<(), Failure> {
    let sent = values.remove("inventory_quantity");
    tx.update(model, ids.clone(), &values).await?;
    let rows: Vec<Stored> = match count {
        Count::Untouched => return Ok(()),
        Count::Cleared => ids.into_iter().map(Stored::cleared).collect(),
        Count::Noted => {
            let text = match &sent {
                Some(Value::Plain(Json::String(text))) => text.as_str(),
                _ => return Err(service::our_fault("stock", "a checked count is not a text", &format!("{sent:?}")).into()),
            };
            let counted: Decimal = text.parse().map_err(|error| service::our_fault("stock", "a checked count can't be read", &error))?;
            let standing: Vec<Standing> = tx.rows(sql!("stock_quant/standing.sql", ids)).await?;
            let noted = |row: Standing| Stored {
                id: row.id,
                inventory_quantity: Some(counted),
                inventory_diff_quantity: Some(counted - row.quantity),
                inventory_last_line: Some(row.last_line),
            };
            standing.into_iter().map(noted).collect()
        }
    };
    tx.update_rows(model, &rows).await.map(drop)
}

/// A row that was counted.
#[derive(Deserialize)]
struct Counted {
    id: i64,
    product_id: i64,
    location_id: i64,
    product_name: String,
    manufacturer_ref: String,
    quantity: Decimal,
    inventory_quantity: Decimal,
    difference: Option<Decimal>,
    place: String,
    since: Option<Vec<(Decimal, String)>>,
}

impl Counted {
    /// What changed since it was counted, if anything did.
    fn outdated(&self) -> Option<String> {
        let (reference, place, counted) = (&self.manufacturer_ref, &self.place, self.inventory_quantity.normalize());
        let Some(then) = self.difference.map(|difference| self.inventory_quantity - difference) else {
            return Some(format!("It is not known what was there of {reference} at {place} when {counted} were counted."));
        };
        if then == self.quantity {
            return None;
        }
        let since = self.since.iter().flatten().map(|(quantity, document)| match quantity.is_sign_negative() {
            true => format!("{} went ({document})", quantity.abs()),
            false => format!("{quantity} came ({document})"),
        });
        let since: Vec<String> = since.collect();
        let (then, now) = (then.normalize(), self.quantity.normalize());
        Some(format!(
            "When {counted} of {reference} were counted at {place}, {then} were there; since then {}, and {now} are there.",
            since.join(", ")
        ))
    }
}

/// Makes what was counted what is there: a move from or to the inventory's location for each difference. Where less was
/// counted than is reserved, the newest reservations are given up. Rows without a count stay as they are.
///
/// # Errors
/// 403 where the identity may not, 409 telling what came or went since it was counted.
pub async fn apply_inventory(tx: &mut Tx<'_>, model: &Model, call: &Call) -> Result<(), Failure> {
    let locations = tx.ids(sql!("stock_quant/locations.sql", crate::named_ids(call)?)).await?;
    stock_warehouse::lock(tx, locations).await?;
    let found = crate::find(tx, model, call).await?;
    let counted: Vec<Counted> = tx.read(sql!("stock_quant/counted.sql", found.ids)).await?;
    let outdated: Vec<String> = counted.iter().filter_map(Counted::outdated).collect();
    if !outdated.is_empty() {
        return Err(Fault::conflict(format!("{} Count again.", outdated.join(" "))).into());
    }
    let lower: Vec<(Key, Decimal)> = counted.iter().map(|one| ((one.product_id, one.location_id), one.inventory_quantity)).collect();
    let mut pickings = reservation::keep_within(tx, &lower).await?;
    let mut moves = Vec::new();
    for one in &counted {
        let difference = one.inventory_quantity - one.quantity;
        if difference.is_zero() {
            continue;
        }
        let (from, to) = if difference.is_sign_positive() {
            (stock_warehouse::INVENTORY, one.location_id)
        } else {
            (one.location_id, stock_warehouse::INVENTORY)
        };
        moves.push(Move {
            name: one.product_name.clone(),
            product_id: one.product_id,
            manufacturer_ref: one.manufacturer_ref.clone(),
            product_uom_qty: difference.abs(),
            quantity_done: difference.abs(),
            state: State::Done,
            location_id: from,
            location_dest_id: to,
            origin: Some("Inventory".to_owned()),
            ..Move::default()
        });
    }
    stock_move::insert_done(tx, moves).await?;
    let cleared: Vec<_> = counted.iter().map(|one| Stored::cleared(one.id)).collect();
    tx.update_rows(model, &cleared).await?;
    let keys: Vec<Key> = lower.into_iter().map(|(key, _)| key).collect();
    pickings.extend(reservation::settle(tx, &keys, &[]).await?);
    stock_picking::refresh(tx, pickings).await
}
