//! The cut-over: nobody changes records any more, the last changes come over, both sides are laid side by side, what is open gets its
//! goods, the platforms go on from what they have, and the hub is free. Killed anywhere it goes on: each step again does nothing.

use std::time::Duration;

use bridge_contract::{CutOver, Verified};
use diesel::sql_types::Text;
use jsonrpc::Fault;
use records::sql;
use service::Owner;
use stock_contract::Reserve;
use sync_contract::Adopt;

use crate::Bridge;
use crate::client::{Odoo, Stop};
use crate::inspect::Watch;
use crate::moving::{self, Broken, Done, Run};

/// The services whose records come over.
const OWNERS: [&str; 4] = ["catalog", "partners", "crm", "stock"];
/// How often it is looked whether it is known what platforms have.
const LOOK: Duration = Duration::from_secs(1);

/// Nobody but the bridge changes records, with the reason for people's eyes; without one that is over.
///
/// # Errors
/// 503 where an owner is away.
pub async fn freeze(owner: &Owner<Bridge>, odoo: i64, because: Option<&str>) -> Result<(), Fault> {
    for service in OWNERS {
        owner.freeze_other(service, &moving::source(odoo), because).await?;
    }
    Ok(())
}

/// Freezes for as long as records come over.
///
/// # Errors
/// 503 where an owner is away.
pub async fn freeze_for(owner: &Owner<Bridge>, odoo: i64, name: &str) -> Result<(), Fault> {
    let because = format!("Records come over from the Odoo '{name}': until the cut-over nothing is changed here.");
    freeze(owner, odoo, Some(&because)).await
}

/// Goes through what is left of a cut-over; answers its report.
///
/// # Errors
/// Why it does not go on; where a verification does not pass, what it found.
pub async fn go(
    owner: &Owner<Bridge>,
    run: &Run<'_>,
    name: &str,
    before: Option<CutOver>,
    odoo: &Odoo,
    watch: &dyn Watch,
) -> Result<CutOver, Broken> {
    let mut report = match before.filter(|before| before.verified.passed) {
        Some(before) => before,
        None => {
            freeze_for(owner, run.odoo_id, name).await?;
            let of = |kind| Run { kind, progress: None, of_marked: false, ..*run };
            moving::go(owner, &of("follow"), odoo, watch).await?;
            let found = moving::go(owner, &of("verification"), odoo, watch).await?;
            let Done::Verified(verified) = found else { return Err(Stop::Impossible("A verification told nothing".to_owned()).into()) };
            if !verified.passed {
                return Err(Stop::Impossible(differs(&verified)).into());
            }
            let report = CutOver { verified, ..CutOver::default() };
            keep(owner, run, &report).await?;
            report
        }
    };
    loop {
        going_on(watch)?;
        let reserved = owner.ask(&Reserve::default(), None).await?;
        report.moves += reserved.moves;
        report.short += reserved.short;
        keep(owner, run, &report).await?;
        if !reserved.left {
            break;
        }
    }
    let begun: Vec<String> = owner.database.search::<Text, String>(sql!("cutting_over/begun.sql", run.id)).await?;
    let since = begun.into_iter().next().unwrap_or_default();
    loop {
        going_on(watch)?;
        let left = owner.ask(&Adopt { since: since.clone(), resume: false }, None).await?;
        if left == 0 {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    owner.ask(&Adopt { since, resume: true }, None).await?;
    freeze(owner, run.odoo_id, None).await?;
    if owner.database.run(sql!("cutting_over/over.sql", run.odoo_id, run.id, run.lease.to_owned())).await? == 0 {
        return Err(Broken::Lost);
    }
    Ok(report)
}

fn going_on(watch: &dyn Watch) -> Result<(), Broken> {
    if watch.is_cancelled() { Err(Broken::Lost) } else { Ok(()) }
}

/// Why there is no cut-over now, in words.
fn differs(verified: &Verified) -> String {
    let lines = verified.lines.iter().filter(|line| !line.holds()).map(|line| line.reader.as_str());
    let first = verified.differences.iter().take(3).map(|one| format!("{} {}: {}", one.reader, one.their_id, one.what));
    let told: Vec<String> = lines.map(str::to_owned).chain(first).collect();
    format!("The verification does not pass ({} records differ): {}. Verify, mend, and cut over again", verified.differing, told.join("; "))
}

async fn keep(owner: &Owner<Bridge>, run: &Run<'_>, report: &CutOver) -> Result<(), Broken> {
    let written = serde_json::to_string(report).map_err(|error| service::our_fault("bridge", "a cut-over can't be written", &error))?;
    match owner.database.run(sql!("runs/report.sql", run.id, run.lease.to_owned(), written)).await? {
        0 => Err(Broken::Lost),
        _ => Ok(()),
    }
}
