//! What `/metrics` tells, in Prometheus' text format. Labels have few values: routes as templates, never paths or ids.

use std::sync::LazyLock;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, TextEncoder};

/// Buckets of OpenTelemetry's HTTP conventions, in seconds.
const HTTP_BUCKETS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// Buckets of OpenTelemetry's database conventions, in seconds.
const DB_BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// A histogram of a service's own.
pub fn histogram(name: &str, help: &str, buckets: &[f64], labels: &[&str]) -> HistogramVec {
    let histogram = HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels);
    register(histogram)
}

/// A counter of a service's own.
pub fn counter(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    register(IntCounterVec::new(Opts::new(name, help), labels))
}

/// A gauge of a service's own.
pub fn gauge(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    register(IntGaugeVec::new(Opts::new(name, help), labels))
}

/// A metric whose declaration is wrong would show in the first test that touches it.
#[expect(clippy::expect_used, reason = "declarations are constants")]
fn register<M: prometheus::core::Collector + Clone + 'static>(metric: prometheus::Result<M>) -> M {
    let metric = metric.expect("a metric is declared wrong");
    // A second registration can only be the same one
    prometheus::default_registry().register(Box::new(metric.clone())).ok();
    metric
}

/// Time from a request's head to its answer's head, by method, route and status.
pub static HTTP_DURATION: LazyLock<HistogramVec> = LazyLock::new(|| {
    histogram(
        "http_server_request_duration_seconds",
        "Duration of HTTP requests",
        HTTP_BUCKETS,
        &["http_request_method", "http_route", "http_response_status_code"],
    )
});

/// Time of a call in the service that owns the model.
pub static CALL_DURATION: LazyLock<HistogramVec> = LazyLock::new(|| {
    histogram("hub_call_duration_seconds", "Duration of calls by model and method", DB_BUCKETS, &["model", "method", "outcome"])
});

/// Time that a request waited for a database connection.
pub static POOL_WAIT: LazyLock<HistogramVec> =
    LazyLock::new(|| histogram("hub_db_pool_wait_seconds", "Time waited for a database connection", DB_BUCKETS, &["service"]));

/// Characters that printed documents had to spell as code points, each counted once a file.
pub static UNPRINTABLE: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter("hub_report_unprintable_characters_total", "Characters printed as code points for want of a font", &["service"])
});

/// Answers that were kept ones of an earlier, equal request.
pub static REPLAYS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register(IntCounterVec::new(Opts::new("hub_idempotency_replays_total", "Answers replayed for an Idempotency-Key"), &["service"]))
});

/// Connections of the pool by state.
pub static POOL_CONNECTIONS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| register(IntGaugeVec::new(Opts::new("hub_db_pool_connections", "Connections of the pool"), &["service", "state"])));

/// Newest position of the feed.
pub static FEED_POSITION: LazyLock<IntGaugeVec> =
    LazyLock::new(|| register(IntGaugeVec::new(Opts::new("hub_feed_position", "Newest position of the service's feed"), &["service"])));

/// How far a service has come in another's feed.
pub static FEED_CURSOR: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    register(IntGaugeVec::new(Opts::new("hub_feed_cursor", "Position up to which a feed was taken"), &["service", "feed"]))
});

/// How long it is since a service had taken all of a feed.
pub static FEED_LAG: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("hub_feed_lag_seconds", "Time since the service had taken all of the feed", &["service", "feed"]));

/// Events that could not have their effect and wait for another try. Every one wants a look.
pub static EVENTS_PARKED: LazyLock<IntGaugeVec> = LazyLock::new(|| gauge("hub_events_parked", "Events put aside", &["service", "feed"]));

/// Requests that got no place in what is bounded, because their user's own share was taken, or all of it.
pub static SHARES_SPENT: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter("hub_shares_spent_total", "Requests refused because a bounded thing was taken", &["what", "whose"]));

/// Changing requests that were refused at the doors, by status and by who sent them: `user`, `stranger`, or `dropped` where a
/// user's was not kept.
pub static REFUSED: LazyLock<IntCounterVec> =
    LazyLock::new(|| counter("hub_refused_requests_total", "Changing requests refused at the doors", &["status", "who"]));

/// Which program this is.
pub static BUILD_INFO: LazyLock<IntGaugeVec> = LazyLock::new(|| gauge("hub_build_info", "1, with what was built", &["version", "commit"]));

/// Everything, as text.
pub fn text() -> String {
    let told = TextEncoder::new().encode_to_string(&prometheus::gather());
    told.unwrap_or_else(|error| {
        tracing::error!(%error, "metrics can't be told");
        String::new()
    })
}
