//! What `/metrics` tells of the pushes. Alert where `hub_outbox_oldest_seconds` of an active platform is over 300, or
//! `hub_deliveries_dead` is not 0.

use std::sync::LazyLock;
use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};
use records::sql;
use service::Owner;
use service::metrics::{counter, gauge, histogram};

use crate::{Sync, installation};

/// From a change's transaction to a platform's 2xx, in seconds.
pub static LATENCY: LazyLock<HistogramVec> = LazyLock::new(|| {
    let buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0, 86_400.0];
    histogram("hub_delivery_latency_seconds", "From a change to the platform's 2xx", &buckets, &["platform"])
});
/// Calls by what came of them.
pub static ATTEMPTS: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter("hub_delivery_attempts_total", "Calls to platforms", &["platform", "outcome"]));
static PENDING: LazyLock<IntGaugeVec> = LazyLock::new(|| gauge("hub_outbox_pending", "Deliveries waiting", &["platform"]));
static OLDEST: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("hub_outbox_oldest_seconds", "Age of the oldest change that waits", &["platform"]));
static DEAD: LazyLock<IntGaugeVec> = LazyLock::new(|| gauge("hub_deliveries_dead", "Dead letters", &["platform"]));
static BREAKER: LazyLock<IntGaugeVec> = LazyLock::new(|| gauge("hub_platform_breaker_open", "1 while the breaker is open", &["platform"]));
static PAUSED: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge("hub_platform_paused", "1 while somebody has the platform paused: nothing is sent, and what waits has no age", &["platform"])
});

static WITHHELD: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    gauge("hub_pushes_withheld", "1 where this process pushes nothing: PUSH is false, or the data is another installation's", &[])
});

/// Keeps the gauges.
pub async fn watch(owner: &Owner<Sync>) {
    loop {
        match installation::withheld(owner).await {
            Ok(why) => WITHHELD.with_label_values::<&str>(&[]).set(i64::from(why.is_some())),
            Err(fault) => tracing::warn!(%fault, "whose data it is can't be read"),
        }
        match owner.database.rows::<Gauged>(sql!("metrics/platforms.sql")).await {
            Ok(rows) => {
                // Those that are gone or switched off are told no more
                for gauge in [&*PENDING, &*OLDEST, &*DEAD, &*BREAKER, &*PAUSED] {
                    gauge.reset();
                }
                for row in rows {
                    PENDING.with_label_values(&[&row.name]).set(row.pending);
                    OLDEST.with_label_values(&[&row.name]).set(row.age);
                    DEAD.with_label_values(&[&row.name]).set(row.dead);
                    BREAKER.with_label_values(&[&row.name]).set(row.is_open.into());
                    PAUSED.with_label_values(&[&row.name]).set(row.is_paused.into());
                }
            }
            Err(fault) => tracing::warn!(%fault, "the platforms' gauges can't be read; they stay as they were"),
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}

/// A platform's gauges.
#[derive(QueryableByName)]
struct Gauged {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    age: i64,
    #[diesel(sql_type = BigInt)]
    dead: i64,
    #[diesel(sql_type = Bool)]
    is_open: bool,
    #[diesel(sql_type = Bool)]
    is_paused: bool,
}
