//! What catalog answers other services, and what it publishes.

use std::collections::BTreeSet;

use jsonrpc::import::{Batch, Became};
use jsonrpc::{Question, published};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The living configurations of these references and ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByReference {
    /// Manufacturers' references.
    #[serde(default)]
    pub references: BTreeSet<String>,
    /// `product.product` ids.
    #[serde(default)]
    pub ids: BTreeSet<i64>,
}

impl Question for ByReference {
    const SERVICE: &'static str = "catalog";
    const MODEL: &'static str = "product.product";
    const METHOD: &'static str = "_by_reference";
    const ASKED_BY: &'static [&'static str] = &["crm", "stock"];
    type Answer = Vec<Configuration>;
}

/// A configuration, with what a document copies of it. Amounts are texts on the wire, so that they stay exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// `product.product` id.
    pub id: i64,
    /// Its natural key.
    pub manufacturer_ref: String,
    /// What a document copies as the line's text.
    pub name: String,
    /// What it sells for, in dinars.
    pub selling_price: Decimal,
    /// Whether it is not archived.
    pub active: bool,
    /// `account.tax` id: its own, or its category's; none: the first.
    pub tax: Option<i64>,
}

/// How the banks' platforms know a product, or a configuration, of which the release before told: made of the id. It goes with the next
/// release.
pub fn reference(told: Option<String>, before: &str, id: i64) -> String {
    told.unwrap_or_else(|| format!("{before}{id}"))
}

/// Records of another Odoo, to be kept here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Import(pub Batch);

impl Question for Import {
    const SERVICE: &'static str = "catalog";
    const MODEL: &'static str = "product.product";
    const METHOD: &'static str = "_import";
    const ASKED_BY: &'static [&'static str] = &["bridge"];
    type Answer = Vec<Became>;
}

published! {
    /// Of a product.
    pub ProductMaster of "catalog", "product.master", 1 {
        /// Its natural key.
        r#ref: String,
        /// What people call it.
        name: String,
        /// `product.brand` id.
        brand: Option<i64>,
        /// Who makes it.
        fab_name: Option<String>,
        /// `product.category` id.
        categ_id: Option<i64>,
        /// For people.
        description: Option<String>,
        /// Whether it is not archived.
        active: bool,
        /// How the banks' platforms know it. The release before does not say so: it is made of the id there ([`reference`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ref_odoo: Option<String>,
    }
}

published! {
    /// Of a configuration.
    pub ProductTemplate of "catalog", "product.template", 1 {
        /// `product.master` id.
        master_product: Option<i64>,
        /// What people call it.
        name: String,
        /// Its natural key.
        manufacturer_ref: String,
        /// For people.
        description: Option<String>,
        /// The hub's own.
        default_code: Option<String>,
        /// The manufacturer's.
        barcode: Option<String>,
        /// `product`, `consu` or `service`.
        detailed_type: Option<String>,
        /// Kept as text.
        image_url: Option<String>,
        /// Kept as text.
        fab_certificate: Option<String>,
        /// In dinars; 0 means that it is made of the cost.
        list_price: Option<Decimal>,
        /// What it costs, in dinars.
        standard_price: Option<Decimal>,
        /// Whether it is bought.
        purchase_ok: bool,
        /// Whether it is sold.
        sale_ok: bool,
        /// `res.company` id.
        company_id: Option<i64>,
        /// `account.tax` ids.
        taxes_id: Vec<i64>,
        /// `product.attribute.value` ids.
        attribute_value_ids: Vec<i64>,
        /// `0` or `1`.
        priority: Option<String>,
        /// Whether it is not archived.
        active: bool,
        /// How the banks' platforms know it. The release before does not say so: it is made of the id there ([`reference`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ref_odoo: Option<String>,
    }
}
