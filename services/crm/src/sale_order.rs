//! `sale.order`: what a client has ordered, and how far it is. Stock reserves and ships by the order's state, and tells what
//! came of it.

use std::collections::HashMap;

use catalog_contract::Configuration;
use crm_contract::{Demand, DemandOf, Papers, PapersOf};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use domain::price::{Amounts, Tax};
use domain::{Identity, Progress, price};
use events::Event;
use jsonrpc::{Call, Fault, Reply};
use records::condition::denied;
use records::tx::Found;
use records::values::{MAX_MONEY, Mode, Problems};
use records::write::OnConflict;
use records::{Action, Body, Exact, Failure, Field, Kind, Model, Tx, Values, sql};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Answers, Behaviour, Changing, Owner};
use stock_contract::{Served, ServedLine};

use crate::{Crm, access, account_move, ir_attachment, printed, read_own};

/// The declaration of an order.
pub fn model(_: &Crm) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(40), "Order reference").readonly(),
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
        Field::new("amount_untaxed", Kind::Monetary, "Untaxed amount").readonly().signed(),
        Field::new("amount_tax", Kind::Monetary, "Taxes").readonly().signed(),
        Field::new("amount_total", Kind::Monetary, "Total").readonly().signed(),
        Field::new("currency", Kind::Char(8), "Currency").readonly().help("Where it is not dinars."),
        Field::new("rate", Kind::Float, "Rate").readonly().places(6).help("How much of its currency a dinar is."),
        Field::new("order_line", Kind::One2many { comodel: "sale.order.line", inverse: "order_id" }, "Lines"),
        Field::new("invoice_ids", Kind::One2many { comodel: "account.move", inverse: "sale_id" }, "Invoices"),
        // A trigger keeps the two: summed up for each order they could be neither filtered nor ordered by
        Field::new("reserved", Kind::Float, "Reserved").readonly().help("How many of its goods are put aside, as stock told last."),
        Field::new("short", Kind::Float, "Short").readonly().help("How many of its goods are waited for."),
        Field::new("note", Kind::Text(20_000), "Terms and conditions").personal(),
        Field::internal("closing_reason", Kind::Char(500)),
        Field::internal("imported", Kind::Boolean),
    ];
    Model::new("sale.order", "sale_order", "Sales order", fields, access)
        .order("date_order desc, id desc")
        .publishes::<crm_contract::SaleOrder>()
}

/// The declaration of a line, which copies what it sells as that was.
pub fn line_model(_: &Crm) -> Model {
    let of_invoices = "coalesce((SELECT sum(CASE m.move_type WHEN 'out_refund' THEN -a.quantity ELSE a.quantity END) \
        FROM account_move_line a JOIN account_move m ON m.id = a.move_id WHERE a.sale_line_id = {t}.id AND a.deleted_at IS NULL AND m.state = 'posted'), 0)";
    let of_credits = "coalesce((SELECT sum(a.quantity) FROM account_move_line a JOIN account_move m ON m.id = a.move_id \
        WHERE a.sale_line_id = {t}.id AND a.deleted_at IS NULL AND m.move_type = 'out_refund' AND m.state = 'posted'), 0)";
    let fields = vec![
        Field::new("order_id", Kind::Many2one("sale.order"), "Order").readonly(),
        Field::new("sequence", Kind::Integer, "Sequence").readonly(),
        Field::new("product_id", Kind::Many2one("product.product"), "Configuration").readonly(),
        Field::new("name", Kind::Char(500), "Description").readonly(),
        Field::new("manufacturer_ref", Kind::Char(254), "Manufacturer's reference").readonly(),
        Field::new("product_uom_qty", Kind::Float, "Quantity").readonly().signed(),
        Field::new("price_unit", Kind::Monetary, "Unit price").readonly().signed(),
        Field::new("tax_id", Kind::Many2one("account.tax"), "Tax").readonly(),
        Field::new("tax_rate", Kind::Monetary, "Tax rate").readonly(),
        Field::new("tax_included", Kind::Boolean, "Price includes tax").readonly(),
        Field::new("price_subtotal", Kind::Monetary, "Subtotal").readonly().signed(),
        Field::new("price_tax", Kind::Monetary, "Tax amount").readonly().signed(),
        Field::new("price_total", Kind::Monetary, "Total").readonly().signed(),
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
        Field::internal("imported", Kind::Boolean),
        Field::internal("settled_delivered", Kind::Float),
        Field::internal("settled_returned", Kind::Float),
        Field::internal("settled_reserved", Kind::Float),
        Field::internal("settled_closed", Kind::Float),
    ];
    Model::new("sale.order.line", "sale_order_line", "Sales order line", fields, |identity| read_own(identity, "order_id.code_pos"))
        .order("order_id, sequence, id")
        .publishes::<crm_contract::SaleOrderLine>()
}

