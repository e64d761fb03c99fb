//! What `/metrics` tells of goods.

use std::sync::LazyLock;
use std::time::Duration;

use diesel::sql_types::BigInt;
use prometheus::IntGaugeVec;
use records::sql;
use service::Owner;
use service::metrics::gauge;

use crate::Stock;

/// Of the whole table, so it is not counted often.
const EVERY: Duration = Duration::from_secs(30);

static SHORT: LazyLock<IntGaugeVec> = LazyLock::new(|| gauge("hub_stock_short_orders", "Orders that wait for goods", &[]));

/// Keeps the gauge.
pub async fn watch(owner: &Owner<Stock>) {
    loop {
        match owner.database.search::<BigInt, i64>(sql!("metrics/short_orders.sql")).await {
            Ok(orders) => SHORT.with_label_values::<&str>(&[]).set(orders.into_iter().sum()),
            Err(fault) => tracing::warn!(%fault, "orders that wait for goods can't be counted; counting again"),
        }
        tokio::time::sleep(EVERY).await;
    }
}
