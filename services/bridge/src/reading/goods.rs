//! What goes to stock: warehouses, quantities, purchases that still bring something.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::cells::{Making, id, link, note, number, rounded, text};
use super::lines::{self, Goods};
use super::{Companion, Converted, Need, Page, PutAside, REFERS, Reader, Row, State, World};
use crate::mapping::typed::Answer;

const WAREHOUSE: &str = "stock.warehouse";

/// Warehouses. That of the company itself is the central one here; a point of sale's has its code.
pub const WAREHOUSES: Reader = Reader {
    name: WAREHOUSE,
    service: "stock",
    ours: WAREHOUSE,
    theirs: WAREHOUSE,
    domain: |_| Some(Vec::new()),
    fields: |world| world.read(WAREHOUSE, &["name", "code", "company_id", "partner_id", "active"]),
    companions: &[],
    needs: |row, _| link(row, "partner_id").map(|id| Need::Id("res.partner", id)).into_iter().collect(),
    convert: warehouse,
};

/// The warehouse that is the central one: the company's first that is no point of sale's.
fn central(world: &World) -> Option<i64> {
    let own = world.row("res.company", world.company).and_then(|company| link(company, "partner_id"));
    let mut all = world.rows(WAREHOUSE).filter(|(_, row)| !world.is_anothers(row));
    all.find(|(_, row)| link(row, "partner_id").is_none_or(|partner| Some(partner) == own)).map(|(id, _)| id)
}

fn warehouse(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(WAREHOUSE, row) {
        return Ok(stays);
    }
    let mut warehouse = Making::of(row);
    let said = world.said(WAREHOUSE, row, "code").or_else(|| text(row, "code").map(str::to_owned));
    warehouse.texts(row, &["name"]).set("active", row.get("active").and_then(Json::as_bool).unwrap_or(true));
    let partner = link(row, "partner_id");
    let code = if central(world) == Some(id(row)) {
        Some(domain::CENTRAL.to_owned())
    } else {
        match partner.and_then(|partner| page.state("res.partner", partner)) {
            Some(State::Taken | State::PutAside) => {
                let pos = page.here("res.partner", partner.unwrap_or(0))?;
                warehouse.set("partner_id", pos.record_id);
                pos.key.clone().or(said)
            }
            Some(State::LeftOut) | None => said,
        }
    };
    warehouse.mapped(world, WAREHOUSE, row, &["code", "partner_id"]);
    warehouse.set("code", code.clone());
    warehouse.taken.record.merge = true;
    warehouse.taken.unique = code.clone();
    warehouse.taken.key = code;
    Ok(warehouse.done())
}

impl Page<'_> {
    /// What must be known of a warehouse's point of sale.
    pub fn pos_need(&self, warehouse: Option<i64>) -> Option<Need> {
        let row = warehouse.and_then(|warehouse| self.world.row(WAREHOUSE, warehouse))?;
        link(row, "partner_id").map(|partner| Need::Id("res.partner", partner))
    }

    /// A warehouse's point of sale: its id here and its code.
    pub fn pos_of(&self, warehouse: Option<i64>) -> Option<(i64, Option<String>)> {
        let Need::Id(model, partner) = self.pos_need(warehouse)? else { return None };
        self.here(model, partner).ok().map(|pos| (pos.record_id, pos.key.clone()))
    }
}

/// Why a row of quantities stays: another has the sum.
pub const TOLD_WITH_THE_FIRST: &str = "told with the first of its place";

/// What lies where: of a warehouse's places the sum, told by the first row of each.
pub const QUANTITIES: Reader = Reader {
    name: "stock.quant",
    service: "stock",
    ours: "stock.quant",
    theirs: "stock.quant",
    domain: |_| Some(vec![json!(["location_id.usage", "=", "internal"])]),
    fields: quant_fields,
    companions: &[
        Companion {
            name: "same",
            model: "stock.quant",
            by: "product_id",
            of: "product_id",
            from: None,
            domain: |_| vec![json!(["location_id.usage", "=", "internal"])],
            fields: quant_fields,
        },
        Companion { from: None, ..lines::PRODUCTS },
    ],
    needs: |row, page| {
        let product = link(row, "product_id").map(|id| Need::Id("product.product", id));
        let warehouse = place_of(row, page.world).map(|(warehouse, _)| Need::Id(WAREHOUSE, warehouse));
        product.into_iter().chain(warehouse).collect()
    },
    convert: quantity,
};

