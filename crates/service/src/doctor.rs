//! What is wrong, in words, for whoever is called at night: `hub doctor`, or `doctor` of a service. It changes nothing.

use chrono::Utc;
use diesel::sql_types::{BigInt, Double, Text};
use process::findings::{Finding, clocks};
use records::Sql;

use crate::owner::{Owner, Service};

/// How long an event may wait for its position or a follower before it is told, in seconds.
const LAG: f64 = 30.0;

/// Looks at a service's database, schema, clocks, feed, followers, and at what it knows best itself.
pub async fn examine<S: Service>(owner: &Owner<S>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let server = "SELECT current_setting('server_version'), current_setting('lc_messages'), extract(epoch FROM clock_timestamp())::float8";
    let asked = Utc::now();
    match owner.database.search::<(Text, Text, Double), (String, String, f64)>(Sql::new(server)).await.map(|mut rows| rows.pop()) {
        Ok(Some((version, messages, clock))) => {
            findings.push(Finding::well(format!("PostgreSQL {version} answers")));
            if !["C", "POSIX", "en"].iter().any(|known| messages.starts_with(known)) {
                findings.push(Finding::ill(format!("lc_messages is {messages}: errors of the database are not recognised; set it to C")));
            }
            findings.push(clocks("the database", asked, clock));
        }
        other => {
            let why = other.err().map(|fault| fault.message).unwrap_or_default();
            findings
                .push(Finding::ill(format!("the database can't be used: {why} Look at DATABASE_URL, the network, and the server's log")));
            return findings;
        }
    }
    match owner.database.is_migrated(&S::MIGRATIONS).await {
        Ok(true) => findings.push(Finding::well("the schema is that of this release")),
        Ok(false) => {
            findings.push(Finding::ill("the schema lacks migrations of this release: run `migrate`"));
            return findings;
        }
        Err(error) => findings.push(Finding::ill(format!("the schema can't be looked at: {error:#}"))),
    }
    findings.extend(feeds(owner).await);
    findings.extend(hashes(owner).await);
    findings.extend(S::examine(owner).await);
    findings
}

/// Whether the newest hashes of what was sent are under keys that are here.
async fn hashes<S: Service>(owner: &Owner<S>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for model in owner.registry.models().filter(|model| model.any_field("post_hash").is_some()) {
        let sql = format!(
            "SELECT DISTINCT split_part(post_hash, '.', 1) FROM (SELECT post_hash FROM {} WHERE post_hash LIKE '%.%' ORDER BY id DESC LIMIT 1000) h",
            model.table
        );
        match owner.database.search::<Text, String>(Sql::new(&sql)).await {
            Ok(keys) => findings.extend(keys.iter().filter(|key| !owner.database.hashing().has(key)).map(|key| {
                Finding::ill(format!(
                    "HASH_KEYS lacks the key '{key}' of {} records: what was sent before is not known for the same",
                    model.name
                ))
            })),
            Err(fault) => findings.push(Finding::ill(format!("hashes of {} can't be looked at: {}", model.name, fault.message))),
        }
    }
    findings
}

async fn feeds<S: Service>(owner: &Owner<S>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lag = "SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8 FROM event WHERE pos IS NULL";
    match owner.database.search::<Double, f64>(Sql::new(lag)).await.map(|mut rows| rows.pop()) {
        Ok(Some(lag)) if lag > LAG => {
            findings.push(Finding::ill(format!("events have had no position for {lag:.0} s: no process of the service is stamping")))
        }
        Ok(_) => findings.push(Finding::well("events get their positions")),
        Err(fault) => findings.push(Finding::ill(format!("events can't be looked at: {}", fault.message))),
    }
    let parked = "SELECT feed, count(*), min(error) FROM feed_parked GROUP BY feed LIMIT 10";
    match owner.database.search::<(Text, BigInt, Text), (String, i64, String)>(Sql::new(parked)).await {
        Ok(parked) => findings.extend(parked.into_iter().map(|(feed, many, error)| {
            Finding::ill(format!("{many} events of {feed} could not have their effect and were put aside (feed_parked): {error}"))
        })),
        Err(fault) => findings.push(Finding::ill(format!("parked events can't be looked at: {}", fault.message))),
    }
    for feed in S::FOLLOWS {
        let mut cursor = Sql::new("SELECT pos FROM feed_cursor WHERE feed = ");
        cursor.bind(*feed);
        let cursor = match owner.database.search::<BigInt, i64>(cursor).await {
            Ok(mut rows) => rows.pop().unwrap_or_default(),
            Err(fault) => {
                findings.push(Finding::ill(format!("how far the feed of {feed} is followed can't be looked at: {}", fault.message)));
                continue;
            }
        };
        let ask = async {
            let call = jsonrpc::Call::new("", "_feed", owner.keyring.own_token(feed)?);
            let next = owner.router.service(feed)?.call(call.with("after", &cursor).with("limit", &1).with("look", &true)).await?;
            process::parse_reply::<Vec<events::Event>>(next).await
        };
        findings.push(match ask.await {
            Ok(next) => match next.first().map(|event| (Utc::now() - event.at).as_seconds_f64()) {
                Some(lag) if lag > LAG => {
                    Finding::ill(format!("it is {lag:.0} s behind in the feed of {feed}: look for 'feed' in its log"))
                }
                _ => Finding::well(format!("it follows the feed of {feed}")),
            },
            Err(fault) => Finding::ill(format!("{feed} can't be asked for its feed: {}", fault.message)),
        });
    }
    findings
}
