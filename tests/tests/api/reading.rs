//! Reading: the query language, lists, orders, filters and their bounds, exports, and what a bank's user can't find out.

use std::collections::BTreeSet;

use futures_util::future::join_all;
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

// ---- the query language

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

// ---- lists

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

// ---- filters

/// Alpha with a contact, Beta, Gamma and Delta, told by `ref`.
async fn people(stand: &Stand) -> [i64; 5] {
    let admin = stand.login("admin").await;
    let bank = async |name: &str| {
        admin.rows("res.bank", &[("filter", &json!([["name", "=", name]]).to_string()), ("query", "{id}")]).await[0]["id"].clone()
    };
    let (alsalam, bna) = (bank("Alsalam").await, bank("BNA").await);
    let mut ids = Vec::new();
    for more in [
        json!({"name": "Alpha", "email": "alpha@ops.dz", "city": "Alger", "is_company": true, "country_id": "DZ", "title": "Madame", "bank_ids": [alsalam], "vat": "100%_x"}),
        json!({"name": "Beta", "email": "beta@ops.dz", "city": "Oran", "title": "Monsieur", "bank_ids": [alsalam, bna], "vat": "100"}),
        json!({"name": "Gamma", "email": "gamma@ops.dz", "bank_ids": [bna]}),
        json!({"name": "Delta", "email": "delta@ops.dz", "city": "Béjaïa", "country_id": "FR", "vat": "a\\b"}),
    ] {
        let mut data = more;
        data["ref"] = json!("OPS");
        ids.push(id(&admin.create("res.partner", data).await));
    }
    ids.push(id(&admin.create("res.partner", json!({"name": "Child", "parent_id": ids[0], "city": "oran", "ref": "OPS"})).await));
    ids.try_into().unwrap()
}

