//! `product.template`: a configuration, which is what is sold; `product.product` is the same record seen as a variant.

use std::sync::LazyLock;

use catalog_contract::{ByReference, Configuration};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use domain::Identity;
use jsonrpc::{Fault, strict};
use records::tx::{Found, taken};
use records::values::{Mode, Problems, is_unset};
use records::write::{self, OnConflict};
use records::{Access, Body, Failure, Field, Kind, Model, Shape, Tx, Value, Values, schema, sql};
use serde_json::{Map, Value as Json, json};
use service::{Answers, Asked, Behaviour, Changing, Owner};

use crate::picture::{self, Pictures};
use crate::product_master::{self, Posted, ProductMaster};
use crate::{Catalog, Margins, access, product_attribute};

/// How many configurations one request may bring.
const MAX_CONFIGURATIONS: usize = 200;
/// A configuration is furniture, which has a margin of its own, when its category or one of the two above is named so.
const FURNITURE: &str = "EXISTS (SELECT FROM product_master m JOIN product_category c0 ON c0.id = m.categ_id \
    LEFT JOIN product_category c1 ON c1.id = c0.parent_id LEFT JOIN product_category c2 ON c2.id = c1.parent_id \
    WHERE m.id = {t}.master_product AND concat_ws(' ', norm(c0.name), norm(c1.name), norm(c2.name)) LIKE '%meubles%')";

fn fields(margins: &Margins) -> Vec<Field> {
    let central = format!("round({{t}}.standard_price * {}, 2)", margins.central_margin);
    // numeric rounds half away from zero, which for prices is half up
    let selling = format!(
        "(CASE WHEN {{t}}.list_price > 0 THEN {{t}}.list_price ELSE round({central} * CASE WHEN {FURNITURE} THEN {} ELSE {} END, 2) END)",
        margins.furniture_margin, margins.selling_margin
    );
    let of_master = |column: &str| format!("(SELECT m.{column} FROM product_master m WHERE m.id = {{t}}.master_product)");
    let fields = vec![
        // With the reference, short enough in any script for an index
        Field::new("name", Kind::Char(500), "Name").required(),
        Field::new("manufacturer_ref", Kind::Char(254), "Manufacturer's reference").required(),
        Field::new("master_product", Kind::Many2one("product.master"), "Product").required(),
        Field::computed("categ_id", Kind::Many2one("product.category"), "Category", of_master("categ_id")),
        Field::computed("brand", Kind::Many2one("product.brand"), "Brand", of_master("brand")),
        Field::new("description", Kind::Text(20_000), "Description"),
        Field::new("default_code", Kind::Char(100), "Internal reference"),
        Field::new("barcode", Kind::Char(254), "Barcode"),
        Field::new("detailed_type", Kind::Selection(&["product", "consu", "service"]), "Product type").default("product"),
        Field::new("image_url", Kind::Char(2_000), "Image URL").help("Kept as text; never fetched."),
        Field::new("fab_certificate", Kind::Char(2_000), "Certificate URL").help("Kept as text; never fetched."),
        Field::new("list_price", Kind::Monetary, "Sales price").help("0 means not set: the selling price is then made of the cost."),
        Field::new("standard_price", Kind::Monetary, "Cost").readable_by(Identity::is_trusted),
        Field::computed("central_price", Kind::Monetary, "Central price", central).help("Cost with the central margin."),
        Field::computed("selling_price", Kind::Monetary, "Selling price", selling)
            .help("The sales price when it is set, else the central price with the selling margin."),
        Field::new("purchase_ok", Kind::Boolean, "Can be purchased").default("true"),
        Field::new("sale_ok", Kind::Boolean, "Can be sold").default("true"),
        Field::new("company_id", Kind::Many2one("res.company"), "Company"),
        Field::new("taxes_id", Kind::Many2many("account.tax"), "Customer taxes")
            .help("One at most. Without one that of the category, else the first tax."),
        Field::new("attribute_value_ids", Kind::Many2many("product.attribute.value"), "Characteristics"),
        Field::new("priority", Kind::Selection(&["0", "1"]), "Favorite").default("0"),
        Field::new("ref_odoo", Kind::Char(40), "Hub reference").readonly().help("How the banks' platforms know it."),
        Field::new("active", Kind::Boolean, "Active").default("true"),
    ];
    fields.into_iter().chain(picture::fields()).collect()
}

