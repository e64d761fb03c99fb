//! `product.master`: a product; what is sold are its configurations.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use jsonrpc::Fault;
use records::tx::Found;
use records::values::{Mode, Problems};
use records::write::OnConflict;
use records::{Body, Failure, Field, Kind, Model, Shape, Tx, Values, schema, sql};
use serde_json::{Map, Value as Json, json};
use service::{Behaviour, Changing, Owner};

use crate::{Catalog, access};

/// The declaration.
pub fn model(_: &Catalog) -> Model {
    let fields = vec![
        Field::new("ref", Kind::Char(254), "Reference").required(),
        Field::new("name", Kind::Char(500), "Name").required(),
        Field::new("brand", Kind::Many2one("product.brand"), "Brand").by_name_or_new(),
        Field::new("fab_name", Kind::Char(254), "Manufacturer"),
        Field::new("categ_id", Kind::Many2one("product.category"), "Category").by_name_or_new(),
        Field::new("description", Kind::Text(20_000), "Description"),
        Field::new("product_ids", Kind::One2many { comodel: "product.template", inverse: "master_product" }, "Configurations"),
        Field::computed("product_ref", Kind::Char(254), "Reference", "{t}.ref").help("The platforms' name for `ref`."),
        Field::new("ref_odoo", Kind::Char(40), "Hub reference").readonly().help("How the banks' platforms know it."),
        Field::new("active", Kind::Boolean, "Active").default("true"),
        Field::internal("post_hash", Kind::Char(200)),
    ];
    Model::new("product.master", "product_master", "Product", fields, access).publishes::<catalog_contract::ProductMaster>()
}

/// The declaration of a brand.
pub fn brand_model(_: &Catalog) -> Model {
    let fields = vec![
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::new("reference", Kind::Char(254), "Reference"),
        Field::new("active", Kind::Boolean, "Active").default("true"),
    ];
    Model::new("product.brand", "product_brand", "Brand", fields, access).copied_without(&["name"])
}

/// A product that is made or changed.
#[derive(Default)]
pub struct ProductMaster;

impl Behaviour<Catalog> for ProductMaster {
    async fn create(&self, Changing { tx, model, .. }: Changing<'_, '_, Catalog>, mut data: Map<String, Json>) -> Result<i64, Failure> {
        let mut problems = tx.problems();
        rename_ref(&mut data, &mut problems);
        let values = tx.check(model, Mode::Create, data, &mut problems).await?;
        problems.check()?;
        match post(tx, model, values).await? {
            Posted::Same(id) | Posted::Stored(id) => Ok(id),
        }
    }

    async fn write(
        &self,
        Changing { tx, model, .. }: Changing<'_, '_, Catalog>,
        found: Found,
        mut data: Map<String, Json>,
    ) -> Result<(), Failure> {
        let mut problems = tx.problems();
        rename_ref(&mut data, &mut problems);
        let values = tx.check(model, Mode::Write, data, &mut problems).await?;
        problems.check()?;
        tx.update(model, found.ids, &values).await.map(drop)
    }

    fn body(_: &Owner<Catalog>, model: &Model, mode: Mode) -> Option<Body> {
        Some(body(model, mode))
    }

    fn shape<'a>(_: &'a Owner<Catalog>, model: &'a Model) -> Shape<'a> {
        Shape::of(model).alias("product_ref", "ref")
    }

    fn example_filter() -> Option<Json> {
        Some(json!([["ref", "=", "IRIS-TV55"]]))
    }
}

/// What a product is made of, or changed by.
pub fn body(model: &Model, mode: Mode) -> Body {
    let body = Body::of(model, mode).without("ref").with("product_ids", schema::x2many());
    match mode {
        // Either name
        Mode::Create => body.with_required("product_ref", schema::text(254)),
        Mode::Write => body.with("ref", schema::text(254)).with("product_ref", schema::text(254)).example(json!({
            "name": "Téléviseur Iris 55 pouces", "brand": "Iris", "create_by": "ekiclic", "categ_id": "Télévision", "product_ref": "IRIS-TV55",
        })),
    }
}

/// `product_ref` is another name for `ref`.
pub fn rename_ref(data: &mut Map<String, Json>, problems: &mut Problems) {
    if let Some(product_ref) = data.remove("product_ref") {
        match data.get("ref") {
            Some(given) if *given != product_ref => problems.add("`ref` and `product_ref` name the same field, with different values"),
            _ => drop(data.insert("ref".to_owned(), product_ref)),
        }
    }
}

/// What a POST came to.
pub enum Posted {
    /// The last POST of this reference was the same: nothing changes.
    Same(i64),
    /// A new product, or one that now has these values.
    Stored(i64),
}

/// Stores a product by its reference: made, or, where the last POST had other content, changed. An archived one becomes
/// active again.
///
/// # Errors
/// The database's own.
pub async fn post(tx: &mut Tx<'_>, model: &Model, mut values: Values) -> Result<Posted, Failure> {
    values.set("post_hash", tx.posted.hash());
    if let Some(id) = tx.insert_unless_taken(model, &values, OnConflict::Skip).await? {
        return Ok(Posted::Stored(id));
    }
    let there = sql!("product_master/of_reference.sql", values.text("ref").unwrap_or_default());
    // Removed in this very moment: the request is to be sent again
    let There { id, post_hash, active } = tx.rows(there).await?.pop().ok_or_else(Fault::busy)?;
    tx.refuse_taken(model, "ref", values.text("ref").unwrap_or_default(), id)?;
    if tx.is_same(post_hash.as_deref()) && active {
        return Ok(Posted::Same(id));
    }
    values.set("active", true);
    tx.update(model, vec![id], &values).await?;
    Ok(Posted::Stored(id))
}

/// A row of `of_reference.sql`.
#[derive(QueryableByName)]
struct There {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    post_hash: Option<String>,
    #[diesel(sql_type = Bool)]
    active: bool,
}
