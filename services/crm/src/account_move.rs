//! `account.move`: customer invoices and credit notes. A posted one stays as it is; what is wrong with it, or comes back, is
//! a credit note.

use std::collections::BTreeSet;

use diesel::sql_types::{BigInt, Date, Nullable, Text};
use domain::price::{self, Amounts, Tax};
use domain::served::{Invoiced, Served};
use domain::{Identity, Kind as Who};
use jsonrpc::Fault;
use records::condition::denied;
use records::tx::Found;
use records::values::Mode;
use records::write::{self, OnConflict};
use records::{Access, Failure, Field, Kind, Model, Sql, Tx, Values};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use service::Asked;
use stock_contract::Close;

use crate::sale_order::{self, by_constraint, columns, next_ids, object};
use crate::{Crm, read_own};

/// The declaration.
pub fn model() -> Model {
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
        Field::new("amount_untaxed", Kind::Monetary, "Untaxed amount").readonly(),
        Field::new("amount_tax", Kind::Monetary, "Taxes").readonly(),
        Field::new("amount_total", Kind::Monetary, "Total").readonly(),
        Field::new("invoice_line_ids", Kind::One2many { comodel: "account.move.line", inverse: "move_id" }, "Lines"),
        Field::new("narration", Kind::Text(20_000), "Terms and conditions").personal(),
    ];
    Model::new("account.move", "account_move", "Invoice", fields, access).order("date desc, name desc, id desc")
}