/// Each leaf, or domain, with the first letters of those it finds, in the order of ids.
async fn find(session: &Session<'_>, model: &str, all: Value, cases: Vec<(Value, &str)>) {
    let mut wrong = Vec::new();
    for (case, expected) in cases {
        let domain = if case[0].is_array() || matches!(case[0].as_str(), Some("&" | "|" | "!")) { case.clone() } else { json!([case]) };
        let mut filter = vec![json!("&"), all.clone()];
        // An implicit "and" of several leaves is spelled out
        let operands = domain.as_array().unwrap();
        let signs: i64 = operands
            .iter()
            .map(|item| match item.as_str() {
                Some("&" | "|") => -1,
                Some(_) => 0,
                None => 1,
            })
            .sum();
        filter.extend((1..signs).map(|_| json!("&")));
        filter.extend(operands.iter().cloned());
        let answer = session.list(model, &[("filter", &json!(filter).to_string()), ("query", "{name}"), ("order", "id")]).await;
        let found = match answer.status {
            200 => answer.result().as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()[..1].to_owned()).collect::<String>(),
            status => format!("{status}: {}", answer.text),
        };
        if found != expected {
            wrong.push(format!("{case} finds '{found}', not '{expected}'"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_on_text_and_booleans_find_what_odoos_find() {
    let stand = Stand::new().await;
    people(&stand).await;
    let admin = stand.login("admin").await;
    find(
        &admin,
        "res.partner",
        json!(["ref", "=", "OPS"]),
        vec![
            (json!(["city", "=", "Oran"]), "B"),
            (json!(["city", "==", "Oran"]), "B"),
            (json!(["city", "!=", "Oran"]), "AGDC"),
            (json!(["city", "<>", "Oran"]), "AGDC"),
            (json!(["city", "=", false]), "G"),
            (json!(["city", "=", null]), "G"),
            (json!(["city", "!=", false]), "ABDC"),
            (json!(["city", ">", "Alger"]), "BDC"),
            (json!(["city", ">=", "Alger"]), "ABDC"),
            (json!(["city", "<", "Oran"]), "AD"),
            (json!(["city", "<=", "Oran"]), "ABD"),
            (json!(["city", "in", ["Oran", "Alger"]]), "AB"),
            (json!(["city", "in", ["Oran", false]]), "BG"),
            (json!(["city", "in", [false]]), "G"),
            (json!(["city", "in", []]), ""),
            (json!(["city", "not in", ["Oran", "Alger"]]), "GDC"),
            (json!(["city", "not in", ["Oran", false]]), "ADC"),
            (json!(["city", "not in", [false]]), "ABDC"),
            (json!(["city", "not in", []]), "ABGDC"),
            (json!(["city", "like", "ran"]), "BC"),
            (json!(["city", "like", "Oran"]), "B"),
            (json!(["city", "not like", "Oran"]), "AGDC"),
            (json!(["city", "ilike", "ORAN"]), "BC"),
            (json!(["city", "ilike", "bejaia"]), "D"),
            (json!(["city", "ilike", "BÉJ"]), "D"),
            (json!(["city", "ilike", "é"]), "AD"),
            (json!(["city", "not ilike", "oran"]), "AGD"),
            (json!(["city", "not ilike", "bejaia"]), "ABGC"),
            (json!(["city", "=like", "%ran"]), "BC"),
            (json!(["city", "=like", "O___"]), "B"),
            (json!(["city", "=like", "ran"]), ""),
            (json!(["city", "=ilike", "o%"]), "BC"),
            (json!(["city", "=ilike", "BEJAIA"]), "D"),
            (json!(["city", "=ilike", "b_j%"]), "D"),
            (json!(["vat", "like", "100\\%"]), "A"),
            (json!(["vat", "like", "100%"]), "AB"),
            (json!(["vat", "ilike", "\\_"]), "A"),
            (json!(["vat", "like", "\\\\"]), "D"),
            (json!(["vat", "=", "a\\b"]), "D"),
            (json!(["city", "=?", false]), "ABGDC"),
            (json!(["city", "=?", null]), "ABGDC"),
            (json!(["city", "=?", "Oran"]), "B"),
            (json!(["email", "=", "ALPHA@ops.dz"]), "A"),
            (json!(["email", "in", ["ALPHA@OPS.DZ", "beta@ops.dz"]]), "AB"),
            (json!(["display_name", "ilike", "alph"]), "A"),
            (json!(["is_company", "=", true]), "A"),
            (json!(["is_company", "=", false]), "BGDC"),
            (json!(["is_company", "!=", true]), "BGDC"),
            (json!(["is_company", "!=", false]), "A"),
            (json!(["is_company", "=", "True"]), "A"),
            (json!(["is_company", "=", 1]), "A"),
            (json!(["is_company", "in", [true]]), "A"),
            (json!(["is_company", "in", [true, false]]), "ABGDC"),
            (json!(["is_company", "not in", [true]]), "BGDC"),
            (json!(["is_company", "=?", true]), "A"),
            (json!(["status", "=", "WAITING"]), "ABGDC"),
            (json!(["status", "!=", "WAITING"]), ""),
            (json!(["status", "ilike", "wait"]), "ABGDC"),
            (json!([1, "=", 1]), "ABGDC"),
            (json!([0, "=", 1]), ""),
            (json!([[1, "=", 1], ["city", "=", "Oran"]]), "B"),
            (json!(["|", [0, "=", 1], ["city", "=", "Oran"]]), "B"),
            (json!([["city", "ilike", "oran"], ["is_company", "=", false]]), "BC"),
            (json!(["|", ["city", "=", "Oran"], ["city", "=", "Alger"]]), "AB"),
            (json!(["|", "|", ["city", "=", "Oran"], ["city", "=", "Alger"], ["name", "=", "Gamma"]]), "ABG"),
            (json!(["&", ["city", "ilike", "oran"], ["name", "=", "Beta"]]), "B"),
            (json!(["!", ["city", "=", "Oran"]]), "AGDC"),
            (json!(["!", ["city", "ilike", "oran"]]), "AGD"),
            (json!(["!", "|", ["city", "=", "Oran"], ["city", "=", false]]), "ADC"),
            (json!(["!", "!", ["city", "=", "Oran"]]), "B"),
            (json!(["|", ["city", "=", "Oran"], "!", ["city", "!=", false]]), "BG"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_on_relations_find_what_odoos_find() {
    let stand = Stand::new().await;
    let [alpha, beta, _gamma, delta, child] = people(&stand).await;
    let admin = stand.login("admin").await;
    let first = async |model: &str, name: &str| {
        admin.rows(model, &[("filter", &json!([["name", "=", name]]).to_string()), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
    };
    let (madame, alsalam, bna) =
        (first("res.partner.title", "Madame").await, first("res.bank", "Alsalam").await, first("res.bank", "BNA").await);
    find(
        &admin,
        "res.partner",
        json!(["ref", "=", "OPS"]),
        vec![
            // many2one
            (json!(["title", "=", madame]), "A"),
            (json!(["title", "=", madame.to_string()]), ""),
            (json!(["title", "=", "Madame"]), "A"),
            (json!(["title", "!=", madame]), "BGDC"),
            (json!(["title", "!=", "Madame"]), "BGDC"),
            (json!(["title", "=", false]), "GDC"),
            (json!(["title", "!=", false]), "AB"),
            (json!(["title", "in", [madame]]), "A"),
            (json!(["title", "in", [madame, false]]), "AGDC"),
            (json!(["title", "in", ["Madame", "Monsieur"]]), "AB"),
            (json!(["title", "in", ["Madame", false]]), "AGDC"),
            (json!(["title", "in", []]), ""),
            (json!(["title", "not in", [madame]]), "BGDC"),
            (json!(["title", "not in", [madame, false]]), "B"),
            (json!(["title", "not in", ["Madame"]]), "BGDC"),
            (json!(["title", "not in", ["Madame", false]]), "B"),
            (json!(["title", "not in", []]), "ABGDC"),
            (json!(["title", "like", "adame"]), "A"),
            (json!(["title", "ilike", "MADA"]), "A"),
            (json!(["title", "not ilike", "mada"]), "BGDC"),
            (json!(["title", "not like", "Mada"]), "BGDC"),
            (json!(["title", "=like", "M%"]), "AB"),
            (json!(["title", "=ilike", "m%e"]), "A"),
            (json!(["title", "=?", false]), "ABGDC"),
            (json!(["title", "=?", madame]), "A"),
            (json!(["title", "any", [["shortcut", "=", "Mme"]]]), "A"),
            (json!(["title", "not any", [["shortcut", "=", "Mme"]]]), "BGDC"),
            (json!(["title.name", "=", "Madame"]), "A"),
            (json!(["title.name", "ilike", "m"]), "AB"),
            (json!(["title.name", "!=", "Madame"]), "B"),
            (json!(["title.id", "=", madame]), "A"),
            (json!(["country_id.code", "in", ["DZ", "FR"]]), "AD"),
            (json!(["country_id.currency_id.name", "=", "DZD"]), "A"),
            (json!(["parent_id.title.name", "=", "Madame"]), "C"),
            (json!(["parent_id", "any", [["title", "any", [["name", "=", "Madame"]]]]]), "C"),
            (json!(["parent_id", "=", alpha]), "C"),
            (json!(["parent_id", "=", "Alpha"]), "C"),
            (json!(["parent_id", "=", 987654321]), ""),
            // many2many
            (json!(["bank_ids", "=", bna]), "BG"),
            (json!(["bank_ids", "=", "BNA"]), "BG"),
            (json!(["bank_ids", "!=", bna]), "ADC"),
            (json!(["bank_ids", "in", [bna]]), "BG"),
            (json!(["bank_ids", "in", [alsalam, bna]]), "ABG"),
            (json!(["bank_ids", "in", [bna, false]]), "BGDC"),
            (json!(["bank_ids", "in", ["BNA", false]]), "BGDC"),
            (json!(["bank_ids", "in", []]), ""),
            (json!(["bank_ids", "not in", [bna]]), "ADC"),
            (json!(["bank_ids", "not in", [bna, false]]), "A"),
            (json!(["bank_ids", "not in", []]), "ABGDC"),
            (json!(["bank_ids", "=", false]), "DC"),
            (json!(["bank_ids", "!=", false]), "ABG"),
            (json!(["bank_ids", "ilike", "bn"]), "BG"),
            (json!(["bank_ids", "not ilike", "bn"]), "ADC"),
            (json!(["bank_ids.name", "=", "BNA"]), "BG"),
            (json!(["bank_ids", "any", [["name", "=", "Alsalam"]]]), "AB"),
            (json!(["bank_ids", "not any", [["name", "=", "Alsalam"]]]), "GDC"),
            (json!(["bank_ids", "any", []]), "ABG"),
            // one2many
            (json!(["child_ids", "=", child]), "A"),
            (json!(["child_ids", "in", [child, beta]]), "A"),
            (json!(["child_ids", "not in", [child]]), "BGDC"),
            (json!(["child_ids", "=", false]), "BGDC"),
            (json!(["child_ids", "!=", false]), "A"),
            (json!(["child_ids", "ilike", "chi"]), "A"),
            (json!(["child_ids.city", "=", "oran"]), "A"),
            (json!(["child_ids", "any", [["city", "=", "oran"]]]), "A"),
            (json!(["child_ids", "not any", [["city", "=", "oran"]]]), "BGDC"),
            // trees
            (json!(["id", "child_of", alpha]), "AC"),
            (json!(["id", "child_of", [alpha, delta]]), "ADC"),
            (json!(["id", "child_of", "Alpha"]), "AC"),
            (json!(["id", "parent_of", child]), "AC"),
            (json!(["parent_id", "child_of", alpha]), "C"),
            (json!(["parent_id", "child_of", "Alpha"]), "C"),
            (json!(["id", "child_of", 987654321]), ""),
            (json!(["id", "child_of", []]), ""),
            // ids
            (json!(["id", "=", alpha]), "A"),
            (json!(["id", "!=", alpha]), "BGDC"),
            (json!(["id", "in", [alpha, beta, 987654321]]), "AB"),
            (json!(["id", "not in", [alpha, beta]]), "GDC"),
            (json!(["id", ">", beta]), "GDC"),
            (json!(["id", "=", false]), ""),
            (json!(["id", "=", "abc"]), "400"),
        ]
        .into_iter()
        .filter(|(_, expected)| *expected != "400")
        .collect(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_on_numbers_and_moments_find_what_odoos_find() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let configurations = json!([{"name": "A", "manufacturer_ref": "N-A", "list_price": 10}, {"name": "B", "manufacturer_ref": "N-B", "list_price": 20.5}, {"name": "C", "manufacturer_ref": "N-C"}]);
    id(&platform.create("product.template", json!({"name": "P", "product_ref": "N", "product": configurations})).await);
    find(
        &platform,
        "product.template",
        json!(["master_product.ref", "=", "N"]),
        vec![
            (json!(["list_price", "=", 10]), "A"),
            (json!(["list_price", "=", 10.00]), "A"),
            (json!(["list_price", "=", "10"]), "A"),
            (json!(["list_price", "!=", 10]), "BC"),
            (json!(["list_price", ">", 10]), "B"),
            (json!(["list_price", ">=", 10]), "AB"),
            (json!(["list_price", "<", 20.5]), "AC"),
            (json!(["list_price", "<=", 1e3]), "ABC"),
            (json!(["list_price", "<=", 2.05e1]), "ABC"),
            (json!(["list_price", "=", 0]), "C"),
            (json!(["list_price", "=", false]), "C"),
            (json!(["list_price", "!=", false]), "AB"),
            (json!(["list_price", "in", [10, 20.5]]), "AB"),
            (json!(["list_price", "in", [10, false]]), "AC"),
            (json!(["list_price", "not in", [10]]), "BC"),
            (json!(["list_price", "not in", [10, false]]), "B"),
            (json!(["list_price", "=?", false]), "ABC"),
            (json!(["list_price", "=?", 10]), "A"),
            (json!(["version", "=", 1]), "ABC"),
            (json!(["version", "in", [1, 2]]), "ABC"),
            (json!(["version", ">", 1]), ""),
            (json!(["selling_price", "=", 20.5]), "B"),
            (json!(["central_price", "=", 0]), "ABC"),
            (json!(["create_date", ">=", "2020-01-01"]), "ABC"),
            (json!(["create_date", ">", "2020-01-01 00:00:00"]), "ABC"),
            (json!(["create_date", ">", "2020-01-01T00:00:00Z"]), "ABC"),
            (json!(["create_date", "<", "2020-01-01"]), ""),
            (json!(["create_date", "<=", "2999-12-31 23:59:59"]), "ABC"),
            (json!(["create_date", "=", "2020-01-01"]), ""),
            (json!(["create_date", "!=", "2020-01-01"]), "ABC"),
            (json!(["create_date", "in", ["2020-01-01", "2020-01-02 10:00:00"]]), ""),
            (json!(["create_date", "not in", ["2020-01-01"]]), "ABC"),
            (json!(["create_date", "=", false]), ""),
            (json!(["create_date", "!=", false]), "ABC"),
            (json!(["categ_id", "=", false]), "ABC"),
            (json!(["company_id", "=", false]), "ABC"),
            (json!(["company_id", "=", 7]), ""),
        ],
    )
    .await;
    for category in [json!({"name": "Root"}), json!({"name": "Stem", "parent_id": 0}), json!({"name": "Leaf", "parent_id": 0})] {
        let mut category = category;
        if category.get("parent_id").is_some() {
            let above = if category["name"] == "Leaf" { "Stem" } else { "Root" };
            category["parent_id"] = platform
                .rows("product.category", &[("filter", &json!([["name", "=", above]]).to_string()), ("query", "{id}")])
                .await[0]["id"]
                .clone();
        }
        id(&platform.create("product.category", category).await);
    }
    let ids: Vec<Value> = platform
        .rows("product.category", &[("filter", r#"[["name","in",["Root","Stem","Leaf"]]]"#), ("order", "id"), ("query", "{id}")])
        .await
        .into_iter()
        .map(|row| row["id"].clone())
        .collect();
    let (root, stem, leaf) = (&ids[0], &ids[1], &ids[2]);
    for (name, category) in [("R", root), ("S", stem), ("L", leaf)] {
        id(&platform.create("product.template", json!({"name": name, "product_ref": format!("T-{name}"), "categ_id": category, "product": [{"name": name, "manufacturer_ref": format!("T-{name}")}]})).await);
    }
    for model in ["product.master", "product.template"] {
        let all = if model == "product.master" { json!(["ref", "=like", "T-%"]) } else { json!(["manufacturer_ref", "=like", "T-%"]) };
        find(
            &platform,
            model,
            all,
            vec![
                (json!(["categ_id", "child_of", root]), "RSL"),
                (json!(["categ_id", "child_of", stem]), "SL"),
                (json!(["categ_id", "child_of", [leaf]]), "L"),
                (json!(["categ_id", "child_of", "Stem"]), "SL"),
                (json!(["categ_id", "parent_of", stem]), "RS"),
                (json!(["categ_id", "parent_of", leaf]), "RSL"),
                (json!(["categ_id.parent_id", "=", root]), "S"),
                (json!(["categ_id.parent_id", "child_of", root]), "SL"),
                (json!(["categ_id", "=", "Stem"]), "S"),
                (json!(["categ_id", "ilike", "stem"]), "S"),
            ],
        )
        .await;
    }
    find(
        &platform,
        "product.category",
        json!(["name", "in", ["Root", "Stem", "Leaf"]]),
        vec![
            (json!(["id", "child_of", stem]), "SL"),
            (json!(["parent_id", "child_of", root]), "SL"),
            (json!(["id", "parent_of", stem]), "RS"),
            (json!(["child_id", "=", leaf]), "S"),
            (json!(["child_id", "=", false]), "L"),
            (json!(["parent_id", "=", false]), "R"),
            (json!(["product_ids.ref", "=", "T-S"]), "S"),
            (json!(["complete_name", "=", "Root / Stem / Leaf"]), "L"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_told_by_element_field_or_value() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (filter, words) in [
        (json!([["nmae", "=", 1]]), &["res.partner.nmae", "('nmae', '=', 1)"][..]),
        (json!([["country_id.nmae", "=", 1]]), &["res.country.nmae"]),
        (json!([["name.x", "=", 1]]), &["'name'"]),
        (json!([["name", "~", 1]]), &["operator"]),
        (json!([["name", "="]]), &["element 1"]),
        (json!(["&", ["name", "=", "x"]]), &["operand"]),
        (json!(["?", ["name", "=", "x"]]), &["element 1"]),
        (json!({"name": 1}), &["list"]),
        (json!([["id", "=", "abc"]]), &["id", "abc"]),
        (json!([["is_company", "=", "perhaps"]]), &["is_company"]),
        (json!([["create_date", ">", "2026-13-01"]]), &["create_date"]),
        (json!([["create_date", ">", "yesterday"]]), &["create_date"]),
        (json!([["name", "child_of", 1]]), &["child_of"]),
        (json!([["country_id", "child_of", 1]]), &["child_of"]),
        (json!([["name", "any", [["id", "=", 1]]]]), &["name"]),
        (json!([["title", "any", 1]]), &[]),
        (json!([["name", "=", {"a": 1}]]), &["object"]),
        (json!([["bank_ids", "in", [[1]]]]), &[]),
        (json!([[7, "=", 1]]), &[]),
        (json!([["post_hash", "=", "x"]]), &["post_hash"]),
        (json!([["", "=", "x"]]), &[]),
        (json!([[".name", "=", "x"]]), &[]),
    ] {
        let answer = platform.list("res.partner", &[("filter", &filter.to_string())]).await;
        refused(&answer, 400, words);
        let answer = platform.write("res.partner", filter.clone(), json!({"city": "x"})).await;
        assert_eq!(answer.status, 400, "PUT {filter}: {}", answer.text);
    }
    let answer = platform.list("res.users", &[("filter", r#"[["password","ilike","$argon2"]]"#)]).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    for text in ["[[\"name\",\"=\",\"x\"", "nonsense", "[,]", "'[]'"] {
        assert_eq!(platform.list("res.partner", &[("filter", text)]).await.status, 400, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_has_bounds() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let leaf = |n: usize| json!(["name", "!=", format!("x{n}")]);
    let mut nested = json!([["name", "=", "x"]]);
    for _ in 0..8 {
        nested = json!([["parent_id", "any", nested]]);
    }
    let ors = |n: usize| Value::Array((1..n).map(|_| json!("|")).chain((0..n).map(leaf)).collect());
    for (what, filter) in [
        ("leaves", (0..100_000).map(leaf).collect::<Vec<_>>().into()),
        ("or-ed leaves", ors(100_000)),
        ("a list", json!([["id", "in", (0..100_000).collect::<Vec<i32>>()]])),
        ("a path", json!([["parent_id.parent_id.parent_id.parent_id.parent_id.parent_id.parent_id.name", "=", "x"]])),
        ("any in any", nested),
        ("wildcards", json!([["name", "ilike", "%_".repeat(200)]])),
        ("a text", json!([["name", "ilike", "x".repeat(100_000)]])),
    ] {
        // In a body, since such a filter is too long for an address
        let answer = platform.write("res.partner", filter, json!({"city": "x"})).await;
        assert!(matches!(answer.status, 400 | 413 | 422), "{what}: {} {}", answer.status, &answer.text[..answer.text.len().min(300)]);
    }
    for (what, filter) in [
        ("a hundred leaves", Value::Array((0..100).map(leaf).collect())),
        ("a hundred or-ed leaves", ors(100)),
        ("a list of a thousand", json!([["id", "in", (0..1000).collect::<Vec<i32>>()]])),
    ] {
        let answer = platform.list("res.partner", &[("filter", &filter.to_string()), ("query", "{id}")]).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"params": {{"filter": {deep}, "data": {{"city": "x"}}}}}}"#);
    assert_eq!(platform.send("PUT", "/api/res.partner/", &[], &body).await.status, 400);
}

/// In a process of its own: where it ends, it does not take the other tests with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_row_of_negations_is_refused_and_ends_no_process() {
    let stand = Stand::processes().await;
    let platform = stand.login("ekiclik").await;
    for length in [1_000, 10_000, 100_000] {
        let filter = Value::Array((0..length).map(|_| json!("!")).chain([json!(["name", "=", "x"])]).collect());
        let answer = platform.write("product.brand", filter, json!({"reference": "x"})).await;
        assert!(
            matches!(answer.status, 200 | 400 | 413 | 422),
            "{length} negations: {} {}",
            answer.status,
            &answer.text[..answer.text.len().min(300)]
        );
    }
    assert_eq!(platform.list("product.brand", &[("query", "{id}")]).await.status, 200);
}

// ---- what must not get through

const INJECTIONS: &[&str] = &[
    "'",
    "\"",
    "''",
    "';--",
    "name'; DROP TABLE product_brand; --",
    "name\"; DROP TABLE catalog.product_brand; --",
    "id) OR 1=1 --",
    "(SELECT version())",
    "name/**/",
    "name--",
    "name;",
    "t1.name",
    "product_brand.name",
    "catalog.product_brand",
    "*",
    "1",
    "pg_sleep(10)",
    "name, (SELECT 1)",
    "$1",
    "{t}.name",
    "name\0",
    "\\'",
    "name' || (SELECT password FROM partners.res_users LIMIT 1) || '",
    "ｎａｍｅ",
    "%27",
    "\u{2019}",
    "name\nFROM",
    "id::text",
    "id#>>'{}'",
    "UNION SELECT 1",
    "deleted_at",
    "post_hash",
    "xmin",
    "ctid",
    "tableoid",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_name_from_a_request_becomes_sql() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = (
        stand.count("SELECT count(*) AS n FROM catalog.product_brand").await,
        stand.count("SELECT count(*) AS n FROM catalog.event").await,
    );
    let mut through = Vec::new();
    for payload in INJECTIONS {
        let number_or_star = matches!(*payload, "1" | "*");
        let mut answers = vec![
            ("field of a filter", platform.list("product.brand", &[("filter", &json!([[payload, "=", "x"]]).to_string())]).await),
            (
                "path of a filter",
                platform.list("product.master", &[("filter", &json!([[format!("brand.{payload}"), "=", "x"]]).to_string())]).await,
            ),
            (
                "field of any",
                platform.list("product.master", &[("filter", &json!([["brand", "any", [[payload, "=", "x"]]]]).to_string())]).await,
            ),
            ("operator", platform.list("product.brand", &[("filter", &json!([["name", payload, "x"]]).to_string())]).await),
            ("sign", platform.list("product.brand", &[("filter", &json!([payload, ["name", "=", "x"]]).to_string())]).await),
            ("order", platform.list("product.brand", &[("order", payload)]).await),
            ("direction", platform.list("product.brand", &[("order", &format!("name {payload}"))]).await),
            ("quoted order", platform.list("product.brand", &[("order", &json!(payload).to_string())]).await),
            ("model", platform.get(&format!("/api/{}/", encode(payload))).await),
            ("model of a POST", platform.create(&encode(payload), json!({"name": "x"})).await),
            ("after", platform.list("product.brand", &[("after", payload)]).await),
            ("page_size", platform.list("product.brand", &[("page_size", &format!("{payload}x"))]).await),
            ("key of data", platform.write("product.brand", json!([["name", "=", "Iris"]]), json!({(*payload): "x"})).await),
            ("key of a new one", platform.create("product.brand", json!({"name": "Never", (*payload): "x"})).await),
            ("filter of a PUT", platform.write("product.brand", json!([[payload, "=", "x"]]), json!({"name": "x"})).await),
            (
                "field of a POST's configuration",
                platform
                    .create(
                        "product.template",
                        json!({"name": "x", "product_ref": "x", "product": [{"name": "x", "manufacturer_ref": "x", (*payload): 1}]}),
                    )
                    .await,
            ),
        ];
        if !number_or_star {
            answers.push(("query", platform.list("product.brand", &[("query", &format!("{{{payload}}}"))]).await));
            answers.push(("nested query", platform.list("product.master", &[("query", &format!("{{brand{{{payload}}}}}"))]).await));
        }
        for (slot, answer) in answers {
            if !(400..500).contains(&answer.status) {
                through.push(format!("{slot}: {payload:?}: {} {}", answer.status, &answer.text[..answer.text.len().min(200)]));
            }
        }
        // A context's keys mean nothing, a value's text finds nothing
        for answer in [
            platform
                .list(
                    "product.brand",
                    &[("context", &json!({(*payload): payload, "lang": payload, "tz": payload}).to_string()), ("query", "{id}")],
                )
                .await,
            platform.list("product.brand", &[("filter", &json!([["name", "=", payload]]).to_string())]).await,
            platform.list("product.brand", &[("filter", &json!([["name", "ilike", format!("no such {payload}")]]).to_string())]).await,
        ] {
            if answer.status >= 500 {
                through.push(format!("value {payload:?}: {} {}", answer.status, answer.text));
            }
        }
    }
    assert!(through.is_empty(), "{through:#?}");
    assert_eq!(
        (
            stand.count("SELECT count(*) AS n FROM catalog.product_brand").await,
            stand.count("SELECT count(*) AS n FROM catalog.event").await
        ),
        before
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_nasty_value_in_a_filter_a_query_or_an_order_is_an_error_of_ours() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let texts = [
        r#""\u0000""#,
        r#""a\u0000b""#,
        r#""\ud800""#,
        r#""\udfff\ud800""#,
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1e400",
        "-1e400",
        "1e308",
        "5e-324",
        "0.1e-300",
        "NaN",
        "1e",
        "--1",
        "\"\"",
        "\"\\\\\"",
        "\"a\\\\\"",
        "\"％＼\"",
        "\"＼\"",
        "\"a＼\"",
        "\"%\"",
        "\"\u{FEFF}\"",
        "\"\u{202E}\"",
        "\"İ\"",
        "\"ß\"",
        "\"\u{10FFFF}\"",
        "[]",
        "[null]",
        "[false]",
        "[1, \"a\"]",
        "{}",
        "{\"a\":1,\"a\":2}",
        "true",
        "false",
        "null",
        "-1",
        "0",
        "1.5",
        "\"1.5\"",
        "\"1__0\"",
        "\"1_0\"",
        "\"0x10\"",
        "\"1e5\"",
        "\"1e-30\"",
        "\"1e28\"",
        "\" 1 \"",
        "\"+1\"",
        "\"-0\"",
        "\"Infinity\"",
        "\"nan\"",
        "\".\"",
        "\"79228162514264337593543950336\"",
        "[\"1__0\"]",
        "\"0000-01-01\"",
        "\"-0001-01-01\"",
        "\"-5000-01-01\"",
        "\"+262142-12-31\"",
        "\"262142-12-31\"",
        "\"9999-12-31\"",
        "\"2026-02-30\"",
        "\"2026-01-01 24:00:00\"",
        "\"2026-01-01 23:59:60\"",
        "\"2026-01-01 10:00:00.123456789\"",
        "\"2026-01-01ZZZ\"",
        "\"2026-01-01T10:00Z\"",
        "\"2026-1-1\"",
        "\"2026-01-01 10:00:00+01:00\"",
        "\"now\"",
        "\"epoch\"",
        "\"infinity\"",
        "\"today\"",
        "20260101",
        "[\"0000-01-01\"]",
        "[\"-5000-01-01\", \"2026-01-01ZZ\"]",
    ];
    let operators = [
        "=",
        "!=",
        ">",
        "<=",
        "in",
        "not in",
        "like",
        "ilike",
        "not ilike",
        "=like",
        "=ilike",
        "=?",
        "child_of",
        "parent_of",
        "any",
        "not any",
    ];
    let fields = [
        "id",
        "name",
        "list_price",
        "version",
        "active",
        "create_date",
        "detailed_type",
        "categ_id",
        "attribute_value_ids",
        "company_id",
        "master_product.create_date",
    ];
    let mut ours = Vec::new();
    for field in fields {
        for operator in operators {
            // What differs by the operator is seen on one field of each type
            let all = matches!(operator, "=" | "in" | ">" | "ilike" | "=ilike");
            let asked: Vec<&str> = texts.iter().copied().filter(|text| all || text.len() < 8).collect();
            for some in asked.chunks(8) {
                let answers = join_all(some.iter().map(|value| {
                    let filter = encode(&format!(r#"[["{field}", "{operator}", {value}]]"#));
                    let platform = &platform;
                    async move { platform.get(&format!("/api/product.template/?query=%7Bid%7D&filter={filter}")).await }
                }));
                for (value, answer) in some.iter().zip(answers.await) {
                    if answer.status >= 500 {
                        ours.push(format!("{} [\"{field}\", \"{operator}\", {value}]", answer.status));
                    }
                }
            }
        }
    }
    assert!(ours.is_empty(), "{} of them: {ours:#?}", ours.len());
    for value in ["\0", "{\0}", "{name\0}", "{\u{FEFF}name}", "{İ}", "{name}\0", "\u{10FFFF}"] {
        for (model, params) in [
            ("product.brand", [("query", value)]),
            ("product.brand", [("order", value)]),
            ("product.brand", [("filter", value)]),
            ("product.brand", [("context", value)]),
            ("product.brand", [("after", value)]),
        ] {
            let answer = platform.list(model, &params).await;
            assert!(answer.status < 500, "{params:?}: {} {}", answer.status, answer.text);
        }
    }
    for path in [
        "/api/product.brand/?filter=%FF%FE",
        "/api/product.brand/?query=%C3%28",
        "/api/product.brand/?%00=%00",
        "/api/%FF/",
        "/api/product.brand/%00",
        "/api/product.brand/9223372036854775808",
        "/api/product.brand/-1",
        "/api/product.brand/1e3",
        "/api/product.brand/?filter=%",
        "/api/product.brand/?query=%%%",
        "/api//",
        "/api/product.brand/?page_size=%00",
    ] {
        let answer = platform.get(path).await;
        assert!((200..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_nasty_value_in_data_is_an_error_of_ours_and_none_is_stored() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stand.count("SELECT count(*) AS n FROM catalog.event").await;
    let mut ours = Vec::new();
    let huge = format!("\"{}\"", "x".repeat(2_000_000));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    for value in [
        r#""a\u0000b""#,
        r#""\ud800""#,
        r#""\ud800\ud800""#,
        "9223372036854775808",
        "-9223372036854775809",
        "1e400",
        "NaN",
        huge.as_str(),
        deep.as_str(),
        objects.as_str(),
        "{\"push\": [1e400]}",
        "{\"push\": [9223372036854775808]}",
        "{\"a\": 1, \"a\": 2}",
        "[1, 2",
        "\"\n\"",
        "'x'",
        "nul",
    ] {
        for (model, field) in [
            ("product.brand", "reference"),
            ("product.category", "parent_id"),
            ("product.attribute", "sequence"),
            ("product.template", "attribute_value_ids"),
            ("product.template", "list_price"),
            ("product.template", "active"),
            ("product.template", "detailed_type"),
            ("product.template", "attribute"),
            ("product.template", "company_id"),
            ("product.master", "brand"),
        ] {
            let put = format!(r#"{{"params": {{"filter": [["id", ">", 0]], "data": {{"{field}": {value}}}}}}}"#);
            let post =
                format!(r#"{{"params": {{"data": {{"name": "Nasty", "product_ref": "Nasty", "ref": "Nasty", "{field}": {value}}}}}}}"#);
            let nested = format!(
                r#"{{"params": {{"data": {{"name": "Nasty", "product_ref": "Nasty", "product": [{{"name": "n", "manufacturer_ref": "Nasty", "{field}": {value}}}]}}}}}}"#
            );
            for (method, path, body) in [
                ("PUT", format!("/api/{model}/"), put),
                ("POST", format!("/api/{model}/"), post),
                ("POST", "/api/product.template/".to_owned(), nested),
            ] {
                // A text may be given as a number
                if field == "reference" && method == "PUT" && value.trim_start_matches('-').starts_with("922") {
                    continue;
                }
                let answer = platform.send(method, &path, &[], &body).await;
                if !(400..500).contains(&answer.status) {
                    let (value, text) = (&value[..value.len().min(40)], &answer.text[..answer.text.len().min(160)]);
                    ours.push(format!("{method} {path} {field} {value}: {} {text}", answer.status));
                }
            }
        }
    }
    for body in [
        &b"\xEF\xBB\xBF{}"[..],
        b"\xFF\xFE{\x00}\x00",
        b"{\"params\": {\"data\": {\"name\": \"\xC3\x28\"}}}",
        b"{\"params\": {\"data\": {\"name\": \"a\", \"name\": \"b\"}}}",
        b"{\"params\": {\"data\": {\"name\": \"a\",}}}",
        b"[]",
        b"null",
        b"\"x\"",
        b"{\"params\": []}",
        b"{\"params\": {\"data\": []}}",
        b"{\"params\": {\"data\": null}}",
        b"{\"params\": {}}",
        b"{\"params\": {\"data\": {}, \"data\": {}}}",
    ] {
        let answer = stand
            .send("POST", "/api/product.brand/", &[("x-openerp-session-id", &platform.id), ("content-type", "application/json")], body)
            .await;
        if !(400..500).contains(&answer.status) {
            ours.push(format!("{}: {} {}", String::from_utf8_lossy(body), answer.status, answer.text));
        }
    }
    assert!(ours.is_empty(), "{} of them: {ours:#?}", ours.len());
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.event").await, before);
    let answer = platform.send("POST", "/api/product.brand/", &[], "{\"params\":\n {\"data\": {\"name\": 1,}}}").await;
    refused(&answer, 400, &["line 2", "column"]);
}

// ---- exports

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

// ---- what a bank may not find out

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_user_finds_nothing_of_other_banks_clients() {
    let stand = Stand::new().await;
    let (admin, bank) = (stand.login("admin").await, stand.login("alsalam").await);
    let named = async |name: &str| {
        admin.rows("res.bank", &[("filter", &json!([["name", "=", name]]).to_string()), ("query", "{id}")]).await[0]["id"].as_i64().unwrap()
    };
    let (alsalam, bna) = (named("Alsalam").await, named("BNA").await);
    let make = async |data: Value| id(&admin.create("res.partner", data).await);
    let own = make(json!({"name": "Own", "email": "own@x.dz", "bank_ids": [alsalam], "ref": "T"})).await;
    let shared = make(json!({"name": "Shared", "email": "shared@x.dz", "bank_ids": [alsalam, bna], "ref": "T"})).await;
    let theirs = make(json!({"name": "Theirs", "email": "theirs@x.dz", "phone": "0777", "bank_ids": [bna], "ref": "T"})).await;
    let nobodys = make(json!({"name": "Nobodys", "email": "nobodys@x.dz", "ref": "T"})).await;
    // Contacts that reach over: theirs below ours, and ours below theirs
    let theirs_below = make(json!({"name": "Theirs below", "parent_id": own, "bank_ids": [bna], "ref": "T"})).await;
    let own_below = make(json!({"name": "Own below", "parent_id": theirs, "bank_ids": [alsalam], "ref": "T"})).await;

    let mine = |rows: &[Value]| rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    let all = bank.list("res.partner", &[("filter", r#"[["ref","=","T"]]"#), ("query", "{name}"), ("page_size", "100")]).await.json();
    assert_eq!(mine(all["result"].as_array().unwrap()), ["Own", "Shared", "Own below"].map(str::to_owned).into());
    assert_eq!((&all["total"], &all["count"]), (&json!(3), &json!(3)));
    for hidden in [theirs, nobodys, theirs_below] {
        assert_eq!(bank.get(&format!("/api/res.partner/{hidden}")).await.status, 404);
        assert_eq!(bank.send("PUT", &format!("/api/res.partner/{hidden}"), &[], r#"{"params":{"data":{"city":"x"}}}"#).await.status, 404);
        let put = bank.write("res.partner", json!([["id", "=", hidden]]), json!({"city": "x"})).await;
        assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "0"));
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.res_partner WHERE city = 'x'").await, 0);
    // What is read of relations
    let read = bank.get(&format!("/api/res.partner/{own}?query={}", encode("{child_ids, bank_ids, bank_ids{name}}"))).await.json();
    assert_eq!((&read["child_ids"], &read["bank_ids"]), (&json!([]), &json!([{"name": "Alsalam"}])));
    let read = bank.get(&format!("/api/res.partner/{shared}?query={}", encode("{bank_ids}"))).await.json();
    assert_eq!(read["bank_ids"], json!([alsalam]));
    let read = bank.get(&format!("/api/res.partner/{own_below}?query={}", encode("{parent_id}"))).await.json();
    assert_eq!(read["parent_id"], false);
    let read = bank
        .get(&format!("/api/res.partner/{own_below}?query={}", encode("{parent_id{id, name, email, child_ids{name}, bank_ids}}")))
        .await
        .json();
    assert!(!read.to_string().contains("heirs") && read["parent_id"]["id"] == false, "{read}");
    let users = bank.get(&format!("/api/res.partner/{own}?query={}", encode("{create_uid, write_uid{id, login}}"))).await.json();
    assert_eq!(users, json!({"create_uid": false, "write_uid": {"id": false, "login": false}}));

    // What filters tell: each must find exactly what it would find if the others' records were not there
    let mut told = Vec::new();
    for (leaf, expected) in [
        (json!(["email", "=", "theirs@x.dz"]), ""),
        (json!(["phone", "=", "0777"]), ""),
        (json!(["name", "ilike", "theirs"]), ""),
        (json!(["id", "=", theirs]), ""),
        (json!(["id", "in", [theirs, nobodys, own]]), "Own"),
        (json!(["!", ["name", "ilike", "own"]]), "Shared"),
        (json!(["child_ids", "!=", false]), ""),
        (json!(["child_ids", "=", theirs_below]), ""),
        (json!(["child_ids.name", "ilike", "theirs"]), ""),
        (json!(["child_ids", "any", []]), ""),
        (json!(["child_ids", "not any", []]), "Own,Own below,Shared"),
        (json!(["parent_id.email", "=", "theirs@x.dz"]), ""),
        (json!(["parent_id.name", "!=", "x"]), ""),
        (json!(["parent_id", "ilike", "their"]), ""),
        (json!(["parent_id", "any", [["id", ">", 0]]]), ""),
        (json!(["parent_id", "=", theirs]), ""),
        (json!(["parent_id", "in", [theirs, 0]]), ""),
        (json!(["parent_id", "not in", [theirs]]), "Own,Own below,Shared"),
        (json!(["parent_id", "!=", theirs]), "Own,Own below,Shared"),
        (json!(["parent_id", "!=", false]), ""),
        (json!(["parent_id", "=", false]), "Own,Own below,Shared"),
        (json!(["parent_id", ">", 0]), ""),
        (json!(["parent_id.id", "=", theirs]), ""),
        (json!(["parent_id", "child_of", theirs]), ""),
        (json!(["id", "child_of", theirs]), ""),
        (json!(["id", "parent_of", theirs_below]), ""),
        (json!(["bank_ids", "=", bna]), ""),
        (json!(["bank_ids", "in", [bna]]), ""),
        (json!(["bank_ids", "not in", [bna]]), "Own,Own below,Shared"),
        (json!(["bank_ids", "!=", bna]), "Own,Own below,Shared"),
        (json!(["bank_ids.name", "ilike", "bna"]), ""),
        (json!(["bank_ids", "ilike", "bna"]), ""),
        (json!(["bank_ids", "any", [["id", "!=", alsalam]]]), ""),
        (json!(["bank_ids", "=", alsalam]), "Own,Own below,Shared"),
        (json!(["create_uid", "=", 2]), ""),
        (json!(["create_uid", "!=", false]), ""),
        (json!(["create_uid.login", "=", "admin"]), ""),
        (json!(["write_uid", "in", [1, 2, 3, 4, 5]]), ""),
    ] {
        let filter = if leaf[0] == "!" { json!([["ref", "=", "T"], "!", leaf[1]]) } else { json!([["ref", "=", "T"], leaf]) };
        let answer =
            bank.list("res.partner", &[("filter", &filter.to_string()), ("query", "{name}"), ("order", "name"), ("page_size", "50")]).await;
        let found = match answer.status {
            200 => {
                answer.result().as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(",")
            }
            status => format!("{status} {}", answer.text),
        };
        if found != expected {
            told.push(format!("{leaf} finds '{found}', not '{expected}'"));
        }
    }
    // An order by what it can't see changes nothing
    for order in ["parent_id", "parent_id desc", "create_uid", "write_uid desc"] {
        let rows = bank.rows("res.partner", &[("filter", r#"[["ref","=","T"]]"#), ("query", "{id}"), ("order", order)]).await;
        let ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        if ids != [own, shared, own_below] {
            told.push(format!("order {order}: {ids:?}"));
        }
    }
    assert!(told.is_empty(), "{told:#?}");
    // Other models
    assert_eq!(bank.rows("res.bank", &[("query", "{name}")]).await, [json!({"name": "Alsalam"})]);
    assert_eq!(bank.get(&format!("/api/res.bank/{bna}")).await.status, 404);
    assert_eq!(bank.rows("res.users", &[("query", "{login}")]).await, [json!({"login": "alsalam"})]);
    for filter in [
        json!([["login", "=", "bna"]]),
        json!([["bank_id", "=", bna]]),
        json!([["hub_admin", "=", true]]),
        json!([["bank_id.name", "=", "BNA"]]),
    ] {
        assert_eq!(bank.list("res.users", &[("filter", &filter.to_string()), ("page_size", "5")]).await.json()["total"], 0, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_banks_user_a_reference_to_another_banks_client_is_an_unknown_one() {
    let stand = Stand::new().await;
    let (platform, bank) = (stand.login("ekiclik").await, stand.login("alsalam").await);
    let theirs = id(&platform.create("res.partner", json!({"name": "Theirs", "email": "theirs@x.dz", "source": "BNA"})).await);
    let own = id(&platform.create("res.partner", json!({"name": "Own", "email": "own@x.dz", "source": "Alsalam"})).await);
    let before = stand.count("SELECT count(*) AS n FROM partners.event").await;
    let unknown = bank.create("res.partner", json!({"name": "Contact", "parent_id": 987654321})).await;
    refused(&unknown, 422, &["987654321"]);
    let hidden = bank.create("res.partner", json!({"name": "Contact", "parent_id": theirs})).await;
    assert_eq!(
        (hidden.status, hidden.text.replace(&theirs.to_string(), "N")),
        (422, unknown.text.replace("987654321", "N")),
        "{}",
        hidden.text
    );
    let hidden = bank.write("res.partner", json!([["id", "=", own]]), json!({"parent_id": theirs})).await;
    assert_eq!(hidden.status, 422, "{}", hidden.text);
    assert_eq!(stand.count("SELECT count(*) AS n FROM partners.event").await, before);
}
