//! The net under the generated statements: triggers by which whoever else changes a record, psql included, leaves its event and
//! its audit too (migrations/common/2026-11-26-000801_net).
//!
//! They are made from the declarations each time migrations run, so that a field that becomes personal is personal in them too.
//! Sessions of ours set `hub.own`, for which they are silent. An earlier release's do not: until none serves any more they are
//! disabled, and `migrate net` enables them.

use std::collections::BTreeMap;

use diesel::sql_types::Text;
use records::{Model, Registry, sql};

use crate::Database;

/// The statements that put the net under each table of a service.
///
/// # Errors
/// A table of several models of which none has its name.
fn watched(registry: &Registry) -> anyhow::Result<Vec<String>> {
    let mut tables: BTreeMap<&str, Vec<&Model>> = BTreeMap::new();
    for model in registry.models().filter(|model| !model.is_queue) {
        tables.entry(model.table).or_default().push(model);
    }
    let watch = |(table, models): (&str, Vec<&Model>)| {
        // Its events are told as of the model that writes it
        let model = match models.as_slice() {
            [one] => one,
            several => {
                let named = several.iter().find(|model| model.name.replace('.', "_") == table);
                named.ok_or_else(|| anyhow::anyhow!("{table} is the table of several models, and has no model's name"))?
            }
        };
        let list = |columns: &[&str]| format!("'{{{}}}'", columns.join(","));
        let (secret, personal) = (list(&model.secret_columns()), list(&model.personal_columns()));
        Ok(format!("CALL record_watch('{table}', '{}', {secret}, {personal}, '{}')", model.name, model.impersonal.unwrap_or_default()))
    };
    tables.into_iter().map(watch).collect()
}

impl Database {
    /// Puts the net under the tables that have none yet, or another than is declared.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) async fn spread_net(&self, registry: &Registry) -> anyhow::Result<()> {
        self.alter_each(watched(registry)?).await
    }

    /// Enables the net; answers under how many tables it was disabled.
    ///
    /// # Errors
    /// The database's own.
    pub async fn enable_net(&self) -> anyhow::Result<usize> {
        let statements = self.search::<Text, String>(sql!("net/disabled.sql")).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let tables = statements.len();
        self.alter_each(statements).await?;
        Ok(tables)
    }
}
