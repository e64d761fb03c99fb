//! What was on the wire, for those who look after it: what a platform was sent and answered, why it failed in words, what was refused at
//! the doors. Bodies are encrypted, each look at one is audited, and after a week they are gone.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::platform::{Mood, Platform, platform_of};
use system_tests::stock::TV;
use system_tests::{Session, Stand, id, refused, until, until_within};

use crate::{all_told, rename};

const PASSWORD: &str = "a long password of a bank's";

async fn chief<'s>(stand: &'s Stand, admin: &Session<'_>, bank: &str) -> Session<'s> {
    let login = format!("chief-{bank}");
    let user = json!({"name": login, "login": login, "password": PASSWORD, "bank_id": bank, "role": "ROLE_ADMIN"});
    id(&admin.create("res.users", user).await);
    stand.login_with(&login, PASSWORD).await
}

async fn attempts(session: &Session<'_>, fields: &str) -> Vec<Value> {
    session.rows("ek.attempt", &[("query", fields), ("order", "\"id\"")]).await
}

async fn looks(stand: &Stand, model: &str) -> i64 {
    stand.count(&format!("SELECT count(*) AS n FROM sync.audit WHERE model = '{model}' AND field = 'read: body'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_was_sent_and_answered_is_read_by_those_who_look_after_it_and_each_look_is_audited() {
    let stand = Stand::new().await;
    let (admin, bna, alsalam) = (stand.login("admin").await, Platform::new().await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    platform_of(&admin, "Alsalam", &alsalam.url).await;
    let (chief, clerk) = (chief(&stand, &admin, "BNA").await, stand.login("bna").await);
    all_told(&stand).await;
    let said = format!("{}😀 and more", "é".repeat(1_023)).into_bytes();
    bna.next(Mood::Says(404, said));
    bna.usually(Mood::Says(200, b"taken\xff".to_vec()));
    assert_eq!(rename(&admin, TV, "On the wire", None).await.status, 200);
    alsalam.hears("its own", |call| call.body.contains("On the wire")).await;
    until("it was refused", async || attempts(&chief, "{status}").await.iter().any(|row| row["status"] == 404)).await;

    // Of its own platform alone, and the body only where it is named
    let mine = attempts(&chief, "{*}").await.pop().unwrap();
    assert_eq!(mine["status"], 404, "{mine}");
    assert_eq!(mine["answer"], "é".repeat(1_023), "2 kB at most, and no half of a character");
    assert_eq!(mine["why"], "The platform answered 404 (Not Found)");
    assert!(mine.get("body").is_none() && looks(&stand, "ek.attempt").await == 0, "{mine}");
    let sent = bna.calls().pop().unwrap();
    let attempt = mine["id"].as_i64().unwrap();
    let seen = chief.get(&format!("/api/ek.attempt/{attempt}?query={{id,body}}")).await.json();
    assert_eq!(seen["body"], sent.body, "as it was sent");
    assert_eq!(looks(&stand, "ek.attempt").await, 1);
    let listed = attempts(&admin, "{id, bank_id, body}").await;
    assert!(listed.len() >= 2 && listed.iter().all(|row| row["body"].is_string()), "{listed:?}");
    assert_eq!(looks(&stand, "ek.attempt").await, 1 + i64::try_from(listed.len()).unwrap());
    let odoos = admin.send("POST", "/object/ek.attempt/read", &[], &json!({"params": {"args": [[attempt], ["body"]]}}).to_string()).await;
    assert_eq!(odoos.result()[0]["body"], sent.body, "{}", odoos.text);
    let who = format!("[[\"model\", \"=\", \"ek.attempt\"], [\"res_id\", \"=\", {attempt}]]");
    let audited = admin.rows("ek.audit", &[("filter", &who), ("query", "{user_id, bank_id, field, after}"), ("order", "\"id\"")]).await;
    let told: Vec<_> = audited.iter().map(|row| row["field"].as_str().unwrap()).collect();
    assert_eq!(told, ["read: body"; 3], "{audited:?}");
    assert_ne!(audited[0]["user_id"], audited[1]["user_id"]);

    // Nobody else, and in no filter, order or relation
    for field in ["body", "answer"] {
        let path = format!("/api/ek.attempt/{attempt}?query={{{field}}}");
        assert_eq!(clerk.get(&path).await.status, 403, "{field}");
        assert!(matches!(stand.login("ekiclik").await.get(&path).await.status, 403 | 404));
    }
    assert_eq!(clerk.get(&format!("/api/ek.attempt/{attempt}?query={{why}}")).await.json()["why"], mine["why"]);
    let others = attempts(&admin, "{id, bank_id}").await;
    let other = others.iter().find(|row| row["bank_id"] != mine["bank_id"]).unwrap()["id"].as_i64().unwrap();
    assert_eq!(chief.get(&format!("/api/ek.attempt/{other}?query={{body}}")).await.status, 404);
    for (name, text) in [("filter", r#"[["body", "ilike", "wire"]]"#), ("order", r#""body""#)] {
        refused(&admin.list("ek.attempt", &[(name, text)]).await, 422, &["body"]);
    }
    refused(&admin.list("ek.delivery", &[("query", "{attempt_ids{body}}")]).await, 422, &["body"]);
    assert_eq!(looks(&stand, "ek.attempt").await, 2 + i64::try_from(listed.len()).unwrap(), "who was refused saw nothing");
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_attempt a WHERE a::text LIKE '%On the wire%'").await, 0);

    // What was taken has an answer too, and no reason
    let again = chief.call("ek.delivery", mine["delivery_id"].as_i64().unwrap(), "action_replay", json!([])).await;
    assert_eq!(again.result(), 1, "{}", again.text);
    until("it was taken", async || attempts(&chief, "{status}").await.last().is_some_and(|row| row["status"] == 200)).await;
    let taken = attempts(&chief, "{status, why, answer, body}").await.pop().unwrap();
    assert_eq!((&taken["why"], &taken["answer"], &taken["body"]), (&json!(false), &json!("taken\u{fffd}"), &json!(sent.body)));
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_call_failed_stands_in_words_and_names_no_address() {
    let stand = Stand::with(&[("PLATFORM_TIMEOUT", "1")]).await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    let platform = platform_of(&admin, "BNA", &bna.url).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (n, (url, mood, why)) in [
        (bna.url.clone(), Mood::Answers(500, ""), "The platform answered 500 (Internal Server Error)"),
        (bna.url.clone(), Mood::Answers(302, "location: /x\r\n"), "The platform answered 302 (Found): it has moved, and we do not follow"),
        (bna.url.clone(), Mood::Hangs, "The platform did not answer within 1 second"),
        (bna.url.clone(), Mood::Resets, "The connection broke off before there was an answer"),
        (format!("http://{closed}"), Mood::Hangs, "The connection was refused"),
        ("http://no-such-host.invalid".to_owned(), Mood::Hangs, "The name of the platform's address is not known"),
    ]
    .into_iter()
    .enumerate()
    {
        let is_called = url == bna.url;
        if is_called {
            bna.next(mood);
        }
        assert_eq!(admin.write("ek.platform", json!([["id", "=", platform]]), json!({"base_url": url})).await.status, 200);
        let test = id(&admin.call("ek.platform", platform, "action_test", json!([])).await);
        let of = format!("[[\"delivery_id\", \"=\", {test}]]");
        let tried = async || admin.rows("ek.attempt", &[("filter", &of), ("query", "{why}")]).await;
        until_within(Duration::from_secs(20), "it was tried", async || !tried().await.is_empty()).await;
        assert_eq!(tried().await[0]["why"], why, "{n}: {url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_kept_without_secrets_and_loan_files_and_read_by_those_it_is_for() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let (chief, other, bna) = (chief(&stand, &admin, "BNA").await, chief(&stand, &admin, "Alsalam").await, stand.login("bna").await);
    let lead = json!({"name": "Refused lead", "partner": {"email": "kept@example.dz", "salary": 912_345, "birth_date": "1993-11-03", "monthly_payment": 7_654},
        "file_info": {"client_number": "CLIENT-77", "progress": 3}, "cart": [{"manufacturer_ref": "no-such-thing", "quantity": 1, "product_warehouse_id": "nowhere"}]});
    let answer = bna.create("crm.lead", lead).await;
    assert!(answer.status >= 400, "{}", answer.text);
    let count = async |path: &str| stand.count(&format!("SELECT count(*) AS n FROM sync.ek_request WHERE path LIKE '{path}'")).await;
    until("it is kept", async || count("/api/crm.lead%").await == 1).await;
    let row = chief.rows("ek.request", &[("query", "{id, email}")]).await.remove(0);
    let path = format!("/api/ek.request/{}?query={{body}}", row["id"]);
    let kept = chief.get(&path).await.json()["body"].as_str().unwrap().to_owned();
    for told in
        ["Refused lead", "kept@example.dz", "no-such-thing", "\"[salary]\"", "\"[birth_date]\"", "\"[client_number]\"", "\"progress\":3"]
    {
        assert!(kept.contains(told), "{told} in {kept}");
    }
    for hidden in ["912345", "1993-11-03", "7654", "CLIENT-77"] {
        assert!(!kept.contains(hidden), "{hidden} in {kept}");
    }
    assert_eq!(looks(&stand, "ek.request").await, 1);
    assert_eq!((bna.get(&path).await.status, other.get(&path).await.status), (403, 404));
    assert_eq!(admin.get(&path).await.json()["body"], kept);
    assert_eq!(looks(&stand, "ek.request").await, 2);
    assert_eq!(stand.count("SELECT count(*) AS n FROM sync.ek_request r WHERE r::text LIKE '%Refused lead%'").await, 0, "encrypted");

    // What proves who somebody is stands nowhere
    let secret = "hunter2-hunter2";
    let user = json!({"name": "x", "login": "y", "password": secret, "colour": "red"});
    assert!(admin.create("res.users", user).await.status >= 400);
    let rpc = |method: &str, args: Value| json!({"params": {"service": "object", "method": method, "args": args}}).to_string();
    let call = rpc("execute_kw", json!(["echange", 2, "admin", "res.partner", "create", [{"colour": "by rpc"}]]));
    stand.send("POST", "/jsonrpc", &[("content-type", "application/json")], call.as_str()).await;
    let change = json!({"params": {"args": [secret, "short"]}}).to_string();
    assert!(admin.send("POST", "/object/res.users/change_password", &[], &change).await.status >= 400);
    let table = json!({"params": {"args": [["login", "password", "colour"], [["z", secret, "red"]]]}}).to_string();
    admin.send("POST", "/object/res.users/load", &[], &table).await;
    stand
        .send("POST", "/auth", &[("content-type", "application/json")], json!({"params": {"login": "bna", "password": secret}}).to_string())
        .await;
    until("the last is kept", async || count("/object/res.users/change_password").await == 1 && count("/jsonrpc").await == 1).await;
    let bodies = admin.rows("ek.request", &[("query", "{path, body}")]).await;
    assert!(bodies.iter().all(|row| !row.to_string().contains("hunter2") && !row.to_string().contains("\"admin\"")), "{bodies:?}");
    let of = |path: &str| &bodies.iter().find(|row| row["path"] == path).unwrap()["body"];
    assert!(of("/api/res.users").as_str().unwrap().contains("[password]"));
    assert!(of("/jsonrpc").as_str().unwrap().contains("by rpc"), "what was called, and not by whom");
    assert_eq!(of("/object/res.users/change_password"), false);
    assert_eq!(count("/auth").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_emptied_after_a_week_and_what_else_is_known_stays() {
    let url = system_tests::fresh_database().await;
    let stand = Stand::on(&url, &[]).await;
    let (admin, bna) = (stand.login("admin").await, Platform::new().await);
    platform_of(&admin, "BNA", &bna.url).await;
    for name in ["Old", "New"] {
        assert_eq!(rename(&admin, TV, name, None).await.status, 200);
        bna.hears(name, |call| call.body.contains(name)).await;
        all_told(&stand).await;
    }
    refused(&admin.create("res.partner", json!({"email": "a@example.dz", "phone": 5})).await, 422, &["name"]);
    until("it is kept", async || stand.count("SELECT count(*) AS n FROM sync.ek_request WHERE sealed_body IS NOT NULL").await == 1).await;
    let with_body = "SELECT count(*) AS n FROM sync.ek_attempt WHERE sealed_body IS NOT NULL";
    let before = stand.count(with_body).await;
    let mut sql = stand.sql().await;
    Stand::execute(
        &mut sql,
        "UPDATE sync.ek_attempt SET at = now() - interval '8 days' WHERE id = (SELECT min(id) FROM sync.ek_attempt); \
         UPDATE sync.ek_request SET at = now() - interval '8 days'",
    )
    .await;
    let _sweeps = Stand::on(&url, &[]).await;
    until("what is old is empty", async || {
        stand.count(with_body).await == before - 1
            && stand.count("SELECT count(*) AS n FROM sync.ek_request WHERE sealed_body IS NOT NULL").await == 0
    })
    .await;
    let kept = attempts(&admin, "{status, body}").await;
    assert_eq!((kept.len(), &kept[0]["status"], &kept[0]["body"]), (2, &json!(200), &json!(false)), "{kept:?}");
    assert!(kept[1]["body"].as_str().unwrap().contains("New"));
    assert_eq!(looks(&stand, "ek.attempt").await, 1, "where nothing is kept, nobody has seen anything");
}
