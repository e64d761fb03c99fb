//! Who wrote a record: the platform however it spells itself, and what the hub alone writes.

use serde_json::{Value, json};
use system_tests::{Stand, id, refused};

use crate::{client, record, whole};

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_the_platform_is_the_platform_and_a_claim_only_narrows() {
    let stand = Stand::new().await;
    let (admin, platform, alsalam) = (stand.login("admin").await, stand.login("ekiclik").await, stand.login("alsalam").await);
    let claims = [
        json!("ekiclic"),
        json!("EkiClic"),
        json!("ekiclick"),
        json!("ekiclik"),
        json!("EKICLIK"),
        json!("ek"),
        json!(" EK "),
        json!("odoo"),
        json!("ODOO"),
        json!(""),
        Value::Null,
        json!(false),
    ];
    for (at, claim) in claims.into_iter().enumerate() {
        for (who, session) in [("admin", &admin), ("platform", &platform), ("alsalam", &alsalam)] {
            let mut data = client(&format!("{who}{at}@example.dz"));
            data["create_by"] = claim.clone();
            let made = id(&session.create("res.partner", data).await);
            let is_platform = who != "admin" || claim.as_str().is_some_and(|claim| claim.trim().to_lowercase().starts_with("ek"));
            assert_eq!(
                record(session, "res.partner", made, "{create_by}").await["create_by"],
                if is_platform { "ekiclik" } else { "odoo" },
                "{who} {claim}"
            );
        }
    }
    for claim in [json!("alsalam"), json!(1), json!(true), json!(["ek"])] {
        refused(
            &platform.create("res.partner", json!({"name": "A", "email": "a@example.dz", "create_by": claim})).await,
            422,
            &["create_by"],
        );
    }
    // An update never makes a record the other side's
    let made = id(&platform.create("res.partner", client("amina@example.dz")).await);
    assert_eq!(admin.write("res.partner", json!([["id", "=", made]]), json!({"create_by": "odoo", "name": "B"})).await.status, 200);
    assert_eq!(record(&admin, "res.partner", made, "{name, create_by}").await, json!({"name": "B", "create_by": "ekiclik"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_carries_who_made_and_who_changed_it_and_when() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let uid = |rows: Vec<Value>| rows[0]["id"].clone();
    let of_platform = uid(admin.rows("res.users", &[("filter", r#"[["login","=","ekiclik"]]"#), ("query", "{id}")]).await);
    let made = id(&platform.create("res.partner", client("amina@example.dz")).await);
    let query = "{create_uid, write_uid, create_date, write_date, version}";
    let before = record(&admin, "res.partner", made, query).await;
    assert_eq!((&before["create_uid"], &before["write_uid"], &before["version"]), (&of_platform, &of_platform, &json!(1)));
    assert_eq!(before["create_date"], before["write_date"]);
    assert_eq!(before["create_date"].as_str().unwrap().split('-').map(str::len).collect::<Vec<_>>(), [4, 2, 2, 2, 2]);
    assert_eq!(admin.write("res.partner", json!([["id", "=", made]]), json!({"name": "B"})).await.status, 200);
    let after = record(&admin, "res.partner", made, query).await;
    assert_eq!((&after["create_uid"], &after["write_uid"], &after["version"]), (&of_platform, &json!(2), &json!(2)));
    // The same value again is no change
    assert_eq!(platform.write("res.partner", json!([["id", "=", made]]), json!({"name": "B"})).await.headers["x-records-matched"], "1");
    assert_eq!(record(&admin, "res.partner", made, query).await, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hub_keeps_for_itself_cant_be_written() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let made = id(&admin.create("res.partner", client("amina@example.dz")).await);
    let before = whole(&admin, made).await;
    // What every record is read with is left out, as Odoo does
    let told = json!({"id": 1, "create_uid": 3, "write_uid": 3, "create_date": "2020-01-01 00:00:00", "write_date": "2020-01-01 00:00:00",
        "display_name": "x"});
    assert_eq!(admin.write("res.partner", json!([["id", "=", made]]), told).await.result(), true);
    assert_eq!(whole(&admin, made).await, before);
    for (field, value) in [("version", json!(9)), ("post_hash", json!("x")), ("deleted_at", json!("2020-01-01"))] {
        let mut data = client("new@example.dz");
        data[field] = value.clone();
        refused(&admin.create("res.partner", data).await, 422, &[field]);
        refused(&admin.write("res.partner", json!([["id", "=", made]]), json!({field: value})).await, 422, &[field]);
    }
    assert_eq!(whole(&admin, made).await, before);
    // Nor does a client learn of columns that are no fields
    assert!(!before.as_object().unwrap().contains_key("post_hash"));
    assert_eq!(admin.list("res.partner", &[("query", "{post_hash}")]).await.status, 400);
    assert_eq!(admin.list("res.partner", &[("filter", r#"[["post_hash","=","x"]]"#)]).await.status, 400);
}
