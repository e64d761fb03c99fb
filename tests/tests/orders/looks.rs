//! Who looked at what is sealed in loan files.

use serde_json::json;
use system_tests::stock::one;
use system_tests::{Session, Stand, refused};

use crate::loan_files::file_of;

#[tokio::test(flavor = "multi_thread")]
async fn each_look_at_a_sealed_field_is_a_row_of_the_audit() {
    let stand = Stand::new().await;
    let (platform, admin, alsalam) = (stand.login("ekiclik").await, stand.login("admin").await, stand.login("alsalam").await);
    let mut leads = Vec::new();
    for number in 531..534 {
        leads.push(file_of(&platform, "Alsalam", number, "traitement", 20.0).await);
    }
    let looks = async |fields: &str| {
        stand.count(&format!("SELECT count(*) AS n FROM crm.audit WHERE model = 'crm.lead' AND field = '{fields}'")).await
    };
    let any = async || stand.count("SELECT count(*) AS n FROM crm.audit WHERE field LIKE 'read:%'").await;
    // What is not sealed, or not for the reader, is no look
    alsalam.rows("crm.lead", &[]).await;
    assert_eq!(alsalam.get(&format!("/api/crm.lead/{}?query={{file_state}}", leads[0])).await.status, 200);
    refused(&alsalam.list("crm.lead", &[("filter", r#"[["salary",">",1]]"#)]).await, 422, &["kept encrypted"]);
    assert_eq!(any().await, 0);
    assert_eq!(alsalam.rows("crm.lead", &[("query", "{id, salary, birth_date}")]).await.len(), 3);
    assert_eq!((looks("read: salary, birth_date").await, any().await), (3, 3));
    one(&platform, "crm.lead", leads[1], "{salary}").await;
    let params = json!({"params": {"model": "crm.lead", "method": "read", "args": [leads, ["periodicity"]], "kwargs": {}}}).to_string();
    assert_eq!(admin.send("POST", "/web/dataset/call_kw", &[], &params).await.status, 200);
    assert_eq!((looks("read: salary").await, looks("read: periodicity").await, any().await), (1, 3, 7));
    // Who looked reads by whoever may read the audit of the lead
    let filter = json!([["model", "=", "crm.lead"], ["res_id", "=", leads[1]], ["field", "=like", "read:%"]]).to_string();
    let read = [("filter", &*filter), ("query", "{field, user_id{login}, before, after}"), ("order", "id")];
    let row = |field: &str, login: &str| json!({"field": field, "user_id": {"login": login}, "before": false, "after": false});
    assert_eq!(
        admin.rows("ek.audit", &read).await,
        [row("read: salary, birth_date", "alsalam"), row("read: salary", "ekiclik"), row("read: periodicity", "admin")]
    );
    assert!(stand.login("bna").await.rows("ek.audit", &[("filter", &filter)]).await.is_empty());
    // Where it can't be noted nothing is told
    let mut conn = stand.sql().await;
    Stand::execute(&mut conn, "ALTER TABLE crm.audit ADD CONSTRAINT nobody_looks CHECK (field NOT LIKE 'read:%') NOT VALID").await;
    let refused = one_status(&alsalam, leads[0]).await;
    assert!(refused.0 >= 400 && !refused.1.contains("900000"), "{refused:?}");
}

async fn one_status(session: &Session<'_>, lead: i64) -> (u16, String) {
    let answer = session.get(&format!("/api/crm.lead/{lead}?query={{salary}}")).await;
    (answer.status, answer.text)
}
