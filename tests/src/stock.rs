//! What the tests of goods share: the demo's names, quantities as numbers, and the invariants.

use serde_json::{Value, json};

use crate::{Answer, Session, Stand, encode, id, until};

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
    /// What a warehouse sells, as a session reads it; nothing where there is no row.
    pub async fn of(session: &Session<'_>, code: &str, reference: &str) -> Goods {
        Goods::at(session, &format!("{code}/Stock"), reference).await
    }

    /// What came back to a warehouse.
    pub async fn returned(session: &Session<'_>, code: &str, reference: &str) -> Goods {
        Goods::at(session, &format!("{code}/Retours"), reference).await
    }

    async fn at(session: &Session<'_>, place: &str, reference: &str) -> Goods {
        let filter = json!([["manufacturer_ref", "=", reference], ["location_id.complete_name", "=", place]]).to_string();
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

    /// Moves so much of a product from one place to another.
    pub async fn transfer(session: &Session<'_>, from: &str, to: &str, reference: &str, quantity: f64) -> Answer {
        let sent = json!({"picking_type_code": "internal", "location_id": from, "location_dest_id": to,
            "move_ids": [{"product_id": reference, "product_uom_qty": quantity}]});
        let picking = id(&session.create("stock.picking", sent).await);
        assert_eq!(session.call("stock.picking", picking, "action_confirm", json!([])).await.result(), true);
        session.call("stock.picking", picking, "button_validate", json!([])).await
    }

    /// So much comes from a vendor.
    pub async fn receive(session: &Session<'_>, code: &str, reference: &str, quantity: f64) {
        let line = json!({"product_id": reference, "product_qty": quantity, "price_unit": rand::random::<u16>()});
        let purchase = id(&session.create("purchase.order", json!({"partner_id": code, "order_line": [line]})).await);
        session.call("purchase.order", purchase, "button_confirm", json!([])).await.result();
        let receipt = open_receipt(session, purchase).await["id"].as_i64().unwrap();
        session.call("stock.picking", receipt, "button_validate", json!([])).await.result();
    }
}

/// Waits until crm and stock have taken everything of each other's: two looks in a row find nothing left.
pub async fn settled(stand: &Stand) {
    let left = "SELECT (SELECT count(*) FROM crm.event WHERE pos IS NULL) + (SELECT count(*) FROM stock.event WHERE pos IS NULL) \
        + (SELECT last_pos FROM crm.feed) - coalesce((SELECT pos FROM stock.feed_cursor WHERE feed = 'crm'), 0) \
        + (SELECT last_pos FROM stock.feed) - coalesce((SELECT pos FROM crm.feed_cursor WHERE feed = 'stock'), 0) AS n";
    until("the feeds are followed to their ends", async || stand.count(left).await == 0 && stand.count(left).await == 0).await;
}

