//! Looks at sealed fields: each one is a row of the audit before the value leaves, whoever looks. It names the fields that were asked for,
//! as `read: salary, birth_date`, and has no value.
// circle: owner, reading: an Owner notes what it opens for a read

use std::collections::BTreeSet;

use domain::Identity;
use jsonrpc::Fault;
use records::{Model, sql};

use crate::owner::{Owner, Service};

/// What a request opens: of which records, and which of their fields.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    records: BTreeSet<i64>,
    fields: Vec<&'static str>,
}

impl Looks {
    /// A field of a record is opened.
    pub(crate) fn note(&mut self, record: i64, field: &'static str) {
        self.records.insert(record);
        if !self.fields.contains(&field) {
            self.fields.push(field);
        }
    }
}

impl<S: Service> Owner<S> {
    /// Writes a row for each record, in one statement. What was opened must not be told where this fails.
    ///
    /// # Errors
    /// The database's own.
    pub(crate) async fn keep_looks(&self, identity: &Identity, model: &Model, looks: Looks) -> Result<(), Fault> {
        if looks.records.is_empty() {
            return Ok(());
        }
        let (field, records) = (format!("read: {}", looks.fields.join(", ")), looks.records.into_iter().collect::<Vec<_>>());
        let origin = identity.origin_claiming(None).as_str();
        let noted = sql!("looks/keep.sql", identity.uid, origin, identity.bank, model.name, field, records);
        self.database.run(noted).await.map(drop)
    }
}
