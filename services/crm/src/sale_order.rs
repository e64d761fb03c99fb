//! `sale.order`: what a client has ordered, and how far it is. Stock reserves and ships by the order's state, and tells what
//! came of it.

use catalog_contract::Configuration;
use chrono::NaiveDate;
use crm_contract::{Demand, DemandOf, Papers, PapersOf};
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use domain::price::{Amounts, Tax};
use domain::{Progress, price};
use jsonrpc::Fault;
use records::tx::{Found, taken};
use records::values::{MAX_MONEY, Mode, Problems};
use records::write::{self, OnConflict};
use records::{Body, Failure, Field, Kind, Model, Sql, Tx, Value, Values};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use service::{Answers, Owner};
use stock_contract::{Served, ServedLine};

use crate::{Crm, access, account_move, read_own};

/// The declaration of an order.
pub fn model() -> Model {
    let of_lines = |column: &str| {
        format!("coalesce((SELECT sum(l.{column}) FROM sale_order_line l WHERE l.order_id = {{t}}.id AND l.deleted_at IS NULL), 0)")
    };
    let fields = vec![
        Field::computed("name", Kind::Char(40), "Order reference", "'S' || lpad({t}.id::text, greatest(5, length({t}.id::text)), '0')"),
        Field::new("partner_id", Kind::Many2one("res.partner"), "Customer").readonly(),
        Field::new("opportunity_id", Kind::Many2one("crm.lead"), "Lead").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::new("order_source", Kind::Char(254), "Bank's name").readonly(),
        Field::new("ek_order_id", Kind::Integer, "Platform's number").readonly().help("With the bank, an order's natural key."),
        Field::new("state", Kind::Selection(&["draft", "sent", "sale", "done", "cancel"]), "Status").readonly(),
        Field::new("ek_state", Kind::Selection(Progress::NAMES), "Platform's status").readonly(),
        Field::new("date_order", Kind::Datetime, "Order date").readonly(),
        Field::new("effective_date", Kind::Datetime, "Delivered on").readonly(),
        Field::new("code_pos", Kind::Char(254), "Point of sale").readonly(),
        Field::new("pos_id", Kind::Many2one("res.partner"), "Point of sale's record").readonly(),
        Field::new("delivery_type", Kind::Char(64), "Address type"),
        Field::new("delivery_street", Kind::Char(254), "Street").personal(),
        Field::new("delivery_street2", Kind::Char(254), "Street 2").personal(),
        Field::new("delivery_state", Kind::Char(254), "Wilaya").personal().help("As it was sent; where it is known, by its name."),
        Field::new("delivery_state_id", Kind::Many2one("res.country.state"), "Wilaya's record").readonly(),
        Field::new("delivery_country_id", Kind::Many2one("res.country"), "Country").readonly(),
        Field::new("amount_untaxed", Kind::Monetary, "Untaxed amount").readonly(),
        Field::new("amount_tax", Kind::Monetary, "Taxes").readonly(),
        Field::new("amount_total", Kind::Monetary, "Total").readonly(),
        Field::new("order_line", Kind::One2many { comodel: "sale.order.line", inverse: "order_id" }, "Lines"),
        Field::new("invoice_ids", Kind::One2many { comodel: "account.move", inverse: "sale_id" }, "Invoices"),
        Field::computed("reserved", Kind::Float, "Reserved", of_lines("reserved"))
            .help("How many of its goods are put aside, as stock told last."),
        Field::computed("short", Kind::Float, "Short", of_lines("short")).help("How many of its goods are waited for."),
        Field::new("note", Kind::Text(20_000), "Terms and conditions").personal(),
        Field::internal("closing_reason", Kind::Char(500)),
    ];
    Model::new("sale.order", "sale_order", "Sales order", fields, access)
        .order("date_order desc, id desc")
        .publishes::<crm_contract::SaleOrder>()
}