fn quant_fields(world: &World) -> Vec<String> {
    world.read("stock.quant", &["product_id", "location_id", "quantity", "company_id"])
}

/// The warehouse and the place in it; none where goods stay where they are.
fn place_of(row: &Row, world: &World) -> Option<(i64, &'static str)> {
    let location = link(row, "location_id")?;
    Some((world.warehouse_of(location)?, world.place(location)?))
}

/// The rows of the same product at the same place.
fn at_one_place<'p>(row: &Row, page: &'p Page<'_>) -> Vec<&'p Row> {
    let (world, place) = (page.world, place_of(row, page.world));
    let is_same = |other: &&Row| !world.is_anothers(other) && place_of(other, world) == place;
    page.of("same", link(row, "product_id").unwrap_or(0)).iter().filter(is_same).collect()
}

/// How much of a product is at the place of a row, by all its rows.
pub fn sum_of_place(row: &Row, page: &Page<'_>) -> Decimal {
    let all = at_one_place(row, page);
    if all.is_empty() { number(row.get("quantity")) } else { all.iter().map(|one| number(one.get("quantity"))).sum() }
}

fn quantity(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays("stock.quant", row) {
        return Ok(stays);
    }
    let Some((warehouse, place)) = place_of(row, world) else {
        return Ok(Converted::LeftOut { why: "at a place that is none of a warehouse's, or stays by the mapping" });
    };
    let product = link(row, "product_id").unwrap_or(0);
    let all = at_one_place(row, page);
    if all.iter().any(|other| id(other) < id(row)) {
        return Ok(Converted::LeftOut { why: TOLD_WITH_THE_FIRST });
    }
    let known = page.here("product.product", product)?;
    page.here(WAREHOUSE, warehouse)?;
    let about = page.of("products", product).first();
    let unit = about.and_then(|about| link(about, "uom_id"));
    let (_, digits) = world.units(unit, unit);
    let sum = sum_of_place(row, page);
    let mut quant = Making::of(row);
    // What is less than nothing its owner takes as nothing, and tells
    if sum < Decimal::ZERO {
        quant.note("negative_quantity");
    }
    quant.set("product_id", known.record_id).set("manufacturer_ref", known.key.clone());
    quant.set("product_name", about.and_then(|about| text(about, "name")));
    quant.set("quantity", rounded(sum, digits).to_string()).set("place", place);
    quant.link("warehouse_id", Some(warehouse));
    quant.taken.key = Some(format!("{warehouse} {place} {product}"));
    Ok(quant.done())
}

const PURCHASE: &str = "purchase.order";

/// Purchases that still bring something, or are not decided.
pub const PURCHASES: Reader = Reader {
    name: PURCHASE,
    service: "stock",
    ours: PURCHASE,
    theirs: PURCHASE,
    domain: |_| Some(Vec::new()),
    fields: |world| {
        let own = [
            "name",
            "state",
            "partner_id",
            "partner_ref",
            "date_order",
            "currency_id",
            "currency_rate",
            "company_id",
            "user_id",
            "picking_type_id",
            "warehouse_id",
            "notes",
        ];
        world.read(PURCHASE, &own)
    },
    companions: &[
        Companion {
            name: "lines",
            model: "purchase.order.line",
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
                    "product_qty",
                    "product_uom",
                    "product_uom_id",
                    "price_unit",
                    "discount",
                    "qty_received",
                ];
                world.read("purchase.order.line", &own)
            },
        },
        lines::PRODUCTS,
        Companion {
            name: "moves",
            model: "stock.move",
            by: "purchase_line_id",
            of: "id",
            from: Some("lines"),
            domain: |_| vec![json!(["state", "not in", ["done", "cancel"]])],
            fields: |world| world.existing("stock.move", &["purchase_line_id", "state"]),
        },
    ],
    needs: |row, page| {
        let lines = page.of("lines", id(row));
        let warehouse = warehouse_of_type(row, page.world);
        let user = link(row, "user_id").map(|user| Need::Id("res.users", user));
        let others = warehouse.map(|id| Need::Id(WAREHOUSE, id)).into_iter().chain(user);
        lines::needs(lines).chain(others).collect()
    },
    convert: purchase,
};

