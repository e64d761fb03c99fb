//! A verification: everything there is read and converted once more, its owner says whether it would store the same again, and numbers
//! and sums of both sides are laid side by side. It stores nothing but its report.

use std::collections::{BTreeMap, BTreeSet};

use bridge_contract::{Difference, Line, Part, Stage, Verified};
use diesel::sql_types::BigInt;
use records::sql;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

use super::pages::Ready;
use super::{Broken, Mover, Progress};
use crate::client::id_of;
use crate::reading::cells::number;
use crate::reading::goods::{TOLD_WITH_THE_FIRST, sum_of_place};
use crate::reading::{Converted, READERS, Reader, Taken};

/// How many records that differ are named.
const NAMED: usize = 10_000;

/// What of a model is added up on both sides.
struct Summed {
    /// The same field there and here.
    field: &'static str,
    /// What is asked of ours.
    query: &'static str,
    /// Of ours, by what it is told apart.
    by: fn(&Map<String, Json>) -> String,
}

fn summed(reader: &Reader) -> Option<Summed> {
    let amounts = |query, by| Summed { field: "amount_total", query, by };
    match reader.ours {
        "sale.order" => Some(amounts("{id, amount_total, ek_state, order_source, date_order}", |row| told(row, "ek_state", "date_order"))),
        "account.move" => {
            Some(amounts("{id, amount_total, move_type, state, order_source, invoice_date}", |row| told(row, "state", "invoice_date")))
        }
        "stock.quant" => {
            let by: fn(&Map<String, Json>) -> String = |row| place(row).unwrap_or_default();
            Some(Summed { field: "quantity", query: "{id, quantity, location_id{complete_name}}", by })
        }
        _ => None,
    }
}

/// State, bank and month.
fn told(row: &Map<String, Json>, state: &str, date: &str) -> String {
    let month = text(row, date).get(..7).unwrap_or_default();
    let parts = [text(row, state), text(row, "order_source"), month];
    parts.map(|part| if part.is_empty() { "—" } else { part }).join(" · ")
}

fn text<'r>(row: &'r Map<String, Json>, field: &str) -> &'r str {
    row.get(field).and_then(Json::as_str).unwrap_or_default()
}

fn place(row: &Map<String, Json>) -> Option<String> {
    Some(row.get("location_id")?.get("complete_name")?.as_str()?.to_owned())
}

/// An amount to its last digit, without what floating point adds; of a credit note below zero.
fn amount(field: &str, row: &Map<String, Json>) -> Decimal {
    let amount = number(row.get(field)).round_dp(if field == "quantity" { 6 } else { 2 }).normalize();
    if text(row, "move_type") == "out_refund" { -amount } else { amount }
}

/// The same as it is here, where nothing is less than nothing.
fn taken(field: &str, row: &Map<String, Json>) -> Decimal {
    let amount = amount(field, row);
    if field == "quantity" { amount.max(Decimal::ZERO) } else { amount }
}

/// What was kept of a record when it was taken.
#[derive(Deserialize)]
struct Before {
    their_id: i64,
    state: String,
    digest: Option<String>,
    record_id: Option<i64>,
}