/// The declaration.
pub fn model(catalog: &Catalog) -> Model {
    let mut fields = fields(&catalog.margins);
    fields.push(Field::computed("product_variant_id", Kind::Many2one("product.product"), "Variant", "{t}.id"));
    Model::new("product.template", "product_template", "Configuration", fields, access)
        .order("priority desc, name")
        .publishes::<catalog_contract::ProductTemplate>()
}

/// The declaration of the same records as variants.
pub fn variant_model(catalog: &Catalog) -> Model {
    let mut fields = fields(&catalog.margins);
    fields.push(Field::computed("product_tmpl_id", Kind::Many2one("product.template"), "Configuration", "{t}.id"));
    Model::new("product.product", "product_template", "Product variant", fields, access)
        .copied_without(&["manufacturer_ref"])
        .order("priority desc, default_code, name, id")
}

/// A product with its configurations that is made, or a configuration that is made or changed.
#[derive(Default)]
pub struct ProductTemplate(Pictures);

impl Behaviour<Catalog> for ProductTemplate {
    async fn prepare(asked: Asked<'_, Catalog>, data: &mut Map<String, Json>) -> Result<ProductTemplate, Fault> {
        Pictures::prepare(asked, data).await.map(ProductTemplate)
    }

    async fn create(&self, change: Changing<'_, '_, Catalog>, data: Map<String, Json>) -> Result<i64, Failure> {
        // One more of a product that is there
        match data.contains_key("master_product") {
            true => create_variant(change.tx, change.model, &self.0, data).await,
            false => create(change.tx, change.model, &self.0, data).await,
        }
    }

    async fn write(&self, change: Changing<'_, '_, Catalog>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.tx, change.model, &self.0, found, data).await
    }

    async fn unlink(&self, Changing { tx, model, .. }: Changing<'_, '_, Catalog>, found: Found) -> Result<(), Failure> {
        unlink(tx, model, found).await
    }

    fn body(owner: &Owner<Catalog>, model: &Model, mode: Mode) -> Option<Body> {
        match mode {
            Mode::Create => owner.registry.get("product.master").map(|master| product_body(master, model)),
            Mode::Write => ProductVariant::body(owner, model, mode),
        }
    }

    fn shape<'a>(owner: &'a Owner<Catalog>, model: &'a Model) -> Shape<'a> {
        let configuration = ProductVariant::shape(owner, model);
        match owner.registry.get("product.master") {
            Some(master) => ProductMaster::shape(owner, master).with("product", configuration),
            None => configuration,
        }
    }

    fn example_filter() -> Option<Json> {
        ProductVariant::example_filter()
    }
}

/// A configuration that is made or changed as a variant. Events know the record by one name, the template's.
#[derive(Default)]
pub struct ProductVariant(Pictures);

impl Behaviour<Catalog> for ProductVariant {
    async fn prepare(asked: Asked<'_, Catalog>, data: &mut Map<String, Json>) -> Result<ProductVariant, Fault> {
        Pictures::prepare(asked, data).await.map(ProductVariant)
    }

    async fn create(&self, Changing { tx, .. }: Changing<'_, '_, Catalog>, data: Map<String, Json>) -> Result<i64, Failure> {
        create_variant(tx, tx.registry.model("product.template")?, &self.0, data).await
    }

    async fn write(&self, Changing { tx, .. }: Changing<'_, '_, Catalog>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(tx, tx.registry.model("product.template")?, &self.0, found, data).await
    }

    async fn unlink(&self, Changing { tx, .. }: Changing<'_, '_, Catalog>, found: Found) -> Result<(), Failure> {
        unlink(tx, tx.registry.model("product.template")?, found).await
    }

    fn body(_: &Owner<Catalog>, model: &Model, mode: Mode) -> Option<Body> {
        Some(body(model, mode).example(match mode {
            Mode::Create => json!({"master_product": 1, "manufacturer_ref": "IRIS-TV55-B", "name": "Téléviseur Iris 55 pouces blanc"}),
            Mode::Write => json!({"create_by": "EKICLIK", "name": "Téléviseur Iris 55 pouces noir"}),
        }))
    }

    fn shape<'a>(_: &'a Owner<Catalog>, model: &'a Model) -> Shape<'a> {
        Shape::of(model).with("attribute", Shape::of(&ATTRIBUTE))
    }