/// The warehouse that it brings to: a hub's says so, else its kind of transfer does.
fn warehouse_of_type(row: &Row, world: &World) -> Option<i64> {
    if let Some(said) = link(row, "warehouse_id") {
        return Some(said);
    }
    link(world.row("stock.picking.type", link(row, "picking_type_id")?)?, "warehouse_id")
}

fn purchase(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(PURCHASE, row) {
        return Ok(stays);
    }
    let rows = page.of("lines", id(row));
    let state = text(row, "state").unwrap_or_default();
    let brings = rows.iter().any(|line| !page.of("moves", id(line)).is_empty());
    let state = match state {
        "cancel" => return Ok(Converted::LeftOut { why: "a purchase that was called off" }),
        "purchase" | "done" if !brings => return Ok(Converted::LeftOut { why: "a purchase of which nothing comes any more" }),
        "draft" => "draft",
        "sent" | "to approve" => "sent",
        // Locked is no state of its own here: what still comes is under way
        "purchase" | "done" => "purchase",
        other => return Err(PutAside::new("value", format!("Its state is not known: {}", other.chars().take(20).collect::<String>()))),
    };
    const EMPTY: &str = "purchase_without_lines";
    if !rows.iter().any(|line| link(line, "product_id").is_some()) && world.mapping.answer(EMPTY, Answer::PutAside) == Answer::PutAside {
        return Err(PutAside::new(EMPTY, "A purchase without lines."));
    }
    let mut purchase = Making::of(row);
    purchase.texts(row, &["name", "date_order"]).set("state", state);
    let warehouse = warehouse_of_type(row, world);
    if let Some(warehouse) = warehouse {
        purchase.link("warehouse_id", Some(page.here(WAREHOUSE, warehouse)?.odoo_id));
    }
    // Whoever bought may have stayed
    purchase.set("user_id", link(row, "user_id").and_then(|user| page.here("res.users", user).ok()).map(|user| user.record_id));
    let (currency, _) = world.money_of(link(row, "currency_id"));
    let rate = number(row.get("currency_rate"));
    let is_other = link(row, "currency_id").is_some_and(|currency| Some(currency) != world.currency()) && rate > Decimal::ZERO;
    // A purchase has one currency here: the price becomes the company's, and the note says of what
    let rate = if is_other { rate } else { Decimal::ONE };
    // A hub's purchases name whom they are for
    let supplier = row
        .get("partner_id")
        .filter(|_| row.get("warehouse_id").is_none())
        .and_then(super::cells::word)
        .map(|name| format!("Fournisseur : {name}"));
    let reference = text(row, "partner_ref").map(|said| format!("Réf. fournisseur : {said}"));
    let foreign = currency.filter(|_| is_other).map(|name| format!("Prix d'origine en {name}, taux {}", rate.normalize()));
    let said = lines::notes(note(row, "notes"), rows, supplier.into_iter().chain(reference).chain(foreign));
    purchase.clip("notes", said.as_deref(), super::cells::NOTE);
    if is_other {
        purchase.note("purchase_in_another_currency");
    }
    let mut parts = Vec::new();
    for one in rows.iter().filter(|line| !lines::is_text(line)) {
        let Some(goods) = Goods::of(one, page)? else {
            return Err(PutAside::new("value", format!("Its line {} names no product.", id(one))));
        };
        let mut line = lines::line(one);
        line.taken.record.values.remove("sequence");
        goods.name(&mut line);
        line.set("product_qty", goods.quantity(one.get("product_qty")).to_string());
        line.set("qty_received", goods.quantity(one.get("qty_received")).to_string());
        let price = lines::price(one, goods.ratio);
        line.set("price_unit", rounded(price.checked_div(rate).unwrap_or(price), 2).to_string());
        if goods.is_other_unit {
            purchase.note("purchase_line_in_another_unit");
        }
        parts.push(line.taken.record);
    }
    purchase.mapped(world, PURCHASE, row, &["partner_id", "warehouse_id", "user_id", "state", "notes"]);
    purchase.taken.record.parts = BTreeMap::from([("order_line".to_owned(), parts)]);
    purchase.taken.key = text(row, "name").map(str::to_owned);
    purchase.taken.unique = purchase.taken.key.clone();
    Ok(purchase.done())
}

/// What is put aside because it leads nowhere.
pub fn nowhere(reason: &str) -> PutAside {
    PutAside::new(REFERS, reason)
}
