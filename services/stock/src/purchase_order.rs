//! `purchase.order` with its lines: what a point of sale (or the central warehouse) is to get from the vendors. Confirmed,
//! it has a receipt; what is received is a receipt's business.

use std::sync::LazyLock;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use domain::{CENTRAL, Identity, Kind as Who};
use jsonrpc::{Call, Fault};
use records::tx::Found;
use records::values::{MAX_MONEY, Mode, Problems, is_unset, money, whole};
use records::write::OnConflict;
use records::{Access, Action, Body, Exact, Failure, Field, Kind, Model, Shape, Tx, schema, sql};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner};

use crate::documents::{self, Named, Names};
use crate::stock_move::{Move, State};
use crate::stock_picking::{self, Picking};
use crate::stock_warehouse::{self, VENDORS};
use crate::{NOW, Stock};

/// The declaration.
pub fn model(_: &Stock) -> Model {
    let total = "(SELECT coalesce(sum(round(l.product_qty * l.price_unit, 2)), 0) FROM purchase_order_line l \
                 WHERE l.order_id = {t}.id AND l.deleted_at IS NULL)";
    let status = format!(
        "(SELECT CASE WHEN {{t}}.state NOT IN ('purchase', 'done') THEN NULL WHEN bool_and(r.received >= r.wanted) THEN 'full' \
         WHEN bool_or(r.received > 0) THEN 'partial' ELSE 'pending' END FROM (SELECT l.product_qty AS wanted, {} AS received \
         FROM purchase_order_line l WHERE l.order_id = {{t}}.id AND l.deleted_at IS NULL) r)",
        received("l")
    );
    let fields = vec![
        Field::new("name", Kind::Char(64), "Reference").readonly(),
        Field::new("partner_id", Kind::Many2one("res.partner"), "Point of sale").readonly(),
        Field::new("warehouse_id", Kind::Many2one("stock.warehouse"), "Warehouse").readonly(),
        Field::new("date_order", Kind::Datetime, "Order date"),
        Field::new("user_id", Kind::Many2one("res.users"), "Buyer").readonly(),
        Field::new("state", Kind::Selection(&["draft", "sent", "purchase", "done", "cancel"]), "Status").readonly(),
        Field::new("order_line", Kind::One2many { comodel: "purchase.order.line", inverse: "order_id" }, "Lines"),
        Field::new("picking_ids", Kind::One2many { comodel: "stock.picking", inverse: "purchase_id" }, "Receipts"),
        Field::computed("amount_total", Kind::Monetary, "Total", total),
        Field::computed("receipt_status", Kind::Selection(&["pending", "partial", "full"]), "Receipt status", status),
        Field::new("notes", Kind::Text(20_000), "Notes"),
    ];
    Model::new("purchase.order", "purchase_order", "Purchase", fields, access).order("id desc")
}

/// The declaration of its lines.
pub fn line_model(_: &Stock) -> Model {
    let fields = vec![
        Field::new("order_id", Kind::Many2one("purchase.order"), "Purchase").readonly(),
        Field::new("product_id", Kind::Many2one("product.product"), "Product").readonly(),
        Field::new("name", Kind::Char(500), "Description").readonly(),
        Field::new("manufacturer_ref", Kind::Char(254), "Manufacturer's reference").readonly(),
        Field::new("product_qty", Kind::Float, "Quantity").readonly(),
        Field::new("price_unit", Kind::Monetary, "Unit price").readonly(),
        Field::computed("price_subtotal", Kind::Monetary, "Subtotal", "round({t}.product_qty * {t}.price_unit, 2)"),
        Field::computed("qty_received", Kind::Float, "Received", received("{t}")),
        Field::new("qty_received_before", Kind::Float, "Received before").readonly().help("In the system that it came from."),
    ];
    let access = |identity: &Identity| if identity.is_trusted() { Access::read() } else { Access::default() };
    Model::new("purchase.order.line", "purchase_order_line", "Purchase's line", fields, access).order("id")
}

