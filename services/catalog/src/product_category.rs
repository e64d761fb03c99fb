//! `product.category`: a tree.

use jsonrpc::Fault;
use records::tx::Found;
use records::values::Mode;
use records::{Failure, Field, Kind, Model, Sql, Tx, Value};
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
    Model::new("product.category", "product_category", "Category", fields, access).tree("parent_id")
}

/// A category that is made or changed.
#[derive(Default)]
pub struct ProductCategory;

impl Behaviour<Catalog> for ProductCategory {
    async fn write(&self, change: Changing<'_, '_, Catalog>, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
        write(change.tx, change.model, found, data).await
    }
}

/// Changes categories, and refuses a circle.
///
/// # Errors
/// 422 where a category would be above itself, or the tree too deep.
async fn write(tx: &mut Tx<'_>, model: &Model, found: Found, data: Map<String, Json>) -> Result<(), Failure> {
    let mut problems = tx.problems();
    let values = tx.check(model, Mode::Write, data, &mut problems).await?;
    problems.check()?;
    let parent = match values.get("parent_id") {
        Some(Value::Plain(id)) => id.as_i64().or_else(|| id.as_str()?.parse().ok()),
        _ => None,
    };
    if let Some(parent) = parent {
        // One change of the tree at a time: two moves, each right alone, could close a circle together
        tx.ids(Sql::new("SELECT 1::bigint FROM (SELECT pg_advisory_xact_lock(hashtext('product_category tree'))) locked")).await?;
        let mut above = Sql::new("WITH RECURSIVE up AS (SELECT id, parent_id FROM product_category WHERE id = ");
        above.bind(parent);
        above.push(" UNION SELECT c.id, c.parent_id FROM product_category c JOIN up ON c.id = up.parent_id) SELECT id FROM up");
        let above = tx.ids(above).await?;
        if found.ids.iter().any(|id| above.contains(id)) {
            return Err(Fault::validation("A category can't be above itself: the parent_id lies below the category.").into());
        }
        if above.len() >= MAX_DEPTH {
            return Err(Fault::validation(format!("The tree of categories can't be deeper than {MAX_DEPTH}.")).into());
        }
    }
    tx.update(model, found.ids, &values).await.map(drop)
}
