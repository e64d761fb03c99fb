//! What the tests of goods share: the demo's names, quantities as numbers, and the invariants.

use serde_json::{Value, json};

use crate::{Session, Stand, encode, id};

/// A point of sale of the demo.
pub const ALGER: &str = "PDVA-E-ALG-BEZ-16-01";
/// Another one.
pub const BORDJ: &str = "PDVA-E-BOJ-BOJ-05-001";
/// A configuration of the demo.
pub const TV: &str = "IRIS-TV55-N";
/// Another one.
pub const CANAPE: &str = "ATLAS-CAN3-BL";

/// One record, as a query asks for it.
pub async fn one(session: &Session<'_>, model: &str, id: i64, query: &str) -> Value {
    let answer = session.get(&format!("/api/{model}/{id}?query={}", encode(query))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The receipt of a purchase that is open, with its moves.
pub async fn open_receipt(session: &Session<'_>, purchase: i64) -> Value {
    let filter = json!([["purchase_id", "=", purchase], ["state", "=", "assigned"]]).to_string();
    let query = "{id, name, state, picking_type_code, backorder_id, move_ids{id, manufacturer_ref, product_uom_qty}}";
    let rows = session.rows("stock.picking", &[("filter", &filter), ("query", query)]).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

/// A product at a warehouse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goods {
    /// On hand.
    pub quantity: f64,
    /// Of it reserved.
    pub reserved: f64,
    /// Expected.
    pub incoming: f64,
}

impl Goods {
    /// As a session reads it; nothing where there is no row.
    pub async fn of(session: &Session<'_>, code: &str, reference: &str) -> Goods {
        let filter = json!([["manufacturer_ref", "=", reference], ["location_id.complete_name", "=", format!("{code}/Stock")]]).to_string();
        let query = "{quantity, reserved_quantity, incoming_quantity}";
        let rows = session.rows("stock.quant", &[("filter", &filter), ("query", query)]).await;
        let number = |name: &str| rows.first().and_then(|row| row[name].as_f64()).unwrap_or_default();
        Goods { quantity: number("quantity"), reserved: number("reserved_quantity"), incoming: number("incoming_quantity") }
    }

    /// Makes so much be there, by an inventory.
    pub async fn count(session: &Session<'_>, code: &str, reference: &str, quantity: f64) {
        let counted = json!({"product_id": reference, "location_id": code, "inventory_quantity": quantity});
        let quant = id(&session.create("stock.quant", counted).await);
        assert_eq!(session.call("stock.quant", quant, "action_apply_inventory", json!([])).await.result(), true);
    }
}

/// What always holds: on hand is the ledger's sum, what is reserved is what open moves have reserved, and no more than is
/// there; every picking has the state of its moves; nobody waits where something is free.
pub async fn consistent(stand: &Stand) {
    for (what, sql) in [
        (
            "on hand is the ledger's sum",
            "SELECT count(*) AS n FROM stock.stock_quant q WHERE q.quantity <> \
             (SELECT coalesce(sum(CASE WHEN l.location_dest_id = q.location_id THEN l.qty_done ELSE -l.qty_done END), 0) FROM stock.stock_move_line l \
              WHERE l.product_id = q.product_id AND q.location_id IN (l.location_id, l.location_dest_id))",
        ),
        (
            "every quantity that moved has its row",
            "SELECT count(*) AS n FROM stock.stock_move_line l JOIN stock.stock_location p ON p.id IN (l.location_id, l.location_dest_id) AND p.usage = 'internal' \
             WHERE NOT EXISTS (SELECT FROM stock.stock_quant q WHERE q.product_id = l.product_id AND q.location_id = p.id)",
        ),
        (
            "what is reserved is what moves have reserved",
            "SELECT count(*) AS n FROM stock.stock_quant q WHERE q.reserved_quantity <> \
             (SELECT coalesce(sum(m.reserved_availability), 0) FROM stock.stock_move m WHERE m.product_id = q.product_id AND m.location_id = q.location_id)",
        ),
        (
            "no more is reserved than is there",
            "SELECT count(*) AS n FROM stock.stock_quant WHERE NOT 0 <= reserved_quantity OR NOT reserved_quantity <= quantity",
        ),
        (
            "a move that is done has its row in the ledger",
            "SELECT count(*) AS n FROM stock.stock_move m WHERE m.state = 'done' AND m.quantity_done <> \
             (SELECT coalesce(sum(l.qty_done), 0) FROM stock.stock_move_line l WHERE l.move_id = m.id)",
        ),
        (
            "a picking is done when its moves are",
            "SELECT count(*) AS n FROM stock.stock_picking p WHERE (p.state IN ('done', 'cancel')) <> \
             (SELECT coalesce(bool_and(m.state IN ('done', 'cancel')), false) FROM stock.stock_move m WHERE m.picking_id = p.id)",
        ),
        (
            "a move's state tells its reservation",
            "SELECT count(*) AS n FROM stock.stock_move m JOIN stock.stock_location l ON l.id = m.location_id WHERE l.usage = 'internal' AND \
             m.state IN ('confirmed', 'partially_available', 'assigned') AND m.state <> CASE WHEN m.reserved_availability = 0 THEN 'confirmed' \
             WHEN m.reserved_availability < m.product_uom_qty THEN 'partially_available' ELSE 'assigned' END",
        ),
    ] {
        assert_eq!(stand.count(sql).await, 0, "{what}");
    }
}