/// The declaration of a line.
pub fn line_model() -> Model {
    let fields = vec![
        Field::new("move_id", Kind::Many2one("account.move"), "Invoice").readonly(),
        Field::new("sequence", Kind::Integer, "Sequence").readonly(),
        Field::new("product_id", Kind::Many2one("product.product"), "Configuration").readonly(),
        Field::new("name", Kind::Char(500), "Description").readonly(),
        Field::new("manufacturer_ref", Kind::Char(254), "Manufacturer's reference").readonly(),
        Field::new("quantity", Kind::Float, "Quantity").readonly(),
        Field::new("price_unit", Kind::Monetary, "Unit price").readonly(),
        Field::new("tax_id", Kind::Many2one("account.tax"), "Tax").readonly(),
        Field::new("tax_rate", Kind::Monetary, "Tax rate").readonly(),
        Field::new("tax_included", Kind::Boolean, "Price includes tax").readonly(),
        Field::new("price_subtotal", Kind::Monetary, "Subtotal").readonly(),
        Field::new("price_tax", Kind::Monetary, "Tax amount").readonly(),
        Field::new("price_total", Kind::Monetary, "Total").readonly(),
        Field::new("sale_line_id", Kind::Many2one("sale.order.line"), "Order line").readonly(),
        Field::new("bank_id", Kind::Many2one("res.bank"), "Bank").readonly(),
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

/// A document to be posted: its row, and its lines.
struct Document {
    row: Map<String, Json>,
    lines: Vec<Map<String, Json>>,
}

/// A line of an order, or of an invoice, from which a document's is made.
#[derive(serde::Deserialize)]
struct Source {
    document: i64,
    product_id: Option<i64>,
    name: String,
    manufacturer_ref: Option<String>,
    quantity: Decimal,
    price_unit: Decimal,
    tax_id: Option<i64>,
    tax_rate: Decimal,
    tax_included: bool,
    sale_line_id: Option<i64>,
    bank_id: Option<i64>,
}

impl Source {
    fn tax(&self) -> Tax {
        Tax { rate: self.tax_rate, included: self.tax_included }
    }
}

/// A line of an invoice, with what became of it.
#[derive(serde::Deserialize)]
struct Creditable {
    #[serde(flatten)]
    source: Source,
    untaxed: Decimal,
    tax: Decimal,
    total: Decimal,
    credited: Decimal,
    credited_untaxed: Decimal,
    credited_tax: Decimal,
    credited_total: Decimal,
    returned: Decimal,
    closed: Decimal,
}

impl Creditable {
    /// The line of the credit note that is due, if one is.
    fn due(self) -> Option<(Source, Amounts)> {
        let invoiced = Invoiced {
            quantity: self.source.quantity,
            price: self.source.price_unit,
            tax: self.source.tax(),
            amounts: Amounts { untaxed: self.untaxed, tax: self.tax, total: self.total },
            credited: self.credited,
            credited_amounts: Amounts { untaxed: self.credited_untaxed, tax: self.credited_tax, total: self.credited_total },
        };
        let line = Served { ordered: self.source.quantity, returned: self.returned, closed: self.closed, ..Served::default() };
        let quantity = line.to_credit(self.credited);
        (quantity > Decimal::ZERO).then(|| (Source { quantity, ..self.source }, invoiced.credit(quantity)))
    }
}

impl Document {
    fn of(mut row: Map<String, Json>, sources: impl Iterator<Item = (Source, Amounts)>) -> Document {
        let (mut untaxed, mut due, mut total) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        let mut lines = Vec::new();
        for (source, amounts) in sources {
            (untaxed, due, total) = (untaxed + amounts.untaxed, due + amounts.tax, total + amounts.total);
            lines.push(object(json!({
                "sequence": lines.len() + 1, "product_id": source.product_id, "name": source.name, "manufacturer_ref": source.manufacturer_ref,
                "quantity": source.quantity, "price_unit": source.price_unit, "tax_id": source.tax_id, "tax_rate": source.tax_rate,
                "tax_included": source.tax_included, "price_subtotal": amounts.untaxed, "price_tax": amounts.tax, "price_total": amounts.total,
                "sale_line_id": source.sale_line_id, "bank_id": source.bank_id,
            })));
        }
        row.extend(object(json!({"amount_untaxed": untaxed, "amount_tax": due, "amount_total": total})));
        Document { row, lines }
    }
}

/// Posts the invoices of delivered orders, for what was ordered: one an order.
///
/// # Errors
/// The database's own.
pub async fn invoice(tx: &mut Tx<'_>, orders: &[i64]) -> Result<(), Failure> {
    if orders.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        "SELECT json_build_object('sale_id', id, 'partner_id', partner_id, 'bank_id', bank_id, 'order_source', order_source, 'move_type', 'out_invoice', \
         'invoice_origin', 'S' || lpad(id::text, greatest(5, length(id::text)), '0'))::text FROM sale_order WHERE id = ANY(",
    );
    sql.bind(orders.to_vec()).push(") ORDER BY id");
    let rows = sql.load::<Text, String>(tx.conn).await?;
    let mut sql = Sql::new(
        "SELECT json_build_object('document', order_id, 'product_id', product_id, 'name', name, 'manufacturer_ref', manufacturer_ref, 'quantity', \
         product_uom_qty::text, 'price_unit', price_unit::text, 'tax_id', tax_id, 'tax_rate', tax_rate::text, 'tax_included', tax_included, \
         'sale_line_id', id, 'bank_id', bank_id)::text FROM sale_order_line WHERE deleted_at IS NULL AND order_id = ANY(",
    );
    sql.bind(orders.to_vec()).push(") ORDER BY order_id, sequence, id");
    let sources: Vec<Source> = read(sql.load::<Text, String>(tx.conn).await?)?;
    let lines = sources.into_iter().map(|source| {
        let amounts = price::amounts(source.quantity, source.price_unit, source.tax());
        (source, amounts)
    });
    post(tx, "FAC", documents(read(rows)?, lines.collect(), "sale_id")).await.map(drop)
}

/// Posts credit notes for what came back and what was given up of these locked orders, as stock told, and is not credited yet. `closed`
/// are those of which something was given up now.
///
/// # Errors
/// The database's own.
pub async fn credit(tx: &mut Tx<'_>, orders: &[i64], closed: &[i64]) -> Result<(), Failure> {
    let mut sql = Sql::new(
        "SELECT json_build_object('document', i.id, 'product_id', a.product_id, 'name', a.name, 'manufacturer_ref', a.manufacturer_ref, \
         'quantity', a.quantity::text, 'price_unit', a.price_unit::text, 'tax_id', a.tax_id, 'tax_rate', a.tax_rate::text, \
         'tax_included', a.tax_included, 'sale_line_id', l.id, 'bank_id', a.bank_id, 'untaxed', a.price_subtotal::text, 'tax', a.price_tax::text, \
         'total', a.price_total::text, 'credited', c.quantity::text, 'credited_untaxed', c.untaxed::text, 'credited_tax', c.tax::text, \
         'credited_total', c.total::text, 'returned', l.qty_returned::text, 'closed', l.qty_closed::text)::text \
         FROM account_move i JOIN account_move_line a ON a.move_id = i.id JOIN sale_order_line l ON l.id = a.sale_line_id, LATERAL \
         (SELECT coalesce(sum(b.quantity), 0) AS quantity, coalesce(sum(b.price_subtotal), 0) AS untaxed, coalesce(sum(b.price_tax), 0) AS tax, \
         coalesce(sum(b.price_total), 0) AS total FROM account_move_line b JOIN account_move n ON n.id = b.move_id \
         WHERE b.sale_line_id = l.id AND n.move_type = 'out_refund' AND n.state = 'posted') c \
         WHERE i.move_type = 'out_invoice' AND i.state = 'posted' AND l.qty_returned + l.qty_closed > c.quantity AND i.sale_id = ANY(",
    );
    sql.bind(orders.to_vec()).push(") ORDER BY i.id, a.sequence, a.id");
    let lines: Vec<Creditable> = read(sql.load::<Text, String>(tx.conn).await?)?;
    let lines: Vec<(Source, Amounts)> = lines.into_iter().filter_map(Creditable::due).collect();
    if lines.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        "SELECT json_build_object('reversed_entry_id', m.id, 'sale_id', m.sale_id, 'partner_id', m.partner_id, 'bank_id', m.bank_id, \
         'order_source', m.order_source, 'move_type', 'out_refund', 'invoice_origin', m.invoice_origin, 'ref', m.name, 'reason', \
         CASE WHEN o.id = ANY(",
    );
    sql.bind(closed.to_vec());
    sql.push(
        ") THEN coalesce(o.closing_reason, 'Reliquat non livré') ELSE 'Retour de marchandises' END)::text \
         FROM account_move m JOIN sale_order o ON o.id = m.sale_id WHERE m.id = ANY(",
    );
    sql.bind(lines.iter().map(|(source, _)| source.document).collect::<Vec<_>>()).push(") ORDER BY m.id");
    let rows = read(sql.load::<Text, String>(tx.conn).await?)?;
    post(tx, "RFAC", documents(rows, lines, "reversed_entry_id")).await.map(drop)
}

