//! What is refused: everything that is wrong is told, and nothing is stored.

use serde_json::json;
use system_tests::{Stand, id, refused};

use crate::{configuration, found, one, product, stored, with};

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_told_in_one_answer_and_nothing_is_stored() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let sent = json!({"nmae": "x", "brand": "Never made", "categ_id": 987654321, "fab_name": ["x"], "product": [
        {"name": "no reference", "list_price": -1, "purchase_ok": "perhaps"},
        {"manufacturer_ref": "A", "name": "A", "standard_price": "abc", "detailed_type": "thing", "attribute": [{"attribute_id": "Neuf"}]},
        "text",
        {"manufacturer_ref": "A", "name": "A", "list_prise": 1},
    ]});
    let answer = platform.create("product.template", sent).await;
    let words = [
        "'nmae'",
        "'name'",
        "product.master is required",
        "987654321",
        "fab_name",
        "product[0]",
        "list_price",
        "-1",
        "purchase_ok",
        "perhaps",
        "manufacturer_ref",
        "product[1]",
        "standard_price",
        "abc",
        "detailed_type",
        "thing",
        "product, consu, service",
        "value_id",
        "product[2]",
        "product[3]",
        "'list_prise'",
        "'list_price'",
        "'A' stands twice",
    ];
    refused(&answer, 422, &words);
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_reference_to_another_services_record_is_told_with_everything_else() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let sent = with(
        product("P-1", json!([with(configuration("A"), json!({"company_id": 987654321, "list_price": "abc"}))])),
        json!({"nmae": 1, "categ_id": 123456789}),
    );
    refused(&platform.create("product.template", sent).await, 422, &["987654321", "abc", "nmae", "123456789"]);
    let answer = platform
        .write("product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), json!({"company_id": 987654321, "list_price": -1}))
        .await;
    refused(&answer, 422, &["987654321", "list_price"]);
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_characteristic_that_is_not_named_is_told() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let of =
        json!([{"attribute_id": true, "value_id": "Rouge"}, {"attribute_id": "Couleur", "value_id": " "}, {"attribute_id": "Couleur"}]);
    let sent = product("NO-ATTRIBUTE", json!([with(configuration("NO-ATTRIBUTE-A"), json!({"attribute": of}))]));
    let answer = platform.create("product.template", sent).await;
    refused(&answer, 422, &["must be names"]);
    assert_eq!(answer.error().matches("must be names").count(), 3);
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_nothing_behind_not_even_a_brand() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let new = json!({"brand": "Never made", "categ_id": "Never made"});
    let attribute = json!([{"attribute_id": "Never made", "value_id": "Never made"}]);
    for wrong in [
        json!({"list_price": -1}),
        json!({"unknown": 1}),
        json!({"manufacturer_ref": "IRIS-TV55-N"}),
        json!({"name": ""}),
        json!({"attribute": [{"attribute_id": "Never made", "value_id": true}]}),
    ] {
        let sent =
            with(product("P-1", json!([with(with(configuration("A"), json!({"attribute": attribute})), wrong.clone())])), new.clone());
        let answer = platform.create("product.template", sent).await;
        assert!(matches!(answer.status, 409 | 422), "{wrong}: {} {}", answer.status, answer.text);
        assert_eq!(stored(&stand).await, before, "{wrong}");
    }
    let answer = platform.write("product.master", json!([["ref", "=", "IRIS-TV55"]]), json!({"brand": "Never made", "name": ""})).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(stored(&stand).await, before);
    // A user of a bank reads: 403 comes before anything else is looked at
    let bank = stand.login("bna").await;
    let answer = bank.create("product.template", json!({"nmae": 1})).await;
    assert_eq!((answer.status, answer.error_name().as_str()), (403, "odoo.exceptions.AccessError"));
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_named_with_the_nearest_known_one() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let answer = platform.create("product.template", with(product("P-1", json!([])), json!({"fab_nam": "x"}))).await;
    refused(&answer, 422, &["Invalid field 'fab_nam' on model 'product.master'", "'fab_name'"]);
    assert!(answer.error_name().ends_with("ValueError"), "{}", answer.error_name());
    let answer = platform.create("product.template", product("P-1", json!([with(configuration("A"), json!({"listprice": 1}))]))).await;
    refused(&answer, 422, &["'listprice'", "'list_price'"]);
    for (model, field, near) in [
        ("product.template", "manufacturer_reff", "manufacturer_ref"),
        ("product.product", "manufacturer_reff", "manufacturer_ref"),
        ("product.master", "brnad", "brand"),
        ("product.category", "nam", "name"),
        ("product.brand", "nmae", "name"),
    ] {
        let answer = platform.write(model, json!([["id", ">", 0]]), json!({field: "x"})).await;
        refused(&answer, 422, &[&format!("Invalid field '{field}' on model"), &format!("'{near}'")]);
    }
    // What only the hub sets is no unknown field, and can't be written either
    for field in ["version", "selling_price"] {
        let answer = platform.write("product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), json!({field: 7})).await;
        refused(&answer, 422, &[field]);
    }
    // What every record is read with is left out, as Odoo does
    for field in ["id", "create_uid", "create_date", "display_name"] {
        let answer = platform.write("product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), json!({field: 7})).await;
        assert_eq!(answer.result(), true, "{field}");
    }
    let answer = platform.write("product.master", json!([["ref", "=", "IRIS-TV55"]]), json!({"post_hash": "x"})).await;
    refused(&answer, 422, &["Invalid field 'post_hash'"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_brings_two_hundred_configurations_at_most() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let many = |n: usize| product("P-1", (0..n).map(|at| configuration(&format!("C-{at:03}"))).collect::<Vec<_>>().into());
    refused(&platform.create("product.template", many(201)).await, 422, &["200"]);
    assert_eq!(stored(&stand).await, before);
    let last = id(&platform.create("product.template", many(200)).await);
    assert_eq!(one(&platform, "product.template", last, "{manufacturer_ref}").await["manufacturer_ref"], "C-199");
    assert_eq!(found(&platform, "product.template", json!([["master_product.ref", "=", "P-1"]])).await.len(), 200);
}
