//! Invoices and credit notes: history, as they are there.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::cells::{self, Making, first, id, is, link, list, money, note, number, rounded, text};
use super::lines::{self, Goods};
use super::{Companion, Converted, Need, Page, PutAside, Reader, Row};
use crate::mapping::typed::Answer;

const MOVE: &str = "account.move";
const LINE: &str = "account.move.line";

/// The orders' lines that a page's lines are of.
const SOLD: Companion = Companion {
    name: "sold",
    model: "sale.order.line",
    by: "id",
    of: "sale_line_ids",
    from: Some("lines"),
    domain: |_| Vec::new(),
    fields: |world| world.existing("sale.order.line", &["order_id"]),
};

/// Invoices and credit notes of clients, with their lines.
pub const INVOICES: Reader = Reader {
    name: MOVE,
    service: "crm",
    ours: MOVE,
    theirs: MOVE,
    domain: |_| Some(vec![json!(["move_type", "in", ["out_invoice", "out_refund"]])]),
    fields: |world| {
        let own = [
            "name",
            "state",
            "move_type",
            "partner_id",
            "invoice_date",
            "date",
            "ref",
            "invoice_origin",
            "company_id",
            "currency_id",
            "narration",
            "amount_untaxed",
            "amount_tax",
            "amount_total",
            "amount_total_signed",
            "amount_residual",
            "payment_state",
            "invoice_payments_widget",
            "payments",
            "sale_id",
            "reason",
            "currency",
            "rate",
            "reversed_entry_id",
        ];
        world.read(MOVE, &own)
    },
    companions: &[
        Companion {
            name: "lines",
            model: LINE,
            by: "move_id",
            of: "id",
            from: None,
            domain: |world| match world.has(LINE, "exclude_from_invoice_tab") {
                true => vec![json!(["exclude_from_invoice_tab", "=", false])],
                false if !world.has(LINE, "display_type") => Vec::new(),
                false => vec![json!(["display_type", "in", ["product", "line_section", "line_subsection", "line_note"]])],
            },
            fields: |world| {
                let own = [
                    "move_id",
                    "display_type",
                    "name",
                    "sequence",
                    "product_id",
                    "product_uom_id",
                    "quantity",
                    "price_unit",
                    "discount",
                    "tax_ids",
                    "price_subtotal",
                    "price_total",
                    "sale_line_ids",
                    "is_downpayment",
                    "sale_line_id",
                    "tax_rate",
                    "tax_included",
                ];
                world.read(LINE, &own)
            },
        },
        lines::PRODUCTS,
        SOLD,
        // A hub's lines name one
        Companion { of: "sale_line_id", ..SOLD },
        Companion {
            name: "orders",
            model: "sale.order",
            by: "id",
            of: "order_id",
            from: Some("sold"),
            domain: |_| Vec::new(),
            fields: |world| world.existing("sale.order", &["name"]).into_iter().chain(world.bank_fields("sale.order")).collect(),
        },
    ],
    needs: |row, page| {
        let lines = page.of("lines", id(row));
        let mut needs: Vec<Need> = lines::needs(lines).collect();
        needs.extend(link(row, "partner_id").map(|id| Need::Id("res.partner", id)));
        for order in orders_of(lines, page).into_iter().chain(link(row, "sale_id")) {
            needs.push(Need::Id("sale.order", order));
            needs.extend(page.of("orders", order).iter().filter_map(|order| page.bank_need("sale.order", order)));
        }
        needs.extend(page.world.mapping.bank_default.clone().map(|name| Need::Key("res.bank", name)));
        needs
    },
    convert: invoice,
};

/// The orders that lines belong to.
fn orders_of(rows: &[Row], page: &Page<'_>) -> BTreeSet<i64> {
    let sold = rows.iter().flat_map(sold_by);
    sold.flat_map(|line| page.of("sold", line)).filter_map(|line| link(line, "order_id")).collect()
}

/// The orders' lines that a line is of.
fn sold_by(line: &Row) -> Vec<i64> {
    list(line, &["sale_line_ids"]).into_iter().chain(link(line, "sale_line_id")).collect()
}

/// What was paid, by the list that Odoo draws: an object, before 16 the text of one.
fn payments(row: &Row, digits: u32) -> Vec<Json> {
    let widget = row.get("invoice_payments_widget");
    let read = widget.and_then(Json::as_str).and_then(|text| serde_json::from_str::<Json>(text).ok());
    let content = read.as_ref().or(widget).and_then(|widget| widget.get("content")).and_then(Json::as_array);
    // Beside its number stands what the payer wrote
    let number = |paid: &Json| text(paid, "ref").map(|said| said.split(" (").next().unwrap_or(said).trim().to_owned());
    let one = |paid: &Json| json!({"date": text(paid, "date"), "amount": money(paid.get("amount"), digits), "number": number(paid)});
    content.into_iter().flatten().map(one).collect()
}

/// How many of the document's currency are one of the company's.
fn rate(row: &Row) -> Decimal {
    let own = number(row.get("amount_total_signed")).abs();
    number(row.get("amount_total")).checked_div(own).unwrap_or(Decimal::ZERO)
}