/// The declaration of a line, which copies what it sells as that was.
pub fn line_model() -> Model {
    let of_invoices = "coalesce((SELECT sum(CASE m.move_type WHEN 'out_refund' THEN -a.quantity ELSE a.quantity END) \
        FROM account_move_line a JOIN account_move m ON m.id = a.move_id WHERE a.sale_line_id = {t}.id AND m.state = 'posted'), 0)";
    let of_credits = "coalesce((SELECT sum(a.quantity) FROM account_move_line a JOIN account_move m ON m.id = a.move_id \
        WHERE a.sale_line_id = {t}.id AND m.move_type = 'out_refund' AND m.state = 'posted'), 0)";
    let fields = vec![
        Field::new("order_id", Kind::Many2one("sale.order"), "Order").readonly(),
        Field::new("sequence", Kind::Integer, "Sequence").readonly(),
        Field::new("product_id", Kind::Many2one("product.product"), "Configuration").readonly(),
        Field::new("name", Kind::Char(500), "Description").readonly(),
        Field::new("manufacturer_ref", Kind::Char(254), "Manufacturer's reference").readonly(),
        Field::new("product_uom_qty", Kind::Float, "Quantity").readonly(),
        Field::new("price_unit", Kind::Monetary, "Unit price").readonly(),
        Field::new("tax_id", Kind::Many2one("account.tax"), "Tax").readonly(),
        Field::new("tax_rate", Kind::Monetary, "Tax rate").readonly(),
        Field::new("tax_included", Kind::Boolean, "Price includes tax").readonly(),
        Field::new("price_subtotal", Kind::Monetary, "Subtotal").readonly(),
        Field::new("price_tax", Kind::Monetary, "Tax amount").readonly(),
        Field::new("price_total", Kind::Monetary, "Total").readonly(),
        Field::new("code_pos", Kind::Char(254), "Point of sale").readonly(),
        Field::new("pos_id", Kind::Many2one("res.partner"), "Point of sale's record").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::new("reserved", Kind::Float, "Reserved").readonly(),
        Field::new("short", Kind::Float, "Short").readonly(),
        Field::new("qty_delivered", Kind::Float, "Delivered").readonly(),
        Field::new("qty_returned", Kind::Float, "Returned").readonly(),
        Field::new("qty_closed", Kind::Float, "Given up").readonly().help("Of a delivered order: what will not be shipped any more."),
        Field::computed("qty_invoiced", Kind::Float, "Invoiced", of_invoices).help("What credit notes took back is taken off."),
        Field::computed("qty_credited", Kind::Float, "Credited", of_credits),
    ];
    Model::new("sale.order.line", "sale_order_line", "Sales order line", fields, |identity| read_own(identity, "order_id.code_pos"))
        .order("order_id, sequence, id")
        .publishes::<crm_contract::SaleOrderLine>()
}

/// The declaration of a tax.
pub fn tax_model() -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("amount", Kind::Monetary, "Per cent").required(),
        Field::new("price_include", Kind::Boolean, "Included in price").default("true"),
        Field::new("sequence", Kind::Integer, "Sequence").help("The first active one is that of new lines."),
        Field::new("invoice_legal_notes", Kind::Text(2_000), "Legal notes")
            .help("The words that the law wants on an invoice with this tax."),
        Field::new("active", Kind::Boolean, "Active").default("true"),
    ];
    Model::new("account.tax", "account_tax", "Tax", fields, crate::settings_access).order("sequence, id")
}

/// The point of sale of a line; none: the central warehouse.
pub type Pos = Option<i64>;

/// A line that is to be stored.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// What is sold, as it is now.
    pub product: Configuration,
    /// How many.
    pub quantity: Decimal,
    /// From where, by its code.
    pub code_pos: String,
    /// The same, by its record.
    pub pos: Pos,
}

/// An order that is to be stored: checked, its references found.
#[derive(Clone, Debug, Default)]
pub struct NewOrder {
    /// `res.partner` id of the client.
    pub partner: i64,
    /// Bank's id and name.
    pub bank: (i64, String),
    /// The platform's number.
    pub ek_order_id: Option<i64>,
    /// Columns of its own: point of sale, address.
    pub values: Map<String, Json>,
    /// What is ordered.
    pub lines: Vec<NewLine>,
}

