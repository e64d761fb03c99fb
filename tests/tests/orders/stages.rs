//! Leads on a board: a stage a column.

use serde_json::json;
use system_tests::stock::{ALGER, BORDJ, one};
use system_tests::{Stand, refused};

use crate::loan_files::{PASSWORD, audited, file_of, user};

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_moves_the_leads_of_its_point_of_sale_between_stages() {
    let stand = Stand::new().await;
    let (platform, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    let lead = file_of(&platform, "Alsalam", 541, "traitement", 20.0).await;
    user(&admin, "clerk", Some("Alsalam"), "ROLE_POS_EK", BORDJ).await;
    user(&admin, "elsewhere", Some("Alsalam"), "ROLE_POS_EK", ALGER).await;
    let (clerk, elsewhere) = (stand.login_with("clerk", PASSWORD).await, stand.login_with("elsewhere", PASSWORD).await);
    let stages = clerk.rows("crm.stage", &[("query", "{id, name, sequence, fold, is_won}")]).await;
    assert_eq!(stages.len(), 4, "{stages:?}");
    assert_eq!((&stages[1]["name"], &stages[1]["fold"], &stages[1]["sequence"]), (&json!("En traitement"), &json!(false), &json!(2)));
    let to = |at: usize| json!({"stage_id": stages[at]["id"]});
    assert_eq!(clerk.write("crm.lead", json!([["id", "=", lead]]), to(1)).await.result(), true);
    assert_eq!(clerk.write("crm.lead", json!([["id", "=", lead]]), json!({"stage_id": "Gagné"})).await.result(), true);
    assert_eq!(one(&clerk, "crm.lead", lead, "{stage_id{name}}").await["stage_id"]["name"], "Gagné");
    // Of another point of sale and of another bank there is no such lead
    for other in [&elsewhere, &stand.login("bna").await] {
        let moved = other.write("crm.lead", json!([["id", "=", lead]]), to(0)).await;
        assert_eq!((moved.headers["x-records-matched"].as_str(), moved.status), ("0", 200), "{}", moved.text);
    }
    refused(&clerk.write("crm.stage", json!([["id", "=", 1]]), json!({"fold": true})).await, 403, &[]);
    assert_eq!(admin.write("crm.stage", json!([["name", "=", "Perdu"]]), json!({"fold": true})).await.result(), true);
    assert_eq!(audited(&admin, lead, "stage_id").await, [(json!("1"), json!("2")), (json!("2"), json!("3"))]);
}