/// Rows of JSON text, as what they are.
fn read<T: serde::de::DeserializeOwned>(rows: Vec<String>) -> Result<Vec<T>, Failure> {
    let parsed = rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<Vec<T>, _>>();
    parsed.map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)).into())
}

/// Rows with the lines that name them.
fn documents(rows: Vec<Map<String, Json>>, mut lines: Vec<(Source, Amounts)>, key: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    for row in rows {
        let id = row.get(key).and_then(Json::as_i64);
        let (mine, others): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(source, _)| Some(source.document) == id);
        lines = others;
        documents.push(Document::of(row, mine.into_iter()));
    }
    documents
}

/// Stores documents as posted, under the next numbers of a journal.
async fn post(tx: &mut Tx<'_>, journal: &str, documents: Vec<Document>) -> Result<Vec<i64>, Failure> {
    let documents: Vec<_> = documents.into_iter().filter(|document| !document.lines.is_empty()).collect();
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let registry = tx.registry;
    let (model, line_model) = (registry.model("account.move")?, registry.model("account.move.line")?);
    let ids = next_ids(tx, "account_move", documents.len()).await?;
    let mut lines = Vec::new();
    for (document, id) in documents.iter().zip(&ids) {
        lines.extend(document.lines.iter().map(|line| {
            let mut line = line.clone();
            line.insert("move_id".to_owned(), (*id).into());
            line
        }));
    }
    // Before the documents: once one is posted, nothing is added to it
    tx.ids_of_new(write::insert(line_model, &tx.author, &columns(line_model, lines.first()), &lines, OnConflict::Fail, "NULL")).await?;
    // The number comes last: whoever waits for the next one waits for this transaction's end
    let (numbers, day) = take_numbers(tx, journal, documents.len()).await?;
    let rows: Vec<_> = documents
        .into_iter()
        .zip(&ids)
        .zip(numbers)
        .map(|((document, id), name)| {
            let mut row = document.row;
            row.extend(object(json!({"id": id, "name": name, "state": "posted", "invoice_date": day, "date": day})));
            row
        })
        .collect();
    let stored = write::insert(model, &tx.author, &columns(model, rows.first()), &rows, OnConflict::Fail, "NULL");
    tx.ids_of_new(stored).await.map_err(|failure| by_constraint(model, failure))?;
    Ok(ids)
}

/// The next numbers of a journal in the year that it is in Algiers, and the day.
async fn take_numbers(tx: &mut Tx<'_>, journal: &str, count: usize) -> Result<(Vec<String>, chrono::NaiveDate), Failure> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let mut sql = Sql::new("WITH today AS (SELECT (now() AT TIME ZONE 'Africa/Algiers')::date AS day) ");
    sql.push("INSERT INTO account_sequence (journal, year, last) SELECT ")
        .bind(journal)
        .push(", extract(year FROM day)::bigint, ")
        .bind(count);
    sql.push(" FROM today ON CONFLICT (journal, year) DO UPDATE SET last = account_sequence.last + excluded.last ");
    sql.push("RETURNING last, year, (now() AT TIME ZONE 'Africa/Algiers')::date");
    let taken = sql.load::<(BigInt, BigInt, Nullable<Date>), (i64, i64, Option<chrono::NaiveDate>)>(tx.conn).await?.pop();
    let Some((last, year, Some(day))) = taken else { return Err(Fault::busy().into()) };
    Ok(((last - count + 1..=last).map(|number| format!("{journal}/{year}/{number:05}")).collect(), day))
}