/// What crm and stock say of the same things agrees, and nobody has more than is paid for.
pub async fn agreed(stand: &Stand) {
    consistent(stand).await;
    let credited = "SELECT coalesce(sum(a.quantity), 0) FROM crm.account_move_line a JOIN crm.account_move m ON m.id = a.move_id \
        WHERE a.sale_line_id = l.id AND m.move_type = 'out_refund'";
    for (what, sql) in [
        (
            "crm shows what stock has",
            "SELECT count(*) AS n FROM crm.sale_order_line l JOIN crm.sale_order o ON o.id = l.order_id, LATERAL (SELECT coalesce(sum(m.reserved_availability), 0) AS reserved, \
             coalesce(sum(m.quantity_done) FILTER (WHERE m.state = 'done' AND m.origin_returned_move_id IS NULL), 0) AS delivered, \
             coalesce(sum(m.quantity_done) FILTER (WHERE m.state = 'done' AND m.origin_returned_move_id IS NOT NULL), 0) AS returned, \
             coalesce(sum(m.product_uom_qty) FILTER (WHERE m.state = 'cancel' AND m.origin_returned_move_id IS NULL AND o.state = 'done'), 0) AS closed \
             FROM stock.stock_move m WHERE m.sale_line_id = l.id) s \
             WHERE (l.reserved, l.qty_delivered, l.qty_returned, l.qty_closed) IS DISTINCT FROM (s.reserved, s.delivered, s.returned, s.closed) \
             OR l.short <> CASE o.state WHEN 'cancel' THEN 0 ELSE l.product_uom_qty - s.delivered - s.reserved - s.closed END"
                .to_owned(),
        ),
        (
            "no order is both shipped and cancelled",
            "SELECT count(*) AS n FROM crm.sale_order o JOIN stock.stock_move m ON m.sale_id = o.id WHERE o.state = 'cancel' AND m.state NOT IN ('cancel')".to_owned(),
        ),
        (
            "an order has one invoice when it is delivered, else none",
            "SELECT count(*) AS n FROM crm.sale_order o WHERE (o.state = 'done')::int <> \
             (SELECT count(*) FROM crm.account_move a WHERE a.sale_id = o.id AND a.move_type = 'out_invoice' AND a.state = 'posted' AND a.amount_total = o.amount_total)"
                .to_owned(),
        ),
        (
            "what came back and what was given up is credited",
            format!("SELECT count(*) AS n FROM crm.sale_order_line l WHERE l.qty_returned + l.qty_closed <> ({credited})"),
        ),
        (
            "nobody has more than is paid for",
            format!("SELECT count(*) AS n FROM crm.sale_order_line l WHERE l.qty_delivered - l.qty_returned > l.product_uom_qty - ({credited})"),
        ),
        (
            "credits are never more than the invoice, and its mirror when all is credited",
            "SELECT count(*) AS n FROM crm.account_move_line i JOIN crm.account_move m ON m.id = i.move_id, LATERAL \
             (SELECT sum(a.quantity) AS quantity, sum(a.price_subtotal) AS untaxed, sum(a.price_tax) AS tax, sum(a.price_total) AS total \
             FROM crm.account_move_line a JOIN crm.account_move n ON n.id = a.move_id WHERE a.sale_line_id = i.sale_line_id AND n.move_type = 'out_refund') c \
             WHERE m.move_type = 'out_invoice' AND (c.untaxed > i.price_subtotal OR c.tax > i.price_tax OR c.total > i.price_total OR c.untaxed + c.tax <> c.total \
             OR c.quantity > i.quantity OR c.quantity = i.quantity AND (c.untaxed, c.tax, c.total) <> (i.price_subtotal, i.price_tax, i.price_total))"
                .to_owned(),
        ),
        (
            "what is ordered is shipped, waits, or was cancelled",
            "SELECT count(*) AS n FROM crm.sale_order_line l WHERE l.product_uom_qty <> \
             (SELECT coalesce(sum(m.product_uom_qty), 0) FROM stock.stock_move m WHERE m.sale_line_id = l.id AND m.origin_returned_move_id IS NULL)"
                .to_owned(),
        ),
        (
            "nobody waits where something is free",
            "SELECT count(*) AS n FROM stock.stock_move m JOIN stock.stock_quant q ON q.product_id = m.product_id AND q.location_id = m.location_id \
             WHERE m.state IN ('confirmed', 'partially_available') AND q.quantity > q.reserved_quantity"
                .to_owned(),
        ),
        ("no event was put aside", "SELECT (SELECT count(*) FROM crm.feed_parked) + (SELECT count(*) FROM stock.feed_parked) AS n".to_owned()),
    ] {
        assert_eq!(stand.count(&sql).await, 0, "{what}");
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
            "nothing is reserved of what came back",
            "SELECT count(*) AS n FROM stock.stock_quant q JOIN stock.stock_location l ON l.id = q.location_id WHERE l.returns_of IS NOT NULL AND q.reserved_quantity <> 0",
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
            "SELECT count(*) AS n FROM stock.stock_move m JOIN stock.stock_location l ON l.id = m.location_id WHERE l.usage = 'internal' AND l.returns_of IS NULL AND \
             m.state IN ('confirmed', 'partially_available', 'assigned') AND m.state <> CASE WHEN m.reserved_availability = 0 THEN 'confirmed' \
             WHEN m.reserved_availability < m.product_uom_qty THEN 'partially_available' ELSE 'assigned' END",
        ),
    ] {
        assert_eq!(stand.count(sql).await, 0, "{what}");
    }
}
