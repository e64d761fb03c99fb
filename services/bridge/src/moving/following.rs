//! What changed there since the last run: by when it was written, with an overlap; by what belongs to it, for a change of that does not
//! touch it there; and by the ids that are there, for a removal leaves no trace.

use std::collections::BTreeSet;

use diesel::sql_types::{BigInt, Text};
use records::sql;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::pages::IDS;
use super::{Broken, Mover, Progress};
use crate::client::{Stop, id_of};
use crate::reading::{Companion, Reader};

/// How many seconds before its last beginning a run looks back: what was written then may have been committed after it was read.
const OVERLAP: i64 = 600;
/// The date by which everything there is known to have changed.
const WRITTEN: &str = "write_date";

impl Mover<'_> {
    /// Since when, as that Odoo writes it.
    pub(super) async fn since(&self) -> Result<String, Broken> {
        let since: Vec<String> = self.owner.database.search::<Text, String>(sql!("following/since.sql", self.run.odoo_id, OVERLAP)).await?;
        let none = || Stop::Impossible("Nothing was imported from this Odoo yet: import it first".to_owned());
        Ok(since.into_iter().next().ok_or_else(none)?)
    }

    /// Takes what changed of a reader's records.
    pub(super) async fn follow(&self, at: usize, reader: &'static Reader, progress: &mut Progress) -> Result<(), Broken> {
        let Some(domain) = self.domain(reader) else { return Ok(()) };
        let since = self.since().await?;
        let mut written = domain.clone();
        written.push(json!([WRITTEN, ">=", since]));
        self.walk(at, reader, &written, progress).await?;
        for companion in reader.companions.iter().filter(|companion| companion.from.is_none()) {
            let of: Vec<i64> = self.changed(companion, &since).await?.into_iter().collect();
            for some in of.chunks(IDS) {
                let mut these = domain.clone();
                these.push(json!([companion.of, "in", some]));
                self.take_these(at, reader, &these, progress).await?;
            }
        }
        self.compare_ids(at, reader, &domain, progress).await
    }

    /// By what is written in them, the records of which something that belongs to them changed.
    async fn changed(&self, companion: &Companion, since: &str) -> Result<BTreeSet<i64>, Broken> {
        let (mut of, mut after) = (BTreeSet::new(), 0);
        if !self.world.has(companion.model, WRITTEN) {
            return Ok(of);
        }
        let mut domain = (companion.domain)(&self.world);
        domain.push(json!([WRITTEN, ">=", since]));
        loop {
            let rows = self.page(companion.model, &domain, &["id".to_owned(), companion.by.to_owned()], after).await?;
            let Some(last) = rows.last().and_then(|row| id_of(row.get("id"))) else { return Ok(of) };
            of.extend(rows.iter().filter_map(|row| id_of(row.get(companion.by))));
            after = last;
        }
    }

    /// What a domain finds, by pages, besides where the reader is.
    async fn take_these(&self, at: usize, reader: &'static Reader, domain: &[Json], progress: &mut Progress) -> Result<(), Broken> {
        let mut ready = self.read(reader, domain, 0).await?;
        while let Some(last) = ready.last() {
            let (many, begun) = (ready.rows.len(), Instant::now());
            let became = self.give(reader, ready).await?;
            self.done(at, progress, became, many, begun, None).await?;
            ready = self.read(reader, domain, last).await?;
        }
        Ok(())
    }

    /// What is there and is not known is taken; what is known and not there is gone.
    async fn compare_ids(&self, at: usize, reader: &'static Reader, domain: &[Json], progress: &mut Progress) -> Result<(), Broken> {
        let (run, mut after) = (self.run, 0);
        loop {
            let rows = self.page(reader.theirs, domain, &["id".to_owned()], after).await?;
            let there: Vec<i64> = rows.iter().filter_map(|row| id_of(row.get("id"))).collect();
            // After the last page nothing is there
            let last = there.last().copied().unwrap_or(i64::MAX);
            let compared = sql!("following/compare.sql", run.odoo_id, run.id, reader.name, after, last, there.clone());
            let unknown: Vec<i64> = self.owner.database.store::<BigInt, i64>(compared).await?;
            for some in unknown.chunks(IDS) {
                let mut these = domain.to_vec();
                these.push(json!(["id", "in", some]));
                self.take_these(at, reader, &these, progress).await?;
            }
            if there.is_empty() {
                return Ok(());
            }
            after = last;
        }
    }
}
