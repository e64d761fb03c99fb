//! What `/metrics` tells of goods.

use std::sync::LazyLock;
use std::time::Duration;

use diesel::sql_types::BigInt;
use prometheus::IntGaugeVec;
use records::Sql;
use service::Owner;
use service::metrics::gauge;

use crate::Stock;

/// Of the whole table, so it is not counted often.
const EVERY: Duration = Duration::from_secs(30);

static SHORT: LazyLock<IntGaugeVec> = LazyLock::new(|| gauge("hub_stock_short_orders", "Orders that wait for goods", &[]));

/// Keeps the gauge.
pub async fn watch(owner: &Owner<Stock>) {
    loop {
        let waiting =
            "SELECT count(DISTINCT sale_id) FROM stock_move WHERE state IN ('confirmed', 'partially_available') AND sale_id IS NOT NULL";
        if let Ok(orders) = owner.database.search::<BigInt, i64>(Sql::new(waiting)).await {
            SHORT.with_label_values::<&str>(&[]).set(orders.first().copied().unwrap_or_default());
        }
        tokio::time::sleep(EVERY).await;
    }
}