/// Numbers for new records: what refers to them can be written before them, and in fewer statements.
///
/// # Errors
/// The database's own.
pub async fn next_ids(tx: &mut Tx<'_>, table: &str, count: usize) -> Result<Vec<i64>, Failure> {
    let mut sql = Sql::new(&format!("SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, "));
    sql.bind(i64::try_from(count).unwrap_or(i64::MAX)).push(")");
    tx.ids(sql).await
}

/// An order's prices, and the numbers that it and its lead will have.
pub struct Priced {
    /// The lead's number.
    pub lead: i64,
    /// What all lines come to.
    pub sum: Amounts,
    id: i64,
    lines: Vec<Map<String, Json>>,
}

/// A tax, as lines copy it.
#[derive(Deserialize)]
struct Rate {
    id: i64,
    rate: Decimal,
    included: bool,
    /// Whether it is that of products which name none.
    first: bool,
}

/// Prices an order, each line with its product's tax.
///
/// # Errors
/// 422 for more than any amount of money, 409 for a tax that the catalogue names and that is not here.
pub async fn price(tx: &mut Tx<'_>, order: &NewOrder) -> Result<Priced, Failure> {
    let mut sql = Sql::new(
        "SELECT nextval(pg_get_serial_sequence('crm_lead', 'id')), nextval(pg_get_serial_sequence('sale_order', 'id')), \
         (SELECT coalesce(json_agg(json_build_object('id', t.id, 'rate', t.amount::text, 'included', t.price_include, 'first', t.id IS NOT DISTINCT FROM f.id)), '[]') \
         FROM account_tax t LEFT JOIN (SELECT id FROM account_tax WHERE active AND deleted_at IS NULL ORDER BY sequence, id LIMIT 1) f ON true \
         WHERE t.deleted_at IS NULL AND (t.id = f.id OR t.id = ANY(",
    );
    sql.bind(order.lines.iter().filter_map(|line| line.product.tax).collect::<Vec<_>>()).push(")))::text");
    let Some((lead, id, rates)) = sql.load::<(BigInt, BigInt, Text), (i64, i64, String)>(tx.conn).await?.pop() else {
        return Err(Fault::busy().into());
    };
    let rates: Vec<Rate> = serde_json::from_str(&rates).map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
    let mut sum = Amounts { untaxed: Decimal::ZERO, tax: Decimal::ZERO, total: Decimal::ZERO };
    let mut lines = Vec::with_capacity(order.lines.len());
    for (at, line) in order.lines.iter().enumerate() {
        let rate = rates.iter().find(|rate| line.product.tax.map_or(rate.first, |tax| tax == rate.id));
        if let (None, Some(tax)) = (rate, line.product.tax) {
            let reference = &line.product.manufacturer_ref;
            return Err(
                Fault::conflict(format!("cart[{at}]: catalog names the tax {tax} of '{reference}', and crm has no such tax.")).into()
            );
        }
        let tax_id = rate.map(|rate| rate.id);
        let tax = rate.map_or(Tax { rate: Decimal::ZERO, included: true }, |rate| Tax { rate: rate.rate, included: rate.included });
        let amounts = price::amounts(line.quantity, line.product.selling_price, tax);
        if amounts.total >= Decimal::from(MAX_MONEY) {
            return Err(Fault::validation(format!("cart[{at}] comes to more than any amount of money.")).into());
        }
        sum = Amounts { untaxed: sum.untaxed + amounts.untaxed, tax: sum.tax + amounts.tax, total: sum.total + amounts.total };
        lines.push(object(json!({
            "order_id": id, "sequence": at + 1, "product_id": line.product.id, "name": line.product.name,
            "manufacturer_ref": line.product.manufacturer_ref, "product_uom_qty": line.quantity, "price_unit": line.product.selling_price,
            "tax_id": tax_id, "tax_rate": tax.rate, "tax_included": tax.included, "price_subtotal": amounts.untaxed,
            "price_tax": amounts.tax, "price_total": amounts.total, "code_pos": line.code_pos, "pos_id": line.pos, "bank_id": order.bank.0,
        })));
    }
    if sum.total >= Decimal::from(MAX_MONEY) {
        return Err(Fault::validation("The order comes to more than any amount of money.").into());
    }
    Ok(Priced { lead, sum, id, lines })
}

