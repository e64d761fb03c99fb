//! `product.category`: a tree.

use jsonrpc::Fault;
use records::tx::Found;
use records::values::Mode;
use records::{Failure, Field, Kind, Model, Value, sql};
use serde_json::{Map, Value as Json};
use service::{Behaviour, Changing};

use crate::{Catalog, access};

/// How deep the tree may be: what its SQL follows.
const MAX_DEPTH: usize = 20;

/// The declaration.
pub fn model(_: &Catalog) -> Model {
    let complete_name = "(WITH RECURSIVE up AS (SELECT c.parent_id, c.name AS path, 1 AS depth FROM product_category c WHERE c.id = {t}.id \
        UNION ALL SELECT c.parent_id, c.name || ' / ' || up.path, up.depth + 1 FROM product_category c JOIN up ON c.id = up.parent_id \
        WHERE up.depth < 20) SELECT path FROM up ORDER BY depth DESC LIMIT 1)";
    let fields = vec![
        Field::computed("display_name", Kind::Char(5_000), "Display name", complete_name),
        Field::new("name", Kind::Char(254), "Name").required(),
        Field::computed("complete_name", Kind::Char(5_000), "Complete name", complete_name),
        Field::new("parent_id", Kind::Many2one("product.category"), "Parent category"),
        Field::new("child_id", Kind::One2many { comodel: "product.category", inverse: "parent_id" }, "Child categories"),
        Field::new("taxes_id", Kind::Many2many("account.tax"), "Customer taxes")
            .help("Of the products in it that have none of their own. One at most."),
        Field::new("product_ids", Kind::One2many { comodel: "product.master", inverse: "categ_id" }, "Products"),
    ];
    Model::new("product.category", "product_category", "Category", fields, access).copied_without(&["name"]).tree("parent_id")
}

/// A category that is made or changed.
#[derive(Default)]
pub struct ProductCategory;

impl Behaviour<Catalog> for ProductCategory {
    /// Changes categories, and refuses a circle.
    ///
    /// # Errors
    /// 422 where a category would be above itself, or the tree too deep.
    async fn write(&self, change: Changing<'_, '_, Catalog>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        let Changing { tx, model, .. } = change;
        let mut problems = tx.problems();
        let values = tx.check(model, Mode::Write, data, &mut problems).await?;
        problems.check()?;
        if let Some(parent) = values.get("parent_id").and_then(Value::plain).and_then(Json::as_i64) {
            tx.run(sql!("product_category/one_change_of_the_tree.sql")).await?;
            let above = tx.ids(sql!("product_category/above.sql", parent)).await?;
            if found.ids.iter().any(|id| above.contains(id)) {
                return Err(Fault::validation("A category can't be above itself: the parent_id lies below the category.").into());
            }
            if above.len() >= MAX_DEPTH {
                return Err(Fault::validation(format!("The tree of categories can't be deeper than {MAX_DEPTH}.")).into());
            }
        }
        tx.update(model, found.ids, &values).await.map(drop)
    }
}
