//! What is wrong with the platforms: secrets that don't open, addresses that don't answer, what waits and what is dead.

use std::time::Duration;

use chrono::Utc;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text};
use records::sql;
use service::Owner;
use service::findings::Finding;

use crate::{Sync, installation, signature};

/// How old the oldest delivery may be before it is told, in seconds.
const OLDEST: f64 = 300.0;

/// Looks at every platform that is switched on. It calls each, without telling it anything.
pub async fn platforms(owner: &Owner<Sync>) -> Vec<Finding> {
    let rows: Vec<Platform> = match owner.database.rows(sql!("examine/platforms.sql")).await {
        Ok(rows) => rows,
        Err(fault) => return vec![Finding::ill(format!("platforms can't be looked at: {}", fault.message))],
    };
    let mut findings = Vec::new();
    match owner.database.rows::<Parked>(sql!("examine/parked.sql")).await.map(|rows| rows.into_iter().next()) {
        Ok(Some(Parked { many, why: Some(why) })) => {
            findings.push(Finding::ill(format!("{many} syncs were put aside and are tried again each minute (ek.sync): {why}")));
        }
        Ok(_) => {}
        Err(fault) => return vec![Finding::ill(format!("syncs can't be looked at: {}", fault.message))],
    }
    // What a copy finds out about platforms it would find out by calling them
    let is_withheld = match installation::withheld(owner).await {
        Ok(None) => false,
        Ok(Some(why)) => {
            findings.push(Finding::ill(why));
            true
        }
        Err(fault) => return vec![Finding::ill(format!("whose data it is can't be read: {}", fault.message))],
    };
    for Platform { name, base_url, secret, is_open, is_paused, oldest, waiting, dead, last } in rows {
        let before = findings.len();
        let opened = owner.service.keys.open(&secret);
        if opened.is_none() {
            findings.push(Finding::ill(format!("{name}'s secret can't be opened: PLATFORM_KEYS lacks the key '{}'", key_of(&secret))));
        }
        if is_paused {
            // Somebody says so: nothing is asked of it, and what waits for it is no fault
            findings.push(Finding::well(format!("{name}'s platform is paused: {waiting} deliveries wait for action_resume")));
        } else if is_withheld {
            findings.push(Finding::well(format!("{name}'s platform is not called; {waiting} deliveries wait")));
        } else {
            let asked = ask(&owner.service, &base_url, opened.as_slice()).await;
            let asked = asked.map_err(|error| format!("{name}'s platform can't be reached: {}", error.without_url()));
            if let Err(why) = asked.and_then(|status| is_well(&name, status, "a call that tells nothing")) {
                findings.push(Finding::ill(why));
            }
        }
        // A platform may look at the signature of what it is told alone
        let last = last.and_then(|status| u16::try_from(status).ok()).map_or(Ok(()), |status| is_well(&name, status, "its last delivery"));
        if let Err(why) = last {
            findings.push(Finding::ill(why));
        }
        if is_open && !is_paused {
            findings.push(Finding::ill(format!("{name}'s breaker is open: only probes are made until one is answered")));
        }
        if oldest > OLDEST && !is_paused {
            findings.push(Finding::ill(format!("{waiting} deliveries wait for {name}, the oldest for {:.0} min", oldest / 60.0)));
        }
        if dead > 0 {
            findings.push(Finding::ill(format!("{name} has {dead} dead letters: look at them, then action_replay")));
        }
        if findings.len() == before {
            findings.push(Finding::well(format!("{name}'s platform answers; {waiting} deliveries wait")));
        }
    }
    findings
}

/// A platform, as it is looked at.
#[derive(QueryableByName)]
struct Platform {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    base_url: String,
    #[diesel(sql_type = Text)]
    secret: String,
    #[diesel(sql_type = Bool)]
    is_open: bool,
    #[diesel(sql_type = Bool)]
    is_paused: bool,
    #[diesel(sql_type = Double)]
    oldest: f64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = BigInt)]
    dead: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    last: Option<i64>,
}

/// Syncs that were put aside; without a reason there is none.
#[derive(QueryableByName)]
struct Parked {
    #[diesel(sql_type = BigInt)]
    many: i64,
    #[diesel(sql_type = Nullable<Text>)]
    why: Option<String>,
}

/// A signed GET of a platform's base address: its status.
async fn ask(sync: &Sync, base_url: &str, secrets: &[Vec<u8>]) -> reqwest::Result<u16> {
    let (id, timestamp) = (format!("doctor_{:016x}", rand::random::<u64>()), Utc::now().timestamp());
    let request =
        sync.client.get(base_url).timeout(Duration::from_secs(5)).header("webhook-id", &id).header("webhook-timestamp", timestamp);
    let request = request.header("webhook-signature", signature::sign(secrets, &id, timestamp, b""));
    Ok(request.send().await?.status().as_u16())
}

/// Whether a status is one of a platform that is there and takes what is ours. That it has nothing at its base address, or
/// nothing to GET, is well.
fn is_well(name: &str, status: u16, to: &str) -> Result<(), String> {
    let why = match status {
        401 | 403 => "it does not take our signature: compare its secret with the one here",
        300..=399 => "it has moved: base_url must be where it is",
        410 => "it wants to hear no more",
        501 => return Ok(()),
        500.. => "look at the platform's own log",
        _ => return Ok(()),
    };
    Err(format!("{name}'s platform answers {status} to {to}: {why}"))
}

/// The name of the key that a sealed text begins with.
fn key_of(sealed: &str) -> &str {
    sealed.split('.').next().unwrap_or_default()
}
