//! While records come over, nobody else changes them, and says why.

use serde_json::json;
use system_tests::{Stand, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_frozen_is_changed_by_nobody_and_says_why_but_people_log_in() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "SELECT catalog.freeze('old', 'The catalogue comes from Dar El Atath.')").await;
    Stand::execute(&mut sql, "SELECT partners.freeze('old', 'The clients come from Dar El Atath.')").await;
    let refused = admin.create("product.brand", json!({"name": "Neuve"})).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["data"]["message"].as_str()),
        (503, Some("The catalogue comes from Dar El Atath.")),
        "{}",
        refused.text
    );
    assert_eq!(admin.create("res.partner", json!({"name": "N", "email": "n@example.dz"})).await.status, 503);
    assert_eq!(admin.get("/api/product.brand/").await.status, 200, "reading goes on");
    let again = stand.login("admin").await;
    let written = again.write("res.users", json!([["login", "=", "bna"]]), json!({"codification": "A-1"})).await;
    assert_eq!(written.status, 200, "people's own are no Odoo's: {}", written.text);

    Stand::execute(&mut sql, "SELECT catalog.freeze('old', NULL)").await;
    let made = admin.create("product.brand", json!({"name": "Neuve"})).await;
    assert_eq!(made.status, 200, "{}", made.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_waits_for_those_who_are_changing_something() {
    let stand = Stand::new().await;
    let mut changing = stand.sql().await;
    Stand::execute(&mut changing, "BEGIN").await;
    Stand::execute(&mut changing, "SELECT catalog.frozen_because()").await;
    let mut sql = stand.sql().await;
    let freezing = tokio::spawn(async move { Stand::execute(&mut sql, "SELECT catalog.freeze('old', 'why')").await });
    let waits = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    until("the freeze waits", async || stand.count(waits).await == 1).await;
    assert!(!freezing.is_finished());
    Stand::execute(&mut changing, "COMMIT").await;
    freezing.await.unwrap();
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.frozen").await, 1);
}
