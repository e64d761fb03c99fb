//! What goes to catalog: categories, brands, attributes and values, products, configurations.

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::cells::{Making, id, is, link, list, note, number, rounded, text, word};
use super::{Clash, Companion, Converted, Need, Page, PutAside, Reader, Row, World};
use crate::mapping::typed::{Answer, folded};

const TEMPLATE: &str = "product.template";
const VARIANT: &str = "product.product";
const MASTER: &str = "product.master";

const fn all(_: &World) -> Option<Vec<Json>> {
    Some(Vec::new())
}

const fn nothing(_: &World) -> Vec<Json> {
    Vec::new()
}

/// Of the same name is the same: what people keep twice by mistake is one here.
fn named(making: &mut Making, row: &Row, kind: &'static str) {
    making.texts(row, &["name"]);
    making.taken.key = text(row, "name").map(str::to_owned);
    making.taken.clash = Some(Clash::Merge { kind });
}

/// Categories: a child may come before its parent.
pub const CATEGORIES: Reader = Reader {
    name: "product.category",
    service: "catalog",
    ours: "product.category",
    theirs: "product.category",
    domain: all,
    fields: |world| world.read("product.category", &["name", "parent_id"]),
    companions: &[],
    needs: |_, _| Vec::new(),
    convert: |row, page| {
        if let Some(stays) = page.world.stays("product.category", row) {
            return Ok(stays);
        }
        let mut category = Making::of(row);
        named(&mut category, row, "category_twice");
        category.mapped(page.world, "product.category", row, &["parent_id"]).link("parent_id", link(row, "parent_id"));
        category.taken.unique = text(row, "name").map(|name| format!("{} {}", link(row, "parent_id").unwrap_or(0), folded(name)));
        Ok(category.done())
    },
};

/// Brands, where they are records there.
pub const BRANDS: Reader = Reader {
    name: "product.brand",
    service: "catalog",
    ours: "product.brand",
    theirs: "product.brand",
    domain: |world| leads_to_brands(world).then(Vec::new),
    fields: |world| world.read("product.brand", &["name", "active"]),
    companions: &[],
    needs: |_, _| Vec::new(),
    convert: |row, _| {
        let mut brand = Making::of(row);
        named(&mut brand, row, "brand_twice");
        brand.set("active", row.get("active").and_then(Json::as_bool).unwrap_or(true));
        brand.taken.unique = text(row, "name").map(folded);
        Ok(brand.done())
    },
};

/// The field with a product's brand leads to brands that are records.
fn leads_to_brands(world: &World) -> bool {
    let field = world.mapping.theirs(TEMPLATE, "brand").and_then(|field| world.fields.get(TEMPLATE)?.get(field));
    field.is_some_and(|field| field.relation == "product.brand")
}

/// Attributes.
pub const ATTRIBUTES: Reader = Reader {
    name: "product.attribute",
    service: "catalog",
    ours: "product.attribute",
    theirs: "product.attribute",
    domain: all,
    fields: |world| world.read("product.attribute", &["name", "sequence"]),
    companions: &[],
    needs: |_, _| Vec::new(),
    convert: |row, _| {
        let mut attribute = Making::of(row);
        named(&mut attribute, row, "attribute_twice");
        attribute.set("sequence", row.get("sequence").and_then(Json::as_i64));
        attribute.taken.unique = text(row, "name").map(folded);
        Ok(attribute.done())
    },
};

/// Their values.
pub const VALUES: Reader = Reader {
    name: "product.attribute.value",
    service: "catalog",
    ours: "product.attribute.value",
    theirs: "product.attribute.value",
    domain: all,
    fields: |world| world.read("product.attribute.value", &["name", "sequence", "attribute_id"]),
    companions: &[],
    needs: |row, _| link(row, "attribute_id").map(|id| Need::Id("product.attribute", id)).into_iter().collect(),
    convert: |row, page| {
        let mut value = Making::of(row);
        named(&mut value, row, "value_twice");
        let attribute = link(row, "attribute_id");
        // Two attributes of one name are one here, and so are their values
        let here = attribute.map(|attribute| page.here("product.attribute", attribute)).transpose()?.map_or(0, |here| here.record_id);
        value.set("sequence", row.get("sequence").and_then(Json::as_i64)).link("attribute_id", attribute);
        value.taken.unique = text(row, "name").map(|name| format!("{here} {}", folded(name)));
        Ok(value.done())
    },
};

