//! Prices, margins and what they are made of.

use serde_json::{Value, json};
use system_tests::{Stand, id};

use crate::{configuration, found, one, product, stored, with};

#[tokio::test(flavor = "multi_thread")]
async fn prices_have_their_margins_and_round_half_up() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    // 166.665 and 250.005 are halves that rounding to even would take down
    for (at, (cost, list, central, selling)) in [
        (150.0, 0.0, 166.67, 250.01),
        (50.0, 0.0, 55.56, 83.34),
        (50_000.0, 80_000.0, 55_555.0, 80_000.0),
        (0.0, 0.0, 0.0, 0.0),
        (0.01, 0.0, 0.01, 0.02),
        (62_000.37, 0.0, 68_888.61, 103_332.92),
        (100.0, 0.01, 111.11, 0.01),
    ]
    .into_iter()
    .enumerate()
    {
        let sent = product(
            &format!("P-{at}"),
            json!([with(configuration(&format!("C-{at}")), json!({"standard_price": cost, "list_price": list}))]),
        );
        let made = id(&platform.create("product.template", sent).await);
        let prices = json!({"central_price": central, "selling_price": selling, "standard_price": cost, "list_price": list});
        assert_eq!(one(&platform, "product.template", made, "{central_price, selling_price, standard_price, list_price}").await, prices);
        assert_eq!(one(&platform, "product.product", made, "{central_price, selling_price, standard_price, list_price}").await, prices);
        assert_eq!(
            found(&platform, "product.template", json!([["manufacturer_ref", "=", format!("C-{at}")], ["selling_price", "=", selling]]))
                .await,
            [made]
        );
    }
    let ordered = platform.rows("product.template", &[("order", "selling_price desc, id"), ("query", "{selling_price}")]).await;
    let prices: Vec<f64> = ordered.iter().map(|row| row["selling_price"].as_f64().unwrap()).collect();
    assert!(prices.is_sorted_by(|a, b| a >= b), "{prices:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn furniture_has_its_margin_by_its_category_or_one_of_two_above_and_not_by_a_third() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let mut parent = Value::Null;
    let mut line = Vec::new();
    for name in ["Les MÉUBLES d'Alger", "Child", "Grandchild", "Great-grandchild"] {
        let made = id(&platform.create("product.category", json!({"name": name, "parent_id": parent})).await);
        parent = json!(made);
        line.push(made);
    }
    for (at, (category, selling)) in line.iter().zip([266.67, 266.67, 266.67, 250.01]).enumerate() {
        let sent = product(&format!("P-{at}"), json!([with(configuration(&format!("C-{at}")), json!({"standard_price": 150}))]));
        let made = id(&platform.create("product.template", with(sent, json!({"categ_id": category}))).await);
        assert_eq!(one(&platform, "product.template", made, "{selling_price}").await["selling_price"], selling, "level {at}");
    }
    // By its name alone; a list price counts first; and a move in the tree moves the price
    let sent = product(
        "N",
        json!([
            with(configuration("N1"), json!({"standard_price": 150})),
            with(configuration("N2"), json!({"standard_price": 150, "list_price": 9}))
        ]),
    );
    let last = id(&platform.create("product.template", with(sent, json!({"categ_id": "Petits meubles"}))).await);
    assert_eq!(one(&platform, "product.template", last, "{selling_price}").await["selling_price"], 9.0);
    let first = found(&platform, "product.template", json!([["manufacturer_ref", "=", "N1"]])).await[0];
    assert_eq!(one(&platform, "product.template", first, "{selling_price}").await["selling_price"], 266.67);
    platform.write("product.master", json!([["ref", "=", "N"]]), json!({"categ_id": "Lampes"})).await.result();
    assert_eq!(one(&platform, "product.template", first, "{selling_price}").await["selling_price"], 250.01);
    platform.write("product.category", json!([["name", "=", "Great-grandchild"]]), json!({"parent_id": line[1]})).await.result();
    let moved = found(&platform, "product.template", json!([["manufacturer_ref", "=", "C-3"]])).await[0];
    assert_eq!(one(&platform, "product.template", moved, "{selling_price}").await["selling_price"], 266.67);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_margins_are_settings() {
    let stand = Stand::with(&[("CENTRAL_MARGIN", "2"), ("SELLING_MARGIN", "3"), ("FURNITURE_MARGIN", "4")]).await;
    let platform = stand.login("ekiclik").await;
    for (category, selling) in [("Lampes", 60.0), ("Meubles", 80.0)] {
        let sent =
            with(product(category, json!([with(configuration(category), json!({"standard_price": 10}))])), json!({"categ_id": category}));
        let made = id(&platform.create("product.template", sent).await);
        assert_eq!(
            one(&platform, "product.template", made, "{central_price, selling_price}").await,
            json!({"central_price": 20.0, "selling_price": selling})
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_is_none_is_refused_by_name_and_value() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let mut taken = Vec::new();
    for field in ["list_price", "standard_price"] {
        for price in [
            "-1",
            "-0.01",
            "-0.001",
            "1e300",
            "\"abc\"",
            "\"NaN\"",
            "\"Infinity\"",
            "[]",
            "{}",
            "true",
            "100000000000000",
            "\"-5\"",
            "\"1__0\"",
            "9223372036854775808000",
        ] {
            let data = format!(
                r#"{{"name": "P", "product_ref": "P", "product": [{{"name": "A", "manufacturer_ref": "A", "{field}": {price}}}]}}"#
            );
            let answer = platform.send("POST", "/api/product.template/", &[], &format!(r#"{{"params": {{"data": {data}}}}}"#)).await;
            if answer.status != 422 || !answer.error().contains(field) {
                taken.push(format!("POST {field} {price}: {} {}", answer.status, answer.text));
            }
            let body = format!(r#"{{"params": {{"filter": [["manufacturer_ref", "=", "IRIS-TV55-N"]], "data": {{"{field}": {price}}}}}}}"#);
            let answer = platform.send("PUT", "/api/product.template/", &[], &body).await;
            if answer.status != 422 {
                taken.push(format!("PUT {field} {price}: {} {}", answer.status, answer.text));
            }
        }
        for price in ["1e400", "NaN", "-Infinity", "01", ".5"] {
            let body = format!(r#"{{"params": {{"filter": [["manufacturer_ref", "=", "IRIS-TV55-N"]], "data": {{"{field}": {price}}}}}}}"#);
            let answer = platform.send("PUT", "/api/product.template/", &[], &body).await;
            assert_eq!(answer.status, 400, "{price}: {}", answer.text);
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    assert_eq!(stored(&stand).await, before);
    for (price, stored) in [
        ("\"12.50\"", 12.5),
        ("99999999999999.99", 99_999_999_999_999.99),
        ("1e3", 1000.0),
        ("0.005", 0.01),
        ("null", 0.0),
        ("\"\"", 0.0),
        ("1.005", 1.01),
    ] {
        let body = format!(r#"{{"params": {{"filter": [["manufacturer_ref", "=", "IRIS-TV55-N"]], "data": {{"list_price": {price}}}}}}}"#);
        assert_eq!(platform.send("PUT", "/api/product.template/", &[], &body).await.result(), true);
        let row = platform
            .rows("product.template", &[("filter", r#"[["manufacturer_ref","=","IRIS-TV55-N"]]"#), ("query", "{list_price}")])
            .await;
        assert_eq!(row[0]["list_price"].as_f64(), Some(stored), "{price}");
    }
}