/// Stores an order with its lines, after its lead.
///
/// # Errors
/// 409 where the platform's number is taken.
pub async fn insert(tx: &mut Tx<'_>, order: &NewOrder, priced: Priced) -> Result<(), Failure> {
    let registry = tx.registry;
    let (model, line_model) = (registry.model("sale.order")?, registry.model("sale.order.line")?);
    let Priced { lead, sum, id, lines } = priced;
    let mut row = order.values.clone();
    row.extend(object(json!({
        "id": id, "opportunity_id": lead, "partner_id": order.partner, "bank_id": order.bank.0, "order_source": order.bank.1,
        "ek_order_id": order.ek_order_id, "amount_untaxed": sum.untaxed, "amount_tax": sum.tax, "amount_total": sum.total,
    })));
    let stored = write::insert(model, &tx.author, &columns(model, Some(&row)), &[row], OnConflict::Fail, "NULL");
    tx.ids_of_new(stored).await.map_err(|failure| by_constraint(model, failure))?;
    tx.ids_of_new(write::insert(line_model, &tx.author, &columns(line_model, lines.first()), &lines, OnConflict::Fail, "NULL"))
        .await
        .map(drop)
}

/// The columns that a row names, in the declaration's order: one text of the statement whatever the row's.
pub fn columns<'m>(model: &'m Model, row: Option<&Map<String, Json>>) -> Vec<&'m str> {
    model.fields.iter().map(|field| field.name).filter(|name| row.is_some_and(|row| row.contains_key(*name))).collect()
}

/// What a model's constraints refuse, as the client's error.
pub fn by_constraint(model: &Model, failure: Failure) -> Failure {
    match failure {
        Failure::Database(error) => taken(model, error),
        fault => fault,
    }
}

/// The members of a JSON object.
pub fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// What a change of orders takes.
pub fn body(model: &Model) -> Body {
    let state = || json!({"type": "string", "enum": Progress::NAMES, "description": "Only the next state, the same one, or EK_CLIENT_ORDER_CANCELED unless delivered."});
    let example = json!({"create_by": "ekiclik", "order_source": "Alsalam", "state": Progress::InPreparation.as_str()});
    Body::of(model, Mode::Write).with("state", state()).with("ek_state", state()).example(example)
}

/// Moves orders on, or changes what may be changed of them.
///
/// # Errors
/// 422 with the step that is not possible and those that are, 403 where a field may not be written.
pub async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    let mut step = None;
    for name in ["state", "ek_state"] {
        let Some(value) = data.remove(name) else { continue };
        match value.as_str().and_then(Progress::parse) {
            Some(progress) if step.is_none_or(|step| step == progress) => step = Some(progress),
            Some(_) => problems.add("`state` and `ek_state` name different states"),
            None => problems.add(format!("Wrong value for sale.order.{name}: {value} (one of {} expected)", Progress::NAMES.join(", "))),
        }
    }
    let values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    if let Some(step) = step {
        advance(tx, model, &found.ids, step, values).await
    } else {
        tx.update(model, found.ids, &values).await.map(drop)
    }
}

