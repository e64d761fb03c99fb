//! What goes to crm first: leads with their loan files, orders with their lines.

use std::collections::BTreeMap;

use domain::Progress;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::cells::{self, Making, first, id, is, link, money, note, number, text};
use super::lines::{self, Goods};
use super::{Clash, Companion, Converted, Need, Page, PutAside, Reader, Row, World};
use crate::mapping::typed::{Answer, folded};

const LEAD: &str = "crm.lead";
const ORDER: &str = "sale.order";
const LINE: &str = "sale.order.line";

/// Leads.
pub const LEADS: Reader = Reader {
    name: LEAD,
    service: "crm",
    ours: LEAD,
    theirs: LEAD,
    domain: |_| Some(Vec::new()),
    fields: |world| {
        let own =
            ["name", "active", "stage_id", "priority", "partner_id", "company_id", "expected_revenue", "probability", "lost_reason_id"];
        let mut fields = world.read(LEAD, &own);
        fields.extend(world.bank_fields(LEAD));
        fields.sort_unstable();
        fields.dedup();
        fields
    },
    companions: &[],
    needs: |row, page| {
        let client = link(row, "partner_id").map(|id| Need::Id("res.partner", id));
        client.into_iter().chain(page.bank_need(LEAD, row)).chain(pos_by_code(LEAD, row, page.world)).collect()
    },
    convert: lead,
};

/// A point of sale that a record names by its code.
fn pos_by_code(model: &str, row: &Row, world: &World) -> Option<Need> {
    world.said(model, row, "code_pos").map(|code| Need::Key("res.partner", code))
}

/// The platform's number of a basket or an order, where it is one.
fn platform_number(world: &World, model: &str, row: &Row, ours: &str) -> (Option<i64>, Option<String>) {
    let said = world.said(model, row, ours);
    let number = said.as_deref().and_then(|said| said.trim_end_matches(".0").parse::<i64>().ok()).filter(|number| *number > 0);
    (number, said.filter(|_| number.is_none()))
}

/// Of a lead: its stage here. A stage that the hub has by another name is the mapping's to say.
fn stage(row: &Row, world: &World) -> String {
    let own = link(row, "stage_id").and_then(|stage| world.row("crm.stage", stage));
    let name = own.and_then(|stage| text(stage, "name")).unwrap_or_default();
    if let Some(said) = world.mapping.stages.get(&folded(name)) {
        return said.clone();
    }
    let is_lost = !row.get("active").and_then(Json::as_bool).unwrap_or(true)
        && (link(row, "lost_reason_id").is_some() || number(row.get("probability")).is_zero());
    let same = ["Nouveau", "En traitement", "Gagné", "Perdu"].into_iter().find(|ours| folded(ours) == folded(name));
    let first = world.rows("crm.stage").min_by_key(|(id, row)| (row.get("sequence").and_then(Json::as_i64), *id)).map(|(id, _)| id);
    let meant = match (is_lost, same, own) {
        (true, ..) => "Perdu",
        (false, Some(same), _) => same,
        (false, None, Some(own)) if is(own, "is_won") => "Gagné",
        (false, None, Some(own)) if Some(id(own)) != first => "En traitement",
        (false, None, Some(_) | None) => "Nouveau",
    };
    meant.to_owned()
}

fn lead(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(LEAD, row) {
        return Ok(stays);
    }
    let mut lead = Making::of(row);
    lead.clip("name", text(row, "name"), 254).set("active", row.get("active").and_then(Json::as_bool).unwrap_or(true));
    match link(row, "partner_id") {
        Some(client) => drop(lead.set("partner_id", page.here("res.partner", client)?.record_id)),
        None if world.mapping.answer("lead_without_client", Answer::PutAside) == Answer::Take => drop(lead.note("lead_without_client")),
        None => return Err(PutAside::new("lead_without_client", "A lead without a client.")),
    }
    let bank = page.bank(LEAD, row, "lead_without_bank")?;
    if let Some((bank, name)) = &bank {
        lead.set("bank_id", *bank).set("order_source", name.as_str());
    }
    lead.set("stage_id", stage(row, world));
    lead.set("priority", text(row, "priority").filter(|priority| ["0", "1", "2", "3"].contains(priority)));
    lead.set("expected_revenue", money(row.get("expected_revenue"), 2));
    lead.set("ek_order_id", platform_number(world, LEAD, row, "ek_order_id").0);
    if let Some(code) = world.said(LEAD, row, "code_pos") {
        lead.set("pos_id", page.keyed("res.partner", &code).map(|pos| pos.record_id)).set("code_pos", code);
    }
    let handled = ["bank_id", "order_source", "partner_id", "stage_id", "priority", "cart_id", "ek_order_id", "code_pos", "name"];
    lead.mapped(world, LEAD, row, &handled);
    // Either is a lead's of its bank alone
    let (cart, _) = platform_number(world, LEAD, row, "cart_id");
    let number = lead.taken.record.values.remove("ek_order_id");
    if cart.is_some() || number.is_some() {
        const KIND: &str = "cart_twice";
        lead.taken.clash = Some(match world.mapping.answer(KIND, Answer::WithoutKey) {
            Answer::Merge => Clash::Merge { kind: KIND },
            Answer::PutAside => Clash::PutAside { kind: KIND },
            Answer::WithoutKey | Answer::Take => Clash::Instead { kind: KIND, record: Box::new(lead.taken.record.clone()), key: None },
        });
        let key = cart.map_or_else(|| format!("order {}", number.clone().unwrap_or_default()), |cart| cart.to_string());
        lead.taken.unique = bank.map(|(bank, _)| format!("{bank} {key}"));
        lead.set("cart_id", cart);
        lead.set("ek_order_id", number);
    }
    Ok(lead.done())
}