/// Whether that Odoo has the add-on, or is a hub: products are records of their own there, and templates are what is sold.
fn has_masters(world: &World) -> bool {
    world.has(TEMPLATE, "master_product") && world.has(MASTER, "name")
}

/// Products of an Odoo with the add-on, and of a hub.
pub const MASTERS: Reader = Reader {
    name: "product.master/own",
    service: "catalog",
    ours: MASTER,
    theirs: MASTER,
    domain: |world| has_masters(world).then(Vec::new),
    fields: |world| {
        let own = ["name", "active", "ref", "product_ref", "brand", "fab_name", "categ_id", "description", "company_id", "ref_odoo"];
        world.read(MASTER, &own)
    },
    companions: &[],
    needs: |row, _| link(row, "categ_id").map(|id| Need::Id("product.category", id)).into_iter().collect(),
    convert: master,
};

fn master(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    if let Some(stays) = page.world.stays(MASTER, row) {
        return Ok(stays);
    }
    let mut product = Making::of(row);
    product.texts(row, &["name", "fab_name", "description"]);
    product.set("active", row.get("active").and_then(Json::as_bool).unwrap_or(true));
    product.set("brand", row.get("brand").and_then(word));
    if let Some(category) = link(row, "categ_id") {
        page.here("product.category", category)?;
        product.link("categ_id", Some(category));
    }
    let reference = text(row, "ref").or_else(|| text(row, "product_ref")).map(str::to_owned);
    of_reference(&mut product, reference, row, page.world);
    Ok(product.done())
}

/// The reference, by which a product is known; without one that of the platforms.
fn of_reference(product: &mut Making, reference: Option<String>, row: &Row, world: &World) {
    let without = format!("rc_{}", id(row));
    let reference = reference.unwrap_or_else(|| without.clone());
    product.set("ref", reference.clone());
    const KIND: &str = "manufacturer_reference_twice";
    product.taken.clash = Some(match world.mapping.answer(KIND, Answer::PutAside) {
        Answer::Merge => Clash::Merge { kind: KIND },
        Answer::WithoutKey => {
            let mut record = product.taken.record.clone();
            record.values.insert("ref".to_owned(), json!(without));
            Clash::Instead { kind: KIND, record: Box::new(record), key: Some(without) }
        }
        Answer::PutAside | Answer::Take => Clash::PutAside { kind: KIND },
    });
    product.taken.unique = Some(reference.clone());
    product.taken.key = Some(reference);
}

/// Products of a plain Odoo.
pub const PRODUCTS: Reader = Reader {
    name: "product.master",
    service: "catalog",
    ours: "product.master",
    theirs: TEMPLATE,
    domain: |world| (!has_masters(world)).then(Vec::new),
    fields: template_fields,
    companions: &[SIBLINGS],
    needs: |row, _| link(row, "categ_id").map(|id| Need::Id("product.category", id)).into_iter().collect(),
    convert: product,
};

fn template_fields(world: &World) -> Vec<String> {
    let own = [
        "name",
        "active",
        "default_code",
        "categ_id",
        "type",
        "detailed_type",
        "is_storable",
        "list_price",
        "sale_ok",
        "purchase_ok",
        "description",
        "description_sale",
        "company_id",
        "priority",
        "master_product",
    ];
    world.read(TEMPLATE, &own)
}

/// The variants of a page's products, archived ones too.
const SIBLINGS: Companion = Companion {
    name: "siblings",
    model: VARIANT,
    by: "product_tmpl_id",
    of: "id",
    from: None,
    domain: nothing,
    fields: |world| world.existing(VARIANT, &["product_tmpl_id", "default_code"]),
};