/// What was received of a line.
fn received(line: &str) -> String {
    format!(
        "({line}.qty_received_before \
         + (SELECT coalesce(sum(m.quantity_done), 0) FROM stock_move m WHERE m.purchase_line_id = {line}.id AND m.state = 'done'))"
    )
}

/// A line as it is sent: what is compared of it. Its product is a reference, or a number.
static LINE: LazyLock<Model> = LazyLock::new(|| {
    let fields = vec![
        Field::new("name", Kind::Char(500), "Description"),
        Field::new("product_qty", Kind::Float, "Quantity"),
        Field::new("price_unit", Kind::Monetary, "Unit price"),
    ];
    Model::new("purchase.order.line", "none", "Purchase's line", fields, |_| Access::default())
});

/// The hub writes, the platform sends; what things cost is not a bank's to know. Nobody removes: it is cancelled.
fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff => Access { unlink: false, ..Access::all() },
        Who::Integration => Access { create: true, ..Access::read() },
        Who::Bank(_) | Who::Clerk { .. } | Who::Outsider => Access::default(),
    }
}

/// A purchase that is made or changed, with what it names.
#[derive(Default)]
pub struct PurchaseOrder(Named);

impl Behaviour<Stock> for PurchaseOrder {
    const ACTIONS: &'static [Action] = &[
        Action::plain("button_confirm", "Confirms a purchase: it has a receipt then."),
        Action::plain("button_cancel", "Cancels a purchase of which nothing was received."),
        Action::plain("button_draft", "Makes a cancelled purchase a draft again."),
    ];

    async fn prepare(asked: Asked<'_, Stock>, data: &mut Map<String, Json>) -> Result<PurchaseOrder, Fault> {
        let points = vec![data.get("partner_id")];
        let names = Names { points, products: documents::in_lines(data, "order_line"), user: data.get("user_id"), ..Names::default() };
        documents::named(&asked, names).await.map(PurchaseOrder)
    }

    async fn create(&self, change: Changing<'_, '_, Stock>, data: Map<String, Json>) -> Result<i64, Failure> {
        create(change.tx, change.model, data, &self.0).await
    }

    async fn write(&self, change: Changing<'_, '_, Stock>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.tx, change.model, found, data).await
    }

    async fn act(&self, change: Changing<'_, '_, Stock>, call: &Call, _: Map<String, Json>) -> Answer {
        action(change.tx, change.model, call).await
    }

    fn body(_: &Owner<Stock>, model: &Model, mode: Mode) -> Option<Body> {
        Some(match mode {
            Mode::Create => body(model),
            Mode::Write => Body::of(model, mode),
        })
    }

    fn shape<'a>(_: &'a Owner<Stock>, model: &'a Model) -> Shape<'a> {
        // A draft, whatever is sent
        Shape::of(model).with("order_line", Shape::of(&LINE)).without("state")
    }

    fn same_body_is_same(_: &Json) -> bool {
        true
    }
}

/// What a purchase is made of.
fn body(model: &Model) -> Body {
    let line = json!({"type": "object", "required": ["product_id", "product_qty"], "additionalProperties": false, "properties": {
        "product_id": documents::named_by("A manufacturer_ref, or the configuration's id.", 254),
        "product_qty": documents::POSITIVE.clone(),
        "price_unit": {"type": ["number", "null"], "minimum": 0, "exclusiveMaximum": MAX_MONEY},
        "name": {"type": ["string", "null"], "maxLength": 500},
    }});
    let date =
        json!({"type": ["string", "null"], "maxLength": 40, "description": "dd/mm/yy hh:mm:ss in Algiers, or ISO 8601; by default now."});
    Body::of(model, Mode::Create)
        .with_required("partner_id", documents::named_by("The code of the point of sale whose warehouse the goods are for, or EKIWH.", 254))
        .with_required("order_line", schema::list(line, 1, documents::MAX_LINES))
        .with("date_order", date)
        .with("user_id", json!({"anyOf": [{"type": ["integer", "null"], "minimum": i64::MIN, "maximum": i64::MAX}, {"type": "string", "maxLength": 254}],
            "description": "The id or the login of a user. An unknown one is stored as unset."}))
        .with("state", json!({"type": ["string", "null"], "description": "A draft, whatever is sent."}))
        .example(json!({"create_by": "ek", "partner_id": "PDVA-E-BOJ-BOJ-05-001", "user_id": 2, "state": "draft", "date_order": "30/07/23 12:23:15",
            "order_line": [{"product_id": "ATLAS-CAN3-BL", "product_qty": 6, "price_unit": 6000}]}))
}

