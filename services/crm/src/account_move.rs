//! `account.move`: customer invoices and credit notes. A posted one stays as it is; what is wrong with it, or comes back, is
//! a credit note.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
use domain::price::{self, Amounts, Tax};
use domain::served::{Credit, Invoiced};
use domain::{Identity, Kind as Who};
use jsonrpc::{Call, Fault, Reply};
use records::condition::denied;
use records::values::Mode;
use records::write::OnConflict;
use records::{Access, Action, Argument, Body, Exact, Failure, Field, Kind, Model, Tx, sql};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Asked, Behaviour, Changing, Owner};
use stock_contract::Close;

use crate::{Crm, printed, read_own, sale_order};
// circle: sale_order: an order that is delivered posts its invoice, and an invoice that is reversed ends what its order waits for

/// How far an invoice of another system was paid there.
const PAYMENT_STATES: &[&str] = &["not_paid", "in_payment", "partial", "paid", "reversed", "invoicing_legacy"];
const PAID_ELSEWHERE: &str = "As the system has it that the invoice came from; of an invoice that was made here nothing is known.";

/// The declaration.
pub fn model(_: &Crm) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(64), "Number").readonly().help("Without gaps within a year, once posted."),
        Field::computed("display_name", Kind::Char(64), "Display name", "coalesce({t}.name, 'Brouillon ' || {t}.id)"),
        Field::new("move_type", Kind::Selection(&["out_invoice", "out_refund"]), "Type").readonly(),
        Field::new("state", Kind::Selection(&["draft", "posted", "cancel"]), "Status").readonly(),
        Field::new("sale_id", Kind::Many2one("sale.order"), "Order").readonly(),
        Field::new("partner_id", Kind::Many2one("res.partner"), "Customer").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::new("order_source", Kind::Char(254), "Bank's name").readonly(),
        Field::new("invoice_origin", Kind::Char(254), "Source document").readonly(),
        Field::new("ref", Kind::Char(254), "Reference"),
        Field::new("reason", Kind::Char(MAX_REASON), "Reason").readonly().help("Why a credit note was made."),
        Field::new("reversed_entry_id", Kind::Many2one("account.move"), "Reversal of").readonly(),
        Field::new("invoice_date", Kind::Date, "Date of invoice").readonly(),
        Field::new("date", Kind::Date, "Accounting date").readonly(),
        Field::new("amount_untaxed", Kind::Monetary, "Untaxed amount").readonly().signed(),
        Field::new("amount_tax", Kind::Monetary, "Taxes").readonly().signed(),
        Field::new("amount_total", Kind::Monetary, "Total").readonly().signed(),
        Field::new("currency", Kind::Char(8), "Currency").readonly().help("Where it is not dinars."),
        Field::new("rate", Kind::Float, "Rate").readonly().places(6).help("How much of its currency a dinar is."),
        Field::new("payment_state", Kind::Selection(PAYMENT_STATES), "Payment").readonly().help(PAID_ELSEWHERE),
        Field::new("amount_residual", Kind::Monetary, "Amount due").readonly().signed().help(PAID_ELSEWHERE),
        Field::new("payments", Kind::Text(20_000), "Payments").readonly().personal().help("One a line: day, amount, number."),
        Field::new("invoice_line_ids", Kind::One2many { comodel: "account.move.line", inverse: "move_id" }, "Lines"),
        Field::new("narration", Kind::Text(20_000), "Terms and conditions").personal(),
        Field::internal("imported", Kind::Boolean),
    ];
    Model::new("account.move", "account_move", "Invoice", fields, access).order("date desc, name desc, id desc")
}

/// The declaration of a line.
pub fn line_model(_: &Crm) -> Model {
    let fields = vec![
        Field::new("move_id", Kind::Many2one("account.move"), "Invoice").readonly(),
        Field::new("sequence", Kind::Integer, "Sequence").readonly(),
        Field::new("product_id", Kind::Many2one("product.product"), "Configuration").readonly(),
        Field::new("name", Kind::Char(500), "Description").readonly(),
        Field::new("manufacturer_ref", Kind::Char(254), "Manufacturer's reference").readonly(),
        Field::new("quantity", Kind::Float, "Quantity").readonly().signed(),
        Field::new("price_unit", Kind::Monetary, "Unit price").readonly().signed(),
        Field::new("tax_id", Kind::Many2one("account.tax"), "Tax").readonly(),
        Field::new("tax_rate", Kind::Monetary, "Tax rate").readonly(),
        Field::new("tax_included", Kind::Boolean, "Price includes tax").readonly(),
        Field::new("price_subtotal", Kind::Monetary, "Subtotal").readonly().signed(),
        Field::new("price_tax", Kind::Monetary, "Tax amount").readonly().signed(),
        Field::new("price_total", Kind::Monetary, "Total").readonly().signed(),
        Field::new("sale_line_id", Kind::Many2one("sale.order.line"), "Order line").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
        Field::internal("imported", Kind::Boolean),
    ];
    Model::new("account.move.line", "account_move_line", "Invoice line", fields, |identity| read_own(identity, "move_id.sale_id.code_pos"))
        .order("move_id, sequence, id")
}

