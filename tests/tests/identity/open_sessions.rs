//! `res.users.session`: who is logged in, seen and ended by those whom it concerns.

use partners_contract::OfSession;
use serde_json::{Value, json};
use system_tests::{Session, Stand, refused};

use crate::console_sessions::{begin, whose};
use crate::{uid, user};

async fn seen(who: &Session<'_>) -> Vec<Value> {
    who.rows("res.users.session", &[("query", "{*}"), ("order", "id")]).await
}

async fn ids(who: &Session<'_>) -> Vec<i64> {
    seen(who).await.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn of_user(who: &Session<'_>, user: i64) -> Vec<i64> {
    let filter = json!([["user_id", "=", user]]).to_string();
    let rows = who.rows("res.users.session", &[("query", "{id}"), ("filter", &filter), ("order", "id")]).await;
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_sees_their_own_open_sessions_and_ends_them_at_once() {
    let stand = Stand::new().await;
    let mut sql = stand.sql().await;
    let bna = stand.login("bna").await;
    let console = begin(&stand, "bna", true).await;
    let rows = seen(&bna).await;
    let told = |row: &Value| ["name", "console", "address"].map(|field| row[field].clone());
    assert_eq!(told(&rows[0]), [json!("API"), json!(false), json!("127.0.0.1")]);
    assert_eq!(told(&rows[1]), [json!("Console"), json!(true), json!("192.0.2.7")]);
    for row in &rows {
        for field in ["user_id", "create_date", "last_use", "expires_at"] {
            assert!(row[field].is_i64() || row[field].as_str().is_some_and(|text| text.len() == 16), "{field}: {row}");
        }
        assert!(!row.to_string().contains(&bna.id), "no token: {row}");
    }
    // It is read and ended, nothing else
    refused(&bna.write("res.users.session", json!([["id", "=", rows[1]["id"]]]), json!({"name": "x"})).await, 403, &[]);
    refused(&bna.create("res.users.session", json!({"name": "x"})).await, 403, &[]);
    let ended = bna.send("DELETE", &format!("/api/res.users.session/{}", rows[1]["id"]), &[], "").await;
    assert_eq!(ended.status, 200, "{}", ended.text);
    assert_eq!(whose(&stand, &console).await, Err(401));
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.session").await, 1);
    // Who ended it stands in the audit, from where it was begun in neither that nor an event
    let audit = "SELECT count(*) AS n FROM partners.audit WHERE model = 'res.users.session' AND before ->> 'name' = 'Console'";
    assert_eq!(stand.count(audit).await, 1);
    for table in ["audit", "event"] {
        let of = format!("SELECT count(*) AS n FROM partners.{table} r WHERE model = 'res.users.session' AND r::text LIKE '%192.0.2.7%'");
        assert_eq!(stand.count(&of).await, 0, "{table}");
    }
    // One whose time is over is not there
    let over = begin(&stand, "bna", true).await;
    assert_eq!(ids(&bna).await.len(), 2);
    Stand::execute(&mut sql, "UPDATE partners.session SET expires_at = now() - interval '1 s' WHERE idle_seconds IS NOT NULL").await;
    assert_eq!(ids(&bna).await.len(), 1);
    assert_eq!(whose(&stand, &over).await, Err(401));
    // One's own, from within
    assert_eq!(bna.unlink("res.users.session", ids(&bna).await[0]).await.status, 200);
    assert_eq!(whose(&stand, &bna.id).await, Err(401));
}

#[tokio::test(flavor = "multi_thread")]
async fn others_sessions_are_an_administrators_and_within_a_bank_up_to_ones_role() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    for (login, bank, role) in [
        ("boss", "BNA", "ROLE_SUPERADMIN"),
        ("chief", "BNA", "ROLE_ADMIN"),
        ("clerk", "BNA", "ROLE_POS_EK"),
        ("rival", "Alsalam", "ROLE_SUPERADMIN"),
    ] {
        user(&admin, login, json!({"bank_id": bank, "role": role})).await;
    }
    user(&admin, "staff", json!({})).await;
    let [boss, chief, clerk, rival, staff, platform] = [
        stand.login("boss").await,
        stand.login("chief").await,
        stand.login("clerk").await,
        stand.login("rival").await,
        stand.login("staff").await,
        stand.login("ekiclik").await,
    ];
    let all = stand.count("SELECT count(*) AS n FROM partners.session").await;
    assert_eq!(ids(&admin).await.len(), usize::try_from(all).unwrap());
    for (who, seen_ones) in [(&boss, 3), (&chief, 3), (&clerk, 1), (&rival, 1), (&staff, 1), (&platform, 1)] {
        assert_eq!(ids(who).await.len(), seen_ones);
    }
    let logins: Vec<Value> = seen(&chief).await.iter().map(|row| row["login"].clone()).collect();
    assert_eq!(logins, ["boss", "chief", "clerk"], "in the order of their log-ins");
    let session_of = async |login: &str| of_user(&admin, uid(&admin, login).await).await[0];
    let (of_boss, of_clerk, of_rival) = (session_of("boss").await, session_of("clerk").await, session_of("rival").await);
    // Of another bank it is not there, of a higher role it is not to be ended
    for who in [&boss, &chief, &clerk, &staff, &platform] {
        refused(&who.unlink("res.users.session", of_rival).await, 404, &[]);
        refused(&who.get(&format!("/api/res.users.session/{of_rival}")).await, 404, &[]);
    }
    refused(&chief.unlink("res.users.session", of_boss).await, 403, &[]);
    refused(&clerk.unlink("res.users.session", of_boss).await, 404, &[]);
    assert_eq!(whose(&stand, &boss.id).await.unwrap(), "boss");
    assert_eq!(chief.unlink("res.users.session", of_clerk).await.status, 200);
    assert_eq!(whose(&stand, &clerk.id).await, Err(401));
    assert_eq!(admin.unlink("res.users.session", of_rival).await.status, 200);
    assert_eq!(whose(&stand, &rival.id).await, Err(401));
    // So are keys
    let key = admin.call("res.users", uid(&admin, "clerk").await, "action_new_api_key", json!(["CI", 1])).await;
    assert_eq!(key.status, 200, "{}", key.text);
    for (who, keys) in [(&boss, 1), (&chief, 1), (&staff, 0), (&platform, 0)] {
        assert_eq!(who.rows("res.users.apikeys", &[("query", "{id}")]).await.len(), keys);
    }
    // The others go on
    assert_eq!(whose(&stand, &staff.id).await.unwrap(), "staff");
    let question = OfSession { session_id: platform.id.clone(), forwarder: None, unattended: false };
    let hub = stand.hub.as_ref().unwrap();
    assert!(service::ask(&hub.router, &hub.keys["gateway"], &question, None).await.is_ok());
}