/// The declaration of a tax.
pub fn tax_model(_: &Crm) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("amount", Kind::Monetary, "Per cent").required(),
        Field::new("price_include", Kind::Boolean, "Included in price").default("true"),
        Field::new("sequence", Kind::Integer, "Sequence").help("The first active one is that of new lines."),
        Field::new("invoice_legal_notes", Kind::Text(2_000), "Legal notes")
            .help("The words that the law wants on an invoice with this tax."),
        Field::new("active", Kind::Boolean, "Active").default("true"),
    ];
    Model::new("account.tax", "account_tax", "Tax", fields, crate::settings_access).copied_without(&["name"]).order("sequence, id")
}

/// An order that is changed.
#[derive(Default)]
pub struct SaleOrder;

impl Behaviour<Crm> for SaleOrder {
    const ACTIONS: &'static [Action] = &[
        Action::plain("action_confirm", "Confirms an order, as EK_ORDER_IN_PREPARATION does."),
        Action::plain("action_cancel", "Cancels an order that is not delivered; its goods are free again."),
        Action::plain("action_quotation_sent", "Notes that the pro forma was sent."),
    ];
    const PER_BANK: bool = true;

    async fn create(&self, _: Changing<'_, '_, Crm>, _: Map<String, Json>) -> Result<i64, Failure> {
        Err(Fault::validation("An order comes with its lead: POST crm.lead.").into())
    }

    async fn unlink(&self, change: Changing<'_, '_, Crm>, found: Found) -> Result<(), Failure> {
        ir_attachment::remove_of(change.tx, change.model, &found.ids).await?;
        change.tx.unlink(change.model, found).await
    }

    /// Moves orders on, or changes what may be changed of them.
    ///
    /// # Errors
    /// 422 with the step that is not possible and those that are, 403 where a field may not be written.
    async fn write(
        &self,
        Changing { tx, model, .. }: Changing<'_, '_, Crm>,
        found: Found,
        mut data: Map<String, Json>,
    ) -> Result<(), Failure> {
        let mut problems = tx.problems();
        let mut step = None;
        for name in ["state", "ek_state"] {
            let Some(value) = data.remove(name) else { continue };
            match value.as_str().and_then(Progress::parse) {
                Some(progress) if step.is_none_or(|step| step == progress) => step = Some(progress),
                Some(_) => problems.add("`state` and `ek_state` name different states"),
                None => {
                    problems.add(format!("Wrong value for sale.order.{name}: {value} (one of {} expected)", Progress::NAMES.join(", ")))
                }
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

    async fn act(&self, Changing { tx, model, .. }: Changing<'_, '_, Crm>, call: &Call, _: Map<String, Json>) -> Answer {
        if !(model.access)(tx.identity).write {
            return Err(denied(model, "modify").into());
        }
        let found = tx.find_ids(model, call.params.need("ids")?).await?;
        match call.method.as_str() {
            "action_confirm" => advance(tx, model, &found.ids, Progress::InPreparation, Values::default()).await?,
            "action_cancel" => advance(tx, model, &found.ids, Progress::Cancelled, Values::default()).await?,
            "action_quotation_sent" => {
                let drafts = tx.ids(sql!("sale_order/drafts.sql", found.ids.clone())).await?;
                if drafts.len() < found.ids.len() {
                    return Err(Fault::validation("Only an order that is a draft can be marked as sent.").into());
                }
                let mut values = Values::default();
                values.set("state", "sent");
                tx.update(model, drafts, &values).await?;
            }
            unknown => return Err(Fault::no_such_method(model.name, unknown).into()),
        }
        Ok(true.into())
    }

    async fn report(owner: &Owner<Crm>, identity: &Identity, model: &Model, _: &str, ids: &[i64]) -> Result<Reply, Fault> {
        printed::report(owner, identity, model, ids).await
    }

    fn body(_: &Owner<Crm>, model: &Model, mode: Mode) -> Option<Body> {
        if mode == Mode::Create {
            return None;
        }
        let state = || json!({"type": "string", "enum": Progress::NAMES, "description": "Only the next state, the same one, or EK_CLIENT_ORDER_CANCELED unless delivered."});
        let example = json!({"create_by": "ekiclik", "order_source": "Alsalam", "state": Progress::InPreparation.as_str()});
        Some(Body::of(model, mode).with("state", state()).with("ek_state", state()).example(example))
    }

    fn example_filter() -> Option<Json> {
        Some(json!([["ek_order_id", "=", "1417"]]))
    }
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
    /// To where it is delivered.
    pub address: Address,
    /// What is ordered.
    pub lines: Vec<NewLine>,
}

/// Point of sale and address of an order, as its columns.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Address {
    /// The point of sale of its lead, by its code.
    pub code_pos: Option<String>,
    /// The same, by its record.
    pub pos_id: Pos,
    /// What the platform calls this kind of address.
    pub delivery_type: Option<String>,
    /// Street and number.
    pub delivery_street: Option<String>,
    /// What is to be added to it.
    pub delivery_street2: Option<String>,
    /// The wilaya by its name, or as it was sent.
    pub delivery_state: Option<String>,
    /// The same, by its record.
    pub delivery_state_id: Option<i64>,
    /// The country's record.
    pub delivery_country_id: Option<i64>,
}

/// A row of `sale.order`.
#[derive(Serialize)]
struct OrderRow<'a> {
    id: i64,
    opportunity_id: i64,
    partner_id: i64,
    bank_id: i64,
    order_source: &'a str,
    ek_order_id: Option<i64>,
    #[serde(flatten)]
    address: &'a Address,
    amount_untaxed: Decimal,
    amount_tax: Decimal,
    amount_total: Decimal,
}