    fn example_filter() -> Option<Json> {
        Some(json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]))
    }
}

/// A characteristic as it is sent: what is compared of it.
static ATTRIBUTE: LazyLock<Model> = LazyLock::new(|| {
    let named = |name| Field::new(name, Kind::Many2one("product.attribute"), "Name").by_name();
    Model::new("product.attribute.value", "none", "Characteristic", vec![named("attribute_id"), named("value_id")], |_| Access::default())
});

/// The characteristics of a configuration, as they are sent.
fn attributes() -> Json {
    let named = || json!({"anyOf": [schema::text(254), {"type": "integer", "minimum": 1, "maximum": i64::MAX}]});
    let one = json!({"type": "object", "required": ["attribute_id", "value_id"], "additionalProperties": false,
        "properties": {"attribute_id": named(), "value_id": named(), "create_by": {"type": ["string", "null"]}}});
    schema::list(one, 0, product_attribute::MAX_ATTRIBUTES)
}

/// What a configuration is made of, or changed by.
fn body(model: &Model, mode: Mode) -> Body {
    Body::of(model, mode).with("attribute", attributes())
}

/// What a product with its configurations is made of.
fn product_body(master: &Model, model: &Model) -> Body {
    let configuration = body(model, Mode::Create).without("master_product").with("create_by", json!({"type": ["string", "null"]}));
    product_master::body(master, Mode::Create).without("product_ids").with("product", schema::list(configuration.schema(), 0, MAX_CONFIGURATIONS)).example(json!({
        "name": "Lave-linge 8 kg", "brand": "Brandt", "create_by": "ekiclic", "fab_name": "Brandt Algérie", "categ_id": "Électroménager",
        "product_ref": "BRANDT-LL8",
        "product": [{
            "name": "Lave-linge 8 kg blanc", "description": "Classe A+++", "default_code": null, "detailed_type": "product",
            "image_url": "https://example.dz/ll8.jpg", "list_price": 80_000.0, "standard_price": 50_000.0, "manufacturer_ref": "BRANDT-LL8-B",
            "purchase_ok": true, "sale_ok": true, "company_id": null, "create_by": "ekiclic",
            "attribute": [{"attribute_id": "Couleur", "value_id": "Blanc"}], "fab_certificate": "https://example.dz/ll8.pdf",
        }],
    }))
}

/// One configuration of a request, read.
struct Sent {
    values: Values,
    attributes: Option<product_attribute::Sent>,
}

/// A product with its configurations. Answers the id of the last configuration, or, without any, the product's.
///
/// # Errors
/// 422 with everything that is wrong, 409 naming references that belong to another product.
async fn create(tx: &mut Tx<'_>, model: &Model, pictures: &Pictures, mut data: Map<String, Json>) -> Result<i64, Failure> {
    let registry = tx.registry;
    let master = registry.model("product.master")?;
    let mut problems = tx.problems();
    let configurations = match data.remove("product") {
        None => Vec::new(),
        Some(unset) if is_unset(&unset) => Vec::new(),
        Some(Json::Array(items)) if items.len() <= MAX_CONFIGURATIONS => items,
        Some(other) => {
            problems.add(format!("`product`: {} (a list of at most {MAX_CONFIGURATIONS} configurations expected)", strict::kind(&other)));
            Vec::new()
        }
    };
    product_master::rename_ref(&mut data, &mut problems);
    let values = tx.check(master, Mode::Create, data, &mut problems).await?;
    let mut sent = Vec::new();
    for (at, configuration) in configurations.into_iter().enumerate() {
        match configuration {
            Json::Object(configuration) => {
                let one = read(tx, model, at, configuration, &mut problems)?;
                pictures.check(&one.values, &mut problems);
                sent.push(one);
            }
            other => problems.add(format!("product[{at}]: {} (an object expected)", strict::kind(&other))),
        }
    }
    let refs: Vec<String> = sent.iter().filter_map(|one| one.values.text("manufacturer_ref").map(str::to_owned)).collect();
    for (at, reference) in refs.iter().enumerate() {
        if refs.iter().take(at).any(|earlier| earlier == reference) {
            problems.add(format!("The manufacturer_ref '{reference}' stands twice in `product`"));
        }
    }
    give_attributes(tx, &mut sent, &mut problems).await?;
    problems.check()?;

    let product = match product_master::post(tx, master, values).await? {
        Posted::Stored(product) => product,
        Posted::Same(product) => {
            let Some(last) = refs.last() else { return Ok(product) };
            let known = find(tx, &refs).await?;
            let there = |reference: &String| {
                known.iter().find(|one| one.manufacturer_ref == *reference && one.master_product == product && one.active)
            };
            match there(last) {
                Some(one) if refs.iter().all(|reference| there(reference).is_some()) => return Ok(one.id),
                // One of them was archived or removed since: the request is done again
                _ => product,
            }
        }
    };
    store(tx, model, pictures, product, sent, &refs).await
}

