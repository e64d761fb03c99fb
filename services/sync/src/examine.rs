//! What is wrong with the platforms: secrets that don't open, addresses that don't answer, what waits and what is dead.

use std::time::Duration;

use diesel::sql_types::{BigInt, Bool, Double, Text};
use records::Sql;
use service::Owner;
use service::doctor::Finding;

use crate::Sync;

/// How old the oldest delivery may be before it is told, in seconds.
const OLDEST: f64 = 300.0;

/// Looks at every platform that is switched on. It calls each, without telling it anything.
pub async fn platforms(owner: &Owner<Sync>) -> Vec<Finding> {
    let sql = Sql::new(
        "SELECT p.name, p.base_url, p.secret, p.open_until IS NOT NULL, coalesce(extract(epoch FROM now() - o.oldest), 0)::float8, o.n, \
         (SELECT count(*) FROM ek_delivery d WHERE d.platform_id = p.id AND d.state = 'dead') FROM ek_platform p, LATERAL \
         (SELECT min(d.changed_at) AS oldest, count(*) AS n FROM ek_delivery d WHERE d.platform_id = p.id AND d.state IN ('waiting', 'sending')) o \
         WHERE p.active AND p.deleted_at IS NULL ORDER BY p.name LIMIT 1000",
    );
    type Columns = (Text, Text, Text, Bool, Double, BigInt, BigInt);
    let rows = owner.database.search::<Columns, (String, String, String, bool, f64, i64, i64)>(sql).await;
    let rows = match rows {
        Ok(rows) => rows,
        Err(fault) => return vec![Finding::ill(format!("platforms can't be looked at: {}", fault.message))],
    };
    let mut findings = Vec::new();
    for (name, base_url, secret, is_open, oldest, waiting, dead) in rows {
        let before = findings.len();
        if owner.service.keys.open(&secret).is_none() {
            findings.push(Finding::ill(format!("{name}'s secret can't be opened: PLATFORM_KEYS lacks the key '{}'", key_of(&secret))));
        }
        // Any answer is one: what it says to nothing does not matter
        if let Err(error) = owner.service.client.get(&base_url).timeout(Duration::from_secs(5)).send().await {
            findings.push(Finding::ill(format!("{name}'s platform can't be reached: {}", error.without_url())));
        }
        if is_open {
            findings.push(Finding::ill(format!("{name}'s breaker is open: only probes are made until one is answered")));
        }
        if oldest > OLDEST {
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

/// The name of the key that a sealed text begins with.
fn key_of(sealed: &str) -> &str {
    sealed.split('.').next().unwrap_or_default()
}