/// Takes a step with locked orders. Those that have taken it already stay as they are; where one can't, none does.
///
/// # Errors
/// 422 naming the orders that can't, and what they can.
pub async fn advance(tx: &mut Tx<'_>, model: &Model, ids: &[i64], step: Progress, mut values: Values) -> Result<(), Failure> {
    let mut sql = Sql::new("SELECT id, ek_state FROM sale_order WHERE id = ANY(");
    sql.bind(ids.to_vec()).push(") ORDER BY id");
    let mut moved = Vec::new();
    let mut problems = Problems::default();
    for (id, state) in sql.load::<(BigInt, Text), (i64, String)>(tx.conn).await? {
        match Progress::parse(&state).map(|at| at.advance(step)) {
            Some(Ok(true)) => moved.push(id),
            Some(Ok(false)) => {}
            Some(Err(refused)) => problems.add(format!("Order {id}: {refused}")),
            None => problems.add(format!("Order {id} has no state")),
        }
    }
    problems.check()?;
    if !values.is_empty() && moved.len() < ids.len() {
        let others: Vec<i64> = ids.iter().copied().filter(|id| !moved.contains(id)).collect();
        tx.update(model, others, &values).await?;
    }
    values.set("ek_state", step.as_str());
    values.set("state", step.odoo_state());
    if step == Progress::Delivered {
        values.set("effective_date", chrono::Utc::now().to_rfc3339());
    }
    tx.update(model, moved.clone(), &values).await?;
    if step == Progress::Delivered {
        account_move::invoice(tx, &moved).await?;
    }
    Ok(())
}

/// A public method of an order.
///
/// # Errors
/// As [`advance`].
pub async fn action(tx: &mut Tx<'_>, model: &Model, found: Found, method: &str) -> Result<Json, Failure> {
    match method {
        "action_confirm" => advance(tx, model, &found.ids, Progress::InPreparation, Values::default()).await?,
        "action_cancel" => advance(tx, model, &found.ids, Progress::Cancelled, Values::default()).await?,
        _ => {
            let mut sql = Sql::new("SELECT id FROM sale_order WHERE state = 'draft' AND id = ANY(");
            sql.bind(found.ids.clone()).push(")");
            let drafts = tx.ids(sql).await?;
            if drafts.len() < found.ids.len() {
                return Err(Fault::validation("Only an order that is a draft can be marked as sent.").into());
            }
            let mut values = Values::default();
            values.set("state", "sent");
            tx.update(model, drafts, &values).await?;
        }
    }
    Ok(true.into())
}

impl Answers<DemandOf> for Crm {
    async fn answer(owner: &Owner<Self>, question: DemandOf, _: Option<&String>) -> Result<Vec<Demand>, Fault> {
        let mut sql = Sql::new(
            "SELECT json_build_object('id', o.id, 'name', 'S' || lpad(o.id::text, greatest(5, length(o.id::text)), '0'), 'version', o.version, \
             'ek_state', o.ek_state, 'bank_id', o.bank_id, 'partner_id', o.partner_id, 'lines', \
             (SELECT coalesce(json_agg(json_build_object('id', l.id, 'product_id', l.product_id, 'name', l.name, 'manufacturer_ref', l.manufacturer_ref, \
             'quantity', l.product_uom_qty::text, 'price_unit', l.price_unit::text, 'pos_id', l.pos_id, 'code_pos', l.code_pos) ORDER BY l.id), '[]') \
             FROM sale_order_line l WHERE l.order_id = o.id AND l.deleted_at IS NULL))::text \
             FROM sale_order o WHERE o.deleted_at IS NULL AND o.id = ANY(",
        );
        sql.bind(question.ids.into_iter().collect::<Vec<_>>()).push(") ORDER BY o.id");
        owner.database.read(sql).await
    }
}

/// A line as it is known, locked with its order.
#[derive(Deserialize)]
struct KnownLine {
    id: i64,
    order: i64,
    canceled: bool,
    short: Decimal,
    ordered: Decimal,
    reserved: Decimal,
    delivered: Decimal,
    returned: Decimal,
    closed: Decimal,
}

