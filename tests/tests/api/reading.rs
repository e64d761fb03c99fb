//! What a read answers: the query language, values as Odoo writes them, lists, pages, orders, and exports.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::{Session, Stand, encode, id, refused};

/// The one record's text, keys in their order.
async fn text(session: &Session<'_>, model: &str, id: i64, query: &str) -> String {
    let answer = session.get(&format!("/api/{model}/{id}?query={}", encode(query))).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.text
}

async fn names(session: &Session<'_>, model: &str, filter: &Value) -> Vec<String> {
    let answer = session.list(model, &[("filter", &filter.to_string()), ("query", "{name}"), ("order", "id")]).await;
    assert_eq!(answer.status, 200, "{filter}: {}", answer.text);
    answer.result().as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

async fn brands(session: &Session<'_>, names: impl IntoIterator<Item = String>) -> Vec<i64> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(id(&session.create("product.brand", json!({"name": name})).await));
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_answers_its_fields_in_its_order_each_once() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let brand = id(&platform.create("product.brand", json!({"name": "Asked", "reference": "R"})).await);
    for (query, answer) in [
        ("{name, id}", format!(r#"{{"name":"Asked","id":{brand}}}"#)),
        ("{id, name}", format!(r#"{{"id":{brand},"name":"Asked"}}"#)),
        ("{name, id, name, id}", format!(r#"{{"name":"Asked","id":{brand}}}"#)),
        (" {\n reference ,\n\tname }\n", r#"{"reference":"R","name":"Asked"}"#.to_owned()),
        ("(limit: 1){name}", r#"{"name":"Asked"}"#.to_owned()),
        ("{}", "{}".to_owned()),
    ] {
        assert_eq!(text(&platform, "product.brand", brand, query).await, answer, "{query}");
        let list = platform.list("product.brand", &[("query", query), ("filter", &json!([["id", "=", brand]]).to_string())]).await;
        assert!(list.text.contains(&format!("\"result\":[{answer}]")), "{query}: {}", list.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_query_and_with_a_star_every_field_is_answered_in_the_models_order() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let brand = id(&platform.create("product.brand", json!({"name": "Asked"})).await);
    let all = text(&platform, "product.brand", brand, "{*}").await;
    assert!(all.starts_with(&format!(r#"{{"id":{brand},"#)), "{all}");
    for query in ["", "{*, *}", "{*, name}"] {
        assert_eq!(text(&platform, "product.brand", brand, query).await, all, "{query}");
    }
    assert_eq!(platform.get(&format!("/api/product.brand/{brand}")).await.text, all);
    let without = text(&platform, "product.brand", brand, "{-name, -create_date}").await;
    let (all, without): (Value, Value) = (serde_json::from_str(&all).unwrap(), serde_json::from_str(&without).unwrap());
    let left: BTreeSet<&String> = all.as_object().unwrap().keys().filter(|key| !without.as_object().unwrap().contains_key(*key)).collect();
    assert_eq!(left, BTreeSet::from([&"name".to_owned(), &"create_date".to_owned()]));
    assert!(all.get("post_hash").is_none() && all.get("deleted_at").is_none());
    let order = text(&platform, "product.brand", brand, "{-name}").await;
    assert!(
        order.find("\"id\"").unwrap() < order.find("\"reference\"").unwrap()
            && order.find("\"reference\"").unwrap() < order.find("\"active\"").unwrap(),
        "{order}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_blocks_answer_objects_and_a_star_keeps_them() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let row = platform
        .rows(
            "product.master",
            &[
                ("filter", r#"[["ref","=","IRIS-TV55"]]"#),
                ("query", "{brand{name}, product_ids (limit: 9) {manufacturer_ref, attribute_value_ids{name, attribute_id{name}}}}"),
            ],
        )
        .await;
    assert_eq!(row[0]["brand"], json!({"name": "Iris"}));
    let references: Vec<_> =
        row[0]["product_ids"].as_array().unwrap().iter().map(|one| one["manufacturer_ref"].as_str().unwrap()).collect();
    assert_eq!(references, ["IRIS-TV55-G", "IRIS-TV55-N"], "in the model's order: by name");
    assert_eq!(row[0]["product_ids"][0]["attribute_value_ids"], json!([{"name": "Gris", "attribute_id": {"name": "Couleur"}}]));
    let row = platform.rows("product.master", &[("filter", r#"[["ref","=","IRIS-TV55"]]"#), ("query", "{*, brand{name}}")]).await;
    assert_eq!((&row[0]["brand"], &row[0]["ref"]), (&json!({"name": "Iris"}), &json!("IRIS-TV55")));
    let row = platform.rows("product.master", &[("filter", r#"[["ref","=","IRIS-TV55"]]"#), ("query", "{brand{name}, *}")]).await;
    assert_eq!((&row[0]["brand"], &row[0]["ref"]), (&json!({"name": "Iris"}), &json!("IRIS-TV55")));
    let row =
        platform.rows("product.master", &[("filter", r#"[["ref","=","IRIS-TV55"]]"#), ("query", "{brand{}, categ_id{-id}, name}")]).await;
    assert_eq!(row[0]["brand"], json!({}));
    assert!(row[0]["categ_id"].get("id").is_none() && row[0]["categ_id"].get("name").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_tells_where_and_what_was_expected() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (query, words) in [
        ("{id name}", &["position 5", "','"][..]),
        ("{id", &["position 4"]),
        ("id", &["position 1", "'{'"]),
        ("{id}}", &["position 5"]),
        ("{id, categ_id{name}", &["position"]),
        ("{,}", &["position 2"]),
        ("{é;}", &["position 3"]),
        ("{id, -name}", &["Can not include and exclude fields on the same field level"]),
        ("{categ_id{name, -id}}", &["Can not include and exclude fields on the same field level"]),
        ("{nmae}", &["'nmae'", "'name'"]),
        ("{-nmae}", &["'nmae'", "'name'"]),
        ("{categ_id{nmae}}", &["'nmae'", "product.category", "'name'"]),
        ("{post_hash}", &["post_hash"]),
        ("{name{id}}", &["'name'"]),
    ] {
        for path in ["/api/product.master/?query=".to_owned(), "/api/product.master/1?query=".to_owned()] {
            let answer = platform.get(&format!("{path}{}", encode(query))).await;
            refused(&answer, 400, words);
        }
    }
    let answer = platform.list("product.master", &[("query", "{id name}")]).await;
    assert!(answer.text.contains("QuerySyntaxError"), "{}", answer.text);
    for query in ["{brand".repeat(40) + &"}".repeat(40), "{id,".to_owned() + &"name,".repeat(5_000) + "}", "{a".repeat(2_000)] {
        assert_eq!(platform.list("product.master", &[("query", &query)]).await.status, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_read_as_odoos_add_on_writes_them() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let client = id(&platform.create("res.partner", json!({"name": "Zoé \"Z\" \\ \u{1F600}\n\t\u{7f}", "email": "zoe@example.dz"})).await);
    let raw = text(
        &platform,
        "res.partner",
        client,
        "{name, phone, is_company, title, parent_id, child_ids, bank_ids, country_id, create_date, version}",
    )
    .await;
    let value: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(value["name"], "Zoé \"Z\" \\ \u{1F600}\n\t\u{7f}");
    assert!(raw.contains("Zoé"), "raw UTF-8: {raw}");
    for (field, expected) in [
        ("phone", json!(false)),
        ("is_company", json!(false)),
        ("title", json!(false)),
        ("parent_id", json!(false)),
        ("child_ids", json!([])),
        ("bank_ids", json!([])),
        ("country_id", json!(false)),
        ("version", json!(1)),
    ] {
        assert_eq!(value[field], expected, "{field}");
    }
    let date = value["create_date"].as_str().unwrap();
    assert!(
        date.len() == 16
            && date.bytes().enumerate().all(|(at, b)| if [4, 7, 10, 13].contains(&at) { b == b'-' } else { b.is_ascii_digit() }),
        "{date}"
    );
    assert_eq!(
        text(&platform, "res.partner", client, "{country_id{id, name}, title{name}, parent_id{id, country_id{id, name}, child_ids}}")
            .await
            .split(",\"parent_id\"")
            .next()
            .unwrap(),
        r#"{"country_id":{"id":false,"name":false},"title":{"name":false}"#
    );
    let contact =
        id(&platform.create("res.partner", json!({"name": "Contact", "parent_id": client, "country_id": "dz", "title": "madame"})).await);
    let value: Value =
        serde_json::from_str(&text(&platform, "res.partner", contact, "{parent_id, country_id, title, email}").await).unwrap();
    assert_eq!(value["parent_id"], client);
    assert!(value["country_id"].is_i64() && value["title"].is_i64());
    assert_eq!(value["email"], false);
    let value: Value = serde_json::from_str(&text(&platform, "res.partner", client, "{child_ids}").await).unwrap();
    assert_eq!(value["child_ids"], json!([contact]));
    let price =
        platform.rows("product.template", &[("filter", r#"[["manufacturer_ref","=","IRIS-TV55-N"]]"#), ("query", "{list_price}")]).await;
    assert!(price[0]["list_price"].is_number());
    assert_eq!(platform.get("/api/res.partner/987654321").await.status, 404);
    assert_eq!(platform.get(&format!("/api/res.partner/987654321?query={}", encode("{id}"))).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_tells_its_pages() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    brands(&platform, (1..=7).map(|n| format!("Page {n}"))).await;
    let pages = async |params: &[(&str, &str)]| {
        let mut all = vec![("filter", r#"[["name","=like","Page %"]]"#), ("query", "{name}"), ("order", "name")];
        all.extend_from_slice(params);
        let answer = platform.list("product.brand", &all).await;
        assert_eq!(answer.status, 200, "{params:?}: {}", answer.text);
        let mut json = answer.json();
        let result = json.as_object_mut().unwrap().remove("result").unwrap();
        let names: Vec<String> =
            result.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()["Page ".len()..].to_owned()).collect();
        (json, names.join(""))
    };
    let envelope = |count: i64, prev: Value, current: i64, next: Value, total_pages: i64| json!({"count": count, "prev": prev, "current": current, "next": next, "total_pages": total_pages});
    let total = |mut envelope: Value, total: i64| {
        envelope["total"] = json!(total);
        envelope
    };
    let null = || Value::Null;
    assert_eq!(pages(&[]).await, (envelope(7, null(), 1, null(), 1), "1234567".into()));
    assert_eq!(pages(&[("limit", "2")]).await, (envelope(2, null(), 1, null(), 1), "12".into()));
    assert_eq!(pages(&[("page", "3")]).await, (envelope(7, null(), 1, null(), 1), "1234567".into()));
    assert_eq!(pages(&[("page_size", "3")]).await, (total(envelope(3, null(), 1, json!(2), 3), 7), "123".into()));
    assert_eq!(pages(&[("page_size", "3"), ("page", "2")]).await, (total(envelope(3, json!(1), 2, json!(3), 3), 7), "456".into()));
    assert_eq!(pages(&[("page_size", "3"), ("page", "3")]).await, (total(envelope(1, json!(2), 3, null(), 3), 7), "7".into()));
    assert_eq!(pages(&[("page_size", "3"), ("page", "4")]).await, (total(envelope(0, null(), 4, null(), 3), 7), String::new()));
    assert_eq!(pages(&[("page_size", "3"), ("page", "99")]).await, (total(envelope(0, null(), 99, null(), 3), 7), String::new()));
    assert_eq!(pages(&[("page_size", "7")]).await, (total(envelope(7, null(), 1, null(), 1), 7), "1234567".into()));
    // The limit comes after the paging
    assert_eq!(
        pages(&[("page_size", "3"), ("page", "2"), ("limit", "2")]).await,
        (total(envelope(2, json!(1), 2, json!(3), 3), 7), "45".into())
    );
    assert_eq!(pages(&[("page_size", "3"), ("limit", "5")]).await, (total(envelope(3, null(), 1, json!(2), 3), 7), "123".into()));
    let none = platform.list("product.brand", &[("filter", r#"[["name","=","no such"]]"#), ("page_size", "3")]).await.json();
    assert_eq!(none, json!({"count": 0, "prev": null, "current": 1, "next": null, "total_pages": 0, "total": 0, "result": []}));
    let none = platform.list("product.brand", &[("filter", r#"[["name","=","no such"]]"#)]).await.json();
    assert_eq!((&none["count"], &none["result"]), (&json!(0), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_a_size_and_a_limit_are_whole_numbers_from_one() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for wrong in ["0", "-1", "abc", "1.5", "1e3", "99999999999999999999", "0x10", "NaN", "1;2", "true", "null"] {
        refused(&platform.list("product.brand", &[("page_size", wrong)]).await, 422, &["page_size"]);
        refused(&platform.list("product.brand", &[("limit", wrong)]).await, 422, &["limit"]);
        refused(&platform.list("product.brand", &[("page_size", "5"), ("page", wrong)]).await, 422, &["page"]);
        refused(&platform.list("product.brand", &[("page", wrong)]).await, 422, &["page"]);
    }
    for far in ["1000000", "9223372036854775807"] {
        let answer = platform.list("product.brand", &[("page_size", "1000"), ("page", far)]).await;
        assert_eq!(answer.status, 422, "an offset beyond all bounds: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_honoured_with_and_without_its_quotes() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    brands(&platform, ["Order b", "Order a", "Order c"].map(str::to_owned)).await;
    for (order, expected) in [
        ("name", "abc"),
        ("\"name\"", "abc"),
        ("\"name desc\"", "cba"),
        ("name desc", "cba"),
        ("name DESC, id", "cba"),
        ("name asc", "abc"),
        ("  name   desc  ", "cba"),
        ("id desc", "cab"),
        ("\"id\"", "bac"),
        ("active, name", "abc"),
        ("create_uid_is_no_field", ""),
    ] {
        let answer =
            platform.list("product.brand", &[("filter", r#"[["name","=like","Order %"]]"#), ("order", order), ("query", "{name}")]).await;
        if expected.is_empty() {
            assert!(matches!(answer.status, 400 | 422), "{}", answer.text);
            continue;
        }
        let names: String = answer
            .result()
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap().trim_start_matches("Order ").to_owned())
            .collect();
        assert_eq!(names, expected, "{order}");
    }
    // Without a filter too
    let all = platform.rows("product.brand", &[("order", "\"id desc\""), ("query", "{id}")]).await;
    assert!(all.is_sorted_by(|a, b| a["id"].as_i64() > b["id"].as_i64()));
    for (model, order, words) in [
        ("product.brand", "nmae", &["nmae", "name"][..]),
        ("product.brand", "name sideways", &["sideways"]),
        ("product.brand", "name desc nulls", &[]),
        ("product.brand", "name,", &[]),
        ("product.master", "product_ids", &["product_ids"]),
        ("product.template", "attribute_value_ids", &["attribute_value_ids"]),
        ("product.template", "company_id", &["company_id"]),
        ("product.master", "post_hash", &["post_hash"]),
        ("product.master", "brand.name", &["brand.name"]),
        ("res.users", "password", &["password"]),
        ("product.template", &["name"; 200].join(", "), &[]),
        ("product.brand", "id, nmae", &["nmae"]),
        ("product.brand", "id desc, name sideways", &["sideways"]),
    ] {
        let answer = platform.list(model, &[("order", order)]).await;
        assert!(matches!(answer.status, 400 | 422), "{order}: {} {}", answer.status, answer.text);
        words.iter().for_each(|word| assert!(answer.error().contains(word), "{order}: {}", answer.text));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relation_is_ordered_by_the_related_records_name() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (reference, brand) in [("O-1", "Zeta"), ("O-2", "Alpha"), ("O-3", "Mu"), ("O-4", "")] {
        id(&platform.create("product.master", json!({"name": "P", "ref": reference, "brand": brand})).await);
    }
    let references = async |order: &str| {
        let rows = platform.rows("product.master", &[("filter", r#"[["ref","=like","O-%"]]"#), ("order", order), ("query", "{ref}")]).await;
        rows.iter().map(|row| row["ref"].as_str().unwrap()["O-".len()..].to_owned()).collect::<String>()
    };
    assert_eq!(references("brand").await, "2314");
    assert_eq!(references("brand asc, ref").await, "2314");
    assert_eq!(references("name, ref desc").await, "4321");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_orders_are_odoos() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let configurations: Vec<Value> = [("1", "b", json!("2"), "0"), ("2", "a", Value::Null, "0"), ("3", "c", json!("1"), "1"), ("4", "a", json!("2"), "0"), ("5", "d", json!("0"), "0"), ("6", "a", Value::Null, "0")]
        .into_iter()
        .map(|(reference, name, code, priority)| json!({"manufacturer_ref": format!("D-{reference}"), "name": name, "default_code": code, "priority": priority}))
        .collect();
    id(&platform.create("product.template", json!({"name": "P", "product_ref": "D", "product": configurations})).await);
    let order = async |model: &str| {
        let rows = platform.rows(model, &[("filter", r#"[["manufacturer_ref","=like","D-%"]]"#), ("query", "{manufacturer_ref}")]).await;
        rows.iter().map(|row| row["manufacturer_ref"].as_str().unwrap()["D-".len()..].to_owned()).collect::<String>()
    };
    // priority desc, default_code (nulls last), name, id
    assert_eq!(order("product.product").await, "354126");
    // priority desc, name, id
    assert_eq!(order("product.template").await, "324615");
    for (n, name) in ["Same", "Other", "Same", "Same"].iter().enumerate() {
        id(&platform.create("res.partner", json!({"name": name, "email": format!("{n}@order.dz")})).await);
    }
    let rows = platform.rows("res.partner", &[("filter", r#"[["email","=like","%@order.dz"]]"#), ("query", "{email}")]).await;
    let emails: String = rows.iter().map(|row| row["email"].as_str().unwrap()[..1].to_owned()).collect();
    assert_eq!(emails, "1320", "display_name, id desc");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_never_repeat_a_record_where_the_order_leaves_it_open() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let rows = (0..25).map(|n| json!({"name": "All the same", "manufacturer_ref": format!("S-{n}")})).collect::<Vec<_>>();
    id(&platform.create("product.template", json!({"name": "P", "product_ref": "S", "product": rows})).await);
    for (order, filter) in [
        ("", r#"[["manufacturer_ref","=like","S-%"]]"#),
        ("name", r#"[["name","=","All the same"]]"#),
        ("priority desc", r#"[["name","ilike","all the"]]"#),
    ] {
        let mut seen = BTreeSet::new();
        for page in 1..=5 {
            for row in platform
                .rows(
                    "product.template",
                    &[("filter", filter), ("order", order), ("page_size", "6"), ("page", &page.to_string()), ("query", "{id}")],
                )
                .await
            {
                assert!(seen.insert(row["id"].as_i64().unwrap()), "{order}: page {page} repeats {row}");
            }
        }
        assert_eq!(seen.len(), 25, "{order} {filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_meets_every_record_once_while_others_come() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let there: BTreeSet<i64> = brands(&platform, (0..40).map(|n| format!("Walk {n}"))).await.into_iter().collect();
    for filter in [r#"[["name","=like","Walk %"]]"#, r#"[["name","ilike","walk"]]"#, r#"[["name","!=","x"]]"#] {
        let mut seen = BTreeSet::new();
        let mut after = String::new();
        for step in 0.. {
            assert!(step < 60, "a walk without an end");
            let answer = platform.list("product.brand", &[("filter", filter), ("after", &after), ("limit", "7"), ("query", "{id}")]).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let json = answer.json();
            for row in json["result"].as_array().unwrap() {
                assert!(seen.insert(row["id"].as_i64().unwrap()), "{row} twice");
            }
            assert_eq!(json["count"], json["result"].as_array().unwrap().len());
            let Some(next) = json["next_cursor"].as_str() else { break };
            after = next.to_owned();
            // Others come meanwhile, for a while
            if step < 6 {
                brands(&platform, [format!("Walk new {step} {filter}")]).await;
            }
        }
        assert!(seen.is_superset(&there), "{filter}: {} of {} were met", seen.intersection(&there).count(), there.len());
    }
    for params in [
        &[("after", ""), ("page_size", "5")][..],
        &[("after", "nonsense")],
        &[("after", "id-zz")],
        &[("after", "5; DROP")],
        &[("after", ""), ("order", "name")],
    ] {
        assert_eq!(platform.list("product.brand", params).await.status, 422, "{params:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_records_are_hidden_unless_the_filter_names_active() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let ids = brands(&platform, ["Arch a", "Arch b"].map(str::to_owned)).await;
    platform.write("product.brand", json!([["id", "=", ids[1]]]), json!({"active": false})).await.result();
    let seen = async |filter: Value| names(&platform, "product.brand", &filter).await;
    assert_eq!(seen(json!([["name", "=like", "Arch %"]])).await, ["Arch a"]);
    assert_eq!(seen(json!([["name", "ilike", "arch "]])).await, ["Arch a"]);
    assert_eq!(seen(json!([["name", "=like", "Arch %"], ["active", "=", false]])).await, ["Arch b"]);
    assert_eq!(seen(json!([["name", "=like", "Arch %"], ["active", "in", [true, false]]])).await, ["Arch a", "Arch b"]);
    assert_eq!(
        seen(json!(["&", ["name", "=like", "Arch %"], "|", ["active", "=", true], ["active", "=", false]])).await,
        ["Arch a", "Arch b"]
    );
    assert_eq!(seen(json!([["name", "=like", "Arch %"], ["active", "!=", true]])).await, ["Arch b"]);
    let counted = platform.list("product.brand", &[("filter", r#"[["name","=like","Arch %"]]"#), ("page_size", "5")]).await.json();
    assert_eq!((&counted["count"], &counted["total"]), (&json!(1), &json!(1)));
    let all = platform
        .rows(
            "product.brand",
            &[("filter", r#"[["name","=like","Arch %"]]"#), ("context", r#"{"active_test": false}"#), ("query", "{name}")],
        )
        .await;
    assert_eq!(all.len(), 2);
    // By its id it is there
    assert_eq!(platform.get(&format!("/api/product.brand/{}", ids[1])).await.json()["active"], false);
    // A PUT by filter doesn't meet it either, unless it says so
    let hidden = platform.write("product.brand", json!([["name", "=like", "Arch %"]]), json!({"reference": "met"})).await;
    assert_eq!(hidden.headers["x-records-matched"], "1");
    let named = platform
        .write("product.brand", json!([["name", "=like", "Arch %"], ["active", "=", false]]), json!({"reference": "met", "active": true}))
        .await;
    assert_eq!(named.headers["x-records-matched"], "1");
}

async fn many_brands(stand: &Stand, count: i64) {
    stand.count(&format!("WITH made AS (INSERT INTO catalog.product_brand (name) SELECT 'Mass ' || lpad(n::text, 6, '0') FROM generate_series(1, {count}) n RETURNING 1) SELECT count(*) AS n FROM made")).await;
}

async fn an_export_is_streamed_and_complete(stand: &Stand) {
    many_brands(stand, 12_345).await;
    let platform = stand.login("ekiclik").await;
    for (filter, order) in [
        (r#"[["name","=like","Mass %"]]"#, "name"),
        (r#"[["name","ilike","mass"]]"#, "id"),
        (r#"[["name","=like","Mass %"]]"#, "name desc"),
    ] {
        let answer = platform.list("product.brand", &[("filter", filter), ("order", order), ("query", "{id, name, create_date}")]).await;
        assert_eq!(answer.status, 200, "{}", &answer.text[..200]);
        assert!(!answer.headers.contains_key("content-length"), "it is made whole before it is sent");
        let json = answer.json();
        let rows = json["result"].as_array().unwrap();
        assert_eq!(
            (json["count"].as_i64(), rows.len(), &json["total_pages"], &json["next"]),
            (Some(12_345), 12_345, &json!(1), &Value::Null)
        );
        let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert!(if order == "name desc" { names.is_sorted_by(|a, b| a > b) } else { names.is_sorted_by(|a, b| a < b) }, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process_an_export_is_streamed_and_complete() {
    an_export_is_streamed_and_complete(&Stand::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_processes_an_export_is_streamed_and_complete() {
    an_export_is_streamed_and_complete(&Stand::processes().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_max_rows_are_refused_with_the_two_ways_of_walking() {
    let stand = Stand::with(&[("MAX_ROWS", "1500")]).await;
    many_brands(&stand, 1_500).await;
    let platform = stand.login("ekiclik").await;
    let filter = ("filter", r#"[["name","=like","Mass %"]]"#);
    assert_eq!(platform.list("product.brand", &[filter, ("query", "{id}")]).await.json()["count"], 1_500);
    stand
        .count("WITH made AS (INSERT INTO catalog.product_brand (name) VALUES ('Mass more') RETURNING 1) SELECT count(*) AS n FROM made")
        .await;
    refused(&platform.list("product.brand", &[filter, ("query", "{id}")]).await, 422, &["page_size", "after"]);
    refused(&platform.list("product.brand", &[("filter", r#"[["name","ilike","mass"]]"#)]).await, 422, &["page_size", "after"]);
    assert_eq!(
        platform.list("product.brand", &[filter, ("query", "{id}"), ("page_size", "1000"), ("page", "2")]).await.json()["count"],
        501
    );
    assert_eq!(platform.list("product.brand", &[filter, ("query", "{id}"), ("after", ""), ("limit", "1000")]).await.json()["count"], 1_000);
    assert_eq!(platform.list("product.brand", &[filter, ("query", "{id}"), ("limit", "10")]).await.json()["count"], 10);
}