/// The hub's side writes, the platform reads, a bank's user reads its own bank's.
fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff => Access { create: false, ..Access::all() },
        Who::Integration => Access::read(),
        Who::Bank(_) | Who::Clerk { .. } | Who::Outsider => read_own(identity, "sale_id.code_pos"),
    }
}

/// A document that is changed or reversed, with what stock has given up for that.
#[derive(Default)]
pub struct AccountMove(GivenUp);

impl Behaviour<Crm> for AccountMove {
    const ACTIONS: &'static [Action] = &[Action {
        method: "action_reverse",
        arguments: &[Argument::optional("reason", r#"{"type": ["string", "null"], "maxLength": 500}"#)],
        on_record: true,
        about: "Credits all of a posted invoice that the client does not have, and gives up what still waits for goods; the credit \
                notes, whose ids it answers, print the reason.",
    }];

    async fn prepare(asked: Asked<'_, Crm>, data: &mut Map<String, Json>) -> Result<AccountMove, Fault> {
        match asked.call.method.as_str() {
            "action_reverse" => give_up(asked, data).await.map(AccountMove),
            _ => Ok(AccountMove::default()),
        }
    }

    async fn act(&self, Changing { tx, model, .. }: Changing<'_, '_, Crm>, call: &Call, _: Map<String, Json>) -> Answer {
        match call.method.as_str() {
            "action_reverse" => reverse(tx, model, call.params.need("ids")?, &self.0).await,
            unknown => Err(Fault::no_such_method(model.name, unknown).into()),
        }
    }

    async fn report(owner: &Owner<Crm>, identity: &Identity, model: &Model, _: &str, ids: &[i64]) -> Result<Reply, Fault> {
        printed::report(owner, identity, model, ids).await
    }

    // An invoice comes with the delivery
    fn body(_: &Owner<Crm>, model: &Model, mode: Mode) -> Option<Body> {
        (mode == Mode::Write).then(|| Body::of(model, mode))
    }
}

/// The head of a document that is to be posted.
#[derive(QueryableByName, Serialize)]
struct Head {
    /// What its lines name it by: the order of an invoice, the invoice of a credit note.
    #[diesel(sql_type = BigInt)]
    #[serde(skip)]
    document: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    sale_id: Option<i64>,
    #[diesel(sql_type = BigInt)]
    partner_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    bank_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    order_source: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    invoice_origin: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    reversed_entry_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>, column_name = "ref")]
    #[serde(rename = "ref")]
    reference: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

/// A line of an order, or of an invoice, from which a document's is made.
#[derive(QueryableByName, Serialize)]
struct Source {
    #[diesel(sql_type = BigInt)]
    #[serde(skip)]
    document: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    product_id: Option<i64>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    manufacturer_ref: Option<String>,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    quantity: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    price_unit: Decimal,
    #[diesel(sql_type = Nullable<BigInt>)]
    tax_id: Option<i64>,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    tax_rate: Decimal,
    #[diesel(sql_type = Bool)]
    tax_included: bool,
    #[diesel(sql_type = BigInt)]
    sale_line_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    bank_id: Option<i64>,
    /// Whether it takes back a down payment of history.
    #[diesel(sql_type = Bool)]
    imported: bool,
}

impl Source {
    fn tax(&self) -> Tax {
        Tax { rate: self.tax_rate, included: self.tax_included }
    }
}

/// A line that a document is made of, with what it comes to.
#[derive(QueryableByName)]
struct Priced {
    #[diesel(embed)]
    source: Source,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    untaxed: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    tax: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    total: Decimal,
}

/// A line of an order that is to be invoiced.
#[derive(QueryableByName)]
struct Ordered {
    #[diesel(embed)]
    line: Priced,
    /// Whether it came from another system, whose amounts stay as they were there.
    #[diesel(sql_type = Bool)]
    is_history: bool,
}