/// A purchase as it is stored.
#[derive(Serialize)]
struct Stored<'v> {
    partner_id: Option<i64>,
    warehouse_id: i64,
    user_id: Option<i64>,
    date_order: &'v str,
    notes: Option<&'v str>,
}

/// A line of a request, read.
#[derive(Serialize)]
struct Line {
    product_id: i64,
    name: String,
    manufacturer_ref: String,
    product_qty: Decimal,
    price_unit: Decimal,
}

/// A line as it is stored.
#[derive(Serialize)]
struct StoredLine {
    order_id: i64,
    #[serde(flatten)]
    line: Line,
}

/// A purchase, with its lines: a draft, whatever state is sent.
///
/// # Errors
/// 422 with everything that is wrong.
pub async fn create(tx: &mut Tx<'_>, model: &Model, mut data: Map<String, Json>, named: &Named) -> Result<i64, Failure> {
    let mut problems = tx.problems();
    data.remove("state");
    let user = data.remove("user_id");
    if let Some(user) = user.filter(|user| !is_unset(user) && !user.is_string() && whole(user).is_none()) {
        problems
            .add(format!("Wrong value for purchase.order.user_id: {} (the id or the login of a user expected)", documents::shown(&user)));
    }
    let point = point(data.remove("partner_id").unwrap_or_default(), named, &mut problems);
    let (mut lines, mut sum) = (Vec::new(), Decimal::ZERO);
    for (at, line) in documents::lines("order_line", data.remove("order_line"), &mut problems).iter().enumerate() {
        let Some(line) = read_line(line, named, &mut problems) else { continue };
        // Quantity and price have bounds of their own, below which nothing overflows
        let amount = line.product_qty * line.price_unit;
        if amount >= Decimal::from(MAX_MONEY) {
            problems.add(format!("order_line[{at}] comes to more than any amount of money"));
        }
        sum += amount;
        lines.push(line);
    }
    if sum >= Decimal::from(MAX_MONEY) {
        problems.add("The purchase comes to more than any amount of money");
    }
    let values = tx.check(model, Mode::Create, data, &mut problems).await?;
    problems.check()?;

    let warehouses = stock_warehouse::of_points(tx, &named.points).await?;
    let warehouse = point.and_then(|point| warehouses.of(point).map(|warehouse| (point, warehouse.id)));
    let Some((partner, warehouse)) = warehouse else { return Err(Fault::busy().into()) };
    let purchase = Stored {
        partner_id: partner,
        warehouse_id: warehouse,
        user_id: named.user,
        date_order: values.text("date_order").unwrap_or(NOW),
        notes: values.text("notes"),
    };
    // Its name is the next of the sequence
    let made = tx.insert_rows(model, &[purchase], OnConflict::Fail).await?.pop();
    let id = made.ok_or_else(|| service::our_fault("stock", "a purchase has no id", &"the insert gave none"))?;
    let lines: Vec<_> = lines.into_iter().map(|line| StoredLine { order_id: id, line }).collect();
    tx.insert_rows(tx.registry.model("purchase.order.line")?, &lines, OnConflict::Fail).await?;
    Ok(id)
}

