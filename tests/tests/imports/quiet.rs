//! What came from elsewhere is told to no platform; its next change is.

use std::time::Duration;

use catalog_contract::Import;
use jsonrpc::import::{Batch, Record};
use serde_json::{Value, json};
use service::Answers;
use system_tests::platform::{Platform, platform_of};
use system_tests::{Stand, until};

pub async fn bring(stand: &Stand, model: &str, odoo_id: i64, values: Value, links: Value) {
    let hub = stand.hub.as_ref().unwrap();
    let record =
        Record { odoo_id, values: values.as_object().unwrap().clone(), links: serde_json::from_value(links).unwrap(), ..Record::default() };
    let batch =
        Batch { source: "old".to_owned(), model: model.to_owned(), greatest: odoo_id, dry: false, verify: false, records: vec![record] };
    let became = catalog::Catalog::answer(&hub.catalog, Import(batch), None).await.unwrap();
    assert!(matches!(became[0].outcome, jsonrpc::import::Outcome::Taken { .. }), "{became:?}");
}

pub async fn passed(stand: &Stand) {
    until("sync has heard of all of it", async || {
        let n = "SELECT count(*) AS n FROM catalog.event e WHERE e.pos IS NULL OR e.pos > (SELECT pos FROM sync.feed_cursor WHERE feed = 'catalog')";
        stand.count(n).await == 0
    })
    .await;
    stand.all_told(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_elsewhere_leaves_no_push_and_its_next_change_leaves_one() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let bna = Platform::new().await;
    platform_of(&admin, "BNA", &bna.url).await;
    let mut events = stand.follow(&admin, "/events?model=product.template").await;
    bring(&stand, "product.master", 7001, json!({"name": "Table", "ref": "T"}), json!({})).await;
    bring(&stand, "product.product", 7002, json!({"name": "Table", "manufacturer_ref": "T-1"}), json!({"master_product": [7001]})).await;
    passed(&stand).await;
    assert_eq!(bna.calls().len(), 0, "{:?}", bna.calls());
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_delivery").await, 0);
    let told = events.until("that it came", |text| text.contains("\"id\":7002")).await;
    assert!(told.contains("\"cause\":\"import\""), "{told}");

    let written = admin.write("product.template", json!([["id", "=", 7002]]), json!({"name": "Table basse"})).await;
    assert_eq!(written.status, 200, "{}", written.text);
    let told = bna.hears("the product, which the platform never had", |call| call.line == "POST /api/odoo/products").await.json();
    assert_eq!((&told["ref_odoo"], &told["configurations"][0]["ref_odoo"]), (&json!("rc_7001"), &json!("rc_variante7002")), "{told}");
    let told = events.until("that it was changed", |text| text.contains("updated")).await;
    assert!(told.contains("\"cause\":\"change\""), "{told}");
}