/// Writes what stock told, and makes credit notes for what came back and what was given up.
///
/// # Errors
/// The database's own.
pub async fn serve(tx: &mut Tx<'_>, orders: &[Served]) -> Result<(), Failure> {
    let model = tx.registry.model("sale.order.line")?;
    let mut sql = Sql::new("WITH o AS (SELECT id, state FROM sale_order WHERE id = ANY(");
    sql.bind(orders.iter().map(|order| order.order).collect::<Vec<_>>());
    sql.push(
        ") ORDER BY id FOR UPDATE) SELECT json_build_object('id', l.id, 'order', o.id, 'canceled', o.state = 'cancel', 'short', l.short::text, \
         'ordered', l.product_uom_qty::text, 'reserved', l.reserved::text, 'delivered', l.qty_delivered::text, 'returned', l.qty_returned::text, \
         'closed', l.qty_closed::text)::text FROM o JOIN sale_order_line l ON l.order_id = o.id ORDER BY l.id",
    );
    let told: std::collections::HashMap<i64, &ServedLine> =
        orders.iter().flat_map(|order| &order.lines).map(|line| (line.line, line)).collect();
    let (mut rows, mut creditable, mut closed_now) = (Vec::new(), false, Vec::new());
    for text in sql.load::<Text, String>(tx.conn).await? {
        let known: KnownLine = serde_json::from_str(&text).map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
        let Some(line) = told.get(&known.id) else { continue };
        let now = domain::served::Served {
            ordered: known.ordered,
            reserved: line.reserved,
            // None of it is ever undone: who asked before the last one who told may come after him
            delivered: line.delivered.max(known.delivered),
            returned: line.returned.max(known.returned),
            closed: line.closed.max(known.closed),
        };
        let short = if known.canceled { Decimal::ZERO } else { now.short() };
        let (before, after) = (
            [known.reserved, known.short, known.delivered, known.returned, known.closed],
            [now.reserved, short, now.delivered, now.returned, now.closed],
        );
        if before != after {
            let [reserved, short, delivered, returned, closed] = after.map(|amount| amount.normalize());
            rows.push(object(json!({
                "id": known.id, "reserved": reserved, "short": short, "qty_delivered": delivered, "qty_returned": returned, "qty_closed": closed,
            })));
        }
        if now.closed > known.closed {
            closed_now.push(known.order);
        }
        creditable |= now.to_credit(Decimal::ZERO) > Decimal::ZERO;
    }
    if !rows.is_empty() {
        let columns = ["qty_closed", "qty_delivered", "qty_returned", "reserved", "short"];
        tx.ids(write::update_each(model, &tx.author, &columns, &rows)).await?;
    }
    let orders: Vec<i64> = orders.iter().map(|order| order.order).collect();
    if creditable { account_move::credit(tx, &orders, &closed_now).await } else { Ok(()) }
}

/// Notes why what orders still wait for is given up: their credit notes print it.
///
/// # Errors
/// The database's own.
pub async fn note_reason(tx: &mut Tx<'_>, orders: Vec<i64>, reason: String) -> Result<(), Failure> {
    let mut sql = Sql::new("SELECT id FROM sale_order WHERE id = ANY(");
    sql.bind(orders).push(") ORDER BY id FOR UPDATE");
    let orders = tx.ids(sql).await?;
    let mut values = Values::default();
    values.set("closing_reason", reason);
    tx.update(tx.registry.model("sale.order")?, orders, &values).await.map(drop)
}

impl Answers<PapersOf> for Crm {
    async fn answer(owner: &Owner<Self>, question: PapersOf, _: Option<&String>) -> Result<Papers, Fault> {
        let mut sql = Sql::new(
            "SELECT (SELECT count(*) FROM sale_order o WHERE o.deleted_at IS NULL AND o.state <> 'cancel' \
             AND (o.state <> 'done' OR EXISTS (SELECT FROM sale_order_line l WHERE l.order_id = o.id AND l.deleted_at IS NULL \
             AND l.reserved + l.short > 0)) AND o.partner_id = ",
        );
        sql.bind(question.partner).push("), (SELECT max(m.invoice_date) FROM account_move m WHERE m.state = 'posted' AND m.partner_id = ");
        sql.bind(question.partner).push(")");
        let row = owner.database.search::<(BigInt, Nullable<Date>), (i64, Option<NaiveDate>)>(sql).await?.pop();
        let (open, last) = row.ok_or_else(|| service::our_fault("crm", "a client's papers can't be counted", &"no row"))?;
        Ok(Papers { open, last })
    }
}

/// The value of a checked quantity.
pub fn decimal(values: &Values, name: &str) -> Option<Decimal> {
    match values.get(name)? {
        Value::Plain(Json::String(text)) => text.parse().ok(),
        _ => None,
    }
}
