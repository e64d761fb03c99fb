//! Reads across services: blocks and conditions on relations to another service's records, one call a relation and level.

use std::collections::HashMap;

use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, encode, id, refused};

async fn one(session: &Session<'_>, model: &str, id: i64, query: &str) -> Answer {
    session.get(&format!("/api/{model}/{id}?query={}", encode(query))).await
}

/// The names of what a filter finds, in order; or the status and what is said.
async fn found(session: &Session<'_>, model: &str, filter: &Value) -> String {
    let params = [("filter", filter.to_string()), ("query", "{name}".to_owned()), ("order", "name, id".to_owned())];
    let params: Vec<(&str, &str)> = params.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let answer = session.list(model, &params).await;
    match answer.status {
        200 => answer.result().as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>().join(", "),
        status => format!("{status} {}", answer.error()),
    }
}

/// How many calls each service has answered so far, by model and method.
async fn calls(stand: &Stand) -> HashMap<String, i64> {
    let mut calls = HashMap::new();
    for service in ["catalog", "partners"] {
        let (_, address) = stand.children.as_ref().unwrap().metrics.iter().find(|(of, _)| *of == service).unwrap();
        let text = stand.told(&format!("http://{address}/metrics")).await;
        for line in text.lines().filter_map(|line| line.strip_prefix("hub_call_duration_seconds_count{")) {
            let (labels, count) = line.split_once("} ").unwrap();
            let label = |name: &str| labels.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
            *calls.entry(format!("{} {}", label("model"), label("method"))).or_default() += count.parse::<i64>().unwrap();
        }
    }
    calls
}

/// What was called between two counts, the look-up of sessions and of what leads where aside.
fn since(before: &HashMap<String, i64>, after: HashMap<String, i64>) -> Vec<String> {
    let mut more: Vec<String> = after
        .into_iter()
        .filter(|(call, _)| !call.ends_with(" other"))
        .map(|(call, count)| format!("{call} {}", count - before.get(&call).unwrap_or(&0)))
        .filter(|call| !call.ends_with(" 0"))
        .collect();
    more.sort();
    more
}