/// Orders with their lines.
pub const ORDERS: Reader = Reader {
    name: ORDER,
    service: "crm",
    ours: ORDER,
    theirs: ORDER,
    domain: |_| Some(Vec::new()),
    fields: |world| {
        let own = [
            "name",
            "state",
            "date_order",
            "effective_date",
            "partner_id",
            "partner_shipping_id",
            "currency_id",
            "currency_rate",
            "company_id",
            "warehouse_id",
            "note",
            "amount_untaxed",
            "amount_tax",
            "amount_total",
            "invoice_status",
            "delivery_status",
            "opportunity_id",
            "ek_state",
            "currency",
            "rate",
            "delivery_type",
            "delivery_street",
            "delivery_street2",
            "delivery_state",
        ];
        let mut fields = world.read(ORDER, &own);
        fields.extend(world.bank_fields(ORDER));
        fields.sort_unstable();
        fields.dedup();
        fields
    },
    companions: &[
        Companion {
            name: "lines",
            model: LINE,
            by: "order_id",
            of: "id",
            from: None,
            domain: |_| Vec::new(),
            fields: |world| {
                let own = [
                    "order_id",
                    "name",
                    "sequence",
                    "display_type",
                    "product_id",
                    "product_uom",
                    "product_uom_id",
                    "product_uom_qty",
                    "price_unit",
                    "discount",
                    "tax_id",
                    "tax_ids",
                    "price_subtotal",
                    "price_tax",
                    "price_total",
                    "qty_delivered",
                    "is_downpayment",
                    "tax_rate",
                    "tax_included",
                ];
                world.read(LINE, &own)
            },
        },
        lines::PRODUCTS,
        Companion {
            name: "moves",
            model: "stock.move",
            by: "sale_line_id",
            of: "id",
            from: Some("lines"),
            domain: |_| vec![json!(["state", "!=", "cancel"])],
            fields: |world| {
                let own = [
                    "sale_line_id",
                    "state",
                    "product_id",
                    "product_uom",
                    "product_uom_id",
                    "quantity_done",
                    "quantity",
                    "reserved_availability",
                    "location_id",
                    "location_dest_id",
                ];
                world.existing("stock.move", &own)
            },
        },
        Companion {
            name: "addresses",
            model: "res.partner",
            by: "id",
            of: "partner_shipping_id",
            from: None,
            domain: |_| Vec::new(),
            fields: |world| world.existing("res.partner", &["type", "street", "street2", "zip", "city", "state_id", "country_id"]),
        },
    ],
    needs: |row, page| {
        let lines = page.of("lines", id(row));
        let client = link(row, "partner_id").map(|id| Need::Id("res.partner", id));
        let lead = link(row, "opportunity_id").map(|id| Need::Id(LEAD, id));
        let pos = pos_by_code(ORDER, row, page.world).into_iter().chain(page.pos_need(link(row, "warehouse_id")));
        let heads = client.into_iter().chain(lead).chain(page.bank_need(ORDER, row)).chain(pos);
        lines::needs(lines).chain(heads).collect()
    },
    convert: order,
};

/// What became of a line's goods.
#[derive(Default)]
struct Moved {
    /// Shipped to the client, all in all.
    shipped: Decimal,
    /// Come back of that.
    returned: Decimal,
    /// Put aside for it.
    reserved: Decimal,
}