fn read(tx: &Tx<'_>, model: &Model, at: usize, mut data: Map<String, Json>, problems: &mut Problems) -> Result<Sent, Failure> {
    let where_ = format!("product[{at}].");
    // Whose it is, the product tells
    data.remove("create_by");
    let attributes = data.remove("attribute").map(|json| product_attribute::read(&where_, json, problems));
    if data.remove("master_product").is_some() {
        problems.add(format!("{where_}master_product is the product around it"));
    }
    data.insert("master_product".to_owned(), json!(1));
    let mut mine = Problems::default();
    let mut values = Values::check(model, tx.identity, Mode::Create, data, &mut mine)?;
    values.remove("master_product");
    if let Err(fault) = mine.check() {
        fault.message.lines().for_each(|line| problems.add(format!("product[{at}]: {line}")));
    }
    Ok(Sent { values, attributes })
}

async fn give_attributes(tx: &mut Tx<'_>, sent: &mut [Sent], problems: &mut Problems) -> Result<(), Failure> {
    let none = Vec::new();
    let lists: Vec<&product_attribute::Sent> = sent.iter().map(|one| one.attributes.as_ref().unwrap_or(&none)).collect();
    let resolved = product_attribute::resolve(tx, &lists, problems).await?;
    for (one, ids) in sent.iter_mut().zip(resolved) {
        if one.attributes.is_some() {
            one.values.set("attribute_value_ids", ids);
        }
    }
    Ok(())
}

/// A configuration by its reference, locked.
#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    manufacturer_ref: String,
    #[diesel(sql_type = BigInt)]
    master_product: i64,
    #[diesel(sql_type = Bool)]
    active: bool,
}

async fn find(tx: &mut Tx<'_>, refs: &[String]) -> Result<Vec<Known>, Failure> {
    tx.rows(sql!("product_template/of_references.sql", refs.to_vec())).await
}

/// Adds or changes a product's configurations, each by its reference: two statements for all of them, three to four where
/// there are both new and known ones.
async fn store(
    tx: &mut Tx<'_>,
    model: &Model,
    pictures: &Pictures,
    product: i64,
    sent: Vec<Sent>,
    refs: &[String],
) -> Result<i64, Failure> {
    let Some(last) = refs.last() else { return Ok(product) };
    let known = find(tx, refs).await?;
    if let Some(one) = known.first() {
        tx.refuse_taken(model, "manufacturer_ref", &one.manufacturer_ref, one.id)?;
    }
    refuse_others(&known, product)?;
    let id_of = |reference: &str| known.iter().find(|one| one.manufacturer_ref == reference).map(|one| one.id);
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for one in &sent {
        let said = one.values.iter().filter_map(|(name, value)| Some((name.to_owned(), value.plain()?.clone())));
        let mut row: Map<String, Json> = said.collect();
        match id_of(one.values.text("manufacturer_ref").unwrap_or_default()) {
            Some(id) => {
                row.insert("id".to_owned(), id.into());
                row.insert("active".to_owned(), true.into());
                changed.push(row);
            }
            None => {
                row.insert("master_product".to_owned(), product.into());
                for (name, default) in defaults() {
                    if row.get(name).is_none_or(Json::is_null) {
                        row.insert(name.to_owned(), default);
                    }
                }
                new.push(row);
            }
        }
    }
    let mut id = id_of(last);
    if !new.is_empty() {
        let insert = write::insert(model, &tx.author, &write::columns(model, &new)?, &new, OnConflict::Skip, "manufacturer_ref");
        let made = insert.load::<(BigInt, Text), (i64, String)>(tx.conn).await.map_err(|error| taken(model, error))?;
        if made.len() < new.len() {
            // Another request brought one of these references in this very moment
            refuse_others(&find(tx, refs).await?, product)?;
            return Err(Fault::busy().into());
        }
        id = id.or_else(|| made.iter().find(|(_, reference)| reference == last).map(|(id, _)| *id));
    }
    tx.update_rows(model, &changed).await?;
    if sent.iter().any(|one| one.values.get(picture::FIELD).is_some()) {
        let stored = find(tx, refs).await?;
        for one in &sent {
            let is_its = |stored: &&Known| Some(stored.manufacturer_ref.as_str()) == one.values.text("manufacturer_ref");
            if let Some(stored) = stored.iter().find(is_its) {
                pictures.keep(tx, &[stored.id], &one.values).await?;
            }
        }
    }
    id.ok_or_else(|| Fault::busy().into())
}

