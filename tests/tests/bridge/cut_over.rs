//! From the import to the day after: quiet until the cut-over, and then as if it had always been here.

use std::time::Duration;

use bridge_contract::CutOver;
use serde_json::json;
use system_tests::Stand;
use system_tests::odoo16::{Mood, Odoo16};
use system_tests::platform::{Platform, platform_of};

use crate::moving::{MAPPING, begin, moved};
use crate::{SETTINGS, ended, name};

async fn all_heard(stand: &Stand) {
    stand.all_told(Duration::from_secs(120)).await;
}

/// What would show that something moved.
async fn state(stand: &Stand) -> Vec<i64> {
    let mut all = Vec::new();
    for count in [
        "SELECT count(*) AS n FROM sync.ek_delivery",
        "SELECT coalesce(sum(reserved_quantity), 0)::bigint AS n FROM stock.stock_quant",
        "SELECT count(*) AS n FROM stock.stock_picking WHERE deleted_at IS NULL",
        "SELECT count(*) AS n FROM stock.stock_move WHERE deleted_at IS NULL",
        "SELECT count(*) AS n FROM stock.stock_move_line",
        "SELECT count(*) AS n FROM crm.account_move",
        "SELECT sum(version)::bigint AS n FROM crm.sale_order",
        "SELECT coalesce(sum(qty_delivered * 1000 + reserved), 0)::bigint AS n FROM crm.sale_order_line",
    ] {
        all.push(stand.count(count).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_quiet_and_the_cut_over_lets_everything_go_on_from_where_it_was() {
    let stand = Stand::with(SETTINGS).await;
    let admin = stand.login("admin").await;
    let bna = Platform::new().await;
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    all_heard(&stand).await;
    let odoo = Odoo16::new(Mood::default()).await;
    let at = name(&admin, &odoo, json!({"batch": 100, "mapping": MAPPING})).await;
    moved(&ended(&stand, &admin, begin(&admin, at, "import").await).await);
    all_heard(&stand).await;
    let calls = bna.calls().len();
    assert_eq!(calls, 0, "no push leaves: {:?}", bna.calls());
    let refused = admin.create("product.brand", json!({"name": "Neuve"})).await;
    assert_eq!(refused.status, 503, "until the cut-over nothing is changed here: {}", refused.text);
    assert!(refused.text.contains("Dar El Atath"), "it says why: {}", refused.text);

    // Whoever follows from the start finds nothing to do
    let before = state(&stand).await;
    let mut sql = stand.sql().await;
    for schema in ["stock", "crm", "sync"] {
        Stand::execute(&mut sql, &format!("UPDATE {schema}.feed_cursor SET pos = 0")).await;
    }
    Stand::execute(&mut sql, "DELETE FROM stock.order_demand").await;
    all_heard(&stand).await;
    assert_eq!(state(&stand).await, before, "nothing moves");
    assert_eq!(bna.calls().len(), 0, "{:?}", bna.calls());

    let paused = admin.call("ek.platform", platform, "action_pause", json!([])).await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    let run = ended(&stand, &admin, begin(&admin, at, "cutover").await).await;
    assert_eq!(run["state"], "done", "{}", run["error"]);
    let report: CutOver = serde_json::from_str(run["report"].as_str().unwrap()).unwrap();
    assert!(report.verified.passed && report.moves > 0, "{} {}", report.moves, report.short);
    assert!(
        stand.count("SELECT coalesce(sum(reserved_quantity), 0)::bigint AS n FROM stock.stock_quant").await > before[1],
        "open orders have their goods"
    );
    all_heard(&stand).await;
    system_tests::stock::consistent(&stand).await;
    let orders: Vec<_> = bna
        .calls()
        .iter()
        .filter(|call| !call.line.contains("/order/") && !call.line.contains("/stocks"))
        .map(|call| call.line.clone())
        .collect();
    assert_eq!(orders, [] as [String; 0], "it has what the Odoo last sent; only what was put aside is news");

    let made = admin.create("product.brand", json!({"name": "Neuve"})).await;
    assert_eq!(made.status, 200, "the hub is free: {}", made.text);
    let again = admin.create("ek.odoo.run", json!({"odoo_id": at, "kind": "import"})).await;
    assert_eq!(again.status, 422, "it is not followed any more: {}", again.text);
    let greatest = stand.count("SELECT max(substring(name FROM '\\d+$')::bigint) AS n FROM crm.sale_order WHERE name LIKE 'S%'").await;
    assert!(greatest > 0);
}