impl Ordered {
    fn amounts(&self) -> Amounts {
        let Priced { source, untaxed, tax, total } = &self.line;
        match self.is_history {
            true => Amounts { untaxed: *untaxed, tax: *tax, total: *total },
            false => price::amounts(source.quantity, source.price_unit, source.tax()),
        }
    }
}

/// A line of an invoice, with what became of it.
#[derive(QueryableByName)]
struct Creditable {
    #[diesel(embed)]
    line: Priced,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    credited: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    credited_untaxed: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    credited_tax: Decimal,
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    credited_total: Decimal,
    /// How much of the order's line is to be credited, of whichever invoice.
    #[diesel(sql_type = Text, deserialize_as = Exact)]
    due: Decimal,
}

impl Creditable {
    /// The line of the credit note that is due, if one is, of so many of the order's line.
    fn due(self, left: &mut Decimal) -> Option<(Source, Amounts)> {
        let source = self.line.source;
        let invoiced = Invoiced {
            quantity: source.quantity,
            price: source.price_unit,
            tax: source.tax(),
            amounts: Amounts { untaxed: self.line.untaxed, tax: self.line.tax, total: self.line.total },
            credited: self.credited,
            credited_amounts: Amounts { untaxed: self.credited_untaxed, tax: self.credited_tax, total: self.credited_total },
        };
        let Credit { quantity, amounts } = invoiced.due(self.credited + *left, Decimal::ZERO)?;
        *left -= quantity;
        Some((Source { quantity, ..source }, amounts))
    }
}

/// What is due of invoices' lines. An order's line that several invoices have is credited once, of the oldest first.
fn due(lines: Vec<Creditable>) -> Vec<(Source, Amounts)> {
    let mut left: BTreeMap<i64, Decimal> = BTreeMap::new();
    let due = lines.into_iter().filter_map(|line| {
        let (all, of) = (line.due, line.line.source.sale_line_id);
        line.due(left.entry(of).or_insert(all))
    });
    due.collect()
}

/// A row of `account.move.line`.
#[derive(Serialize)]
struct NewLine<'a> {
    move_id: i64,
    sequence: usize,
    #[serde(flatten)]
    source: &'a Source,
    price_subtotal: Decimal,
    price_tax: Decimal,
    price_total: Decimal,
}

/// A row of `account.move`.
#[derive(Serialize)]
struct NewMove<'a> {
    id: i64,
    name: String,
    move_type: &'static str,
    state: &'static str,
    invoice_date: NaiveDate,
    date: NaiveDate,
    #[serde(flatten)]
    head: &'a Head,
    amount_untaxed: Decimal,
    amount_tax: Decimal,
    amount_total: Decimal,
}

/// Whose numbers a document has.
#[derive(Clone, Copy)]
enum Journal {
    Invoices,
    CreditNotes,
}

impl Journal {
    fn code(self) -> &'static str {
        match self {
            Journal::Invoices => "FAC",
            Journal::CreditNotes => "RFAC",
        }
    }

    fn move_type(self) -> &'static str {
        match self {
            Journal::Invoices => "out_invoice",
            Journal::CreditNotes => "out_refund",
        }
    }
}

/// Posts the invoices of delivered orders, for what was ordered and not invoiced elsewhere: one an order.
///
/// # Errors
/// The database's own.
pub async fn invoice(tx: &mut Tx<'_>, orders: &[i64]) -> Result<(), Failure> {
    if orders.is_empty() {
        return Ok(());
    }
    let heads = tx.rows(sql!("account_move/to_invoice.sql", orders.to_vec())).await?;
    let lines: Vec<Ordered> = tx.rows(sql!("account_move/order_lines.sql", orders.to_vec())).await?;
    let priced = lines.into_iter().map(|ordered| {
        let amounts = ordered.amounts();
        (ordered.line.source, amounts)
    });
    post(tx, Journal::Invoices, heads, priced.collect()).await
}

/// Posts credit notes for what came back and what was given up of these locked orders, as stock told, and is not credited yet. `closed`
/// are those of which something was given up now.
///
/// # Errors
/// The database's own.
pub async fn credit(tx: &mut Tx<'_>, orders: &[i64], closed: &[i64]) -> Result<(), Failure> {
    let lines: Vec<Creditable> = tx.rows(sql!("account_move/creditable.sql", orders.to_vec())).await?;
    let lines = due(lines);
    if lines.is_empty() {
        return Ok(());
    }
    let invoices: Vec<i64> = lines.iter().map(|(source, _)| source.document).collect();
    let heads = tx.rows(sql!("account_move/to_credit.sql", invoices, closed.to_vec())).await?;
    post(tx, Journal::CreditNotes, heads, lines).await
}