fn invoice(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(MOVE, row) {
        return Ok(stays);
    }
    let rows = page.of("lines", id(row));
    let mut invoice = Making::of(row);
    // A draft is named `/` there
    invoice.set("name", text(row, "name").filter(|name| *name != "/" && *name != "False"));
    invoice.texts(row, &["move_type", "state", "invoice_date", "date", "payment_state"]);
    invoice.clip("invoice_origin", text(row, "invoice_origin"), 254).clip("ref", text(row, "ref"), 254);
    let client = link(row, "partner_id").ok_or_else(|| super::goods::nowhere("An invoice without a client."))?;
    invoice.set("partner_id", page.here("res.partner", client)?.record_id);
    let mut orders = orders_of(rows, page);
    // A hub's say it themselves
    orders.extend(link(row, "sale_id"));
    for order in &orders {
        page.here("sale.order", *order)?;
    }
    invoice.link("sale_id", orders.first().copied()).link("reversed_entry_id", link(row, "reversed_entry_id"));
    bank(&mut invoice, row, &orders, page)?;
    let digits = lines::currency(&mut invoice, row, world, rate(row));
    if link(row, "currency_id").is_some() && link(row, "currency_id") != world.currency() {
        invoice.note("invoice_in_another_currency");
    }
    for amount in ["amount_untaxed", "amount_tax", "amount_total", "amount_residual"] {
        invoice.set(amount, money(row.get(amount), digits));
    }
    match text(row, "payments") {
        // A hub's are lines already
        Some(lines) => drop(invoice.set("payments", lines)),
        None => drop(invoice.set("payments", payments(row, digits))),
    }
    if text(row, "move_type") == Some("out_refund") {
        invoice.clip("reason", text(row, "reason").or_else(|| text(row, "ref")), 254);
        if link(row, "reversed_entry_id").is_none() {
            invoice.note("credit_note_without_invoice");
        }
    }
    let mut parts = Vec::new();
    for one in rows.iter().filter(|line| !lines::is_text(line)) {
        parts.push(line(one, page, digits)?.taken.record);
        if is(one, "is_downpayment") {
            invoice.note("down_payment");
        }
    }
    let said = lines::notes(note(row, "narration"), rows, []);
    invoice.clip("narration", said.as_deref(), cells::NOTE);
    let handled = ["name", "partner_id", "bank_id", "order_source", "state", "move_type", "narration"];
    invoice.mapped(world, MOVE, row, &handled);
    invoice.taken.record.parts = BTreeMap::from([("invoice_line_ids".to_owned(), parts)]);
    invoice.taken.key = text(row, "name").filter(|name| *name != "/").map(str::to_owned);
    invoice.taken.unique = invoice.taken.key.clone();
    Ok(invoice.done())
}

/// The bank of its orders, else the one that is meant where none is named.
fn bank(invoice: &mut Making, row: &Row, orders: &BTreeSet<i64>, page: &Page<'_>) -> Result<(), PutAside> {
    const KIND: &str = "invoice_without_bank";
    let mapped = page.world.said(MOVE, row, "bank_id").or_else(|| page.world.said(MOVE, row, "order_source"));
    let by_field = mapped.and_then(|said| page.world.mapping.bank(&said).map(str::to_owned)).and_then(|name| page.keyed("res.bank", &name));
    let of_orders =
        orders.iter().flat_map(|order| page.of("orders", *order)).find_map(|order| match page.bank_need("sale.order", order)? {
            Need::Id(model, id) => page.here(model, id).ok(),
            Need::Key(model, name) => page.keyed(model, &name),
        });
    let default = || page.world.mapping.bank_default.as_ref().and_then(|name| page.keyed("res.bank", name));
    match by_field.or(of_orders).or_else(default) {
        Some(known) => drop(invoice.set("bank_id", known.record_id).set("order_source", known.key.clone())),
        None if page.world.mapping.answer(KIND, Answer::Take) == Answer::PutAside => {
            return Err(PutAside::new(KIND, "It belongs to no order, so no bank is told."));
        }
        None => drop(invoice.note(KIND)),
    }
    Ok(())
}

/// A line: a credit note's are positive too, a down payment that is taken off has a negative quantity.
fn line(row: &Row, page: &Page<'_>, digits: u32) -> Result<Making, PutAside> {
    let mut line = lines::line(row);
    if text(row, "name").is_none() {
        let product = link(row, "product_id").and_then(|product| page.of("products", product).first());
        line.clip("name", Some(product.and_then(|product| text(product, "name")).unwrap_or("—")), cells::LINE);
    }
    let ratio = match Goods::of(row, page)? {
        Some(goods) => {
            goods.name(&mut line);
            line.set("quantity", goods.quantity(row.get("quantity")).to_string());
            goods.ratio
        }
        None => {
            line.set("quantity", rounded(number(first(row, &["quantity"])), 3).to_string());
            Decimal::ONE
        }
    };
    line.set("price_unit", lines::price(row, ratio).to_string());
    lines::amounts(&mut line, row, page.world, digits);
    line.link("sale_line_id", sold_by(row).into_iter().min());
    Ok(line)
}
