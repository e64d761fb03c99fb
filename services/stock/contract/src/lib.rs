//! What stock answers other services, and what it publishes.

use std::collections::BTreeSet;

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
