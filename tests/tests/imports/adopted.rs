//! A platform that was told by the Odoo that records came from is told changes alone.

use serde_json::json;
use system_tests::platform::{Platform, platform_of};
use system_tests::{Stand, until};

use crate::quiet::{bring, passed};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_has_from_elsewhere_it_is_told_only_when_it_changes() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let bna = Platform::new().await;
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    bring(&stand, "product.master", 7001, json!({"name": "Table", "ref": "T"}), json!({})).await;
    bring(&stand, "product.product", 7002, json!({"name": "Table", "manufacturer_ref": "T-1"}), json!({"master_product": [7001]})).await;
    passed(&stand).await;

    let begun = admin.call("ek.platform", platform, "action_adopt", json!([])).await;
    assert_eq!(begun.result().as_array().map(Vec::len), Some(7), "{}", begun.text);
    until("all of it is noted", async || stand.count("SELECT count(*) AS n FROM sync.ek_sync WHERE state <> 'done'").await == 0).await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery").await, 0, "nothing is told");
    let product = admin.call("ek.platform", platform, "action_compare", json!(["configuration"])).await;
    let configurations = stand.count("SELECT count(*) AS n FROM catalog.product_template").await;
    assert_eq!(product.result()["count"], configurations, "{}", product.text);

    // Nothing is new for it in a full sync's own comparison, and a change is a change
    let written = admin.write("product.template", json!([["id", "=", 7002]]), json!({"name": "Table basse"})).await;
    assert_eq!(written.status, 200, "{}", written.text);
    let told = bna.hears("the change", |call| call.line.starts_with("PUT /api/odoo/products/configuration")).await.json();
    assert_eq!(told["ref_odoo"], "rc_variante7002", "{told}");
    passed(&stand).await;
    assert_eq!(bna.calls().len(), 1, "{:?}", bna.calls());
}