/// Changes what may be changed of documents that are not posted.
///
/// # Errors
/// 422 for one that is posted.
pub async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    let values: Values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    tx.update(model, found.ids, &values).await.map(drop)
}

/// The longest reason of a credit note.
const MAX_REASON: usize = 500;

/// What stock told when it had given up what the orders of invoices still waited for.
#[derive(Default)]
pub struct GivenUp {
    orders: Vec<stock_contract::Served>,
    /// The newest credit note before.
    before: i64,
}

/// Before `action_reverse`: notes its `reason`, and has stock give up what the invoices' orders still wait for. That is done then,
/// whatever becomes of this request: what nobody waits for any more is credited anyway, as soon as stock's event is heard.
///
/// # Errors
/// 403 where the identity may not, 422 for a reason that is none, 503 where stock is away.
pub async fn give_up(asked: Asked<'_, Crm>, data: &Map<String, Json>) -> Result<GivenUp, Fault> {
    if !(asked.model.access)(asked.identity).write {
        return Err(denied(asked.model, "modify"));
    }
    let reason = match data.get("reason") {
        None | Some(Json::Null | Json::Bool(false)) => "",
        Some(Json::String(text)) if text.chars().count() <= MAX_REASON => text.trim(),
        Some(_) => return Err(Fault::validation(format!("`reason` must be a text of at most {MAX_REASON} characters."))),
    };
    let reason = if reason.is_empty() { "Annulation de la facture" } else { reason };
    let mut sql = Sql::new(
        "SELECT m.sale_id, coalesce((SELECT max(n.id) FROM account_move n WHERE n.reversed_entry_id = m.id), 0) FROM account_move m \
         WHERE m.state = 'posted' AND m.move_type = 'out_invoice' AND m.sale_id IS NOT NULL AND m.deleted_at IS NULL AND m.id = ANY(",
    );
    let ids: BTreeSet<i64> = asked.call.params.need("ids")?;
    sql.bind(ids.iter().copied().collect::<Vec<_>>()).push(")");
    let invoices = asked.owner.database.search::<(BigInt, BigInt), (i64, i64)>(sql).await?;
    // One that is none is told by the transaction, which then credits nothing
    if invoices.len() < ids.len() {
        return Ok(GivenUp::default());
    }
    let (orders, notes): (Vec<i64>, Vec<i64>) = invoices.into_iter().unzip();
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
pub async fn reverse(tx: &mut Tx<'_>, model: &Model, ids: Vec<i64>, given_up: &GivenUp) -> Result<Json, Failure> {
    // Before the invoices, as who hears from stock does
    let mut orders = Sql::new("SELECT id FROM sale_order WHERE id IN (SELECT sale_id FROM account_move WHERE id = ANY(");
    orders.bind(ids.clone()).push(")) ORDER BY id FOR UPDATE");
    tx.ids(orders).await?;
    let found = tx.find_ids(model, ids).await?;
    let mut sql = Sql::new("SELECT id FROM account_move WHERE state = 'posted' AND move_type = 'out_invoice' AND id = ANY(");
    sql.bind(found.ids.clone()).push(")");
    if tx.ids(sql).await?.len() < found.ids.len() {
        return Err(Fault::validation("Only a posted invoice can be reversed.").into());
    }
    sale_order::serve(tx, &given_up.orders).await?;
    // Whoever heard of it first has made them
    let mut notes = Sql::new("SELECT id FROM account_move WHERE move_type = 'out_refund' AND reversed_entry_id = ANY(");
    notes.bind(found.ids.clone()).push(") AND id > ").bind(given_up.before).push(" ORDER BY id");
    let notes = tx.ids(notes).await?;
    if !notes.is_empty() {
        return Ok(json!(notes));
    }
    let mut kept = Sql::new(
        "SELECT m.name FROM account_move m WHERE m.amount_total > (SELECT coalesce(sum(n.amount_total), 0) FROM account_move n \
         WHERE n.reversed_entry_id = m.id AND n.state = 'posted') AND m.id = ANY(",
    );
    kept.bind(found.ids).push(") ORDER BY m.id LIMIT 1");
    Err(match kept.load::<Nullable<Text>, Option<String>>(tx.conn).await?.pop().flatten() {
        Some(name) => Fault::conflict(format!(
            "What is not credited of {name} is with the client: it is credited when it comes back (action_return of its delivery)."
        )),
        None => Fault::conflict("Everything of this invoice is credited already."),
    }
    .into())
}
