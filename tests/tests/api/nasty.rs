//! What must not get through: names that would be SQL, and values that no parser likes.

use futures_util::future::join_all;
use serde_json::json;
use system_tests::{Stand, encode, refused};

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
