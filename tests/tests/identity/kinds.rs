//! What each kind of user may, and what it sees of other users.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::{Stand, encode, id};

use crate::{ACCESS_ERROR, is_refused, uid, user};

#[tokio::test(flavor = "multi_thread")]
async fn the_four_kinds_of_users_have_the_rights_of_the_table() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user(&admin, "staff", json!({})).await;
    user(&admin, "boss", json!({"bank_id": "BNA", "role": "ROLE_SUPERADMIN"})).await;
    let [staff, platform, boss] = [stand.login("staff").await, stand.login("ekiclik").await, stand.login("boss").await];
    let configuration = |reference: &str| json!({"manufacturer_ref": reference, "name": "Configuration"});
    // (who, writes the catalogue, writes clients, writes points of sale, makes users); a platform's role gives a bank nothing
    for (name, who, catalogue, clients, pos, users) in [
        ("admin", &admin, true, true, true, true),
        ("staff", &staff, true, false, false, false),
        ("platform", &platform, true, true, true, true),
        ("boss", &boss, false, true, false, true),
    ] {
        let cases = [
            (
                "product.template",
                catalogue,
                json!({"product_ref": format!("R-{name}"), "name": "P", "product": [configuration(&format!("M-{name}"))]}),
            ),
            ("product.category", catalogue, json!({"name": format!("Category {name}")})),
            ("product.brand", catalogue, json!({"name": format!("Brand {name}")})),
            ("res.partner", clients, json!({"name": "Client", "email": format!("{name}@example.dz")})),
            ("res.partner", pos, json!({"name": "POS", "is_pos": true, "code_pos": format!("PDV-{name}")})),
            ("res.users", users, json!({"name": "User", "login": format!("user of {name}")})),
        ];
        for (model, allowed, data) in cases {
            let answer = who.create(model, data).await;
            assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{name} creates {model}: {}", answer.text);
            if !allowed {
                assert_eq!(answer.error_name(), ACCESS_ERROR);
            }
            assert_eq!(who.list(model, &[("limit", "1"), ("query", "{id}")]).await.status, 200, "{name} reads {model}");
        }
        for (model, allowed, filter) in [
            ("product.template", catalogue, json!([["manufacturer_ref", "=", "IRIS-TV55-N"]])),
            ("product.master", catalogue, json!([["ref", "=", "IRIS-TV55"]])),
            ("product.category", catalogue, json!([["name", "=", "Meubles"]])),
            ("res.partner", clients, json!([["email", "=", "mourad.belkacem@example.dz"]])),
            ("res.partner", pos, json!([["code_pos", "=", "PDVA-E-ALG-BEZ-16-01"]])),
            ("res.users", users, json!([["name", "=", "Karim Benali"]])),
        ] {
            let field = if model == "product.category" { json!({"name": "Meubles"}) } else { json!({"name": format!("By {name}")}) };
            let answer = who.write(model, filter, field.clone()).await;
            assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{name} writes {model}: {}", answer.text);
            if model == "res.users" && allowed {
                assert_eq!(
                    admin.write(model, json!([["name", "=", format!("By {name}")]]), json!({"name": "Karim Benali"})).await.headers["x-records-matched"],
                    "1"
                );
            }
        }
    }
    // Rights come first, then what is wrong with the request
    for (who, model) in [(&staff, "res.partner"), (&boss, "product.template"), (&staff, "res.users")] {
        is_refused(&who.create(model, json!({"nosuch": 1})).await, 403, ACCESS_ERROR);
        is_refused(&who.send("POST", &format!("/api/{model}/"), &[], "{}").await, 403, ACCESS_ERROR);
        is_refused(&who.unlink(model, 1).await, 403, ACCESS_ERROR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_reads_the_names_of_users_and_nothing_more() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user(&admin, "staff", json!({})).await;
    let staff = stand.login("staff").await;
    for params in [vec![], vec![("query", "{*}")]] {
        for row in staff.rows("res.users", &params).await {
            let fields: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(fields, BTreeSet::from(["display_name", "id", "name"]));
        }
    }
    for (name, value) in [
        ("query", "{login}"),
        ("query", "{name, email}"),
        ("filter", r#"[["login","=","admin"]]"#),
        ("filter", r#"[["hub_admin","=",true]]"#),
        ("order", "login"),
    ] {
        is_refused(&staff.list("res.users", &[(name, value)]).await, 403, ACCESS_ERROR);
    }
    // Not by way of another record either
    for (model, name, value) in [
        ("res.partner", "query", "{create_uid{login}}"),
        ("res.partner", "filter", r#"[["create_uid.login","=","ekiclik"]]"#),
        ("res.partner", "filter", r#"[["create_uid","any",[["role","=","ROLE_SUPERADMIN"]]]]"#),
    ] {
        is_refused(&staff.list(model, &[(name, value)]).await, 403, ACCESS_ERROR);
    }
    let rows =
        staff.rows("res.partner", &[("query", "{create_uid{name}}"), ("filter", r#"[["email","=","nadia.ziani@example.dz"]]"#)]).await;
    assert!(rows[0]["create_uid"]["name"].is_string(), "{rows:?}");
    for data in [json!({"name": "X"}), json!({"hub_admin": true})] {
        is_refused(&staff.write("res.users", json!([["name", "=", "staff"]]), data).await, 403, ACCESS_ERROR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_integration_user_writes_the_platforms_users_but_not_who_they_are() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let of_bna = uid(&admin, "bna").await;
    let before = stand.count(&format!("SELECT version AS n FROM partners.res_users WHERE id = {of_bna}")).await;
    for (field, value) in [
        ("login", json!("mine")),
        ("password", json!("mine")),
        ("hub_admin", json!(true)),
        ("bank_id", json!("Alsalam")),
        ("bank_id", Value::Null),
    ] {
        for path in ["/api/res.users/".to_owned(), format!("/api/res.users/{of_bna}")] {
            let body = json!({"params": {"filter": [["login", "=", "bna"]], "data": {field: value, "name": "X"}}}).to_string();
            is_refused(&platform.send("PUT", &path, &[], &body).await, 403, ACCESS_ERROR);
        }
    }
    assert_eq!(stand.count(&format!("SELECT version AS n FROM partners.res_users WHERE id = {of_bna}")).await, before);
    // Nor by sending the user again
    for data in [json!({"bank_id": "Alsalam"}), json!({"password": "mine"}), json!({"hub_admin": true})] {
        let mut again = json!({"name": "Karim", "login": "bna"});
        again.as_object_mut().unwrap().extend(data.as_object().cloned().unwrap());
        is_refused(&platform.create("res.users", again).await, 403, ACCESS_ERROR);
    }
    for role in ["ROLE_USER", "ROLE_POS_EK", "ROLE_CREDIT_ANALYST_EK", "ROLE_ADMIN", "ROLE_SUPERADMIN"] {
        let put = platform
            .write(
                "res.users",
                json!([["login", "=", "bna"]]),
                json!({"role": role, "codification": "C", "code_pos": "P", "create_by": "odoo"}),
            )
            .await;
        assert_eq!(put.status, 200, "{}", put.text);
    }
    // The hub's own users do not exist for it
    user(&admin, "staff", json!({})).await;
    let staff = uid(&admin, "staff").await;
    for hidden in [1, 2, staff] {
        is_refused(&platform.get(&format!("/api/res.users/{hidden}")).await, 404, "odoo.exceptions.MissingError");
        let body = json!({"params": {"data": {"name": "X"}}}).to_string();
        is_refused(&platform.send("PUT", &format!("/api/res.users/{hidden}"), &[], &body).await, 404, "odoo.exceptions.MissingError");
        is_refused(&platform.unlink("res.users", hidden).await, 404, "odoo.exceptions.MissingError");
    }
    let put = platform.write("res.users", json!([["login", "in", ["admin", "staff"]]]), json!({"name": "X"})).await;
    assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "0"));
    let logins: BTreeSet<String> =
        platform.rows("res.users", &[("query", "{login}")]).await.iter().map(|row| row["login"].as_str().unwrap().to_owned()).collect();
    assert_eq!(logins, BTreeSet::from(["alsalam", "bna", "ekiclik"].map(str::to_owned)));
    // And a user that it makes is the platform's
    let made = id(&platform.create("res.users", json!({"name": "N", "login": "new", "create_by": "odoo"})).await);
    let row = admin.get(&format!("/api/res.users/{made}?query={}", encode("{create_by, hub_admin}"))).await;
    assert_eq!(row.json(), json!({"create_by": "ekiclik", "hub_admin": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn hub_admin_is_given_by_administrators_and_to_the_hubs_own_users_alone() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    user(&admin, "staff", json!({})).await;
    for (login, status) in [("bna", 422), ("ekiclik", 422), ("staff", 200)] {
        let put = admin.write("res.users", json!([["login", "=", login]]), json!({"hub_admin": true})).await;
        assert_eq!(put.status, status, "{login}: {}", put.text);
    }
    let staff = stand.login("staff").await;
    assert_eq!(staff.create("res.bank", json!({"name": "New bank"})).await.status, 200);
    // A role of the platform's gives nothing on the hub's side
    user(&admin, "clerk", json!({"role": "ROLE_SUPERADMIN"})).await;
    is_refused(&stand.login("clerk").await.create("res.bank", json!({"name": "Other"})).await, 403, ACCESS_ERROR);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_user_reads_itself_and_nobody_else() {
    let stand = Stand::new().await;
    let (admin, bna) = (stand.login("admin").await, stand.login("bna").await);
    let own = uid(&admin, "bna").await;
    let rows = bna.rows("res.users", &[("query", "{login, bank_id{name}}")]).await;
    assert_eq!(rows, [json!({"login": "bna", "bank_id": {"name": "BNA"}})]);
    assert_eq!(bna.get(&format!("/api/res.users/{own}")).await.status, 200);
    for hidden in [1, 2, uid(&admin, "alsalam").await, uid(&admin, "ekiclik").await] {
        is_refused(&bna.get(&format!("/api/res.users/{hidden}")).await, 404, "odoo.exceptions.MissingError");
    }
    is_refused(&bna.write("res.users", json!([["id", "=", own]]), json!({"role": "ROLE_ADMIN"})).await, 403, ACCESS_ERROR);
    // Nor by way of a client that another user made
    let made = bna
        .rows("res.partner", &[("filter", r#"[["email","=","mourad.belkacem@example.dz"]]"#), ("query", "{create_uid, write_uid{login}}")])
        .await;
    assert_eq!(made, [json!({"create_uid": false, "write_uid": {"login": false}})]);
    assert!(bna.rows("res.partner", &[("filter", r#"[["create_uid.login","in",["__system__","admin","ekiclik"]]]"#)]).await.is_empty());
    let banks = bna.rows("res.bank", &[("query", "{name}")]).await;
    assert_eq!(banks, [json!({"name": "BNA"})]);
}
