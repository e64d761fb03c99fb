//! What stock answers other services, and what it publishes.

use std::collections::BTreeSet;

use jsonrpc::import::{Batch, Became};
use jsonrpc::{Question, published};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What became of these orders' lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForOrders {
    /// `sale.order` ids.
    pub ids: BTreeSet<i64>,
}

impl Question for ForOrders {
    const SERVICE: &'static str = "stock";
    const MODEL: &'static str = "stock.move";
    const METHOD: &'static str = "_for_orders";
    const ASKED_BY: &'static [&'static str] = &["crm"];
    type Answer = Vec<Served>;
}

/// Gives up what these orders still wait for, of those that are delivered; then the same as [`ForOrders`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// `sale.order` ids.
    pub ids: BTreeSet<i64>,
}

impl Question for Close {
    const SERVICE: &'static str = "stock";
    const MODEL: &'static str = "stock.move";
    const METHOD: &'static str = "_close";
    const ASKED_BY: &'static [&'static str] = &["crm"];
    type Answer = Vec<Served>;
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// `sale.order` id.
    pub order: i64,
    /// Its lines of which stock knows.
    pub lines: Vec<ServedLine>,
}

/// What became of a line, as it is now. Quantities are texts on the wire, so that they stay exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedLine {
    /// `sale.order.line` id.
    pub line: i64,
    /// Put aside for it.
    pub reserved: Decimal,
    /// Shipped, all in all.
    pub delivered: Decimal,
    /// Come back of that.
    pub returned: Decimal,
    /// Given up of a delivered order: it will not be shipped. The release before could give up nothing; required from the next one on.
    #[serde(default)]
    pub closed: Decimal,
}

/// Records of another Odoo, to be kept here: warehouses, quantities, purchases, open transfers.
///
/// A `stock.warehouse` is that of its `partner_id`, our point of sale, or, without one, that of its `code`. A `stock.quant` says how much of
/// `product_id`, `product_name`, `manufacturer_ref` is at the `place` (`stock` or `returns`) of the warehouse in its link `warehouse_id`.
/// Of a `purchase.order`'s parts `order_line` each says with `qty_received` what was received there. A `stock.picking` has a `kind`
/// (`incoming`, `outgoing`, `internal`), the link `warehouse_id` to the warehouse whose it is, of an internal one `warehouse_dest_id` to where
/// it goes, with `place` and `place_dest` as above; its parts are `move_ids`. One that is `done` or `cancel` there is open here no more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Import(pub Batch);

impl Question for Import {
    const SERVICE: &'static str = "stock";
    const MODEL: &'static str = "stock.warehouse";
    const METHOD: &'static str = "_import";
    const ASKED_BY: &'static [&'static str] = &["bridge"];
    type Answer = Vec<Became>;
}

/// Lets go of open transfers that came from another Odoo: from now on they get goods, the oldest first. It does so much of it at once, and
/// is asked again until nothing is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    /// Only of these `sale.order`; none: all there are.
    #[serde(default)]
    pub orders: Option<BTreeSet<i64>>,
}

impl Question for Reserve {
    const SERVICE: &'static str = "stock";
    const MODEL: &'static str = "stock.move";
    const METHOD: &'static str = "_reserve";
    const ASKED_BY: &'static [&'static str] = &["bridge"];
    type Answer = Reserved;
}

/// What became of transfers that were let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// How many moves were let go.
    pub moves: u64,
    /// How many of these did not get all that they want.
    pub short: u64,
    /// Whether there are more.
    pub left: bool,
}

published! {
    /// Of each move.
    pub StockMove of "stock", "stock.move", 1 {
        /// `sale.order` id: the order that it ships, or takes back.
        sale_id: Option<i64>,
    }
}

published! {
    /// Of what is at a place.
    pub StockQuant of "stock", "stock.quant", 1 {
        /// `product.product` id.
        product_id: i64,
    }
}