async fn uid(admin: &Session<'_>, login: &str) -> i64 {
    admin.rows("res.users", &[("filter", &json!([["login", "=", login]]).to_string()), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_reads_another_services_record_where_it_stands_in_both_shapes() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
        let brand = id(&platform.create("product.brand", json!({"name": "Asked"})).await);
        let user = uid(&admin, "ekiclik").await;
        for (query, expected) in [
            (
                "{name, create_uid{login, name}, id}",
                format!(r#"{{"name":"Asked","create_uid":{{"login":"ekiclik","name":"Ekiclik"}},"id":{brand}}}"#),
            ),
            ("{create_uid{name, id}, version}", format!(r#"{{"create_uid":{{"name":"Ekiclik","id":{user}}},"version":1}}"#)),
            ("{create_uid{login}, create_uid, create_uid{name}}", r#"{"create_uid":{"name":"Ekiclik"}}"#.to_owned()),
            ("{create_uid{}, write_uid}", format!(r#"{{"create_uid":{{}},"write_uid":{user}}}"#)),
            (
                "{ create_uid (limit: 1) {\n company_id {country_id{code}, name, } } }",
                r#"{"create_uid":{"company_id":{"country_id":{"code":"DZ"},"name":"Ekiclik"}}}"#.to_owned(),
            ),
        ] {
            let read = one(&admin, "product.brand", brand, query).await;
            assert_eq!((read.status, read.text.as_str()), (200, expected.as_str()), "{query}");
            let list = admin.list("product.brand", &[("query", query), ("filter", &json!([["id", "=", brand]]).to_string())]).await;
            let envelope = format!(r#"{{"count":1,"prev":null,"current":1,"next":null,"total_pages":1,"result":[{expected}]}}"#);
            assert_eq!(list.text, envelope, "{query}");
        }
        let wrong = one(&admin, "product.brand", brand, "{create_uid{bank_ids}}").await;
        refused(&wrong, 400, &["Invalid field 'bank_ids' on model 'res.users'", "did you mean 'bank_id'"]);
        // A star keeps the block, and is one
        let star = one(&admin, "product.brand", brand, "{*, create_uid{*}}").await.json();
        assert_eq!((&star["create_uid"]["login"], &star["name"], &star["write_uid"]), (&json!("ekiclik"), &json!("Asked"), &json!(user)));
        let own = one(&admin, "res.users", user, "{*}").await.text;
        let spliced = one(&admin, "product.brand", brand, "{create_uid{*}}").await.text;
        assert_eq!(spliced, format!(r#"{{"create_uid":{own}}}"#), "byte for byte");
        let own = one(&admin, "res.users", user, "{-id, -name}").await.text;
        let spliced = one(&admin, "product.brand", brand, "{create_uid{-id, -name}}").await.text;
        assert_eq!(spliced, format!(r#"{{"create_uid":{own}}}"#));
        assert_eq!(found(&admin, "product.brand", &json!([["create_uid.login", "=", "ekiclik"]])).await, "Asked");
        assert_eq!(found(&admin, "product.brand", &json!([["create_uid", "ilike", "EKIC"], ["name", "=", "no such"]])).await, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_are_one_call_a_relation_and_level() {
    let stand = Stand::processes().await;
    let admin = stand.login("admin").await;
    let platform = stand.login("ekiclik").await;
    for n in 0..20 {
        let who = if n % 2 == 0 { &admin } else { &platform };
        id(&who.create("product.brand", json!({"name": format!("Many {n:02}")})).await);
    }
    admin.rows("product.brand", &[("query", "{create_uid{name}}")]).await;
    let many = json!([["name", "like", "Many"]]).to_string();

    let before = calls(&stand).await;
    let rows = admin.rows("product.brand", &[("query", "{name, create_uid{login}}"), ("filter", &many), ("order", "name")]).await;
    let logins: Vec<_> = rows.iter().map(|row| row["create_uid"]["login"].as_str().unwrap()).collect();
    assert_eq!(logins, ["admin", "ekiclik"].repeat(10));
    assert_eq!(since(&before, calls(&stand).await), ["product.brand search_read 1", "res.users search_read 1"]);

    let before = calls(&stand).await;
    let query = "{name, create_uid{login}, write_uid{name}, product_ids{create_uid{company_id{name}}, company_id{name}}}";
    let rows = admin.rows("product.master", &[("query", query)]).await;
    assert_eq!(rows.len(), 3);
    for configuration in rows.iter().flat_map(|row| row["product_ids"].as_array().unwrap()) {
        assert_eq!(*configuration, json!({"create_uid": {"company_id": {"name": "Ekiclik"}}, "company_id": {"name": false}}));
    }
    // No configuration has a company: nothing is asked
    assert_eq!(since(&before, calls(&stand).await), ["product.master search_read 1", "res.users search_read 3"]);

    let before = calls(&stand).await;
    let filter = json!(["|", ["create_uid.login", "=", "ekiclik"], ["create_uid", "ilike", "admin"], ["name", "like", "Many"]]);
    assert_eq!(admin.rows("product.brand", &[("query", "{id}"), ("filter", &filter.to_string())]).await.len(), 20);
    assert_eq!(since(&before, calls(&stand).await), ["product.brand search_read 1", "res.users search_read 2"]);

    // What does not lead away asks nobody else
    let before = calls(&stand).await;
    for query in ["{*}", "{id, name, create_uid}"] {
        admin.rows("product.brand", &[("query", query), ("filter", &many)]).await;
        one(&admin, "product.brand", 1, query).await;
    }
    admin
        .rows("product.master", &[("query", "{brand{name}, product_ids{name}}"), ("filter", r#"[["product_ids.brand.name","=","Iris"]]"#)])
        .await;
    admin.rows("product.brand", &[("query", "{id}"), ("filter", r#"[["create_uid","in",[1,2]],["write_uid","!=",false]]"#)]).await;
    assert!(since(&before, calls(&stand).await).iter().all(|call| call.starts_with("product.")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_finds_by_another_services_records_what_it_finds_by_ones_own() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let mut sql = stand.sql().await;
    // Users refer to companies within a service, configurations across services: the same five references in each
    for statement in [
        "ALTER TABLE partners.res_users ALTER company_id DROP NOT NULL",
        "INSERT INTO partners.res_company (id, name, email, active, deleted_at, country_id) VALUES \
         (101, 'Alpha', 'a@x.dz', true, NULL, (SELECT id FROM partners.res_country WHERE code = 'DZ')), \
         (102, 'Alpha archived', NULL, false, NULL, (SELECT id FROM partners.res_country WHERE code = 'FR')), (103, 'Alpha gone', 'a@x.dz', true, now(), NULL)",
        "CREATE TABLE partners.twin AS SELECT row_number() OVER (ORDER BY id) AS n, id, name FROM catalog.product_template",
        "INSERT INTO partners.res_users (name, login, company_id) SELECT name, 'twin' || n, (ARRAY[101, 102, NULL, 103, 1])[n] FROM partners.twin",
        "UPDATE catalog.product_template t SET company_id = (ARRAY[101, 102, NULL, 103, 1])[n] FROM partners.twin WHERE twin.id = t.id",
        "DROP TABLE partners.twin",
    ] {
        Stand::execute(&mut sql, statement).await;
    }
    let mut differences = Vec::new();
    let (mut some, mut none, mut all) = (0, 0, 0);
    for leaf in [
        json!(["company_id", "=", "Alpha"]),
        json!(["company_id", "=", "alpha"]),
        json!(["company_id", "!=", "Alpha"]),
        json!(["company_id", "!=", "no such"]),
        json!(["company_id", "in", ["Alpha", "Alpha archived", "Alpha gone"]]),
        json!(["company_id", "in", ["Alpha", false]]),
        json!(["company_id", "in", ["Alpha", 1]]),
        json!(["company_id", "=", ["Alpha", "102", false]]),
        json!(["company_id", "not in", ["Alpha", false]]),
        json!(["company_id", "not in", ["Alpha"]]),
        json!(["company_id", "not in", []]),
        json!(["company_id", "ilike", "ALPHA"]),
        json!(["company_id", "like", "ALPHA"]),
        json!(["company_id", "like", "pha"]),
        json!(["company_id", "not ilike", "alpha"]),
        json!(["company_id", "not like", "arch"]),
        json!(["company_id", "=like", "Alpha%"]),
        json!(["company_id", "=ilike", "alpha"]),
        json!(["company_id", "=?", false]),
        json!(["company_id", "=?", ""]),
        json!(["company_id", "=?", "Alpha"]),
        json!(["company_id", "=", ""]),
        json!(["company_id", "=", " "]),
        json!(["company_id", "=", null]),
        json!(["company_id", "!=", ""]),
        json!(["company_id", "!=", null]),
        json!(["company_id", "=?", null]),
        json!(["company_id", "in", ["Alpha", ""]]),
        json!(["company_id", "not in", ["", "Alpha", 102]]),
        json!(["company_id", "in", [null, 1]]),
        json!(["company_id.id", "=", ""]),
        json!(["company_id", "=", 102]),
        json!(["company_id", "!=", 102]),
        json!(["company_id", "=", "102"]),
        json!(["company_id", "=", false]),
        json!(["company_id", "!=", false]),
        json!(["company_id", ">", 100]),
        json!(["company_id.id", "=", 102]),
        json!(["company_id.id", "=", "Alpha"]),
        json!(["company_id.id", "not ilike", "alpha"]),
        json!(["company_id.id", "any", [["name", "ilike", "alpha"]]]),
        json!(["company_id.name", "=", "Alpha"]),
        json!(["company_id.name", "!=", "Alpha"]),
        json!(["company_id.name", "not ilike", "alpha"]),
        json!(["company_id.name", "=", "no such"]),
        json!(["company_id.name", "=?", false]),
        json!(["company_id.email", "=", false]),
        json!(["company_id.email", "!=", false]),
        json!(["company_id.email", "in", ["A@x.dz", false]]),
        json!(["company_id.active", "=", false]),
        json!(["company_id.active", "=", true]),
        json!(["company_id.display_name", "ilike", "alpha"]),
        json!(["company_id.country_id", "=", false]),
        json!(["company_id.country_id", "!=", false]),
        json!(["company_id.country_id", "=", "France"]),
        json!(["company_id.country_id.code", "=", "DZ"]),
        json!(["company_id.country_id.code", "!=", "DZ"]),
        json!(["company_id.country_id.state_ids.code", "=", "16"]),
        json!(["company_id", "any", []]),
        json!(["company_id", "not any", []]),
        json!(["company_id", "any", [["name", "ilike", "alpha"], ["active", "=", true]]]),
        json!(["company_id", "not any", [["name", "ilike", "alpha"]]]),
        json!(["company_id", "any", ["|", ["country_id.code", "=", "FR"], ["id", "=", 1]]]),
        json!(["company_id", "any", ["!", ["country_id", "any", [["code", "=", "FR"]]]]]),
        json!(["company_id", "any", [[0, "=", 1]]]),
        // What is wrong is told in the same words
        json!(["company_id.nmae", "=", 1]),
        json!(["company_id.country_id.nmae", "=", 1]),
        json!(["company_id", "any", [["nmae", "=", 1]]]),
        json!(["company_id", "=", true]),
        json!(["company_id", "ilike", ["a"]]),
        json!(["company_id.name.x", "=", 1]),
        json!(["company_id.country_id", ">", "x"]),
        json!(["company_id.name", "~", 1]),
        json!(["company_id..name", "=", 1]),
        json!(["company_id.a.b.c.d.e", "=", 1]),
        json!(["company_id", "any", 1]),
        json!(["company_id"]),
    ] {
        for negated in [false, true] {
            let with = |more: &[Value]| {
                let mut filter = more.to_vec();
                filter.extend(negated.then(|| json!("!")));
                filter.push(leaf.clone());
                Value::Array(filter)
            };
            let own = found(&admin, "res.users", &with(&[json!(["login", "like", "twin"])])).await;
            let across = found(&admin, "product.template", &with(&[json!(["name", "!=", false])])).await;
            // But for the beginning of the path, which the other service does not hear
            if own.replace("'company_id.", "'") != across {
                differences.push(format!("{leaf} negated: {negated}: '{own}' by one's own, '{across}' across services"));
            }
            match own.matches(", ").count() {
                _ if own.starts_with("400") => {}
                _ if own.is_empty() => none += 1,
                4 => all += 1,
                _ => some += 1,
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(some > 50 && none > 8 && all > 8, "the conditions tell them apart: {some} {none} {all}");
    // A tree has no twin here: companies are none
    refused(&admin.list("product.template", &[("filter", r#"[["company_id","child_of",1]]"#)]).await, 400, &["child_of"]);
    // What is not there reads as what is not set; an archived record reads
    let rows = admin.rows("product.template", &[("query", "{company_id{name, country_id{code}, id}}"), ("order", "id")]).await;
    let none = json!({"name": false, "country_id": false, "id": false});
    assert_eq!(rows[1], json!({"company_id": {"name": "Alpha archived", "country_id": {"code": "FR"}, "id": 102}}));
    assert_eq!((&rows[2]["company_id"], &rows[3]["company_id"]), (&none, &none));
    let users = admin
        .rows(
            "res.users",
            &[("query", "{company_id{name, country_id{code}, id}}"), ("filter", r#"[["login","like","twin"]]"#), ("order", "id")],
        )
        .await;
    assert_eq!(rows, users);
    for query in ["{company_id{*}}", "{company_id{-id, -name}}", "{company_id{name, name, email}}", "{company_id{}}"] {
        let across = admin.list("product.template", &[("query", query), ("order", "id")]).await.text;
        let own = admin.list("res.users", &[("query", query), ("filter", r#"[["login","like","twin"]]"#), ("order", "id")]).await.text;
        assert_eq!(across, own, "{query}");
    }
    // None of them there at all: told from the declaration
    Stand::execute(
        &mut sql,
        "UPDATE catalog.product_template SET company_id = NULL; UPDATE partners.res_users SET company_id = NULL WHERE login LIKE 'twin%'",
    )
    .await;
    for query in ["{company_id{*}}", "{company_id{*, -id}, name}"] {
        let across = admin.list("product.template", &[("query", query), ("order", "id")]).await.text;
        let own = admin.list("res.users", &[("query", query), ("filter", r#"[["login","like","twin"]]"#), ("order", "id")]).await.text;
        assert_eq!(across, own, "{query}");
    }
    // A wrong name is told even where there is nothing to ask about
    refused(
        &admin.list("product.template", &[("query", "{company_id{nmae}}")]).await,
        400,
        &["Invalid field 'nmae' on model 'res.company'", "'name'"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_may_go_through_ones_own_relations_first() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let configuration = json!([{"name": "Own c", "manufacturer_ref": "OWN-C", "standard_price": 1}]);
    let made = platform
        .create(
            "product.template",
            json!({"name": "Own", "product_ref": "OWN", "brand": "Own", "fab_name": "Own", "categ_id": "Own", "product": configuration}),
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    for (model, leaf, names) in [
        ("product.master", json!(["product_ids.create_uid.login", "=", "ekiclik"]), "Own"),
        ("product.master", json!(["product_ids.create_uid", "ilike", "ekiclik"]), "Own"),
        (
            "product.master",
            json!(["product_ids", "any", [["create_uid.login", "=", "ekiclik"], ["manufacturer_ref", "=", "OWN-C"]]]),
            "Own",
        ),
        (
            "product.master",
            json!(["product_ids", "any", [["create_uid.login", "=", "ekiclik"], ["manufacturer_ref", "=", "IRIS-TV55-N"]]]),
            "",
        ),
        ("product.master", json!(["product_ids", "not any", [["create_uid", "not any", [["login", "=", "ekiclik"]]]]]), "Own"),
        ("product.template", json!(["master_product.create_uid.login", "=", "ekiclik"]), "Own c"),
        ("product.template", json!(["master_product.create_uid.company_id.name", "=", "no such"]), ""),
        ("product.template", json!(["master_product.brand.write_uid", "=", "Ekiclik"]), "Own c"),
        ("product.brand", json!(["create_uid.login", "in", ["ekiclik", "admin"]]), "Own"),
    ] {
        assert_eq!(found(&admin, model, &json!([leaf])).await, names, "{leaf}");
    }
    // A name that is written in escapes is the same name
    let hidden = admin.list("product.brand", &[("filter", r#"[["\u0063reate_uid.login","=","ekiclik"]]"#), ("query", "{name}")]).await;
    assert_eq!(hidden.result(), json!([{"name": "Own"}]));
    let filter = json!([["ref", "=", "OWN"]]).to_string();
    let rows = admin
        .rows(
            "product.master",
            &[
                ("filter", &filter),
                ("query", "{product_ids{create_uid{login}, master_product{write_uid{login}, brand{create_uid{name}}}}}"),
            ],
        )
        .await;
    assert_eq!(
        rows,
        [
            json!({"product_ids": [{"create_uid": {"login": "ekiclik"}, "master_product": {"write_uid": {"login": "ekiclik"}, "brand": {"create_uid": {"name": "Ekiclik"}}}}]})
        ]
    );
    // The text of what was asked for, with nothing of ours in it
    let text = admin.list("product.master", &[("filter", &filter), ("query", "{product_ids{-id, -name, create_uid}}")]).await;
    assert_eq!(text.status, 400, "not both on one level");
    let text = admin.list("product.master", &[("filter", &filter), ("query", "{product_ids{name, create_uid{login}}}")]).await.text;
    assert!(text.ends_with(r#""result":[{"product_ids":[{"name":"Own c","create_uid":{"login":"ekiclik"}}]}]}"#), "{text}");
    // What is not set of one's own has nothing behind it, as before
    id(&admin.create("product.category", json!({"name": "Root"})).await);
    let rows =
        admin.rows("product.category", &[("filter", r#"[["name","=","Root"]]"#), ("query", "{parent_id{name, create_uid{login}}}")]).await;
    assert_eq!(rows, [json!({"parent_id": {"name": false, "create_uid": false}})]);
    for order in ["create_uid", "name, write_uid desc"] {
        refused(&admin.list("product.brand", &[("order", order), ("query", "{create_uid{name}}")]).await, 422, &["another service"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_means_the_records_that_its_filter_finds_across_services() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
        let brand = id(&platform.create("product.brand", json!({"name": "Changed"})).await);
        let other = id(&admin.create("product.brand", json!({"name": "Left alone"})).await);
        let put = admin.write("product.brand", json!([["create_uid.login", "=", "ekiclik"]]), json!({"reference": "X"})).await;
        assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "1"), "{}", put.text);
        assert_eq!(one(&admin, "product.brand", brand, "{reference}").await.json()["reference"], "X");
        assert_eq!(one(&admin, "product.brand", other, "{reference}").await.json()["reference"], false);
        let none = admin.write("product.brand", json!([["create_uid", "=", "nobody"]]), json!({"reference": "Y"})).await;
        assert_eq!((none.status, none.headers["x-records-matched"].as_str()), (200, "0"));
        refused(&admin.write("product.brand", json!([]), json!({"reference": "Y"})).await, 422, &["`filter` is required"]);
        let filter = encode(&json!([["create_uid.login", "=", "ekiclik"]]).to_string());
        let gone = admin.send("DELETE", &format!("/api/product.brand/?filter={filter}"), &[], "").await;
        assert_eq!((gone.status, gone.headers["x-records-matched"].as_str()), (200, "1"), "{}", gone.text);
        assert_eq!(one(&admin, "product.brand", brand, "{id}").await.status, 404);
        assert_eq!(one(&admin, "product.brand", other, "{id}").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_or_finds_across_services_what_they_would_not_there() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let made = admin.create("res.users", json!({"name": "staff", "login": "staff", "password": "staff"})).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let [platform, bank, staff] = [stand.login("ekiclik").await, stand.login("alsalam").await, stand.login("staff").await];
    let of_admin = id(&admin.create("product.brand", json!({"name": "Of the hub"})).await);
    let of_platform = id(&platform.create("product.brand", json!({"name": "Of the platform"})).await);
    // The platform reads its own users
    let read = one(&platform, "product.brand", of_admin, "{create_uid{id, login}}").await.text;
    assert_eq!(read, r#"{"create_uid":{"id":false,"login":false}}"#);
    let read = one(&platform, "product.brand", of_platform, "{create_uid{login}}").await.text;
    assert_eq!(read, r#"{"create_uid":{"login":"ekiclik"}}"#);
    assert_eq!(found(&platform, "product.brand", &json!([["create_uid.login", "=", "admin"]])).await, "");
    // A bank's user sees no user but itself
    for brand in [of_admin, of_platform] {
        let read = one(&bank, "product.brand", brand, "{create_uid{id, login}, write_uid}").await.text;
        assert_eq!(read, r#"{"create_uid":{"id":false,"login":false},"write_uid":false}"#);
    }
    for leaf in [
        json!(["create_uid.login", "=", "ekiclik"]),
        json!(["create_uid.login", "!=", "x"]),
        json!(["create_uid", "ilike", "e"]),
        json!(["create_uid", "any", []]),
        json!(["create_uid", "any", [["id", ">", 0]]]),
    ] {
        assert_eq!(found(&bank, "product.brand", &json!([["name", "like", "Of the"], leaf])).await, "", "{leaf}");
    }
    let unset = found(&bank, "product.brand", &json!([["name", "like", "Of the"], ["create_uid", "not ilike", "e"]])).await;
    assert_eq!(unset, "Of the hub, Of the platform");
    // Staff reads names of users and nothing else
    let read = one(&staff, "product.brand", of_admin, "{create_uid{name, id}}").await;
    assert_eq!(read.json()["create_uid"]["name"], "Administrator", "{}", read.text);
    let star = one(&staff, "product.brand", of_admin, "{create_uid{*}}").await.json();
    assert_eq!(star["create_uid"].as_object().unwrap().len(), 3, "{star}");
    refused(&one(&staff, "product.brand", of_admin, "{create_uid{login}}").await, 403, &["'login'", "res.users"]);
    for filter in [json!([["create_uid.login", "=", "admin"]]), json!([["create_uid", "any", [["hub_admin", "=", true]]]])] {
        refused(&staff.list("product.brand", &[("filter", &filter.to_string())]).await, 403, &["res.users"]);
    }
    for query in ["{create_uid{password}}", "{create_uid{post_hash}}"] {
        let read = one(&admin, "product.brand", of_admin, query).await;
        assert!(
            !read.text.contains("argon2") && (read.status == 400 || read.json() == json!({"create_uid": {"password": false}})),
            "{}",
            read.text
        );
    }
    refused(&admin.list("product.brand", &[("filter", r#"[["create_uid.password","like","a"]]"#)]).await, 400, &["can't be searched"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_walks_are_the_same_but_for_what_is_put_in() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let uid = uid(&admin, "admin").await;
    Stand::execute(
        &mut stand.sql().await,
        &format!("INSERT INTO catalog.product_brand (name, create_uid) SELECT 'Paged ' || n, {uid} FROM generate_series(1, 1500) n"),
    )
    .await;
    let filter = r#"[["name","like","Paged"]]"#;
    let with = async |query: &str, more: &[(&str, &str)]| {
        let mut params = vec![("filter", filter), ("query", query)];
        params.extend_from_slice(more);
        let answer = admin.list("product.brand", &params).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    };
    let put = |text: String| text.replace(&format!(r#""create_uid":{uid},"#), &format!(r#""create_uid":{{"login":"admin","id":{uid}}},"#));
    let mut cursor = String::new();
    for _ in 0..3 {
        let walk = [("after", cursor.as_str()), ("limit", "700")];
        let text = with("{id, create_uid{login, id}, name}", &walk).await;
        assert_eq!(text, put(with("{id, create_uid, name}", &walk).await));
        let answer: Value = serde_json::from_str(&text).unwrap();
        cursor = answer["next_cursor"].as_str().unwrap_or_default().to_owned();
    }
    assert!(cursor.is_empty(), "three steps are all");
    for more in [
        &[("page_size", "7"), ("page", "3")][..],
        &[("page_size", "7"), ("page", "3"), ("limit", "2")],
        &[("page_size", "7"), ("page", "900")],
        &[("limit", "3"), ("order", "name desc")],
        // A stream
        &[],
    ] {
        assert_eq!(with("{id, create_uid{login, id}, name}", more).await, put(with("{id, create_uid, name}", more).await), "{more:?}");
    }
    for (name, value) in [("page_size", "0"), ("limit", "x"), ("after", "x"), ("order", "nmae")] {
        let plain = admin.list("product.brand", &[("query", "{create_uid}"), (name, value)]).await;
        let across = admin.list("product.brand", &[("query", "{create_uid{id}}"), (name, value)]).await;
        assert_eq!((across.status, across.text), (plain.status, plain.text));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_to_too_many_is_refused_and_says_what_to_do() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let admin = stand.login("admin").await;
        let mut sql = stand.sql().await;
        Stand::execute(
            &mut sql,
            "INSERT INTO partners.res_users (id, name, login) SELECT 100000 + n, 'Many', 'many' || n FROM generate_series(1, 10001) n",
        )
        .await;
        Stand::execute(
            &mut sql,
            "INSERT INTO catalog.product_brand (name, create_uid) SELECT 'Brand ' || n, 100000 + n FROM generate_series(1, 10001) n",
        )
        .await;
        let list = async |filter: Value, query: &str, more: &[(&str, &str)]| {
            let filter = filter.to_string();
            let mut params = vec![("filter", filter.as_str()), ("query", query)];
            params.extend_from_slice(more);
            admin.list("product.brand", &params).await
        };
        let brands = json!([["name", "like", "Brand "]]);
        // As many as may be: 10,000 records, 10,000 rows
        let most = list(json!([["create_uid", "=", "Many"], ["create_uid.id", "!=", 100001]]), "{id}", &[("page_size", "1")]).await;
        refused(&most, 422, &["More than 10000 'res.users'", "'create_uid'", "narrow"]);
        let most = list(json!([["create_uid", "any", [["name", "=", "Many"], ["id", ">", 100001]]]]), "{id}", &[("page_size", "1")]).await;
        assert_eq!((most.status, &most.json()["total"]), (200, &json!(10000)), "{}", most.text);
        let most = list(brands.clone(), "{name, create_uid{login}}", &[("limit", "10000"), ("order", "id")]).await;
        let rows = most.result();
        assert_eq!(rows.as_array().unwrap().len(), 10_000);
        assert!(
            rows.as_array().unwrap().iter().all(|row| row["name"].as_str().unwrap().strip_prefix("Brand ")
                == row["create_uid"]["login"].as_str().unwrap().strip_prefix("many"))
        );
        // One more
        refused(&list(brands.clone(), "{create_uid{login}}", &[]).await, 422, &["page_size", "after"]);
        let put = admin.write("product.brand", json!([["create_uid", "=", "Many"]]), json!({"reference": "X"})).await;
        refused(&put, 422, &["More than 10000 'res.users'"]);
        // Through lists of one's own
        for statement in [
            "INSERT INTO catalog.product_master (id, ref, name) VALUES (900000, 'ALL', 'All'), (900001, 'ALL1', 'All')",
            "INSERT INTO catalog.product_template (name, manufacturer_ref, master_product, create_uid) \
             SELECT 'All ' || n, 'ALL' || n, 900000 + n % 2, 100000 + n FROM generate_series(1, 10001) n",
        ] {
            Stand::execute(&mut sql, statement).await;
        }
        let all =
            admin.list("product.master", &[("filter", r#"[["ref","like","ALL"]]"#), ("query", "{product_ids{create_uid{login}}}")]).await;
        refused(&all, 422, &["'product_ids.create_uid'", "10000", "page_size"]);
        // Conditions have a bound of their own
        let many: Vec<Value> = (0..33).map(|n| json!(["create_uid.login", "!=", format!("many{n}")])).collect();
        refused(&list(Value::Array(many), "{id}", &[]).await, 422, &["32"]);
    }
}
