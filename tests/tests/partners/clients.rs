//! Clients and points of sale through the door: told by their keys, sent twice, known to banks, refused in full.

use futures_util::future::join_all;
use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, encode};

/// The least that a client is.
fn client(email: &str) -> Value {
    json!({"name": "Amina Saïdi", "email": email})
}

/// The id that a create answers.
fn id(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.result().as_i64().unwrap_or_else(|| panic!("no id: {}", answer.text))
}

/// One record by its id.
async fn record(who: &Session<'_>, model: &str, id: i64, query: &str) -> Value {
    let answer = who.get(&format!("/api/{model}/{id}?query={}", encode(query))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Everything of a partner, its version and dates included.
async fn whole(who: &Session<'_>, id: i64) -> Value {
    record(who, "res.partner", id, "{*}").await
}

async fn partners(stand: &Stand) -> i64 {
    stand.count("SELECT count(*) AS n FROM partners.res_partner").await
}

async fn bank(admin: &Session<'_>, name: &str) -> i64 {
    let rows = admin.rows("res.bank", &[("filter", &json!([["name", "=", name]]).to_string()), ("query", "{id}")]).await;
    rows[0]["id"].as_i64().unwrap()
}

fn refused(answer: &Answer, status: u16, words: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let message = answer.error();
    for word in words {
        assert!(message.contains(word), "'{word}' is not in: {message}");
    }
}

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
async fn a_banks_user_sends_the_seeds_client() {
    let stand = Stand::new().await;
    let alsalam = stand.login("alsalam").await;
    let seed = json!({"create_by": "EkiClic", "is_company": false, "is_pos": "False", "status": "WAITING", "type": "contact",
        "title": null, "name": "CLIENT NAME", "email": "CLIENT ADDRESS", "phone": "0556000000"});
    let made = id(&alsalam.create("res.partner", seed).await);
    assert_eq!(record(&alsalam, "res.partner", made, "{name, is_pos}").await, json!({"name": "CLIENT NAME", "is_pos": false}));
    // A point of sale is not a bank's to make
    let pos = alsalam.create("res.partner", json!({"is_pos": "True", "name": "POS", "code_pos": "PDV-1"})).await;
    assert_eq!((pos.status, pos.error_name().as_str()), (403, "odoo.exceptions.AccessError"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_exists_for_the_banks_that_know_it_and_for_no_other() {
    let stand = Stand::new().await;
    let (platform, alsalam, bna) = (stand.login("ekiclik").await, stand.login("alsalam").await, stand.login("bna").await);
    let counts = |who: Value| async move { (who["count"].clone(), who["total"].clone()) };
    let page = [("page_size", "80"), ("filter", r#"[["is_pos","=",false]]"#)];
    let before = counts(bna.list("res.partner", &page).await.json()).await;
    let made = id(&alsalam.create("res.partner", client("amina@example.dz")).await);
    assert_eq!(record(&alsalam, "res.partner", made, "{email}").await["email"], "amina@example.dz");
    assert_eq!(record(&platform, "res.partner", made, "{create_by}").await["create_by"], "ekiclik");
    // For the other bank there is nothing
    let hidden = bna.get(&format!("/api/res.partner/{made}")).await;
    let missing = bna.get("/api/res.partner/999999").await;
    assert_eq!(
        (hidden.status, hidden.error_name(), hidden.error().replace(&made.to_string(), "999999")),
        (404, missing.error_name(), missing.error())
    );
    assert_eq!(counts(bna.list("res.partner", &page).await.json()).await, before);
    for filter in [json!([["id", "=", made]]), json!([["email", "=", "amina@example.dz"]]), json!(["!", ["id", "!=", made]])] {
        assert!(bna.rows("res.partner", &[("filter", &filter.to_string())]).await.is_empty());
        let put = bna.write("res.partner", filter, json!({"name": "Taken"})).await;
        assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "0"));
    }
    let put = bna.send("PUT", &format!("/api/res.partner/{made}"), &[], r#"{"params":{"data":{"name":"Taken"}}}"#).await;
    assert_eq!((put.status, put.error_name().as_str()), (404, "odoo.exceptions.MissingError"));
    assert_eq!(record(&alsalam, "res.partner", made, "{name}").await["name"], "Amina Saïdi");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_sends_a_known_client_joins_it_and_changes_nothing_else() {
    let stand = Stand::new().await;
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    let (of_alsalam, of_bna) = (bank(&admin, "Alsalam").await, bank(&admin, "BNA").await);
    let made = id(&alsalam.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz", "phone": "1"})).await);
    let theirs = json!({"name": "Other name", "email": "Amina@Example.dz", "phone": "2", "city": "Oran"});
    assert_eq!(id(&bna.create("res.partner", theirs).await), made);
    let kept = json!({"name": "Amina", "phone": "1", "city": false, "bank_ids": [of_alsalam, of_bna]});
    assert_eq!(record(&admin, "res.partner", made, "{name, phone, city, bank_ids}").await, kept);
    // Each bank sees itself among the client's, and not the other
    for (who, own, other) in [(&alsalam, of_alsalam, of_bna), (&bna, of_bna, of_alsalam)] {
        assert_eq!(record(who, "res.partner", made, "{bank_ids}").await["bank_ids"], json!([own]));
        let by_other = json!([["id", "=", made], ["bank_ids", "in", [other]]]).to_string();
        assert!(who.rows("res.partner", &[("filter", &by_other)]).await.is_empty());
        assert_eq!(who.get(&format!("/api/res.bank/{other}")).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_that_is_sent_again_changes_nothing_either() {
    let stand = Stand::new().await;
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    let made = id(&alsalam.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz", "phone": "1"})).await);
    let theirs = json!({"name": "Other name", "email": "amina@example.dz", "phone": "2"});
    assert_eq!(id(&bna.create("res.partner", theirs.clone()).await), made);
    let joined = whole(&admin, made).await;
    // The sender heard no answer, and tries again
    assert_eq!(id(&bna.create("res.partner", theirs).await), made);
    assert_eq!(whole(&admin, made).await, joined);
    // What it sends afterwards changes what is its own: the name is shared
    assert_eq!(id(&bna.create("res.partner", json!({"name": "Third name", "email": "amina@example.dz"})).await), made);
    assert_eq!(record(&admin, "res.partner", made, "{name, phone}").await, json!({"name": "Amina", "phone": "1"}));
    assert_eq!(record(&bna, "res.partner", made, "{name, phone}").await, json!({"name": "Amina", "phone": "2"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_names_a_bank_without_case_accents_and_spaces() {
    let stand = Stand::new().await;
    let (admin, platform, alsalam, bna) =
        (stand.login("admin").await, stand.login("ekiclik").await, stand.login("alsalam").await, stand.login("bna").await);
    let of_alsalam = bank(&admin, "Alsalam").await;
    for (at, name) in ["Alsalam", " AL SALAM ", "àlsálam"].into_iter().enumerate() {
        let made = id(&platform.create("res.partner", json!({"name": "A", "email": format!("a{at}@example.dz"), "source": name})).await);
        assert_eq!(record(&admin, "res.partner", made, "{bank_ids}").await["bank_ids"], json!([of_alsalam]), "{name}");
        assert_eq!(alsalam.get(&format!("/api/res.partner/{made}")).await.status, 200);
        assert_eq!(bna.get(&format!("/api/res.partner/{made}")).await.status, 404);
    }
    // The same client with another bank: both know it; the content is the same, so nothing else changes
    let made = id(&platform.create("res.partner", json!({"name": "A", "email": "a0@example.dz", "order_source": "bna"})).await);
    assert_eq!(bna.get(&format!("/api/res.partner/{made}")).await.status, 200);
    refused(
        &platform.create("res.partner", json!({"name": "A", "email": "x@example.dz", "source": "Lune"})).await,
        422,
        &["'Lune'", "Alsalam", "BNA"],
    );
    // A bank's user names its own bank, or none; another's is refused, and tells nothing of which there are
    let own = alsalam.create("res.partner", json!({"name": "A", "email": "own@example.dz", "source": "al salam"})).await;
    assert_eq!(own.status, 200, "{}", own.text);
    for name in ["BNA", "Lune"] {
        let answer = alsalam.create("res.partner", json!({"name": "A", "email": "other@example.dz", "source": name})).await;
        assert_eq!((answer.status, answer.error_name().as_str()), (403, "odoo.exceptions.AccessError"));
        assert!(!answer.text.contains("BNA"), "{}", answer.text);
    }
    // A new bank is known at once
    id(&admin.create("res.bank", json!({"name": "Crédit Populaire"})).await);
    id(&platform.create("res.partner", json!({"name": "A", "email": "cpa@example.dz", "source": "CREDIT POPULAIRE"})).await);
    assert_eq!(platform.create("res.bank", json!({"name": "Mine"})).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_cant_tell_another_banks_client_from_none_by_naming_it_as_parent() {
    let stand = Stand::new().await;
    let (alsalam, bna) = (stand.login("alsalam").await, stand.login("bna").await);
    let hidden = id(&alsalam.create("res.partner", client("amina@example.dz")).await);
    let own = id(&bna.create("res.partner", client("karim@example.dz")).await);
    let told = |answer: Answer, of: i64| (answer.status, answer.text.replace(&of.to_string(), "N"));
    let contact = |parent: i64| json!({"name": "Home", "type": "delivery", "parent_id": parent});
    assert_eq!(bna.create("res.partner", contact(own)).await.status, 200);
    assert_eq!(
        told(bna.create("res.partner", contact(hidden)).await, hidden),
        told(bna.create("res.partner", contact(99_999)).await, 99_999)
    );
    let put = |parent: i64| bna.write("res.partner", json!([["id", "=", own]]), json!({"parent_id": parent}));
    assert_eq!(told(put(hidden).await, hidden), told(put(99_999).await, 99_999));
    assert_eq!(record(&alsalam, "res.partner", hidden, "{child_ids}").await["child_ids"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_user_reads_every_point_of_sale_and_changes_none() {
    let stand = Stand::new().await;
    let bna = stand.login("bna").await;
    let all = stand.count("SELECT count(*) AS n FROM partners.res_partner WHERE is_pos").await;
    let rows = bna.rows("res.partner", &[("filter", r#"[["is_pos","=",true]]"#), ("query", "{id}")]).await;
    assert_eq!(i64::try_from(rows.len()).unwrap(), all);
    let put = bna.write("res.partner", json!([["id", "=", rows[0]["id"]]]), json!({"name": "Mine"})).await;
    assert_eq!((put.status, put.error_name().as_str()), (403, "odoo.exceptions.AccessError"));
    for data in [json!({"bank_ids": []}), json!({"bank_ids": {"push": [1]}})] {
        assert_eq!(bna.write("res.partner", json!([["email", "=", "mourad.belkacem@example.dz"]]), data).await.status, 403);
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

#[tokio::test(flavor = "multi_thread")]
async fn banks_are_pushed_and_popped_and_must_exist() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (of_alsalam, of_bna) = (bank(&admin, "Alsalam").await, bank(&admin, "BNA").await);
    let made = id(&platform.create("res.partner", json!({"name": "A", "email": "a@example.dz", "bank_ids": [of_bna]})).await);
    for (change, kept) in [
        (json!({"push": [of_alsalam, of_bna]}), json!([of_alsalam, of_bna])),
        (json!({"pop": [of_bna]}), json!([of_alsalam])),
        (json!([of_bna]), json!([of_bna])),
    ] {
        let put = platform.write("res.partner", json!([["id", "=", made]]), json!({"bank_ids": change})).await;
        assert_eq!(put.status, 200, "{}", put.text);
        assert_eq!(record(&admin, "res.partner", made, "{bank_ids}").await["bank_ids"], kept);
    }
    // A source joins what the body lists
    let put = platform.write("res.partner", json!([["id", "=", made]]), json!({"name": "B", "source": "alsalam"})).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(record(&admin, "res.partner", made, "{bank_ids}").await["bank_ids"], json!([of_alsalam, of_bna]));
    refused(&platform.write("res.partner", json!([["id", "=", made]]), json!({"bank_ids": [987_654]})).await, 422, &["bank_ids", "987654"]);
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
