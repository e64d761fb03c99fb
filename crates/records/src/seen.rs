//! Fields that are another thing for each identity, and how texts of theirs are found without looking at every row.

use domain::Identity;

use crate::model::Field;
use crate::sql::{Bind, Sql};

/// Up to how many records that are found beside are looked at one by one.
const FEW: usize = 200;

impl Field {
    /// It reads, is filtered and ordered by what this says, for each identity its own.
    pub fn seen_as(mut self, sql: fn(&Identity, &Field) -> String) -> Field {
        self.seen_as = Some(sql);
        self
    }

    /// What it is seen as is nothing but what stands in its own column, or in that of its name in this table, whose column `of` has the
    /// record's id.
    pub fn found_beside(mut self, table: &'static str, of: &'static str) -> Field {
        self.beside = Some((table, of));
        self
    }
}

/// That a field, in SQL `column` of the row `alias`, is or is not `like` a pattern, case and accents apart.
pub(crate) fn folded(alias: &str, field: &Field, column: &str, like: &str, pattern: Bind) -> Sql {
    // Folded once: in a plan for any pattern a bare call would be made for every row
    let is_like = |column: &str, like: &str| {
        let mut sql = Sql::new(&format!("norm({column}) {like} (SELECT norm_pattern("));
        sql.bind(pattern.clone()).push("))");
        sql
    };
    let exact = is_like(column, like);
    let Some((table, of)) = field.beside.filter(|_| like == "LIKE") else { return exact };
    // No index has what is seen. Those of the columns that it comes from tell the few records in which it may be found; where the other
    // table has many, each record may be one: an array is looked through from its beginning, for each of them
    let name = field.name;
    let mut found = Sql::new(&format!("FROM {table} b WHERE "));
    found.append(is_like(&format!("b.{name}"), like));
    let mut sql = Sql::new("((");
    sql.append(is_like(&format!("{alias}.{name}"), like));
    sql.push(&format!(
        " OR {alias}.id > 0 AND {alias}.id <= (SELECT CASE WHEN count(*) > {FEW} THEN {} ELSE 0 END FROM (SELECT ",
        i64::MAX
    ));
    sql.append(found.clone()).push(&format!(" LIMIT {FEW} + 1) s) OR {alias}.id = ANY (ARRAY(SELECT b.{of} ")).append(found);
    sql.push(&format!(" LIMIT {FEW}))) AND ")).append(exact).push(")");
    sql
}