/// A document to be posted: its head, and its lines with what each comes to.
type Document = (Head, Vec<(Source, Amounts)>);

/// Heads with the lines that name them. One that no line names asks for no money, and is left out.
fn documents(heads: Vec<Head>, lines: Vec<(Source, Amounts)>) -> Result<Vec<Document>, Fault> {
    let mut by_document: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for line in lines {
        by_document.entry(line.0.document).or_default().push(line);
    }
    let documents = heads.into_iter().filter_map(|head| by_document.remove(&head.document).map(|lines| (head, lines))).collect();
    match by_document.keys().next() {
        Some(lost) => Err(service::our_fault("crm", "lines are to be posted of a document that is not there", lost)),
        None => Ok(documents),
    }
}

/// Stores documents as posted, under the next numbers of a journal.
async fn post(tx: &mut Tx<'_>, journal: Journal, heads: Vec<Head>, lines: Vec<(Source, Amounts)>) -> Result<(), Failure> {
    let documents = documents(heads, lines)?;
    if documents.is_empty() {
        return Ok(());
    }
    let registry = tx.registry;
    let named: Vec<i64> = documents.iter().map(|(head, _)| head.document).collect();
    let ids = tx.ids(sql!("account_move/next_ids.sql", named.clone())).await?;
    let mut new_lines = Vec::new();
    for ((_, lines), move_id) in documents.iter().zip(&ids) {
        new_lines.extend((1..).zip(lines).map(|(sequence, (source, amounts))| NewLine {
            move_id: *move_id,
            sequence,
            source,
            price_subtotal: amounts.untaxed,
            price_tax: amounts.tax,
            price_total: amounts.total,
        }));
    }
    // Before the documents: once one is posted, nothing is added to it
    tx.insert_rows(registry.model("account.move.line")?, &new_lines, OnConflict::Fail).await?;
    // The number comes last: whoever waits for the next one waits for this transaction's end
    let Numbers { first, form, width, day } = take_numbers(tx, journal, named).await?;
    let width = usize::try_from(width).map_err(|error| service::our_fault("crm", "a journal's numbers have no width", &error))?;
    let moves = documents.iter().zip(&ids).zip(first..).map(|(((head, lines), id), number)| {
        let sum: Amounts = lines.iter().map(|(_, amounts)| *amounts).sum();
        NewMove {
            id: *id,
            name: form.replace("{n}", &format!("{number:0>width$}")),
            move_type: journal.move_type(),
            state: "posted",
            invoice_date: day,
            date: day,
            head,
            amount_untaxed: sum.untaxed,
            amount_tax: sum.tax,
            amount_total: sum.total,
        }
    });
    tx.insert_rows(registry.model("account.move")?, &moves.collect::<Vec<_>>(), OnConflict::Fail).await.map(drop)
}

/// The next numbers of a journal.
#[derive(QueryableByName)]
struct Numbers {
    #[diesel(sql_type = BigInt)]
    first: i64,
    /// What a name is, but for its number.
    #[diesel(sql_type = Text)]
    form: String,
    /// With how many digits a number is written.
    #[diesel(sql_type = BigInt)]
    width: i64,
    #[diesel(sql_type = Date)]
    day: NaiveDate,
}

/// One for each of these documents.
async fn take_numbers(tx: &mut Tx<'_>, journal: Journal, documents: Vec<i64>) -> Result<Numbers, Failure> {
    let mut taken = tx.rows(sql!("account_move/take_numbers.sql", journal.code(), documents)).await?;
    taken.pop().ok_or_else(|| service::our_fault("crm", "a journal gives no numbers", &journal.code()).into())
}

/// The longest reason of a credit note.
const MAX_REASON: usize = 500;

/// What stock told when it had given up what the orders of invoices still waited for.
#[derive(Default)]
struct GivenUp {
    orders: Vec<stock_contract::Served>,
    /// The newest credit note before.
    before: i64,
}

/// An invoice whose order is to be given up.
#[derive(QueryableByName)]
struct ToGiveUp {
    #[diesel(sql_type = BigInt)]
    sale_id: i64,
    /// None is 0.
    #[diesel(sql_type = BigInt)]
    newest_note: i64,
}

