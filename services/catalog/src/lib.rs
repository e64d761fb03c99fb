//! The product catalogue: its models, and who may do what with them.

pub mod product_attribute;
pub mod product_category;
pub mod product_master;
pub mod product_template;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use domain::{Identity, Kind as Who};
use records::tx::Found;
use records::values::Mode;
use records::{Access, Body, Field, Kind, Model, Registry, Shape, Tx, schema};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use service::owner::Answer;
use service::{Answered, Pending, Service};

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
    registry: Registry,
    /// A characteristic as it is sent.
    attribute: Model,
}

impl Catalog {
    /// With these margins.
    pub fn new(margins: &Margins) -> Catalog {
        let registry = Registry::new([
            product_category::model(),
            brand_model(),
            product_attribute::model(),
            product_attribute::value_model(),
            product_master::model(),
            product_template::model(margins),
            product_template::variant_model(margins),
        ]);
        Catalog { registry, attribute: product_template::attribute_sent() }
    }
}

/// Products, configurations, categories, brands: the hub and the platform write, a bank's user reads.
pub fn access(identity: &Identity) -> Access {
    match identity.kind() {
        Who::Administrator | Who::Staff | Who::Integration => Access::all(),
        Who::Bank(_) | Who::Clerk { .. } | Who::Outsider => Access::read(),
    }
}

fn brand_model() -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("reference", Kind::Char(254), "Reference"),
        Field::new("active", Kind::Boolean, "Active").default("true"),
    ];
    Model::new("product.brand", "product_brand", "Brand", fields, access)
}

impl Service for Catalog {
    type Prepared = ();
    type Heard = ();
    const ANSWERS: &'static [Answered<Self>] = &[Answered::of::<catalog_contract::ByReference>()];

    fn name(&self) -> &'static str {
        "catalog"
    }

    fn shape<'a>(&'a self, model: &'a Model) -> Shape<'a> {
        let configuration = |model| Shape::of(model).with("attribute", Shape::of(&self.attribute));
        match (model.name, self.registry.get("product.master")) {
            ("product.template", Some(master)) => Shape::of(master).alias("product_ref", "ref").with("product", configuration(model)),
            ("product.product", _) => configuration(model),
            ("product.master", _) => Shape::of(model).alias("product_ref", "ref"),
            _ => Shape::of(model),
        }
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }

    fn migrations(&self) -> EmbeddedMigrations {
        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/catalog");
        MIGRATIONS
    }

    fn body(&self, model: &Model, mode: Mode) -> Option<Body> {
        Some(match (model.name, mode) {
            ("product.template", Mode::Create) => {
                return self.registry.get("product.master").map(|master| product_template::product_body(master, model));
            }
            ("product.template" | "product.product", _) => product_template::body(model, mode).example(match mode {
                Mode::Create => json!({"master_product": 1, "manufacturer_ref": "IRIS-TV55-B", "name": "Téléviseur Iris 55 pouces blanc"}),
                Mode::Write => json!({"create_by": "EKICLIK", "name": "Téléviseur Iris 55 pouces noir"}),
            }),
            ("product.master", _) => product_master::body(model, mode),
            ("product.attribute", _) => Body::of(model, mode).with("value_ids", schema::x2many()),
            _ => Body::of(model, mode),
        })
    }

    fn example_filter(&self, model: &Model) -> Option<Json> {
        match model.name {
            "product.template" | "product.product" => Some(json!([["manufacturer_ref", "=", "IRIS-TV55-N"]])),
            "product.master" => Some(json!([["ref", "=", "IRIS-TV55"]])),
            _ => None,
        }
    }

    fn create<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, data: Map<String, Json>, _: &'a ()) -> Pending<'a, Answer> {
        Box::pin(async move {
            let id = match model.name {
                // One more of a product that is there
                "product.template" if data.contains_key("master_product") => product_template::create_variant(tx, model, data).await?,
                "product.template" => product_template::create(tx, model, data).await?,
                // Events know the record by one name
                "product.product" => product_template::create_variant(tx, self.registry.model("product.template")?, data).await?,
                "product.master" => product_master::create(tx, model, data).await?,
                _ => tx.create(model, data).await?,
            };
            Ok(id.into())
        })
    }

    fn write<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, found: Found, data: Map<String, Json>, _: &'a ()) -> Pending<'a, Answer> {
        Box::pin(async move {
            match model.name {
                "product.template" | "product.product" => {
                    product_template::write(tx, self.registry.model("product.template")?, found, data).await?;
                }
                "product.master" => product_master::write(tx, model, found, data).await?,
                "product.category" => product_category::write(tx, model, found, data).await?,
                _ => tx.write(model, found, data).await?,
            }
            Ok(true.into())
        })
    }

    fn unlink<'a>(&'a self, tx: &'a mut Tx<'_>, model: &'a Model, found: Found) -> Pending<'a, Answer> {
        Box::pin(async move {
            let model = if model.name == "product.product" { self.registry.model("product.template")? } else { model };
            tx.unlink(model, found).await?;
            Ok(true.into())
        })
    }
}