fn moved(line: &Row, goods: &Goods<'_>, page: &Page<'_>) -> Result<Moved, PutAside> {
    let (world, moves) = (page.world, page.of("moves", id(line)));
    let mut moved = Moved::default();
    if moves.is_empty() {
        // No goods, or what people wrote themselves
        moved.shipped = goods.quantity(line.get("qty_delivered"));
        return Ok(moved);
    }
    for one in moves {
        let quantity = |field: &[&str]| -> Result<Decimal, PutAside> {
            Ok(Goods::of(one, page)?.map(|goods| goods.quantity(first(one, field))).unwrap_or_default())
        };
        let to_client = world.usage(link(one, "location_dest_id")) == "customer";
        let from_client = world.usage(link(one, "location_id")) == "customer";
        match (text(one, "state"), from_client, to_client) {
            (Some("done"), false, true) => moved.shipped += quantity(&["quantity_done", "quantity"])?,
            (Some("done"), true, false) => moved.returned += quantity(&["quantity_done", "quantity"])?,
            // A return that was made without its place moved nothing
            (Some("done"), true, true) | (Some("done"), false, false) => {}
            (Some(_) | None, false, true) => moved.reserved += quantity(&["reserved_availability", "quantity"])?,
            (Some(_) | None, ..) => {}
        }
    }
    Ok(moved)
}

/// How far an order is: a sale that is delivered, in part or whole, is further than its state says.
fn progress(row: &Row, world: &World, ordered: &[(Decimal, Decimal)]) -> Progress {
    let state = text(row, "state").unwrap_or_default();
    // The add-on's orders, and a hub's, say it themselves
    if let Some(said) = text(row, "ek_state").and_then(Progress::parse) {
        return said;
    }
    let said = world.mapping.order_states.get(state).copied();
    let said = said.unwrap_or(match state {
        "draft" | "sent" => Progress::Created,
        "cancel" => Progress::Cancelled,
        _ => Progress::InPreparation,
    });
    if said != Progress::InPreparation {
        return said;
    }
    let is_all = text(row, "delivery_status") == Some("full") || ordered.iter().all(|(wanted, shipped)| shipped >= wanted);
    match (ordered.iter().any(|(_, shipped)| *shipped > Decimal::ZERO), is_all, text(row, "invoice_status")) {
        (true, true, Some("invoiced" | "upselling")) => Progress::Delivered,
        (true, ..) => Progress::InDelivery,
        (false, ..) => Progress::InPreparation,
    }
}

