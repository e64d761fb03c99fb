//! The product catalogue: its models, and who may do what with them.

pub mod imported;
pub mod picture;
pub mod product_attribute;
pub mod product_category;
pub mod product_master;
pub mod product_template;

use catalog_contract::{ByReference, Import};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use domain::{Identity, Kind as Who};
use records::Access;
use rust_decimal::Decimal;
use service::{Answered, ModelOf, Plain, Service};

use crate::product_attribute::ProductAttribute;
use crate::product_category::ProductCategory;
use crate::product_master::ProductMaster;
use crate::product_template::{ProductTemplate, ProductVariant};

service::settings! {
    /// What a price is made of. Source: the platforms' own margins.
    pub struct Margins {
        /// Cost to central price.
        central_margin: Decimal = "1.1111",
        /// Central price to selling price.
        selling_margin: Decimal = "1.5",
        /// Central price to selling price, for furniture.
        furniture_margin: Decimal = "1.6",
    }
}

/// The service.
pub struct Catalog {
    /// What a price is made of.
    pub margins: Margins,
}

/// Products, configurations, categories, brands: the hub and the platform write, a bank's user reads.
pub fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff | Who::Integration => Access::all(),
        Who::Bank(_) | Who::Clerk { .. } | Who::Outsider => Access::read(),
    }
}

impl Service for Catalog {
    type Heard = ();

    const NAME: &'static str = "catalog";
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/catalog");
    const MODELS: &'static [ModelOf<Catalog>] = &[
        ModelOf::of::<ProductCategory>(product_category::model),
        ModelOf::of::<Plain>(product_master::brand_model),
        ModelOf::of::<ProductAttribute>(product_attribute::model),
        ModelOf::of::<Plain>(product_attribute::value_model),
        ModelOf::of::<ProductMaster>(product_master::model),
        ModelOf::of::<ProductTemplate>(product_template::model),
        ModelOf::of::<ProductVariant>(product_template::variant_model),
    ];
    const ANSWERS: &'static [Answered<Catalog>] = &[Answered::of::<ByReference>(), Answered::of::<Import>()];
}
