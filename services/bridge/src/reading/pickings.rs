//! Transfers that are open: they hang on their orders and purchases, and go on from there.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::json;

use super::cells::{LINE, Making, NOTE, first, id, link, note, number, text};
use super::lines::{self, Goods};
use super::{Companion, Converted, Need, Page, PutAside, Reader, Row, World};

const PICKING: &str = "stock.picking";
const MOVE: &str = "stock.move";

/// Open transfers with their moves.
pub const PICKINGS: Reader = Reader {
    name: PICKING,
    service: "stock",
    ours: PICKING,
    theirs: PICKING,
    domain: |_| Some(vec![json!(["state", "not in", ["done", "cancel"]])]),
    fields: |world| {
        let own =
            ["name", "state", "origin", "scheduled_date", "company_id", "note", "priority", "location_id", "location_dest_id", "sale_id"];
        world.read(PICKING, &own)
    },
    companions: &[
        Companion {
            name: "lines",
            model: MOVE,
            by: "picking_id",
            of: "id",
            from: None,
            domain: |_| vec![json!(["state", "not in", ["done", "cancel"]])],
            fields: |world| {
                let own = [
                    "picking_id",
                    "name",
                    "description_picking",
                    "state",
                    "product_id",
                    "product_uom",
                    "product_uom_id",
                    "product_uom_qty",
                    "quantity_done",
                    "quantity",
                    "picked",
                    "location_id",
                    "location_dest_id",
                    "date",
                    "sale_line_id",
                    "purchase_line_id",
                ];
                world.read(MOVE, &own)
            },
        },
        lines::PRODUCTS,
        Companion {
            name: "sold",
            model: "sale.order.line",
            by: "id",
            of: "sale_line_id",
            from: Some("lines"),
            domain: |_| Vec::new(),
            fields: |world| world.existing("sale.order.line", &["order_id"]),
        },
        Companion {
            name: "bought",
            model: "purchase.order.line",
            by: "id",
            of: "purchase_line_id",
            from: Some("lines"),
            domain: |_| Vec::new(),
            fields: |world| world.existing("purchase.order.line", &["order_id"]),
        },
    ],
    needs: |row, page| {
        let moves = page.of("lines", id(row));
        let mut needs: Vec<Need> = lines::needs(moves).collect();
        needs.extend(order_of(row, page).map(|id| Need::Id("sale.order", id)));
        needs.extend(purchase_of(row, page).map(|id| Need::Id("purchase.order", id)));
        needs.extend(moves.iter().filter_map(|one| link(one, "sale_line_id")).map(|id| Need::Id("sale.order.line", id)));
        needs.extend(
            places(row, moves).into_iter().filter_map(|place| page.world.warehouse_of(place)).map(|id| Need::Id("stock.warehouse", id)),
        );
        needs
    },
    convert: picking,
};

/// The order that a transfer ships: as it says, or as its moves do.
fn order_of(row: &Row, page: &Page<'_>) -> Option<i64> {
    let of_moves = || {
        let lines = page.of("lines", id(row)).iter().filter_map(|one| link(one, "sale_line_id"));
        lines.flat_map(|line| page.of("sold", line)).find_map(|line| link(line, "order_id"))
    };
    link(row, "sale_id").or_else(of_moves)
}

fn purchase_of(row: &Row, page: &Page<'_>) -> Option<i64> {
    let lines = page.of("lines", id(row)).iter().filter_map(|one| link(one, "purchase_line_id"));
    lines.flat_map(|line| page.of("bought", line)).find_map(|line| link(line, "order_id"))
}

/// The places of its moves, which count; of its head where it has none.
fn places(row: &Row, moves: &[Row]) -> Vec<i64> {
    let of = |row: &Row| [link(row, "location_id"), link(row, "location_dest_id")].into_iter().flatten().collect::<Vec<_>>();
    if moves.is_empty() { of(row) } else { moves.iter().flat_map(of).collect() }
}

/// Whether goods come, go, or stay within.
fn kind(from: &str, to: &str) -> Option<&'static str> {
    match (from, to) {
        ("internal", "internal") => Some("internal"),
        ("internal", "customer" | "supplier") => Some("outgoing"),
        ("supplier" | "customer", "internal") => Some("incoming"),
        _ => None,
    }
}

