//! What crm answers other services, and what it publishes.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::Progress;
use jsonrpc::import::{Batch, Became};
use jsonrpc::{Question, published};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What these orders are to have, by their newest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandOf {
    /// `sale.order` ids.
    pub ids: BTreeSet<i64>,
}

impl Question for DemandOf {
    const SERVICE: &'static str = "crm";
    const MODEL: &'static str = "sale.order";
    const METHOD: &'static str = "_demand";
    const ASKED_BY: &'static [&'static str] = &["stock"];
    type Answer = Vec<Demand>;
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// `sale.order` id.
    pub id: i64,
    /// Its number, as people call it.
    pub name: String,
    /// Of the record.
    pub version: i64,
    /// The platform's state.
    pub ek_state: Progress,
    /// `res.bank` id.
    pub bank_id: Option<i64>,
    /// The client's `res.partner` id.
    pub partner_id: Option<i64>,
    /// What it is of.
    pub lines: Vec<DemandLine>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandLine {
    /// `sale.order.line` id.
    pub id: i64,
    /// `product.product` id.
    pub product_id: i64,
    /// What a document copies as the line's text.
    pub name: String,
    /// The configuration's key.
    pub manufacturer_ref: String,
    /// How many.
    pub quantity: Decimal,
    /// In dinars.
    pub price_unit: Decimal,
    /// The point of sale's `res.partner` id; none: the central warehouse.
    pub pos_id: Option<i64>,
    /// Its code.
    pub code_pos: Option<String>,
    /// What was settled in another system before the order came from there; none of an order that was made here. What is settled is
    /// neither reserved nor shipped again. The release before does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
}

/// How far a line was in the system that its order came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Shipped, all in all.
    pub delivered: Decimal,
    /// Come back of that.
    pub returned: Decimal,
    /// Put aside for it.
    pub reserved: Decimal,
}

/// Records of another Odoo, to be kept here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Import(pub Batch);

impl Question for Import {
    const SERVICE: &'static str = "crm";
    const MODEL: &'static str = "sale.order";
    const METHOD: &'static str = "_import";
    const ASKED_BY: &'static [&'static str] = &["bridge"];
    type Answer = Vec<Became>;
}

/// What keeps a client from being forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PapersOf {
    /// `res.partner` id.
    pub partner: i64,
}

impl Question for PapersOf {
    const SERVICE: &'static str = "crm";
    const MODEL: &'static str = "sale.order";
    const METHOD: &'static str = "_papers";
    const ASKED_BY: &'static [&'static str] = &["partners"];
    type Answer = Papers;
}

/// What crm has of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Papers {
    /// How many of its orders are neither delivered nor cancelled.
    pub open: i64,
    /// The day of its last posted invoice.
    pub last: Option<NaiveDate>,
}

/// Where the goods of these orders go, as it was at a moment of each; both lists are as long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveriesOf {
    /// `sale.order` ids.
    pub orders: Vec<i64>,
    /// Times as PostgreSQL writes them; an empty one is now.
    pub moments: Vec<String>,
}

impl Question for DeliveriesOf {
    const SERVICE: &'static str = "crm";
    const MODEL: &'static str = "sale.order";
    const METHOD: &'static str = "_deliveries";
    const ASKED_BY: &'static [&'static str] = &["stock"];
    type Answer = Vec<Delivery>;
}

/// Where an order's goods go, and under which number the platform knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The platform's number.
    pub ek_order_id: Option<i64>,
    /// Street and number.
    pub street: Option<String>,
    /// What is to be added to it.
    pub street2: Option<String>,
    /// The wilaya.
    pub state: Option<String>,
}

published! {
    /// Of an order.
    pub SaleOrder of "crm", "sale.order", 1 {
        /// The platform's state; none where the event tells of a client who is forgotten.
        ek_state: Option<Progress>,
        /// `res.bank` id.
        bank_id: Option<i64>,
    }
}

published! {
    /// Of an order's line.
    pub SaleOrderLine of "crm", "sale.order.line", 1 {
        /// `sale.order` id.
        order_id: i64,
        /// `res.bank` id.
        bank_id: Option<i64>,
        /// What it waits for.
        short: Decimal,
        /// Shipped, all in all.
        qty_delivered: Decimal,
        /// Come back of that.
        qty_returned: Decimal,
        /// Given up.
        qty_closed: Decimal,
    }
}

published! {
    /// Of a lead. All of it may be missing: of a client who is forgotten, and in events of the release before.
    pub CrmLead of "crm", "crm.lead", 1 {
        /// `res.bank` id.
        bank_id: Option<i64>,
        /// When its loan file was last taken to another state by a step.
        file_state_date: Option<String>,
    }
}
