//! Who looks after a platform: the hub's administrators all of them, a bank's its own. And what everybody sees of what was refused.

use std::time::Duration;

use serde_json::json;
use system_tests::platform::{Mood, Platform, platform_of};
use system_tests::stock::TV;
use system_tests::{Stand, id, refused, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_administrator_sees_why_its_platform_did_not_take_something_sends_it_again_and_tests_the_way() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let (bna, alsalam) = (Platform::new().await, Platform::new().await);
    let (own, others) = (platform_of(&admin, "BNA", &bna.url).await, platform_of(&admin, "Alsalam", &alsalam.url).await);
    let password = "a long password of BNA's";
    let user = json!({"name": "Chief of BNA", "login": "chief", "password": password, "bank_id": "BNA", "role": "ROLE_ADMIN"});
    id(&admin.create("res.users", user).await);
    let (chief, clerk) = (stand.login_with("chief", password).await, stand.login("bna").await);
    stand.all_told(Duration::from_secs(10)).await;
    for platform in [&bna, &alsalam] {
        platform.next(Mood::Answers(404, ""));
    }
    assert_eq!(admin.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"name": "Refused"})).await.status, 200);
    let failed = "SELECT count(*) AS n FROM sync.ek_delivery WHERE state = 'waiting' AND last_status = 404";
    until("both have refused", async || stand.count(failed).await == 2).await;
    let seen = chief.rows("ek.delivery", &[("filter", r#"[["last_status", "=", 404]]"#), ("query", "{*}")]).await;
    assert_eq!(seen.len(), 1, "its own platform's: {seen:?}");
    assert!(seen[0].get("last_error").is_some(), "{}", seen[0]);
    let refused_ones = r#"[["status", "=", 404]]"#;
    let tried = chief.rows("ek.attempt", &[("filter", refused_ones), ("query", "{status, error, webhook_id}")]).await;
    assert_eq!((tried.len(), tried[0].get("error").is_some()), (1, true), "{tried:?}");
    assert_eq!(tried[0]["webhook_id"].as_str(), bna.calls().last().map(|call| call.header("webhook-id")));
    assert!(clerk.rows("ek.delivery", &[("query", "{*}")]).await.iter().all(|row| row.get("last_error").is_none()));

    for session in [&clerk, &stand.login("ekiclik").await] {
        let answer = session.call("ek.platform", own, "action_test", json!([])).await;
        assert!(matches!(answer.status, 403 | 404), "{}", answer.text);
    }
    refused(&chief.call("ek.platform", others, "action_replay", json!([])).await, 404, &["ek.platform"]);
    for method in ["action_full_sync", "action_compare"] {
        assert_eq!(chief.call("ek.platform", own, method, json!(["product"])).await.status, 403, "{method}");
    }
    refused(&chief.write("ek.platform", json!([["id", "=", own]]), json!({"active": false})).await, 403, &["ek.platform"]);
    let again = chief.call("ek.platform", own, "action_replay", json!([])).await;
    assert_eq!(again.status, 200, "{}", again.text);
    let open = format!("SELECT count(*) AS n FROM sync.ek_delivery WHERE platform_id = {own} AND state <> 'done'");
    until("BNA has it", async || stand.count(&open).await == 0).await;
    assert_eq!(alsalam.heard(), 1);

    // A test comes once, whatever it is answered
    bna.next(Mood::Answers(404, ""));
    let test = id(&chief.call("ek.platform", own, "action_test", json!([])).await);
    let called = bna.hears("the test", |call| call.line == "POST /api/odoo/test").await;
    assert_eq!(called.body, r#"{"test":true}"#);
    let filter = json!([["id", "=", test]]).to_string();
    until("it is over", async || chief.rows("ek.delivery", &[("filter", &filter), ("query", "{state}")]).await[0]["state"] == "done").await;
    let told = chief.rows("ek.delivery", &[("filter", &filter), ("query", "{kind, last_status, attempt_ids{status}}")]).await.remove(0);
    assert_eq!((&told["kind"], &told["last_status"], &told["attempt_ids"][0]["status"]), (&json!("test"), &json!(404), &json!(404)));
    let off = admin.write("ek.platform", json!([["id", "=", own]]), json!({"active": false})).await;
    assert_eq!(off.status, 200, "{}", off.text);
    refused(&admin.call("ek.platform", own, "action_test", json!([])).await, 422, &["switched off"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_reads_what_was_refused_of_them_and_a_banks_administrator_that_of_its_users() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let password = "a long password of a bank's";
    for (login, bank) in [("chief-bna", "BNA"), ("chief-alsalam", "Alsalam")] {
        let user = json!({"name": login, "login": login, "password": password, "bank_id": bank, "role": "ROLE_ADMIN"});
        id(&admin.create("res.users", user).await);
    }
    for login in ["ekiclik", "bna", "alsalam"] {
        let session = stand.login(login).await;
        let refused = session.create("res.partner", json!({"email": format!("{login}@refused.dz"), "phone": 5})).await;
        assert!(matches!(refused.status, 403 | 422), "{}", refused.text);
    }
    until("all are kept", async || stand.count("SELECT count(*) AS n FROM sync.ek_request").await == 3).await;
    let logins = async |session: &system_tests::Session<'_>| {
        let mut logins: Vec<String> =
            session.rows("ek.request", &[("query", "{login}")]).await.iter().map(|row| row["login"].as_str().unwrap().to_owned()).collect();
        logins.sort();
        logins
    };
    for login in ["ekiclik", "bna", "alsalam"] {
        assert_eq!(logins(&stand.login(login).await).await, [login]);
    }
    assert_eq!(logins(&stand.login_with("chief-bna", password).await).await, ["bna"]);
    assert_eq!(logins(&stand.login_with("chief-alsalam", password).await).await, ["alsalam"]);
    assert_eq!(logins(&admin).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_and_what_was_tried_is_kept_as_long_as_the_settings_say() {
    let url = system_tests::fresh_database().await;
    let usual = Stand::on(&url, &[]).await;
    let (admin, bna) = (usual.login("admin").await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    assert_eq!(admin.write("product.template", json!([["manufacturer_ref", "=", TV]]), json!({"name": "Delivered"})).await.status, 200);
    usual.all_told(Duration::from_secs(10)).await;
    let mut sql = usual.sql().await;
    Stand::execute(
        &mut sql,
        "UPDATE sync.ek_delivery SET done_at = now() - interval '8 days'; UPDATE sync.ek_attempt SET at = now() - interval '8 days'; \
         INSERT INTO sync.ek_request (at, login, method, path, status, error, message) SELECT now() - make_interval(days => n), 'x', 'POST', '/api/x', 422, 'x', 'x' FROM generate_series(1, 9) AS n",
    )
    .await;
    let there = async || {
        (
            usual.count("SELECT count(*) AS n FROM sync.ek_request").await,
            usual.count("SELECT count(*) AS n FROM sync.ek_attempt").await,
            usual.count("SELECT count(*) AS n FROM sync.ek_delivery").await,
        )
    };
    let before = there().await;
    assert!(before.0 == 9 && before.1 == 1, "{before:?}");
    let _shorter = Stand::on(&url, &[("REQUESTS_KEPT_DAYS", "3"), ("ATTEMPTS_KEPT_DAYS", "7")]).await;
    until("what is older is gone", async || there().await == (2, 0, 0)).await;
}