fn product(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    if let Some(stays) = world.stays(TEMPLATE, row) {
        return Ok(stays);
    }
    const BARE: &str = "product_without_variants";
    if page.of("siblings", id(row)).is_empty() && world.mapping.answer(BARE, Answer::PutAside) == Answer::PutAside {
        return Err(PutAside::new(BARE, "No variant of it was ever made, so there is nothing to sell of it."));
    }
    let own = world.said(TEMPLATE, row, "ref").or_else(|| world.said(TEMPLATE, row, "manufacturer_ref"));
    let own = own.or_else(|| text(row, "default_code").map(str::to_owned));
    let mut product = Making::of(row);
    product.texts(row, &["name"]).set("active", row.get("active").and_then(Json::as_bool).unwrap_or(true));
    product.set("description", description(row));
    match world.mapping.theirs(TEMPLATE, "brand") {
        Some(field) if leads_to_brands(world) => drop(product.link("brand", link(row, field))),
        Some(field) => drop(product.set("brand", row.get(field).and_then(word))),
        None => {}
    }
    if let Some(category) = link(row, "categ_id") {
        page.here("product.category", category)?;
        product.link("categ_id", Some(category));
    }
    for ours in ["fab_name", "description"] {
        product.set(ours, world.said(TEMPLATE, row, ours));
    }
    of_reference(&mut product, own, row, world);
    Ok(product.done())
}

/// What clients read of a product, else what its makers noted.
fn description(row: &Row) -> Option<String> {
    let said = text(row, "description_sale").map(str::to_owned).or_else(|| note(row, "description"));
    said.map(|said| super::cells::clipped(&said, super::cells::NOTE).0)
}

/// Configurations: variants, archived ones too. What they share stands in their template.
pub const CONFIGURATIONS: Reader = Reader {
    name: VARIANT,
    service: "catalog",
    ours: VARIANT,
    theirs: VARIANT,
    domain: all,
    fields: |world| {
        let own = [
            "name",
            "active",
            "product_tmpl_id",
            "default_code",
            "barcode",
            "standard_price",
            "product_template_attribute_value_ids",
            "attribute_value_ids",
            "ref_odoo",
        ];
        world.read(VARIANT, &own)
    },
    companions: &[
        Companion {
            name: "templates",
            model: TEMPLATE,
            by: "id",
            of: "product_tmpl_id",
            from: None,
            domain: nothing,
            fields: template_fields,
        },
        Companion { of: "product_tmpl_id", ..SIBLINGS },
        Companion {
            name: "choices",
            model: "product.template.attribute.value",
            by: "id",
            of: "product_template_attribute_value_ids",
            from: None,
            domain: nothing,
            fields: |world| world.existing("product.template.attribute.value", &["product_attribute_value_id", "price_extra"]),
        },
    ],
    needs: |row, page| {
        let choices = choices(row, page).filter_map(|choice| link(choice, "product_attribute_value_id"));
        let values = choices.map(|id| Need::Id("product.attribute.value", id));
        let own = list(row, &["attribute_value_ids"]).into_iter().map(|id| Need::Id("product.attribute.value", id));
        values.chain(own).chain(product_of(row, page).map(|id| Need::Id(MASTER, id))).collect()
    },
    convert: configuration,
};

/// The product there: the template, or what that names.
fn product_of(row: &Row, page: &Page<'_>) -> Option<i64> {
    let template = link(row, "product_tmpl_id")?;
    match has_masters(page.world) {
        true => page.of("templates", template).first().and_then(|template| link(template, "master_product")),
        false => Some(template),
    }
}

/// What makes a variant.
fn choices<'p>(row: &Row, page: &'p Page<'_>) -> impl Iterator<Item = &'p Row> {
    let ids = list(row, &["product_template_attribute_value_ids"]);
    ids.into_iter().filter_map(|id| page.of("choices", id).first())
}

/// Its manufacturer's reference: its own, its template's where that has no other variant, else the internal one.
fn reference(row: &Row, template: &Row, page: &Page<'_>) -> Option<String> {
    let world = page.world;
    let is_alone = page.of("siblings", id(template)).len() <= 1;
    let of_template = || world.said(TEMPLATE, template, "manufacturer_ref").filter(|_| is_alone);
    let own = world.mapping.theirs(VARIANT, "manufacturer_ref").and_then(|field| word(row.get(field)?));
    own.or_else(of_template).or_else(|| text(row, "default_code").map(str::to_owned))
}

