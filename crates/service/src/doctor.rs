//! What is wrong, in words, for whoever is called at night: `hub doctor`, or `doctor` of a service. It changes nothing.

use chrono::Utc;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Double, Text};
use process::findings::{Finding, clocks};
use records::{read, sql};

use crate::owner::{Owner, Service};

/// How long an event may wait for its position or a follower before it is told, in seconds.
const LAG: f64 = 30.0;

/// Looks at a service's database, schema, clocks, feed, followers, and at what it knows best itself.
pub async fn examine<S: Service>(owner: &Owner<S>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let asked = Utc::now();
    match owner.database.rows::<Server>(sql!("doctor/server.sql")).await.map(|mut rows| rows.pop()) {
        Ok(Some(Server { version, messages, clock })) => {
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

/// What the database's server tells of itself.
#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Text)]
    messages: String,
    #[diesel(sql_type = Double)]
    clock: f64,
}

/// Whether the newest hashes of what was sent are under keys that are here.
async fn hashes<S: Service>(owner: &Owner<S>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for model in owner.registry.models().filter(|model| model.any_field("post_hash").is_some()) {
        match owner.database.search::<Text, String>(read::hash_keys(model)).await {
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

/// Events of a feed that were put aside.
#[derive(QueryableByName)]
struct Parked {
    #[diesel(sql_type = Text)]
    feed: String,
    #[diesel(sql_type = BigInt)]
    many: i64,
    #[diesel(sql_type = Text)]
    why: String,
}

async fn feeds<S: Service>(owner: &Owner<S>) -> Vec<Finding> {
    let mut findings = Vec::new();
    match owner.database.search::<Double, f64>(sql!("doctor/lag.sql")).await.map(|mut rows| rows.pop()) {
        Ok(Some(lag)) if lag > LAG => {
            findings.push(Finding::ill(format!("events have had no position for {lag:.0} s: no process of the service is stamping")))
        }
        Ok(_) => findings.push(Finding::well("events get their positions")),
        Err(fault) => findings.push(Finding::ill(format!("events can't be looked at: {}", fault.message))),
    }
    match owner.database.rows::<Parked>(sql!("doctor/parked.sql")).await {
        Ok(parked) => findings.extend(parked.into_iter().map(|Parked { feed, many, why }| {
            Finding::ill(format!("{many} events of {feed} could not have their effect and were put aside (feed_parked): {why}"))
        })),
        Err(fault) => findings.push(Finding::ill(format!("parked events can't be looked at: {}", fault.message))),
    }
    for feed in S::FOLLOWS {
        let cursor = match owner.database.search::<BigInt, i64>(sql!("doctor/cursor.sql", *feed)).await {
            // Where nothing was taken yet it begins
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
