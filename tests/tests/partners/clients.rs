//! Clients and points of sale: told by their keys, sent twice, sent at the same time, removed.

use futures_util::future::join_all;
use serde_json::{Value, json};
use system_tests::{Stand, encode, id, refused};

use crate::{client, partners, record, whole};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_post_twice_is_one_client_and_changes_nothing() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let first = id(&platform.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz", "phone": "1"})).await);
    let before = whole(&platform, first).await;
    let again = platform.create("res.partner", json!({"phone": "1", "email": "amina@example.dz", "name": "Amina"})).await;
    assert_eq!(id(&again), first);
    assert_eq!(whole(&platform, first).await, before);
    assert_eq!(before["version"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_with_other_content_updates_what_it_names_and_nothing_else() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let made =
        id(&platform.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz", "phone": "1", "status": "ACTIVE"})).await);
    let other = platform.create("res.partner", json!({"name": "Amina S.", "email": "AMINA@Example.dz ", "city": "Oran"})).await;
    assert_eq!(id(&other), made);
    assert_eq!(
        record(&platform, "res.partner", made, "{name, email, phone, status, city}").await,
        json!({"name": "Amina S.", "email": "amina@example.dz", "phone": "1", "status": "ACTIVE", "city": "Oran"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_between_two_equal_posts_stays() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let made = id(&platform.create("res.partner", client("amina@example.dz")).await);
    let put = platform.write("res.partner", json!([["email", "=", "amina@example.dz"]]), json!({"name": "Changed", "phone": "7"})).await;
    assert_eq!((put.status, &put.headers["x-records-matched"]), (200, &"1".to_owned()));
    let before = whole(&platform, made).await;
    assert_eq!(id(&platform.create("res.partner", client("amina@example.dz")).await), made);
    assert_eq!(whole(&platform, made).await, before);
    assert_eq!(before["name"], "Changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_post_counts_and_not_an_earlier_one() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let post = |name: &str| json!({"name": name, "email": "amina@example.dz"});
    let made = id(&platform.create("res.partner", post("One")).await);
    for name in ["Two", "One"] {
        assert_eq!(id(&platform.create("res.partner", post(name)).await), made);
        assert_eq!(record(&platform, "res.partner", made, "{name}").await["name"], name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_with_the_key_of_an_archived_partner_activates_it() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (data, more) in
        [(client("amina@example.dz"), json!("2")), (json!({"is_pos": true, "name": "POS", "code_pos": "PDV-1"}), Value::Null)]
    {
        let made = id(&platform.create("res.partner", data.clone()).await);
        assert_eq!(platform.write("res.partner", json!([["id", "=", made]]), json!({"active": false})).await.status, 200);
        assert!(platform.rows("res.partner", &[("filter", &json!([["id", "=", made]]).to_string())]).await.is_empty());
        let mut again = data;
        if !more.is_null() {
            again["phone"] = more;
        }
        assert_eq!(id(&platform.create("res.partner", again).await), made);
        assert_eq!(record(&platform, "res.partner", made, "{active}").await["active"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_of_sale_is_told_by_its_code_and_needs_one() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let email = "shared@example.dz";
    let pos = json!({"is_pos": "True", "name": "POS", "code_pos": "PDV-1", "email": email, "credit_code": "CA", "responsible_code": "R"});
    let made = id(&platform.create("res.partner", pos.clone()).await);
    assert_eq!(id(&platform.create("res.partner", pos.clone()).await), made);
    let mut moved = pos;
    moved["email"] = "other@example.dz".into();
    assert_eq!(id(&platform.create("res.partner", moved).await), made);
    // An e-mail is a client's key, not a point of sale's
    assert_eq!(platform.write("res.partner", json!([["code_pos", "=", "PDV-1"]]), json!({"email": email})).await.status, 200);
    assert_ne!(id(&platform.create("res.partner", client(email)).await), made);
    let second = json!({"is_pos": true, "name": "POS 2", "code_pos": "PDV-2", "email": email});
    assert_ne!(id(&platform.create("res.partner", second).await), made);
    for code in [Value::Null, json!(""), json!("  "), json!(false)] {
        refused(&platform.create("res.partner", json!({"is_pos": true, "name": "POS", "code_pos": code})).await, 422, &["code_pos"]);
    }
    refused(&platform.write("res.partner", json!([["id", "=", made]]), json!({"code_pos": "PDV-2"})).await, 409, &["code_pos"]);
    refused(
        &platform.write("res.partner", json!([["email", "=", "nadia.ziani@example.dz"]]), json!({"is_pos": true})).await,
        422,
        &["code pos"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_copies_without_a_key_make_one_client() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = partners(&stand).await;
    let answers = join_all((0..100).map(|_| platform.create("res.partner", client("crowd@example.dz")))).await;
    let first = id(&answers[0]);
    assert!(answers.iter().all(|answer| id(answer) == first));
    assert_eq!(partners(&stand).await, before + 1);
    assert_eq!(whole(&platform, first).await["version"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_copies_with_a_key_make_one_contact_and_one_answer() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = partners(&stand).await;
    let body = json!({"params": {"data": client("crowd@example.dz")}}).to_string();
    let answers = join_all((0..100).map(|_| platform.send("POST", "/api/res.partner/", &[("idempotency-key", "crowd")], &body))).await;
    let first = id(&answers[0]);
    assert!(answers.iter().all(|answer| id(answer) == first));
    let replayed = answers.iter().filter(|answer| answer.headers.get("idempotency-replayed").is_some_and(|value| value == "true")).count();
    assert_eq!(replayed, 99);
    assert_eq!(partners(&stand).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_is_bound_to_its_user_its_route_and_its_payload() {
    let stand = Stand::new().await;
    let (platform, admin) = (stand.login("ekiclik").await, stand.login("admin").await);
    let key = [("idempotency-key", "k-1")];
    let body = |phone: &str| json!({"params": {"data": {"name": "A", "email": "a@example.dz", "phone": phone}}}).to_string();
    // What is refused is not kept
    refused(&platform.send("POST", "/api/res.partner/", &key, r#"{"params":{"data":{"email":"a@example.dz"}}}"#).await, 422, &["name"]);
    let made = id(&platform.send("POST", "/api/res.partner/", &key, &body("1")).await);
    let put = platform
        .send("PUT", "/api/res.partner/", &key, &json!({"params": {"filter": [["id", "=", made]], "data": {"phone": "9"}}}).to_string())
        .await;
    assert_eq!((put.status, put.headers.contains_key("idempotency-replayed")), (200, false));
    // With and without a slash it is the same route; the replay changes nothing
    let again = platform.send("POST", "/api/res.partner", &key, &body("1")).await;
    assert_eq!((id(&again), again.headers["idempotency-replayed"].as_str()), (made, "true"));
    let put = platform
        .send("PUT", "/api/res.partner/", &key, &json!({"params": {"filter": [["id", "=", made]], "data": {"phone": "9"}}}).to_string())
        .await;
    assert_eq!((put.headers["idempotency-replayed"].as_str(), put.headers["x-records-matched"].as_str()), ("true", "1"));
    refused(&platform.send("POST", "/api/res.partner/", &key, &body("2")).await, 422, &["Idempotency-Key"]);
    assert_eq!(record(&platform, "res.partner", made, "{phone}").await["phone"], "9");
    // Another user's key is another key
    let other = admin.send("POST", "/api/res.partner/", &key, &body("3")).await;
    assert_eq!((id(&other), other.headers.contains_key("idempotency-replayed")), (made, false));
    let removed = platform.send("DELETE", &format!("/api/res.partner/{made}"), &key, "").await;
    assert_eq!(removed.status, 200, "{}", removed.text);
    let removed = platform.send("DELETE", &format!("/api/res.partner/{made}"), &key, "").await;
    assert_eq!((removed.status, removed.headers.get("idempotency-replayed").map(String::as_str)), (200, Some("true")), "{}", removed.text);
    for key in ["", &"k".repeat(256)] {
        assert_eq!(platform.send("POST", "/api/res.partner/", &[("idempotency-key", key)], &body("1")).await.status, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_has_a_parent_in_place_of_an_email_and_is_told_by_its_content() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let parent = id(&platform.create("res.partner", client("amina@example.dz")).await);
    let home = json!({"name": "Home", "type": "delivery", "street": "1, rue Didouche", "parent_id": parent});
    let made = id(&platform.create("res.partner", home.clone()).await);
    assert_eq!(id(&platform.create("res.partner", home).await), made);
    // The e-mail of a contact is nobody's key
    let with_email = json!({"name": "Amina", "email": "amina@example.dz", "parent_id": parent});
    let second = id(&platform.create("res.partner", with_email).await);
    assert!(second != made && second != parent);
    let read = record(&platform, "res.partner", parent, "{child_ids{name, type}}").await;
    assert_eq!(read["child_ids"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_partner_is_gone_and_its_key_is_free() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let made = id(&platform.create("res.partner", client("amina@example.dz")).await);
    let child = id(&platform.create("res.partner", json!({"name": "Home", "type": "delivery", "parent_id": made})).await);
    let referred = platform.unlink("res.partner", made).await;
    refused(&referred, 409, &["res.partner.parent_id", &child.to_string()]);
    assert_eq!(platform.get(&format!("/api/res.partner/{made}")).await.status, 200);
    assert_eq!(platform.unlink("res.partner", child).await.json(), json!({"result": true}));
    let removed =
        platform.send("DELETE", &format!("/api/res.partner/?filter={}", encode(r#"[["email","=","AMINA@example.dz"]]"#)), &[], "").await;
    assert_eq!((removed.status, removed.json(), removed.headers["x-records-matched"].as_str()), (200, json!({"result": true}), "1"));
    assert_eq!(platform.get(&format!("/api/res.partner/{made}")).await.status, 404);
    assert!(
        platform.rows("res.partner", &[("filter", r#"[["email","=","amina@example.dz"],["active","in",[true,false]]]"#)]).await.is_empty()
    );
    assert_eq!(platform.unlink("res.partner", made).await.status, 404);
    assert_ne!(id(&platform.create("res.partner", client("amina@example.dz")).await), made);
    // Documents still find its name
    assert_eq!(
        stand
            .count(&format!(
                "SELECT count(*) AS n FROM partners.res_partner WHERE id = {made} AND name = 'Amina Saïdi' AND deleted_at IS NOT NULL"
            ))
            .await,
        1
    );
    assert_eq!(stand.login("bna").await.unlink("res.partner", 1).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_told_by_its_login_and_the_same_post_changes_nothing() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let data = json!({"name": "Samir", "login": "samir", "bank_id": "bna", "role": "ROLE_POS_EK", "codification": "C1", "code_pos": "P1", "create_by": "ekiclik"});
    let made = id(&platform.create("res.users", data.clone()).await);
    assert_eq!(platform.write("res.users", json!([["login", "=", "samir"]]), json!({"name": "Changed"})).await.status, 200);
    let before = record(&platform, "res.users", made, "{*}").await;
    assert_eq!(id(&platform.create("res.users", data.clone()).await), made);
    assert_eq!(record(&platform, "res.users", made, "{*}").await, before);
    let mut other = data;
    other["codification"] = "C2".into();
    assert_eq!(id(&platform.create("res.users", other).await), made);
    assert_eq!(
        record(&platform, "res.users", made, "{name, codification, role}").await,
        json!({"name": "Samir", "codification": "C2", "role": "ROLE_POS_EK"})
    );
    refused(
        &platform.create("res.users", json!({"login": " ", "role": "ROLE_KING", "rol": 1})).await,
        422,
        &["name", "login", "ROLE_KING", "ROLE_SUPERADMIN", "'rol'", "'role'"],
    );
    let made_too = join_all((0..40).map(|_| platform.create("res.users", json!({"name": "Crowd", "login": "crowd"})))).await;
    assert!(made_too.iter().all(|answer| id(answer) == id(&made_too[0])));
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_users WHERE login = 'crowd'").await, 1);
}