impl Mover<'_> {
    /// Goes through all of it; answers the report.
    pub(super) async fn verify(&self, progress: &mut Progress) -> Result<Verified, Broken> {
        let mut verified = Verified::default();
        for (at, reader) in READERS.iter().enumerate() {
            // A verification that was interrupted begins again: what it had found is not kept
            self.set(at, progress, |moved| (moved.stage, moved.last, moved.read) = (Stage::Pages, 0, 0));
            self.keep(at, progress, &[]).await?;
            let line = self.verify_all(at, reader, progress, &mut verified).await?;
            self.set(at, progress, |moved| {
                moved.stage = Stage::Done;
                (moved.taken, moved.refused, moved.left_out) = (line.taken.many, line.put_aside.many, line.left_out.many);
                (moved.total, moved.gone) = (line.there.many, line.gone);
            });
            verified.lines.push(line);
        }
        self.keep(READERS.len(), progress, &[]).await?;
        verified.passed = verified.differing == 0 && verified.lines.iter().all(Line::holds);
        Ok(verified)
    }

    async fn verify_all(
        &self,
        at: usize,
        reader: &'static Reader,
        progress: &mut Progress,
        verified: &mut Verified,
    ) -> Result<Line, Broken> {
        let mut line =
            Line { reader: reader.name.to_owned(), theirs: reader.theirs.to_owned(), model: reader.ours.to_owned(), ..Line::default() };
        line.sum_of = summed(reader).map(|summed| summed.field.to_owned());
        let Some(domain) = self.domain(reader) else { return Ok(line) };
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        let mut begun = Instant::now();
        let mut ready = self.read(reader, &domain, 0).await?;
        while let Some(last) = ready.last() {
            let many = ready.rows.len();
            self.verify_page(reader, ready, &mut line, &mut parts, verified).await?;
            self.done(at, progress, Vec::new(), many, begun, Some(last)).await?;
            begun = Instant::now();
            ready = self.read(reader, &domain, last).await?;
        }
        line.parts = parts.into_values().collect();
        let gone: Vec<i64> = self.owner.database.search::<BigInt, i64>(sql!("verifying/gone.sql", self.run.odoo_id, reader.name)).await?;
        line.gone = gone.into_iter().next().and_then(|many| u64::try_from(many).ok()).unwrap_or_default();
        Ok(line)
    }

    async fn verify_page(
        &self,
        reader: &'static Reader,
        Ready { rows, mut page }: Ready<'_>,
        line: &mut Line,
        parts: &mut BTreeMap<String, Part>,
        verified: &mut Verified,
    ) -> Result<(), Broken> {
        let summed = summed(reader);
        self.know(reader, &rows, &mut page).await?;
        let mut given: Vec<Taken> = Vec::with_capacity(rows.len());
        let mut there: BTreeMap<i64, Decimal> = BTreeMap::new();
        for row in &rows {
            let raw = summed.as_ref().and_then(|summed| Some(amount(summed.field, row.as_object()?))).unwrap_or_default();
            line.there.add(raw);
            // Of a place the first row has the sum
            let whole = if reader.ours == "stock.quant" { sum_of_place(row, &page).round_dp(6) } else { raw };
            match (reader.convert)(row, &page) {
                Ok(Converted::Record(taken)) => {
                    let sum = summed.as_ref().map_or(Decimal::ZERO, |summed| self::taken(summed.field, &taken.record.values));
                    there.insert(taken.record.odoo_id, sum);
                    if reader.ours == "stock.quant" {
                        line.below_zero += whole.min(Decimal::ZERO);
                    }
                    given.push(*taken);
                }
                Ok(Converted::LeftOut { why: TOLD_WITH_THE_FIRST }) => line.left_out.add(Decimal::ZERO),
                Ok(Converted::LeftOut { .. }) => line.left_out.add(raw),
                Err(_) => line.put_aside.add(whole),
            }
        }
        let values: BTreeMap<i64, Map<String, Json>> =
            given.iter().map(|taken| (taken.record.odoo_id, taken.record.values.clone())).collect();
        let ids: Vec<i64> = values.keys().copied().collect();
        let before: Vec<Before> = self.owner.database.read(sql!("verifying/before.sql", self.run.odoo_id, reader.ours, ids)).await?;
        let before: BTreeMap<i64, Before> = before.into_iter().map(|one| (one.their_id, one)).collect();
        let mut here: BTreeMap<i64, i64> = BTreeMap::new();
        for kept in self.give_converted(reader, given, Vec::new()).await?.into_iter().filter(|kept| !kept.reader.is_empty()) {
            let (id, sum) = (kept.their_id, there.get(&kept.their_id).copied().unwrap_or_default());
            let before = before.get(&id);
            let was_taken = before.is_some_and(|before| before.state == "taken");
            let what = match (was_taken, kept.state) {
                (true, "taken") if before.and_then(|before| before.digest.as_ref()) == kept.digest.as_ref() => None,
                (true, "taken") => Some("it was changed there since it was taken: it is followed next".to_owned()),
                (true, _) => Some(kept.reason.clone().unwrap_or_default()),
                (false, "taken") => Some("it could be taken and was not: import or follow once more".to_owned()),
                // Put aside, with the reason that stands in the list of records
                (false, _) => {
                    line.put_aside.add(sum);
                    continue;
                }
            };
            line.taken.add(sum);
            match (what, kept.record_id.or(kept.obstacle_id).or(before.and_then(|before| before.record_id))) {
                (None, Some(record)) => drop(here.insert(id, record)),
                (what, record_id) => differs(verified, reader, id, record_id, what.unwrap_or_default()),
            }
        }
        self.compare(reader, summed, &here, &values, (line, parts, verified)).await
    }

    /// What of these is here: of what has a sum each is read.
    async fn compare(
        &self,
        reader: &Reader,
        summed: Option<Summed>,
        here: &BTreeMap<i64, i64>,
        values: &BTreeMap<i64, Map<String, Json>>,
        (line, parts, verified): (&mut Line, &mut BTreeMap<String, Part>, &mut Verified),
    ) -> Result<(), Broken> {
        let Some(Summed { field, query, by }) = summed else {
            line.here.many += u64::try_from(here.len()).unwrap_or(u64::MAX);
            return Ok(());
        };
        let by_record: BTreeMap<i64, i64> = here.iter().map(|(id, record)| (*record, *id)).collect();
        let ids: Vec<i64> = by_record.keys().copied().collect();
        let mut found = BTreeSet::new();
        for some in ids.chunks(1_000) {
            let filter = json!([["id", "in", some]]);
            let rows: Vec<Map<String, Json>> = self.owner.read_of(reader.ours, &filter, query, some.len(), None).await?;
            for row in rows {
                let Some((record, id)) = id_of(row.get("id")).and_then(|record| Some((record, *by_record.get(&record)?))) else { continue };
                found.insert(record);
                let (mine, said) = (amount(field, &row), values.get(&id));
                let theirs = said.map(|said| taken(field, said)).unwrap_or_default();
                line.here.add(mine);
                parts.entry(by(&row)).or_default().here.add(mine);
                // The place of a quantity is told by its warehouse, which the owner compares
                let of = if reader.ours == "stock.quant" { by(&row) } else { said.map(by).unwrap_or_default() };
                parts.entry(of).or_default().there.add(theirs);
                if mine != theirs {
                    differs(verified, reader, id, Some(record), format!("{field}: {theirs} there, {mine} here"));
                }
            }
        }
        for (name, part) in parts.iter_mut().filter(|(_, part)| part.of.is_empty()) {
            part.of.clone_from(name);
        }
        for (id, record) in here.iter().filter(|(_, record)| !found.contains(record)) {
            differs(verified, reader, *id, Some(*record), "it is not here".to_owned());
        }
        Ok(())
    }
}

fn differs(verified: &mut Verified, reader: &Reader, their_id: i64, record_id: Option<i64>, what: String) {
    verified.differing += 1;
    if verified.differences.len() < NAMED {
        verified.differences.push(Difference { reader: reader.name.to_owned(), their_id, record_id, what });
    }
}
