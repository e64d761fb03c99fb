//! A partner's fields: what each takes, its default, and how all that is wrong is told.

use serde_json::{Value, json};
use system_tests::{Stand, encode, id, refused};

use crate::{client, partners, record, whole};

#[tokio::test(flavor = "multi_thread")]
async fn is_pos_comes_as_a_text_or_a_boolean_and_is_false_by_default() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (at, (sent, kept)) in [
        (json!("True"), true),
        (json!("False"), false),
        (json!("true"), true),
        (json!(true), true),
        (json!(false), false),
        (Value::Null, false),
    ]
    .into_iter()
    .enumerate()
    {
        let data = json!({"name": "P", "email": format!("p{at}@example.dz"), "code_pos": format!("PDV-{at}"), "is_pos": sent});
        let made = id(&platform.create("res.partner", data).await);
        assert_eq!(record(&platform, "res.partner", made, "{is_pos}").await["is_pos"], kept, "{sent}");
    }
    let made = id(&platform.create("res.partner", client("without@example.dz")).await);
    assert_eq!(record(&platform, "res.partner", made, "{is_pos}").await["is_pos"], false);
    refused(
        &platform.create("res.partner", json!({"name": "P", "email": "x@example.dz", "is_pos": "perhaps"})).await,
        422,
        &["is_pos", "perhaps"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_waiting_and_a_contact_unless_it_says_otherwise() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let made = id(&platform.create("res.partner", client("amina@example.dz")).await);
    assert_eq!(
        record(&platform, "res.partner", made, "{status, type, title}").await,
        json!({"status": "WAITING", "type": "contact", "title": false})
    );
    for (field, value) in
        [("status", "ACTIVE"), ("status", "BLOCKED"), ("status", "WAITING"), ("type", "invoice"), ("type", "delivery"), ("type", "other")]
    {
        assert_eq!(platform.write("res.partner", json!([["id", "=", made]]), json!({field: value})).await.status, 200);
        assert_eq!(record(&platform, "res.partner", made, "{*}").await[field], value);
    }
    refused(
        &platform.create("res.partner", json!({"name": "A", "email": "a@example.dz", "status": "PAID", "type": "home"})).await,
        422,
        &["status", "PAID", "BLOCKED", "type", "home", "delivery"],
    );
    // A title by its name, without case and accents, or a new one
    for title in ["MADAME", "Général"] {
        assert_eq!(platform.write("res.partner", json!([["id", "=", made]]), json!({"title": title})).await.status, 200);
    }
    assert_eq!(record(&platform, "res.partner", made, "{title{name}}").await, json!({"title": {"name": "Général"}}));
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_partner_title WHERE lower(name) = 'madame'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn null_for_a_field_with_a_default_is_the_default() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let data = json!({"name": "A", "email": "a@example.dz", "status": null, "type": null, "title": null, "phone": null, "is_company": null, "state_id": null, "country_id": null, "bank_ids": null});
    let made = id(&platform.create("res.partner", data).await);
    assert_eq!(
        record(&platform, "res.partner", made, "{status, type, title, phone}").await,
        json!({"status": "WAITING", "type": "contact", "title": false, "phone": false})
    );
    for field in ["status", "type"] {
        let put = platform.write("res.partner", json!([["id", "=", made]]), json!({field: false})).await;
        assert!(matches!(put.status, 200 | 422), "{field}: {} {}", put.status, put.text);
    }
    let user = json!({"name": "U", "login": "null-user", "role": null, "lang": null, "tz": null, "company_id": null, "bank_id": null});
    let user = id(&platform.create("res.users", user).await);
    assert_eq!(
        record(&platform, "res.users", user, "{lang, tz, role}").await,
        json!({"lang": "fr_FR", "tz": "Africa/Algiers", "role": false})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wilaya_is_found_by_number_or_name_and_a_country_by_its_code() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let made = id(&platform.create("res.partner", client("amina@example.dz")).await);
    for (sent, code) in
        [("16", "16"), ("6", "06"), ("06", "06"), ("bejaia", "06"), ("BÉJAÏA", "06"), (" Tizi ouzou ", "15"), ("Alger", "16")]
    {
        let put = platform.write("res.partner", json!([["id", "=", made]]), json!({"state_id": sent, "country_id": "dz"})).await;
        assert_eq!(put.status, 200, "{sent}: {}", put.text);
        let read = record(&platform, "res.partner", made, "{state_id{code}, country_id{code}}").await;
        assert_eq!(read, json!({"state_id": {"code": code}, "country_id": {"code": "DZ"}}), "{sent}");
    }
    for state in ["Atlantis", "99", "160", "1612"] {
        assert_eq!(platform.write("res.partner", json!([["id", "=", made]]), json!({"state_id": state})).await.status, 200);
        let read = record(&platform, "res.partner", made, "{state_id, state_name}").await;
        assert_eq!(read, json!({"state_id": false, "state_name": state}), "kept as it came");
    }
    refused(&platform.write("res.partner", json!([["id", "=", made]]), json!({"country_id": "ZZ"})).await, 422, &["country_id", "ZZ"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_kept_and_compared_in_lower_case_and_may_be_any_text() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let made = id(&platform.create("res.partner", client("  CLIENT Àddress ")).await);
    assert_eq!(record(&platform, "res.partner", made, "{email}").await["email"], "client àddress");
    for filter in [
        json!([["email", "=", "CLIENT Àddress"]]),
        json!([["email", "in", ["X@Y", "Client Àddress"]]]),
        json!([["email", "ilike", "CLIENT À"]]),
        json!(["&", ["email", "!=", "other"], ["email", "=like", "client à%"]]),
    ] {
        let rows = platform.rows("res.partner", &[("filter", &filter.to_string()), ("query", "{id}")]).await;
        assert_eq!(rows, [json!({"id": made})], "{filter}");
    }
    let put = platform.write("res.partner", json!([["email", "=", "CLIENT ÀDDRESS"]]), json!({"email": "New@Example.DZ"})).await;
    assert_eq!(put.headers["x-records-matched"], "1");
    assert_eq!(id(&platform.create("res.partner", client("nEW@example.dz")).await), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_trimmed_and_bounded() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let at_most = json!({"name": "é".repeat(254), "email": "é".repeat(254), "phone": "1".repeat(64), "street": "s".repeat(254)});
    let made = id(&platform.create("res.partner", at_most).await);
    assert_eq!(
        platform.write("res.partner", json!([["id", "=", made]]), json!({"name": "  Amina \n", "phone": 556000000})).await.status,
        200
    );
    assert_eq!(record(&platform, "res.partner", made, "{name, phone}").await, json!({"name": "Amina", "phone": "556000000"}));
    let over = json!({"name": "n".repeat(10_000), "email": "e".repeat(255), "phone": "1".repeat(65), "comment": "c".repeat(20_001)});
    refused(&platform.create("res.partner", over).await, 422, &["'name'", "'email'", "254", "'phone'", "64", "'comment'", "20000"]);
    refused(
        &platform.create("res.partner", json!({"name": ["a"], "email": {"a": 1}, "phone": true})).await,
        422,
        &["name", "email", "phone"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_kept_or_refused_in_any_script() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (length, kept) in [(254, true), (600, true), (1_000, false)] {
        // Three bytes a character, and nothing in it that could be packed: an index has less room than a row
        let name: String = (0..length).map(|_| char::from_u32(0x4E00 + rand::random::<u32>() % 0x5000).unwrap()).collect();
        let answer = platform.create("res.partner", json!({"name": name, "email": format!("{length}@example.dz")})).await;
        if kept || answer.status == 200 {
            assert_eq!(record(&platform, "res.partner", id(&answer), "{name}").await["name"], name);
        } else {
            refused(&answer, 422, &["name"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_told_at_once_and_nothing_is_stored() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = partners(&stand).await;
    let titles = stand.count("SELECT count(*) AS n FROM partners.res_partner_title").await;
    let wrong = json!({"emial": "x", "phnoe": "x", "status": "PAID", "state_id": "Atlantis", "country_id": "ZZ", "parent_id": 999_999_999, "title": "Inconnu"});
    let answer = platform.create("res.partner", wrong).await;
    refused(&answer, 422, &["'emial'", "'email'", "'phnoe'", "'phone'", "PAID", "ZZ", "999999999", "'name'"]);
    assert_eq!(partners(&stand).await, before);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_partner_title").await, titles);
    let answer = platform.create("res.partner", json!({"name": "A", "email": "a@example.dz", "nosuch": 1})).await;
    refused(&answer, 422, &["Invalid field 'nosuch' on model 'res.partner'"]);
    assert_eq!(answer.error_name(), "builtins.ValueError");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_bank_is_told_together_with_what_else_is_wrong() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let answer =
        platform.create("res.partner", json!({"source": "Crédit Lunaire", "create_by": "martian", "emial": "x", "status": "PAID"})).await;
    refused(&answer, 422, &["Crédit Lunaire", "Alsalam", "BNA", "create_by", "'emial'", "PAID", "'name'"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_and_filter_must_be_there() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let send = |method: &'static str, params: Value| {
        let platform = &platform;
        async move { platform.send(method, "/api/res.partner/", &[], &json!({"params": params}).to_string()).await }
    };
    let answer = send("POST", json!({})).await;
    refused(&answer, 422, &["`data` parameter is not found on POST request body"]);
    assert_eq!(answer.error_name(), "odoo.exceptions.ValidationError");
    refused(&send("PUT", json!({"filter": [["id", "=", 1]]})).await, 422, &["`data`"]);
    for data in [json!([]), json!([client("a@example.dz")]), json!("text"), json!(1)] {
        assert!(matches!(send("POST", json!({"data": data})).await.status, 400 | 422), "{data}");
    }
    let before = whole(&platform, 1).await;
    for filter in [None, Some(json!([])), Some(Value::Null)] {
        let mut params = json!({"data": {"name": "Everybody"}});
        if let Some(filter) = &filter {
            params["filter"] = filter.clone();
        }
        refused(&send("PUT", params).await, 422, &["filter"]);
        // As a parameter `null` is there, and no list
        let path = filter
            .as_ref()
            .map_or("/api/res.partner/".to_owned(), |filter| format!("/api/res.partner/?filter={}", encode(&filter.to_string())));
        assert_eq!(platform.send("DELETE", &path, &[], "").await.status, if filter == Some(Value::Null) { 400 } else { 422 }, "{path}");
    }
    assert_eq!(whole(&platform, 1).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_finds_nothing_changes_nothing_and_says_so() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = partners(&stand).await;
    let put = platform.write("res.partner", json!([["email", "=", "nobody@example.dz"]]), json!({"name": "N"})).await;
    assert_eq!((put.status, put.result(), put.headers["x-records-matched"].as_str()), (200, json!(true), "0"));
    assert_eq!(partners(&stand).await, before);
    let bad = platform.write("res.partner", json!([["emial", "=", "x"]]), json!({"name": "N"})).await;
    refused(&bad, 400, &["Invalid field res.partner.emial in leaf", "email"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_thousand_matches_are_refused_unless_bulk_is_asked_for() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let insert = "WITH made AS (INSERT INTO partners.res_partner (name, email, create_by) SELECT 'Many', 'many' || n, 'ekiclik' FROM generate_series(1, 1001) n RETURNING 1) SELECT count(*) AS n FROM made";
    assert_eq!(stand.count(insert).await, 1_001);
    let put = |context: Value| {
        let body = json!({"params": {"filter": [["name", "=", "Many"]], "data": {"city": "Oran"}, "context": context}}).to_string();
        let platform = &platform;
        async move { platform.send("PUT", "/api/res.partner/", &[], &body).await }
    };
    refused(&put(json!({})).await, 422, &["1000", "bulk"]);
    refused(&put(json!({"bulk": false})).await, 422, &["bulk"]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_partner WHERE name = 'Many' AND city IS NOT NULL").await, 0);
    let bulk = put(json!({"bulk": true})).await;
    assert_eq!((bulk.status, bulk.headers["x-records-matched"].as_str()), (200, "1001"), "{}", bulk.text);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_partner WHERE name = 'Many' AND city = 'Oran'").await, 1_001);
    let removed = platform.send("DELETE", &format!("/api/res.partner/?filter={}", encode(r#"[["name","=","Many"]]"#)), &[], "").await;
    refused(&removed, 422, &["bulk"]);
}
