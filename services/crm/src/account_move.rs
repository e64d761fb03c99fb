//! `account.move`: customer invoices and credit notes. A posted one stays as it is; what is wrong with it, or comes back, is
//! a credit note.

use diesel::sql_types::{BigInt, Date, Nullable, Text};
use domain::price::{self, Tax};
use domain::{Identity, Kind as Who};
use jsonrpc::Fault;
use records::tx::Found;
use records::values::Mode;
use records::write::{self, OnConflict};
use records::{Access, Failure, Field, Filter, Kind, Model, Op, Sql, Tx, Values};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};

use crate::read_own;
use crate::sale_order::{by_constraint, columns, next_ids, object};

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
        Field::new("narration", Kind::Text(20_000), "Terms and conditions"),
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
    Model::new("account.move.line", "account_move_line", "Invoice line", fields, read_own).order("move_id, sequence, id")
}

/// The hub's side writes, the platform reads, a bank's user reads its own bank's.
fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff => Access { create: false, ..Access::all() },
        Who::Integration => Access::read(),
        Who::Bank(bank) => Access::read().only(Filter::leaf("bank_id", Op::Eq, bank)),
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

impl Document {
    fn of(mut row: Map<String, Json>, sources: impl Iterator<Item = Source>) -> Document {
        let (mut untaxed, mut due, mut total) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        let mut lines = Vec::new();
        for source in sources {
            let amounts = price::amounts(source.quantity, source.price_unit, Tax { rate: source.tax_rate, included: source.tax_included });
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
    let sources = sql.load::<Text, String>(tx.conn).await?;
    post(tx, "FAC", documents(&rows, &sources, "sale_id")).await.map(drop)
}

/// Posts credit notes for what stock tells has come back and is not credited yet, by lines of these locked orders.
///
/// # Errors
/// The database's own.
pub async fn credit_returned(tx: &mut Tx<'_>, orders: &[i64]) -> Result<(), Failure> {
    let mut sql = Sql::new(
        "WITH credited AS (SELECT a.sale_line_id, sum(a.quantity) AS quantity FROM account_move m JOIN account_move_line a ON a.move_id = m.id \
         WHERE m.move_type = 'out_refund' AND m.state = 'posted' AND m.sale_id = ANY(",
    );
    sql.bind(orders.to_vec());
    sql.push(
        ") GROUP BY 1) SELECT json_build_object('document', i.id, 'product_id', l.product_id, 'name', l.name, 'manufacturer_ref', l.manufacturer_ref, \
         'quantity', (l.qty_returned - coalesce(c.quantity, 0))::text, 'price_unit', l.price_unit::text, 'tax_id', l.tax_id, 'tax_rate', l.tax_rate::text, \
         'tax_included', l.tax_included, 'sale_line_id', l.id, 'bank_id', l.bank_id)::text FROM sale_order_line l \
         JOIN account_move i ON i.sale_id = l.order_id AND i.move_type = 'out_invoice' AND i.state = 'posted' \
         LEFT JOIN credited c ON c.sale_line_id = l.id WHERE l.qty_returned > coalesce(c.quantity, 0) AND l.order_id = ANY(",
    );
    sql.bind(orders.to_vec()).push(") ORDER BY i.id, l.sequence, l.id");
    let sources = sql.load::<Text, String>(tx.conn).await?;
    let rows = reversals(tx, &sources, "Retour de marchandises").await?;
    post(tx, "RFAC", documents(&rows, &sources, "reversed_entry_id")).await.map(drop)
}

/// The rows of credit notes for the invoices that these lines name as their document.
async fn reversals(tx: &mut Tx<'_>, sources: &[String], reason: &str) -> Result<Vec<String>, Failure> {
    let mut invoices: Vec<i64> = sources.iter().filter_map(|text| Some(serde_json::from_str::<Source>(text).ok()?.document)).collect();
    invoices.dedup();
    let mut sql = Sql::new(
        "SELECT json_build_object('reversed_entry_id', id, 'sale_id', sale_id, 'partner_id', partner_id, 'bank_id', bank_id, 'order_source', order_source, \
         'move_type', 'out_refund', 'invoice_origin', invoice_origin, 'ref', name, 'reason', ",
    );
    sql.bind(reason).push("::text)::text FROM account_move WHERE id = ANY(").bind(invoices).push(") ORDER BY id");
    Ok(sql.load::<Text, String>(tx.conn).await?)
}

/// Rows with the lines that name them.
fn documents(rows: &[String], sources: &[String], key: &str) -> Vec<Document> {
    let mut sources: Vec<Source> = sources.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let mut documents = Vec::new();
    for row in rows.iter().filter_map(|text| serde_json::from_str::<Map<String, Json>>(text).ok()) {
        let id = row.get(key).and_then(Json::as_i64);
        let (mine, others): (Vec<_>, Vec<_>) = sources.into_iter().partition(|source| Some(source.document) == id);
        sources = others;
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

/// `action_reverse`: a credit note for all of a posted invoice that is not credited yet, for a `reason`. Answers the new ids.
///
/// # Errors
/// 422 for what is no posted invoice, 409 where nothing is left to credit.
pub async fn reverse(tx: &mut Tx<'_>, found: Found, mut data: Map<String, Json>) -> Result<Json, Failure> {
    let reason = match data.remove("reason") {
        None | Some(Json::Null | Json::Bool(false)) => None,
        Some(Json::String(text)) if text.chars().count() <= MAX_REASON => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Some(_) => return Err(Fault::validation(format!("`reason` must be a text of at most {MAX_REASON} characters.")).into()),
    };
    let mut sql = Sql::new("SELECT id FROM account_move WHERE state = 'posted' AND move_type = 'out_invoice' AND id = ANY(");
    sql.bind(found.ids.clone()).push(")");
    if tx.ids(sql).await?.len() < found.ids.len() {
        return Err(Fault::validation("Only a posted invoice can be reversed.").into());
    }
    // What comes back meanwhile is credited under the same lock
    let mut sql = Sql::new("SELECT id FROM sale_order WHERE id IN (SELECT sale_id FROM account_move WHERE id = ANY(");
    sql.bind(found.ids.clone()).push(")) ORDER BY id FOR UPDATE");
    tx.ids(sql).await?;
    let mut sql = Sql::new(
        "WITH credited AS (SELECT coalesce(a.sale_line_id, -a.product_id) AS line, m.reversed_entry_id, sum(a.quantity) AS quantity \
         FROM account_move m JOIN account_move_line a ON a.move_id = m.id WHERE m.state = 'posted' AND m.reversed_entry_id = ANY(",
    );
    sql.bind(found.ids.clone());
    sql.push(
        ") GROUP BY 1, 2) SELECT json_build_object('document', l.move_id, 'product_id', l.product_id, 'name', l.name, 'manufacturer_ref', l.manufacturer_ref, \
         'quantity', (l.quantity - coalesce(c.quantity, 0))::text, 'price_unit', l.price_unit::text, 'tax_id', l.tax_id, 'tax_rate', l.tax_rate::text, \
         'tax_included', l.tax_included, 'sale_line_id', l.sale_line_id, 'bank_id', l.bank_id)::text FROM account_move_line l \
         LEFT JOIN credited c ON c.reversed_entry_id = l.move_id AND c.line = coalesce(l.sale_line_id, -l.product_id) \
         WHERE l.quantity > coalesce(c.quantity, 0) AND l.move_id = ANY(",
    );
    sql.bind(found.ids).push(") ORDER BY l.move_id, l.sequence, l.id");
    let sources = sql.load::<Text, String>(tx.conn).await?;
    if sources.is_empty() {
        return Err(Fault::conflict("Everything of this invoice is credited already.").into());
    }
    let rows = reversals(tx, &sources, reason.as_deref().unwrap_or("Annulation de la facture")).await?;
    Ok(json!(post(tx, "RFAC", documents(&rows, &sources, "reversed_entry_id")).await?))
}