/// Whose warehouse the goods are for: a point of sale, or nobody's, the central one.
fn point(sent: Json, named: &Named, problems: &mut Problems) -> Option<Option<i64>> {
    let found = match &sent {
        unset if is_unset(unset) => {
            problems.add("Field 'partner_id' of purchase.order is required");
            return None;
        }
        Json::String(code) if code.trim() == CENTRAL => return Some(None),
        Json::String(code) => named.points.get(code.trim()),
        Json::Number(_) => named.points.values().find(|point| Some(point.id) == whole(&sent)),
        _ => None,
    };
    match found {
        None => problems.add(format!("Unknown reference in purchase.order.partner_id: '{}' is no point of sale", documents::shown(&sent))),
        Some(point) if point.closed => problems.add(format!(
            "The point of sale in purchase.order.partner_id takes no new purchase: '{}' is archived or BLOCKED",
            documents::shown(&sent)
        )),
        Some(_) => {}
    }
    found.map(|point| Some(point.id))
}

fn read_line(line: &Map<String, Json>, named: &Named, problems: &mut Problems) -> Option<Line> {
    let known = ["product_id", "product_qty", "price_unit", "name"];
    documents::only(line, "purchase.order.line", &known, problems);
    let quantity = documents::quantity("purchase.order.line.product_qty", line.get("product_qty"), problems);
    let price = match line.get("price_unit") {
        Some(price) if !is_unset(price) => money(price),
        _ => Some(Decimal::ZERO),
    };
    if price.is_none() {
        let price = line.get("price_unit").map(documents::shown).unwrap_or_default();
        problems.add(format!("Wrong value for purchase.order.line.price_unit: {price} (a number from 0 expected)"));
    }
    let product = named.product("purchase.order.line.product_id", line.get("product_id").unwrap_or(&Json::Null), problems)?;
    Some(Line {
        product_id: product.id,
        name: product.name.clone(),
        manufacturer_ref: product.manufacturer_ref.clone(),
        product_qty: quantity?,
        price_unit: price?,
    })
}

/// Changes a draft's date and notes.
///
/// # Errors
/// 409 for what is no draft, 422 with everything that is wrong.
pub async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    if data.remove("order_line").is_some() {
        problems.add("The lines of a purchase.order can't be changed: cancel it, and send another one");
    }
    // There always is one
    data.retain(|name, value| name != "date_order" || !is_unset(value));
    let values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    refuse(&load(tx, found.ids.clone()).await?, &["purchase", "done", "cancel"], "be changed")?;
    tx.update(model, found.ids, &values).await.map(drop)
}

/// A purchase, as the public methods need it.
#[derive(QueryableByName)]
struct Purchase {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    state: String,
}

async fn load(tx: &mut Tx<'_>, ids: Vec<i64>) -> Result<Vec<Purchase>, Failure> {
    tx.rows(sql!("purchase_order/of_ids.sql", ids)).await
}

fn refuse(purchases: &[Purchase], states: &[&str], what: &str) -> Result<(), Fault> {
    match purchases.iter().find(|purchase| states.contains(&purchase.state.as_str())) {
        Some(one) => Err(Fault::conflict(format!("The purchase {} is in the state '{}': it can't {what}.", one.name, one.state))),
        None => Ok(()),
    }
}

