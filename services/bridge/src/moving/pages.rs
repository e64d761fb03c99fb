//! Pages: read by id, the next one while the one before is given to its owner.

use std::sync::atomic::Ordering;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::{Broken, Kept, Mover, Progress, ROUNDS};
use crate::client::{Stop, id_of};
use crate::reading::{Companion, Page, Reader, Row};

/// How many ids one search names.
pub(super) const IDS: usize = 1_000;
/// Why what was there before is gone.
const GONE: &str = "It is not there any more, or no longer among what comes over.";

/// A page with all that was read for it.
pub(super) struct Ready<'w> {
    /// The rows, in the order of their ids.
    pub rows: Vec<Row>,
    /// What else was read for them.
    pub page: Page<'w>,
}

impl Ready<'_> {
    pub(super) fn last(&self) -> Option<i64> {
        id_of(self.rows.last()?.get("id"))
    }
}

impl Mover<'_> {
    /// Which records a reader reads.
    pub(super) fn domain(&self, reader: &Reader) -> Option<Vec<Json>> {
        (reader.domain)(&self.world).filter(|_| self.world.fields.contains_key(reader.theirs))
    }

    /// What a domain finds of a reader's records, after those that are done.
    pub(super) async fn walk(&self, at: usize, reader: &'static Reader, domain: &[Json], progress: &mut Progress) -> Result<(), Broken> {
        let last = progress.moved.get(at).map_or(0, |moved| moved.last);
        let mut begun = Instant::now();
        let mut ready = self.read(reader, domain, last).await?;
        while let Some(last) = ready.last() {
            let many = ready.rows.len();
            let (given, next) = tokio::join!(self.give(reader, ready), self.read(reader, domain, last));
            self.done(at, progress, given?, many, begun, Some(last)).await?;
            begun = Instant::now();
            ready = next?;
        }
        Ok(())
    }

    /// Those that are marked, or wait for what came since, until nothing more comes of it.
    pub(super) async fn take_again(&self, at: usize, reader: &'static Reader, progress: &mut Progress) -> Result<(), Broken> {
        let Some(domain) = self.domain(reader) else { return Ok(()) };
        for _ in 0..ROUNDS {
            let (mut after, mut taken) = (0, 0);
            loop {
                let ids = self.again(reader, after).await?;
                let Some(last) = ids.last().copied() else { break };
                let begun = Instant::now();
                let mut became = Vec::new();
                for some in ids.chunks(IDS) {
                    became.extend(self.some(reader, &domain, some).await?);
                }
                taken += became.iter().filter(|kept| kept.state == "taken" && !kept.reader.is_empty()).count();
                self.done(at, progress, became, 0, begun, None).await?;
                after = last;
            }
            if taken == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Records by their ids.
    async fn some(&self, reader: &'static Reader, domain: &[Json], ids: &[i64]) -> Result<Vec<Kept>, Broken> {
        let mut these = domain.to_vec();
        these.push(json!(["id", "in", ids]));
        let (mut became, mut there, mut after) = (Vec::new(), Vec::new(), 0);
        loop {
            let ready = self.read(reader, &these, after).await?;
            let Some(last) = ready.last() else { break };
            there.extend(ready.rows.iter().filter_map(|row| id_of(row.get("id"))));
            became.extend(self.give(reader, ready).await?);
            after = last;
        }
        let gone = ids.iter().filter(|id| there.binary_search(id).is_err());
        became.extend(gone.map(|id| Kept::of(reader, *id, "gone").why("", GONE)));
        Ok(became)
    }

    /// Keeps what became of a page, and moves on.
    pub(super) async fn done(
        &self,
        at: usize,
        progress: &mut Progress,
        became: Vec<Kept>,
        many: usize,
        begun: Instant,
        last: Option<i64>,
    ) -> Result<(), Broken> {
        let of =
            |state: &str| u64::try_from(became.iter().filter(|kept| kept.state == state && !kept.reader.is_empty()).count()).unwrap_or(0);
        let many = u64::try_from(many).unwrap_or(0);
        progress.since += many;
        if let Some(moved) = progress.moved.get_mut(at) {
            moved.last = last.unwrap_or(moved.last);
            moved.read += many;
            moved.taken += of("taken");
            // What was put aside before and is read again is counted in the end
            if last.is_some() {
                moved.refused += of("refused");
                moved.left_out += of("left_out");
            }
            moved.millis += u64::try_from(begun.elapsed().as_millis()).unwrap_or(0);
        }
        self.keep(at, progress, &became).await
    }

    /// A page, with what belongs to it.
    pub(super) async fn read(&self, reader: &'static Reader, domain: &[Json], after: i64) -> Result<Ready<'_>, Broken> {
        let fields = (reader.fields)(&self.world);
        let rows = self.page(reader.theirs, domain, &fields, after).await?;
        let mut page = Page::new(&self.world);
        for companion in reader.companions {
            self.accompany(companion, &rows, &mut page).await?;
        }
        Ok(Ready { rows, page })
    }

    async fn accompany(&self, companion: &Companion, rows: &[Row], page: &mut Page<'_>) -> Result<(), Broken> {
        if !self.world.fields.contains_key(companion.model) {
            return Ok(());
        }
        let fields = (companion.fields)(&self.world);
        for some in page.ids(companion, rows).chunks(IDS) {
            let mut domain = vec![json!([companion.by, "in", some])];
            domain.extend((companion.domain)(&self.world));
            let mut after = 0;
            loop {
                let found = self.page(companion.model, &domain, &fields, after).await?;
                let Some(last) = found.last().and_then(|row| id_of(row.get("id"))) else { break };
                page.add(companion, found);
                after = last;
            }
        }
        Ok(())
    }

    /// Rows after an id; fewer where that Odoo can't answer so many, and more again where it can.
    pub(super) async fn page(&self, model: &str, domain: &[Json], fields: &[String], after: i64) -> Result<Vec<Row>, Broken> {
        if self.watch.is_cancelled() {
            return Err(Broken::Lost);
        }
        let names: Vec<&str> = fields.iter().map(String::as_str).collect();
        let mut limit = self.limit.load(Ordering::Relaxed);
        let rows = self.inspector.page(model, domain, &names, after, &mut limit).await?;
        self.limit.store((limit * 2).min(self.run.batch.clamp(1, 5_000)), Ordering::Relaxed);
        let mut before = after;
        for row in &rows {
            let id = id_of(row.get("id")).filter(|id| *id > before);
            before = id.ok_or_else(|| Stop::Impossible(format!("Odoo's page of {model} is not in the order of ids")))?;
        }
        Ok(rows)
    }
}