fn configuration(row: &Row, page: &Page<'_>) -> Result<Converted, PutAside> {
    let world = page.world;
    let unknown = Json::Null;
    let template = link(row, "product_tmpl_id").and_then(|id| page.of("templates", id).first()).unwrap_or(&unknown);
    if let Some(stays) = world.stays(VARIANT, row).or_else(|| world.stays(TEMPLATE, template)) {
        return Ok(stays);
    }
    let of = page.here(MASTER, product_of(row, page).unwrap_or(0))?.odoo_id;
    let mut own = Making::of(row);
    // A template's change does not touch its variants
    if let (Some(written), Some(before)) = (text(template, "write_date"), own.taken.record.write_date.as_deref())
        && written > before
    {
        own.taken.record.write_date = Some(written.to_owned());
    }
    own.taken.record.of = Some(of);
    own.link("master_product", Some(of));
    let (mut values, mut extra) = (list(row, &["attribute_value_ids"]), Decimal::ZERO);
    for choice in choices(row, page) {
        extra += number(choice.get("price_extra"));
        if let Some(value) = link(choice, "product_attribute_value_id") {
            values.push(value);
        }
    }
    values.iter().try_for_each(|value| page.here("product.attribute.value", *value).map(drop))?;
    own.taken.record.links.insert("attribute_value_ids".to_owned(), values);
    own.set("name", text(row, "name").or_else(|| text(template, "name"))).texts(row, &["default_code", "barcode"]);
    let is_active = |row: &Row| row.get("active").and_then(Json::as_bool).unwrap_or(true);
    own.set("active", is_active(row));
    own.set("description", description(template));
    own.set("detailed_type", kind_of(template));
    own.set("list_price", rounded(number(template.get("list_price")) + extra, 2).to_string());
    own.set("standard_price", rounded(number(row.get("standard_price")), 2).to_string());
    own.set("sale_ok", is(template, "sale_ok")).set("purchase_ok", is(template, "purchase_ok"));
    own.set("priority", if text(template, "priority") == Some("1") { "1" } else { "0" });
    for ours in ["image_url", "fab_certificate", "standard_price", "list_price"] {
        let said = world.said(VARIANT, row, ours).or_else(|| world.said(TEMPLATE, template, ours));
        own.set(ours, said);
    }
    key(&mut own, row, template, page)?;
    Ok(own.done())
}

/// Of a template: whether it is stored, used up, or no goods.
fn kind_of(template: &Row) -> &'static str {
    match (text(template, "detailed_type").or_else(|| text(template, "type")), is(template, "is_storable")) {
        (Some("service"), _) => "service",
        (Some("consu"), false) => "consu",
        (Some("combo"), _) => "service",
        (Some(_) | None, _) => "product",
    }
}

/// The key of a configuration, and what becomes of it without one.
fn key(own: &mut Making, row: &Row, template: &Row, page: &Page<'_>) -> Result<(), PutAside> {
    let mapping = &page.world.mapping;
    let without = format!("rc_variante{}", id(row));
    let default = mapping.defaults.get(VARIANT).and_then(|of| of.get("manufacturer_ref")).and_then(Json::as_str);
    let made =
        default.map(|text| if text.contains("{id}") { text.replace("{id}", &id(row).to_string()) } else { format!("{text}{}", id(row)) });
    const NONE: &str = "product_without_reference";
    let reference = match reference(row, template, page).or(made) {
        Some(reference) => reference,
        None if mapping.answer(NONE, Answer::PutAside) == Answer::PutAside => {
            return Err(PutAside::new(NONE, "It has no reference, by which a configuration is known."));
        }
        None => {
            own.note(NONE);
            without.clone()
        }
    };
    own.set("manufacturer_ref", reference.clone());
    const TWICE: &str = "reference_twice";
    own.taken.clash = Some(match mapping.answer(TWICE, Answer::PutAside) {
        Answer::Merge => Clash::Merge { kind: TWICE },
        Answer::WithoutKey => {
            let mut record = own.taken.record.clone();
            record.values.insert("manufacturer_ref".to_owned(), json!(without));
            record.values.entry("default_code").or_insert_with(|| json!(reference));
            Clash::Instead { kind: TWICE, record: Box::new(record), key: Some(without) }
        }
        Answer::PutAside | Answer::Take => Clash::PutAside { kind: TWICE },
    });
    own.taken.unique = Some(reference.clone());
    own.taken.key = Some(reference);
    Ok(())
}
