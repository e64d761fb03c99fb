//! What catalog takes from another Odoo: categories, brands, attributes and their values, products, configurations.

use catalog_contract::Import;
use jsonrpc::Fault;
use jsonrpc::import::Became;
use records::sql;
use service::importing::Imported;
use service::{Answers, Owner};

use crate::Catalog;

const IMPORTED: &[Imported] = &[
    Imported {
        model: "product.category",
        stored_as: "product.category",
        keys: |rows| sql!("imported/categories.sql", rows),
        ..Imported::PLAIN
    },
    Imported { model: "product.brand", stored_as: "product.brand", keys: |rows| sql!("imported/brands.sql", rows), ..Imported::PLAIN },
    Imported {
        model: "product.attribute",
        stored_as: "product.attribute",
        keys: |rows| sql!("imported/attributes.sql", rows),
        ..Imported::PLAIN
    },
    Imported {
        model: "product.attribute.value",
        stored_as: "product.attribute.value",
        keys: |rows| sql!("imported/values.sql", rows),
        ..Imported::PLAIN
    },
    Imported { model: "product.master", stored_as: "product.master", keys: |rows| sql!("imported/products.sql", rows), ..Imported::PLAIN },
    // A configuration has the id of the variant there: orders, stock and purchases refer to that
    Imported {
        model: "product.product",
        stored_as: "product.template",
        keys: |rows| sql!("imported/configurations.sql", rows),
        ..Imported::PLAIN
    },
];

impl Answers<Import> for Catalog {
    async fn answer(owner: &Owner<Self>, Import(batch): Import, traceparent: Option<&String>) -> Result<Vec<Became>, Fault> {
        owner.import(IMPORTED, &batch, traceparent).await
    }
}
