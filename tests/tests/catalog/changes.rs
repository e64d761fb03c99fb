//! Changes and removals: circles of categories, what others refer to, how many records at once.

use serde_json::{Value, json};
use system_tests::{Stand, id, refused};

use crate::{configuration, found, one, product, stored, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_categories_is_refused_however_its_parent_is_written() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let top = id(&platform.create("product.category", json!({"name": "Top"})).await);
    let middle = id(&platform.create("product.category", json!({"name": "Middle", "parent_id": top})).await);
    let bottom = id(&platform.create("product.category", json!({"name": "Bottom", "parent_id": middle})).await);
    // A number, and what is read as one
    for written in [|id: i64| json!(id), |id: i64| json!(id.to_string()), |id: i64| json!(f64::from(i32::try_from(id).unwrap()))] {
        for (category, written) in
            [(top, top), (top, middle), (top, bottom), (middle, bottom)].map(|(category, parent)| (category, written(parent)))
        {
            let answer = platform.write("product.category", json!([["id", "=", category]]), json!({"parent_id": written})).await;
            assert_eq!(answer.status, 422, "{category} below {written}: {}", answer.text);
        }
    }
    assert_eq!(
        one(&platform, "product.category", bottom, "{display_name, parent_id{parent_id{parent_id}}}").await,
        json!({"display_name": "Top / Middle / Bottom", "parent_id": {"parent_id": {"parent_id": false}}})
    );
    refused(&platform.create("product.category", json!({"name": "X", "parent_id": 987654321})).await, 422, &["987654321"]);
    assert_eq!(platform.create("product.category", json!({"name": "BOTTOM", "parent_id": middle})).await.status, 409);
    // A move that is none stays possible
    assert_eq!(platform.write("product.category", json!([["id", "=", bottom]]), json!({"parent_id": top})).await.result(), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_that_would_close_a_circle_together_are_not_both_made() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for round in 0..10 {
        let left = id(&platform.create("product.category", json!({"name": format!("Left {round}")})).await);
        let right = id(&platform.create("product.category", json!({"name": format!("Right {round}")})).await);
        let below =
            |category: i64, parent: i64| platform.write("product.category", json!([["id", "=", category]]), json!({"parent_id": parent}));
        let (one, two) = futures_util::join!(below(left, right), below(right, left));
        assert!(one.status == 200 || two.status == 200, "{} {}", one.text, two.text);
        assert!(one.status < 500 && two.status < 500, "{} {}", one.text, two.text);
        let circle = format!(
            "SELECT count(*) AS n FROM catalog.product_category a JOIN catalog.product_category b ON a.parent_id = b.id AND b.parent_id = a.id WHERE a.id = {left}"
        );
        assert_eq!(stand.count(&circle).await, 0, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_refer_to_is_not_removed_and_the_refusal_names_them() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let sent = with(
        product("P-1", json!([with(configuration("A"), json!({"attribute": [{"attribute_id": "Neuf", "value_id": "Seul"}]}))])),
        json!({"brand": "Nouvelle", "categ_id": "Rayon"}),
    );
    let configuration = id(&platform.create("product.template", sent.clone()).await);
    let ids =
        one(&platform, "product.template", configuration, "{master_product, brand, categ_id, attribute_value_ids{id, attribute_id}}").await;
    let number = |value: &Value| value.as_i64().unwrap();
    let (product, brand, category) = (number(&ids["master_product"]), number(&ids["brand"]), number(&ids["categ_id"]));
    let (value, attribute) = (number(&ids["attribute_value_ids"][0]["id"]), number(&ids["attribute_value_ids"][0]["attribute_id"]));
    let child = id(&platform.create("product.category", json!({"name": "Below", "parent_id": category})).await);
    let before = stored(&stand).await;
    for (model, record, referring) in [
        ("product.master", product, "product.template"),
        ("product.brand", brand, "product.master"),
        ("product.category", category, "product.category"),
        ("product.attribute.value", value, "product.template"),
        ("product.attribute", attribute, "product.attribute.value"),
    ] {
        refused(&platform.unlink(model, record).await, 409, &[referring]);
        assert_eq!(platform.get(&format!("/api/{model}/{record}")).await.status, 200);
    }
    assert_eq!(stored(&stand).await, before);
    // An archived configuration refers too
    platform.write("product.template", json!([["id", "=", configuration]]), json!({"active": false})).await.result();
    refused(&platform.unlink("product.master", product).await, 409, &["product.template"]);
    for (model, record) in [
        ("product.template", configuration),
        ("product.master", product),
        ("product.brand", brand),
        ("product.category", child),
        ("product.category", category),
        ("product.attribute.value", value),
        ("product.attribute", attribute),
    ] {
        let answer = platform.unlink(model, record).await;
        assert_eq!((answer.status, &answer.json()["result"]), (200, &json!(true)), "{model}: {}", answer.text);
        assert_eq!(platform.get(&format!("/api/{model}/{record}")).await.status, 404);
        assert_eq!(platform.unlink(model, record).await.status, 404, "{model} again");
        assert_eq!(
            stand
                .count(&format!(
                    "SELECT count(*) AS n FROM catalog.event WHERE model = '{model}' AND record_id = {record} AND kind = 'deleted'"
                ))
                .await,
            1
        );
        assert!(found(&platform, model, json!([["id", "=", record]])).await.is_empty());
    }
    // The keys are free again: the same request makes new records
    let again = id(&platform.create("product.template", sent).await);
    assert_ne!(again, configuration);
    let ids = one(&platform, "product.template", again, "{master_product, brand, categ_id}").await;
    assert!(number(&ids["master_product"]) > product && number(&ids["brand"]) > brand && number(&ids["categ_id"]) > category);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_or_a_change_without_a_filter_is_refused() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    for filter in ["", "?filter=", "?filter=[]"] {
        let answer = platform.send("DELETE", &format!("/api/product.brand/{filter}"), &[], "").await;
        refused(&answer, 422, &["filter"]);
    }
    for body in [
        r#"{"params": {"data": {"name": "x"}}}"#,
        r#"{"params": {"filter": [], "data": {"name": "x"}}}"#,
        r#"{"params": {"filter": null, "data": {"name": "x"}}}"#,
    ] {
        refused(&platform.send("PUT", "/api/product.brand/", &[], body).await, 422, &["filter"]);
    }
    let none = platform.send("DELETE", r#"/api/product.brand/?filter=[["name","=","no%20such"]]"#, &[], "").await;
    assert_eq!(
        (none.status, none.headers["x-records-matched"].as_str(), &none.json()["result"]),
        (200, "0", &json!(true)),
        "{}",
        none.text
    );
    let none = platform.write("product.brand", json!([["name", "=", "no such"]]), json!({"name": "x"})).await;
    assert_eq!((none.result(), none.headers["x-records-matched"].as_str()), (json!(true), "0"));
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_thousand_matches_are_changed_only_in_bulk() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    stand.count("WITH made AS (INSERT INTO catalog.product_brand (name) SELECT 'Bulk ' || n FROM generate_series(1, 1001) n RETURNING 1) SELECT count(*) AS n FROM made").await;
    let put = |context: Value| {
        json!({"params": {"filter": [["name", "=like", "Bulk %"]], "data": {"reference": "all"}, "context": context}}).to_string()
    };
    refused(&platform.send("PUT", "/api/product.brand/", &[], &put(json!({}))).await, 422, &["1000", "bulk"]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_brand WHERE reference = 'all'").await, 0);
    let answer = platform.send("PUT", "/api/product.brand/", &[], &put(json!({"bulk": true}))).await;
    assert_eq!((answer.result(), answer.headers["x-records-matched"].as_str()), (json!(true), "1001"));
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.event WHERE model = 'product.brand' AND kind = 'updated'").await, 1001);
}

async fn a_company_that_products_name_is_not_removed(stand: &Stand) {
    let admin = stand.login("admin").await;
    let company = id(&admin.create("res.company", json!({"name": "Filiale"})).await);
    let last =
        id(&admin.create("product.template", product("P-1", json!([with(configuration("A"), json!({"company_id": company}))]))).await);
    assert_eq!(one(&admin, "product.template", last, "{company_id}").await["company_id"], company);
    refused(&admin.unlink("res.company", company).await, 409, &["product.template.company_id"]);
    let by_filter = admin.send("DELETE", &format!("/api/res.company/?filter=[[\"id\",\"=\",{company}]]"), &[], "").await;
    refused(&by_filter, 409, &["product.template"]);
    assert_eq!(admin.get(&format!("/api/res.company/{company}")).await.status, 200);
    // An unknown company is named
    let answer =
        admin.create("product.template", product("P-2", json!([with(configuration("B"), json!({"company_id": 987654321}))]))).await;
    refused(&answer, 422, &["987654321"]);
    assert_eq!(admin.write("product.template", json!([["id", "=", last]]), json!({"company_id": null})).await.result(), true);
    assert_eq!(admin.unlink("res.company", company).await.status, 200);
    assert_eq!(admin.get(&format!("/api/res.company/{company}")).await.status, 404);
    assert_eq!(admin.create("res.company", json!({"name": "Filiale"})).await.status, 200, "its name is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process_a_company_that_products_name_is_not_removed() {
    a_company_that_products_name_is_not_removed(&Stand::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_processes_a_company_that_products_name_is_not_removed() {
    a_company_that_products_name_is_not_removed(&Stand::processes().await).await;
}
