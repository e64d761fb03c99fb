//! `stock.quant`: how much of a product is at a location, how much of it is reserved, and inventories: counting it.

use std::collections::BTreeMap;

use domain::Identity;
use jsonrpc::{Call, Fault};
use records::tx::{Found, taken};
use records::values::{Mode, is_unset};
use records::write::{self, OnConflict};
use records::{Access, Action, Body, Failure, Field, Kind, Model, Sql, Tx, Value, Values};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner};

use crate::documents::{self, Named, Names, Place};
use crate::stock_move::{self, Move, State};
use crate::{Stock, goods, of_own_place, reservation, rows, stock_warehouse};

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
    const ACTIONS: &'static [Action] = &[Action::plain(
        "action_apply_inventory",
        "Makes what was counted what is there; 409 where goods came or went since: they are to be counted again.",
    )];

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

    async fn act(&self, change: Changing<'_, '_, Stock>, call: &Call, _: Map<String, Json>) -> Answer {
        apply_inventory(change.tx, change.model, call).await.map(|()| true.into())
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

/// Makes rows, with nothing there, for the internal ends of these moves; those that are there stay as they are.
///
/// # Errors
/// The database's own.
pub async fn open(tx: &mut Tx<'_>, moves: &[Move]) -> Result<(), Failure> {
    let named: BTreeMap<i64, &Move> = moves.iter().map(|one| (one.product_id, one)).collect();
    let (products, locations) =
        lists(moves.iter().flat_map(|one| [(one.product_id, one.location_id), (one.product_id, one.location_dest_id)]));
    let mut missing = Sql::new("SELECT json_build_array(k.product, k.location, coalesce(w.closed, false))::text FROM unnest(");
    missing.bind(products).push(", ").bind(locations);
    missing.push(
        ") AS k(product, location) JOIN stock_location l ON l.id = k.location AND l.usage = 'internal' \
         LEFT JOIN stock_warehouse w ON w.id = l.warehouse_id WHERE NOT EXISTS \
         (SELECT FROM stock_quant q WHERE q.product_id = k.product AND q.location_id = k.location AND q.deleted_at IS NULL) \
         ORDER BY k.product, k.location",
    );
    let missing: Vec<(i64, i64, bool)> = rows::load(tx, missing).await?;
    let new: Vec<_> = missing
        .iter()
        .filter_map(|(product, location, closed)| {
            let one = named.get(product)?;
            Some(rows::row(json!({
                "product_id": product, "location_id": location, "product_name": one.name, "manufacturer_ref": one.manufacturer_ref,
                "closed": closed,
            })))
        })
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let columns = ["product_id", "location_id", "product_name", "manufacturer_ref", "closed"];
    let insert = write::insert(tx.registry.model("stock.quant")?, &tx.author, &columns, &new, OnConflict::Skip, "NULL");
    tx.ids_of_new(insert).await.map(drop)
}

/// How much is there at those of these places that keep quantities; they are locked.
///
/// # Errors
/// The database's own.
pub async fn on_hand(tx: &mut Tx<'_>, keys: &[Key]) -> Result<BTreeMap<Key, Decimal>, Failure> {
    let (products, locations) = lists(keys.iter().copied());
    let mut sql = Sql::new("SELECT json_build_array(json_build_array(q.product_id, q.location_id), q.quantity::text)::text FROM unnest(");
    sql.bind(products).push(", ").bind(locations);
    sql.push(
        ") AS k(product, location) JOIN stock_quant q ON q.product_id = k.product AND q.location_id = k.location AND q.deleted_at IS NULL",
    );
    let rows: Vec<(Key, Decimal)> = rows::load(tx, sql).await?;
    Ok(rows.into_iter().collect())
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
    pub async fn apply(self, tx: &mut Tx<'_>) -> Result<(), Failure> {
        let changes: Vec<_> = self
            .0
            .into_iter()
            .filter(|(_, (quantity, reserved))| !quantity.is_zero() || !reserved.is_zero())
            .map(|((product, location), (quantity, reserved))| {
                json!({"product": product, "location": location, "quantity": quantity, "reserved": reserved})
            })
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new(
            "SELECT json_build_object('id', q.id, 'quantity', (q.quantity + c.quantity)::text, \
             'reserved_quantity', (q.reserved_quantity + c.reserved)::text)::text FROM jsonb_to_recordset(",
        );
        sql.bind(Json::from(changes).to_string());
        sql.push(
            "::jsonb) AS c(product bigint, location bigint, quantity numeric, reserved numeric) \
             JOIN stock_quant q ON q.product_id = c.product AND q.location_id = c.location AND q.deleted_at IS NULL ORDER BY q.id FOR UPDATE OF q",
        );
        let changed: Vec<Map<String, Json>> = rows::load(tx, sql).await?;
        let model = tx.registry.model("stock.quant")?;
        let update = write::update_each(model, &tx.author, &["quantity", "reserved_quantity"], &changed);
        tx.ids(update).await.map(drop).map_err(|failure| refused(model, failure))
    }
}

fn refused(model: &Model, failure: Failure) -> Failure {
    match failure {
        Failure::Database(error) => taken(model, error),
        fault => fault,
    }
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
    let mut sql = Sql::new("SELECT id FROM stock_quant WHERE deleted_at IS NULL AND product_id = ");
    sql.bind(product.id).push(" AND location_id = ").bind(location).push(" FOR UPDATE");
    let Some(id) = tx.ids(sql).await?.pop() else { return Err(Fault::busy().into()) };
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

/// Notes a count on locked rows, with what it stands on: what is there now, and where the ledger ends.
async fn note(tx: &mut Tx<'_>, model: &Model, ids: Vec<i64>, count: Count, mut values: Values) -> Result<(), Failure> {
    let counted = match (count, values.remove("inventory_quantity")) {
        (Count::Untouched, _) => return tx.update(model, ids, &values).await.map(drop),
        (Count::Noted, Some(Value::Plain(counted))) => counted,
        _ => Json::Null,
    };
    tx.update(model, ids.clone(), &values).await?;
    let mut sql = Sql::new(
        "SELECT jsonb_build_object('id', q.id, 'inventory_quantity', c.counted::text, 'inventory_diff_quantity', (c.counted - q.quantity)::text, \
         'inventory_last_line', CASE WHEN c.counted IS NOT NULL THEN coalesce((SELECT max(l.id) FROM stock_move_line l \
         WHERE l.product_id = q.product_id AND q.location_id IN (l.location_id, l.location_dest_id)), 0) END)::text \
         FROM stock_quant q, (SELECT ",
    );
    sql.bind(counted.as_str().map(str::to_owned)).push("::numeric AS counted) c WHERE q.id = ANY(").bind(ids).push(") ORDER BY q.id");
    let rows = rows::load(tx, sql).await?;
    let columns = ["inventory_quantity", "inventory_diff_quantity", "inventory_last_line"];
    tx.ids(write::update_each(model, &tx.author, &columns, &rows)).await.map(drop)
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
    let mut locations = Sql::new("SELECT DISTINCT location_id FROM stock_quant WHERE id = ANY(");
    locations.bind(crate::named_ids(call)?).push(")");
    let locations = tx.ids(locations).await?;
    stock_warehouse::lock(tx, locations).await?;
    let found = crate::find(tx, model, call).await?;
    let mut sql = Sql::new(
        "SELECT json_build_object('id', q.id, 'product_id', q.product_id, 'location_id', q.location_id, 'product_name', q.product_name, \
         'manufacturer_ref', q.manufacturer_ref, 'quantity', q.quantity::text, 'inventory_quantity', q.inventory_quantity::text, \
         'difference', q.inventory_diff_quantity::text, 'place', l.complete_name, 'since', \
         CASE WHEN q.inventory_quantity - q.inventory_diff_quantity <> q.quantity THEN (SELECT json_agg(json_build_array( \
         trim_scale(CASE WHEN m.location_dest_id = q.location_id THEN m.qty_done ELSE -m.qty_done END)::text, coalesce(m.reference, ''))) \
         FROM (SELECT * FROM stock_move_line m WHERE m.product_id = q.product_id AND q.location_id IN (m.location_id, m.location_dest_id) \
         AND m.id > q.inventory_last_line ORDER BY m.id LIMIT 5) m) END)::text \
         FROM stock_quant q JOIN stock_location l ON l.id = q.location_id WHERE q.inventory_quantity IS NOT NULL AND q.id = ANY(",
    );
    sql.bind(found.ids).push(") ORDER BY q.id");
    let counted: Vec<Counted> = rows::load(tx, sql).await?;
    let outdated: Vec<String> = counted.iter().filter_map(Counted::outdated).collect();
    if !outdated.is_empty() {
        return Err(Fault::conflict(format!("{} Count again.", outdated.join(" "))).into());
    }
    let keys = || counted.iter().map(|one| (one.product_id, one.location_id));
    let lower = counted.iter().map(|one| ((one.product_id, one.location_id), one.inventory_quantity)).collect();
    let mut pickings = reservation::keep_within(tx, lower).await?;
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
    let columns = ["inventory_quantity", "inventory_diff_quantity", "inventory_last_line"];
    let cleared = |one: &Counted| {
        rows::row(json!({"id": one.id, "inventory_quantity": null, "inventory_diff_quantity": null, "inventory_last_line": null}))
    };
    let cleared: Vec<_> = counted.iter().map(cleared).collect();
    if !cleared.is_empty() {
        tx.ids(write::update_each(model, &tx.author, &columns, &cleared)).await?;
    }
    let settled: Vec<Key> = keys().collect();
    pickings.extend(reservation::settle(tx, &settled, &[]).await?);
    crate::stock_picking::refresh(tx, pickings).await
}