fn picking(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(PICKING, row) {
        return Ok(stays);
    }
    let mut picking = Making::of(row);
    picking.texts(row, &["name", "state", "origin", "scheduled_date"]);
    picking.taken.key = text(row, "name").map(str::to_owned);
    picking.taken.unique = picking.taken.key.clone();
    // Of one that was open when it was read before, its owner is told that it is so no more
    if matches!(text(row, "state"), Some("done" | "cancel")) {
        return Ok(picking.done());
    }
    let moves: Vec<&Row> = page.of("lines", id(row)).iter().filter(|one| number(one.get("product_uom_qty")) > Decimal::ZERO).collect();
    let Some(one) = moves.first() else { return Ok(Converted::LeftOut { why: "a transfer without open moves" }) };
    // The places of the moves, never the kind of the head: a return may have been made from client to client
    let (from, to) = (link(one, "location_id"), link(one, "location_dest_id"));
    let Some(kind) = kind(world.usage(from), world.usage(to)) else {
        return Ok(Converted::LeftOut { why: "a transfer between places that are none of a warehouse's" });
    };
    let (own, other) = if kind == "incoming" { (to, None) } else { (from, to.filter(|_| kind == "internal")) };
    if other.is_some() && place_of(own, world) == place_of(other, world) {
        return Ok(Converted::LeftOut { why: "a transfer within what is one place here" });
    }
    picking.set("kind", kind);
    picking.clip("note", note(row, "note").as_deref(), NOTE);
    picking.set("priority", if text(row, "priority") == Some("1") { "1" } else { "0" });
    if let Some(order) = order_of(row, page) {
        picking.set("sale_id", page.here("sale.order", order)?.record_id);
    }
    if let Some(purchase) = purchase_of(row, page) {
        picking.link("purchase_id", Some(page.here("purchase.order", purchase)?.odoo_id));
    }
    place(&mut picking, "warehouse_id", "place", own, page)?;
    place(&mut picking, "warehouse_dest_id", "place_dest", other, page)?;
    let mut parts = Vec::new();
    for one in moves {
        let Some(goods) = Goods::of(one, page)? else { continue };
        let mut line = Making::of(one);
        goods.name(&mut line);
        let product = page.of("products", link(one, "product_id").unwrap_or(0)).first();
        let name =
            text(one, "name").or_else(|| text(one, "description_picking")).or_else(|| product.and_then(|product| text(product, "name")));
        line.clip("name", name, LINE).texts(one, &["date"]);
        line.set("product_uom_qty", goods.quantity(one.get("product_uom_qty")).to_string());
        line.set("quantity_done", done(one, &goods, world));
        if let Some(sold) = link(one, "sale_line_id") {
            line.set("sale_line_id", page.here("sale.order.line", sold)?.record_id);
        }
        line.link("purchase_line_id", link(one, "purchase_line_id"));
        if line.taken.record.values.get("quantity_done").is_some_and(|done| done != "0") {
            picking.note("done_and_not_validated");
        }
        parts.push(line.taken.record);
    }
    picking.taken.record.parts = BTreeMap::from([("move_ids".to_owned(), parts)]);
    Ok(picking.done())
}

/// What was written as done of an open move. From 17 on the same field has what is put aside, until it is picked.
fn done(one: &Row, goods: &Goods<'_>, world: &World) -> String {
    let field =
        if world.has(MOVE, "quantity_done") { Some("quantity_done") } else { Some("quantity").filter(|_| super::cells::is(one, "picked")) };
    field.map(|field| goods.quantity(first(one, &[field])).to_string()).unwrap_or_else(|| "0".to_owned())
}

/// The warehouse and the place in it.
fn place_of(location: Option<i64>, world: &World) -> Option<(i64, Option<&'static str>)> {
    let location = location?;
    Some((world.warehouse_of(location)?, world.place(location)))
}

/// Tells the warehouse and the place in it of an end that lies in one.
fn place(picking: &mut Making, warehouse: &str, place: &str, location: Option<i64>, page: &Page<'_>) -> Result<(), PutAside> {
    let Some(location) = location.filter(|location| page.world.usage(Some(*location)) == "internal") else { return Ok(()) };
    let Some(of) = page.world.warehouse_of(location) else { return Ok(()) };
    picking.link(warehouse, Some(page.here("stock.warehouse", of)?.odoo_id));
    picking.set(place, page.world.place(location).unwrap_or("stock"));
    Ok(())
}