/// Before `action_reverse`: notes its `reason`, and has stock give up what the invoices' orders still wait for. That is done then,
/// whatever becomes of this request: what nobody waits for any more is credited anyway, as soon as stock's event is heard.
///
/// # Errors
/// 403 where the identity may not, 422 for a reason that is none, 503 where stock is away.
async fn give_up(asked: Asked<'_, Crm>, data: &Map<String, Json>) -> Result<GivenUp, Fault> {
    if !(asked.model.access)(asked.identity).write {
        return Err(denied(asked.model, "modify"));
    }
    let reason = match data.get("reason") {
        None | Some(Json::Null | Json::Bool(false)) => "",
        Some(Json::String(text)) if text.chars().count() <= MAX_REASON => text.trim(),
        Some(_) => return Err(Fault::validation(format!("`reason` must be a text of at most {MAX_REASON} characters."))),
    };
    let reason = if reason.is_empty() { "Annulation de la facture" } else { reason };
    let ids: BTreeSet<i64> = asked.call.params.need("ids")?;
    let invoices: Vec<ToGiveUp> =
        asked.owner.database.rows(sql!("account_move/to_give_up.sql", ids.iter().copied().collect::<Vec<_>>())).await?;
    // One that is none is told by the transaction, which then credits nothing
    if invoices.len() < ids.len() {
        return Ok(GivenUp::default());
    }
    let (orders, notes): (Vec<i64>, Vec<i64>) = invoices.into_iter().map(|invoice| (invoice.sale_id, invoice.newest_note)).unzip();
    // Whoever hears first that they are given up makes the credit notes
    asked
        .owner
        .transact(asked.call.traceparent.as_ref(), |tx| Box::pin(sale_order::note_reason(tx, orders.clone(), reason.to_owned())))
        .await?;
    let orders = asked.owner.ask(&Close { ids: orders.into_iter().collect() }, asked.call.traceparent.as_ref()).await?;
    Ok(GivenUp { orders, before: notes.into_iter().max().unwrap_or_default() })
}

/// `action_reverse`: credits all of posted invoices that the clients do not have. What they have is credited when it comes back, or
/// they would have it for nothing. Answers the new ids.
///
/// # Errors
/// 422 for what is no posted invoice, 409 where nothing is left to credit.
async fn reverse(tx: &mut Tx<'_>, model: &Model, ids: Vec<i64>, given_up: &GivenUp) -> Answer {
    // Before the invoices, as who hears from stock does
    tx.ids(sql!("account_move/lock_orders.sql", ids.clone())).await?;
    let found = tx.find_ids(model, ids).await?;
    if tx.ids(sql!("account_move/posted_invoices.sql", found.ids.clone())).await?.len() < found.ids.len() {
        return Err(Fault::validation("Only a posted invoice can be reversed.").into());
    }
    sale_order::serve(tx, &given_up.orders).await?;
    // Whoever heard of it first has made them
    let notes = tx.ids(sql!("account_move/notes_since.sql", found.ids.clone(), given_up.before)).await?;
    if !notes.is_empty() {
        return Ok(json!(notes));
    }
    let mut kept: Vec<Named> = tx.rows(sql!("account_move/not_all_credited.sql", found.ids)).await?;
    Err(match kept.pop() {
        Some(Named { name }) => Fault::conflict(format!(
            "What is not credited of {name} is with the client: it is credited when it comes back (action_return of its delivery)."
        )),
        None => Fault::conflict("Everything of this invoice is credited already."),
    }
    .into())
}

/// A posted document's number.
#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(document: i64) -> Head {
        Head {
            document,
            sale_id: Some(document),
            partner_id: 5,
            bank_id: None,
            order_source: None,
            invoice_origin: None,
            reversed_entry_id: None,
            reference: None,
            reason: None,
        }
    }

    fn line(document: i64) -> (Source, Amounts) {
        let source = Source {
            document,
            product_id: None,
            name: "Téléviseur".to_owned(),
            manufacturer_ref: None,
            quantity: Decimal::ONE,
            price_unit: Decimal::TEN,
            tax_id: None,
            tax_rate: Decimal::ZERO,
            tax_included: true,
            sale_line_id: 1,
            bank_id: None,
            imported: false,
        };
        (source, Amounts::default())
    }

    #[test]
    fn no_line_is_left_out_of_what_is_posted() {
        let documents = documents(vec![head(1), head(2), head(3)], vec![line(3), line(1), line(3)]).ok().unwrap();
        let lines: Vec<_> = documents.iter().map(|(head, lines)| (head.document, lines.len())).collect();
        assert_eq!(lines, [(1, 1), (3, 2)]);
        assert_eq!(super::documents(vec![head(1)], vec![line(1), line(2)]).err().unwrap().status, 500);
    }
}