/// A public method.
///
/// # Errors
/// 403 where the identity may not, 409 as things stand.
pub async fn action(tx: &mut Tx<'_>, model: &Model, call: &Call) -> Answer {
    // Before the purchase: receipts are received under the location's lock, and refer to their purchase
    let locations = tx.ids(sql!("purchase_order/locations.sql", crate::named_ids(call)?)).await?;
    stock_warehouse::lock(tx, locations).await?;
    let found = crate::find(tx, model, call).await?;
    let mut purchases = load(tx, found.ids).await?;
    let state = match call.method.as_str() {
        "button_confirm" => {
            refuse(&purchases, &["done", "cancel"], "be confirmed")?;
            // Confirmed already: the same answer, no second receipt
            purchases.retain(|one| one.state != "purchase");
            receive(tx, &purchases).await?;
            "purchase"
        }
        "button_cancel" => {
            cancel_receipts(tx, &purchases).await?;
            "cancel"
        }
        "button_draft" => {
            refuse(&purchases, &["purchase", "done"], "be a draft again")?;
            "draft"
        }
        method => return Err(Fault::no_such_method(model.name, method).into()),
    };
    let mut values = records::Values::default();
    values.set("state", state);
    tx.update(model, purchases.iter().map(|one| one.id).collect(), &values).await?;
    Ok(true.into())
}

/// A line of a purchase that is confirmed, with what its receipt needs.
#[derive(QueryableByName)]
struct Confirmed {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = BigInt)]
    product_id: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    manufacturer_ref: String,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    product_qty: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    price_unit: Decimal,
    #[diesel(sql_type = Nullable<BigInt>)]
    partner_id: Option<i64>,
    #[diesel(sql_type = BigInt)]
    location_id: i64,
    #[diesel(sql_type = BigInt)]
    picking_type_id: i64,
    #[diesel(sql_type = Text)]
    purchase: String,
}

/// Makes the receipts.
async fn receive(tx: &mut Tx<'_>, purchases: &[Purchase]) -> Result<(), Failure> {
    let confirmed: Vec<i64> = purchases.iter().map(|one| one.id).collect();
    let lines: Vec<Confirmed> = tx.rows(sql!("purchase_order/confirmed.sql", confirmed)).await?;
    let mut receipts: Vec<(Picking, Vec<Move>)> = Vec::new();
    for line in lines {
        let receipt = Picking {
            origin: Some(line.purchase.clone()),
            state: State::Assigned,
            picking_type_id: line.picking_type_id,
            location_id: VENDORS,
            location_dest_id: line.location_id,
            partner_id: line.partner_id,
            purchase_id: Some(line.order_id),
            ..Picking::default()
        };
        let one = Move {
            name: line.name,
            product_id: line.product_id,
            manufacturer_ref: line.manufacturer_ref,
            product_uom_qty: line.product_qty,
            state: State::Assigned,
            location_id: VENDORS,
            location_dest_id: line.location_id,
            purchase_line_id: Some(line.id),
            origin: Some(line.purchase),
            price_unit: line.price_unit,
            ..Move::default()
        };
        match receipts.last_mut().filter(|(last, _)| last.purchase_id == receipt.purchase_id) {
            Some((_, moves)) => moves.push(one),
            None => receipts.push((receipt, vec![one])),
        }
    }
    stock_picking::insert(tx, receipts).await.map(drop)
}

/// Cancels the open receipts, where nothing was received.
async fn cancel_receipts(tx: &mut Tx<'_>, purchases: &[Purchase]) -> Result<(), Failure> {
    refuse(purchases, &["done"], "be cancelled")?;
    let cancelled: Vec<i64> = purchases.iter().map(|one| one.id).collect();
    let before = tx.ids(sql!("purchase_order/received_before.sql", cancelled.clone())).await?;
    if let Some(received) = purchases.iter().find(|one| before.contains(&one.id)) {
        let name = &received.name;
        return Err(Fault::conflict(format!("The purchase {name} can't be cancelled: goods of it were received already.")).into());
    }
    let moves: Vec<Move> = tx.read(sql!("purchase_order/receipts.sql", cancelled)).await?;
    if let Some(received) = moves.iter().find(|one| one.state == State::Done) {
        let name = received.origin.as_deref().unwrap_or_default();
        return Err(Fault::conflict(format!("The purchase {name} can't be cancelled: goods of it were received already.")).into());
    }
    stock_picking::cancel(tx, moves).await
}