/// A row of `sale.order.line`.
#[derive(Serialize)]
struct LineRow<'a> {
    order_id: i64,
    sequence: usize,
    product_id: i64,
    name: &'a str,
    manufacturer_ref: &'a str,
    product_uom_qty: Decimal,
    price_unit: Decimal,
    tax_id: Option<i64>,
    tax_rate: Decimal,
    tax_included: bool,
    price_subtotal: Decimal,
    price_tax: Decimal,
    price_total: Decimal,
    code_pos: &'a str,
    pos_id: Pos,
    bank_id: i64,
}

/// An order's prices, and the numbers that it and its lead will have.
pub struct Priced<'a> {
    /// The lead's number.
    pub lead: i64,
    /// What all lines come to.
    pub sum: Amounts,
    id: i64,
    lines: Vec<LineRow<'a>>,
}

/// What an order is begun with.
#[derive(Deserialize)]
struct Begun {
    lead: i64,
    order: i64,
    rates: Vec<Rate>,
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
pub async fn price<'a>(tx: &mut Tx<'_>, order: &'a NewOrder) -> Result<Priced<'a>, Failure> {
    let taxes: Vec<i64> = order.lines.iter().filter_map(|line| line.product.tax).collect();
    let begun = tx.read(sql!("sale_order/begin.sql", taxes)).await?.pop();
    let Begun { lead, order: id, rates } = begun.ok_or_else(|| service::our_fault("crm", "an order can't be begun", &"no row"))?;
    let mut sum = Amounts::default();
    let mut lines = Vec::with_capacity(order.lines.len());
    for (at, line) in order.lines.iter().enumerate() {
        let product = &line.product;
        let rate = rates.iter().find(|rate| product.tax.map_or(rate.first, |tax| tax == rate.id));
        if let (None, Some(tax)) = (rate, product.tax) {
            let reference = &product.manufacturer_ref;
            return Err(
                Fault::conflict(format!("cart[{at}]: catalog names the tax {tax} of '{reference}', and crm has no such tax.")).into()
            );
        }
        let tax = rate.map_or(Tax { rate: Decimal::ZERO, included: true }, |rate| Tax { rate: rate.rate, included: rate.included });
        let amounts = price::amounts(line.quantity, product.selling_price, tax);
        if amounts.total >= Decimal::from(MAX_MONEY) {
            return Err(Fault::validation(format!("cart[{at}] comes to more than any amount of money.")).into());
        }
        sum = sum + amounts;
        lines.push(LineRow {
            order_id: id,
            sequence: at + 1,
            product_id: product.id,
            name: &product.name,
            manufacturer_ref: &product.manufacturer_ref,
            product_uom_qty: line.quantity,
            price_unit: product.selling_price,
            tax_id: rate.map(|rate| rate.id),
            tax_rate: tax.rate,
            tax_included: tax.included,
            price_subtotal: amounts.untaxed,
            price_tax: amounts.tax,
            price_total: amounts.total,
            code_pos: &line.code_pos,
            pos_id: line.pos,
            bank_id: order.bank.0,
        });
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
pub async fn insert(tx: &mut Tx<'_>, order: &NewOrder, priced: Priced<'_>) -> Result<(), Failure> {
    let registry = tx.registry;
    let row = OrderRow {
        id: priced.id,
        opportunity_id: priced.lead,
        partner_id: order.partner,
        bank_id: order.bank.0,
        order_source: &order.bank.1,
        ek_order_id: order.ek_order_id,
        address: &order.address,
        amount_untaxed: priced.sum.untaxed,
        amount_tax: priced.sum.tax,
        amount_total: priced.sum.total,
    };
    tx.insert_rows(registry.model("sale.order")?, &[row], OnConflict::Fail).await?;
    tx.insert_rows(registry.model("sale.order.line")?, &priced.lines, OnConflict::Fail).await.map(drop)
}

/// Takes a step with locked orders. Those that have taken it already stay as they are; where one can't, none does.
///
/// # Errors
/// 422 naming the orders that can't, and what they can.
pub async fn advance(tx: &mut Tx<'_>, model: &Model, ids: &[i64], step: Progress, mut values: Values) -> Result<(), Failure> {
    let mut moved = Vec::new();
    let mut problems = Problems::default();
    for State { id, ek_state } in tx.rows(sql!("sale_order/states.sql", ids.to_vec())).await? {
        let at = Progress::parse(&ek_state).ok_or_else(|| service::our_fault("crm", "an order's state is unknown", &ek_state))?;
        match at.advance(step) {
            Ok(true) => moved.push(id),
            Ok(false) => {}
            Err(refused) => problems.add(format!("Order {id}: {refused}")),
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

/// How far an order is.
#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    ek_state: String,
}

impl Answers<DemandOf> for Crm {
    async fn answer(owner: &Owner<Self>, question: DemandOf, _: Option<&String>) -> Result<Vec<Demand>, Fault> {
        owner.database.read(sql!("sale_order/demand.sql", question.ids.into_iter().collect::<Vec<_>>())).await
    }
}

/// A line as it is known, locked with its order.
#[derive(QueryableByName)]
struct KnownLine {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = Bool)]
    cancelled: bool,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    short: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    ordered: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    reserved: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    delivered: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    returned: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    closed: Decimal,
}

/// What changes of a row of `sale.order.line`.
#[derive(Serialize)]
struct LineChange {
    id: i64,
    reserved: Decimal,
    short: Decimal,
    qty_delivered: Decimal,
    qty_returned: Decimal,
    qty_closed: Decimal,
}

/// Whether an event is of goods that move, and so may serve an order. What moved elsewhere has served it there.
pub fn concerns(event: &Event) -> bool {
    event.model == "stock.move" && !event.is_import()
}

/// Writes what stock told, and makes credit notes for what came back and what was given up.
///
/// # Errors
/// The database's own.
pub async fn serve(tx: &mut Tx<'_>, orders: &[Served]) -> Result<(), Failure> {
    let model = tx.registry.model("sale.order.line")?;
    let told: HashMap<i64, &ServedLine> = orders.iter().flat_map(|order| &order.lines).map(|line| (line.line, line)).collect();
    let orders: Vec<i64> = orders.iter().map(|order| order.order).collect();
    let (mut changes, mut creditable, mut closed_now) = (Vec::new(), false, Vec::new());
    let known: Vec<KnownLine> = tx.rows(sql!("sale_order/lock_lines.sql", orders.clone())).await?;
    // Of the others stock has nothing yet
    for (known, told) in known.into_iter().filter_map(|known| told.get(&known.id).map(|told| (known, *told))) {
        let KnownLine { ordered, reserved, delivered, returned, closed, .. } = known;
        let before = domain::served::Served { ordered, reserved, delivered, returned, closed };
        let ServedLine { reserved, delivered, returned, closed, .. } = *told;
        let now = before.after(&domain::served::Served { ordered, reserved, delivered, returned, closed });
        let short = if known.cancelled { Decimal::ZERO } else { now.short() };
        if (now, short) != (before, known.short) {
            changes.push(LineChange {
                id: known.id,
                reserved: now.reserved.normalize(),
                short: short.normalize(),
                qty_delivered: now.delivered.normalize(),
                qty_returned: now.returned.normalize(),
                qty_closed: now.closed.normalize(),
            });
        }
        if now.closed > before.closed {
            closed_now.push(known.order_id);
        }
        creditable |= now.to_credit(Decimal::ZERO) > Decimal::ZERO;
    }
    tx.update_rows(model, &changes).await?;
    if creditable { account_move::credit(tx, &orders, &closed_now).await } else { Ok(()) }
}

/// Notes why what orders still wait for is given up: their credit notes print it.
///
/// # Errors
/// The database's own.
pub async fn note_reason(tx: &mut Tx<'_>, orders: Vec<i64>, reason: String) -> Result<(), Failure> {
    let orders = tx.ids(sql!("sale_order/lock.sql", orders)).await?;
    let mut values = Values::default();
    values.set("closing_reason", reason);
    tx.update(tx.registry.model("sale.order")?, orders, &values).await.map(drop)
}

impl Answers<PapersOf> for Crm {
    async fn answer(owner: &Owner<Self>, question: PapersOf, _: Option<&String>) -> Result<Papers, Fault> {
        let papers = owner.database.read(sql!("sale_order/papers.sql", question.partner)).await?.pop();
        papers.ok_or_else(|| service::our_fault("crm", "a client's papers can't be counted", &"no row"))
    }
}