/// What a new configuration has where nothing else is said.
fn defaults() -> [(&'static str, Json); 9] {
    [
        ("list_price", json!("0")),
        ("standard_price", json!("0")),
        ("purchase_ok", json!(true)),
        ("sale_ok", json!(true)),
        ("detailed_type", json!("product")),
        ("priority", json!("0")),
        ("active", json!(true)),
        ("attribute_value_ids", json!([])),
        ("taxes_id", json!([])),
    ]
}

fn refuse_others(known: &[Known], product: i64) -> Result<(), Fault> {
    let others = known.iter().filter(|one| one.master_product != product).map(|one| format!("'{}'", one.manufacturer_ref));
    let others: Vec<_> = others.collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Fault::conflict(format!("These manufacturer_ref belong to another product: {}.", others.join(", "))))
}

/// One configuration of a product that is there: a POST of `product.product`.
///
/// # Errors
/// 422 with everything that is wrong, 409 where the reference belongs to another product.
async fn create_variant(tx: &mut Tx<'_>, model: &Model, pictures: &Pictures, mut data: Map<String, Json>) -> Result<i64, Failure> {
    let mut problems = tx.problems();
    let attributes = data.remove("attribute").map(|json| product_attribute::read("", json, &mut problems));
    let mut values = tx.check(model, Mode::Create, data, &mut problems).await?;
    let product = match values.remove("master_product") {
        Some(Value::Plain(id)) => id.as_i64(),
        _ => None,
    };
    let refs: Vec<String> = values.text("manufacturer_ref").map(str::to_owned).into_iter().collect();
    pictures.check(&values, &mut problems);
    let mut sent = [Sent { values, attributes }];
    give_attributes(tx, &mut sent, &mut problems).await?;
    problems.check()?;
    let product = product.ok_or_else(|| Fault::validation("Field 'master_product' of product.product is required"))?;
    store(tx, model, pictures, product, Vec::from(sent), &refs).await
}

/// Changes configurations.
///
/// # Errors
/// 422 with everything that is wrong, 409 where the reference is taken.
async fn write(tx: &mut Tx<'_>, model: &Model, pictures: &Pictures, found: Found, mut data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    let attributes = data.remove("attribute").map(|json| product_attribute::read("", json, &mut problems));
    let values = tx.check(model, Mode::Write, data, &mut problems).await?;
    pictures.check(&values, &mut problems);
    let mut sent = [Sent { values, attributes }];
    give_attributes(tx, &mut sent, &mut problems).await?;
    problems.check()?;
    let [one] = sent;
    tx.update(model, found.ids.clone(), &one.values).await?;
    pictures.keep(tx, &found.ids, &one.values).await
}

/// Removes configurations, and their pictures.
async fn unlink(tx: &mut Tx<'_>, model: &Model, found: Found) -> Result<(), Failure> {
    let ids = found.ids.clone();
    tx.unlink(model, found).await?;
    picture::drop_of(tx, &ids).await
}

impl Answers<ByReference> for Catalog {
    async fn answer(owner: &Owner<Self>, question: ByReference, _: Option<&String>) -> Result<Vec<Configuration>, Fault> {
        let (references, ids) = (Vec::from_iter(question.references), Vec::from_iter(question.ids));
        let Margins { central_margin, furniture_margin, selling_margin } = &owner.service.margins;
        let [central, furniture, selling] = [central_margin, furniture_margin, selling_margin].map(ToString::to_string);
        owner.database.read(sql!("product_template/for_documents.sql", references, ids, central, furniture, selling)).await
    }
}