fn order(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if world.mapping.leaves_out(ORDER, id(row)) {
        return Ok(Converted::LeftOut { why: "left out by the mapping" });
    }
    if world.is_anothers(row) {
        return Err(PutAside::new("order_of_another_company", "Of another company: one company comes over."));
    }
    let rows = page.of("lines", id(row));
    const EMPTY: &str = "order_without_lines";
    if !rows.iter().any(|line| !lines::is_text(line)) && world.mapping.answer(EMPTY, Answer::PutAside) == Answer::PutAside {
        return Err(PutAside::new(EMPTY, "An order without lines."));
    }
    let mut order = Making::of(row);
    order.taken.key = text(row, "name").map(str::to_owned);
    order.texts(row, &["name", "date_order", "effective_date"]);
    let client = link(row, "partner_id").ok_or_else(|| super::goods::nowhere("An order without a client."))?;
    order.set("partner_id", page.here("res.partner", client)?.record_id);
    let bank = page.bank(ORDER, row, "order_without_bank")?;
    if let Some((bank, name)) = &bank {
        order.set("bank_id", *bank).set("order_source", name.as_str());
    }
    // A lead that was put aside takes no order with it: the order says all itself
    let lead = link(row, "opportunity_id").filter(|lead| page.here(LEAD, *lead).is_ok());
    order.link("opportunity_id", lead);
    let said = world.said(ORDER, row, "code_pos");
    let (pos, code) = match said {
        Some(code) => (page.keyed("res.partner", &code).map(|pos| pos.record_id), Some(code)),
        None => page.pos_of(link(row, "warehouse_id")).map_or((None, None), |(pos, code)| (Some(pos), code)),
    };
    order.set("pos_id", pos).set("code_pos", code.clone());
    delivery(&mut order, row, page);
    order.texts(row, &["delivery_type", "delivery_street", "delivery_street2", "delivery_state"]);
    let digits = lines::currency(&mut order, row, world, number(row.get("currency_rate")));
    if link(row, "currency_id").is_some() && link(row, "currency_id") != world.currency() {
        order.note("order_in_another_currency");
    }
    for amount in ["amount_untaxed", "amount_tax", "amount_total"] {
        order.set(amount, money(row.get(amount), digits));
    }
    let (mut parts, mut ordered, mut also) = (Vec::new(), Vec::new(), Vec::new());
    for one in rows.iter().filter(|line| !lines::is_text(line)) {
        let Some(goods) = Goods::of(one, page)? else {
            // A down payment of no product has no quantity either
            if is(one, "is_downpayment") && number(one.get("product_uom_qty")).is_zero() {
                also.extend(text(one, "name").map(str::to_owned));
                continue;
            }
            return Err(PutAside::new("value", format!("Its line {} names no product.", id(one))));
        };
        let moved = moved(one, &goods, page)?;
        let quantity = goods.quantity(one.get("product_uom_qty"));
        let mut line = lines::line(one);
        goods.name(&mut line);
        line.set("product_uom_qty", quantity.to_string()).set("price_unit", lines::price(one, goods.ratio).to_string());
        lines::amounts(&mut line, one, world, digits);
        line.set("qty_delivered", moved.shipped.to_string()).set("qty_returned", moved.returned.to_string());
        line.set("reserved", moved.reserved.to_string()).set("pos_id", pos).set("code_pos", code.clone());
        note_line(&mut order, one, &goods, quantity, &moved, text(row, "state"));
        let is_goods = page.of("products", link(one, "product_id").unwrap_or(0)).first().is_none_or(|p| text(p, "type") != Some("service"));
        if is_goods && !is(one, "is_downpayment") {
            ordered.push((quantity, moved.shipped));
        }
        parts.push(line.taken.record);
    }
    if rows.iter().any(lines::is_text) {
        order.note("line_of_text");
    }
    let progress = progress(row, world, &ordered);
    let state = if progress == Progress::Created && text(row, "state") == Some("sent") { "sent" } else { progress.odoo_state() };
    order.set("ek_state", progress.as_str()).set("state", state);
    order.taken.record.parts = BTreeMap::from([("order_line".to_owned(), parts)]);
    let handled = [
        "name",
        "partner_id",
        "opportunity_id",
        "bank_id",
        "order_source",
        "ek_order_id",
        "state",
        "code_pos",
        "note",
        "amount_untaxed",
        "amount_tax",
        "amount_total",
    ];
    order.mapped(world, ORDER, row, &handled);
    let (number, words) = platform_number(world, ORDER, row, "ek_order_id");
    also.extend(words.map(|words| format!("N° plateforme : {words}")));
    let said = |also: Vec<String>| lines::notes(note(row, "note"), rows, also);
    order.clip("note", said(also.clone()).as_deref(), cells::NOTE);
    if let Some(number) = number {
        const KIND: &str = "order_number_twice";
        order.taken.clash = Some(match world.mapping.answer(KIND, Answer::WithoutKey) {
            Answer::Merge => Clash::Merge { kind: KIND },
            Answer::PutAside => Clash::PutAside { kind: KIND },
            Answer::WithoutKey | Answer::Take => {
                let mut record = order.taken.record.clone();
                also.push(format!("N° plateforme : {number}"));
                record.values.insert("note".to_owned(), json!(cells::clipped(&said(also).unwrap_or_default(), cells::NOTE).0));
                Clash::Instead { kind: KIND, record: Box::new(record), key: order.taken.key.clone() }
            }
        });
        order.set("ek_order_id", number);
        order.taken.unique = bank.map(|(bank, _)| format!("{bank} {number}"));
    }
    Ok(order.done())
}

/// Notes what of a line is only a value that changes.
fn note_line(order: &mut Making, line: &Row, goods: &Goods<'_>, quantity: Decimal, moved: &Moved, state: Option<&str>) {
    if goods.is_other_unit {
        order.note("order_line_in_another_unit");
    }
    if moved.shipped > quantity {
        order.note("more_delivered_than_ordered");
    }
    if is(line, "is_downpayment") {
        order.note("down_payment");
    }
    if state == Some("cancel") && moved.shipped > Decimal::ZERO {
        order.note("cancelled_and_delivered");
    }
}

/// Where an order goes: Odoo keeps no copy, so it is the address as it is now.
fn delivery(order: &mut Making, row: &Row, page: &Page<'_>) {
    let Some(address) = link(row, "partner_shipping_id").and_then(|id| page.of("addresses", id).first()) else { return };
    let world = page.world;
    let second: Vec<&str> = ["street2", "zip", "city"].into_iter().filter_map(|field| text(address, field)).collect();
    order.set("delivery_type", text(address, "type"));
    order.clip("delivery_street", text(address, "street"), 254).clip("delivery_street2", Some(&second.join(" ")), 254);
    let state = link(address, "state_id").and_then(|state| world.row("res.country.state", state));
    order.set("delivery_state", state.and_then(|state| text(state, "name")));
}
