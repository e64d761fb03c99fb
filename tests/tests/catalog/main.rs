//! Products, configurations, categories, brands and characteristics through the door.

mod changes;
mod prices;
mod products;
mod refusals;
mod statements;

use serde_json::{Value, json};
use system_tests::{Session, Stand};

fn configuration(reference: &str) -> Value {
    json!({"name": format!("Configuration {reference}"), "manufacturer_ref": reference})
}

fn product(reference: &str, configurations: Value) -> Value {
    json!({"name": format!("Product {reference}"), "product_ref": reference, "product": configurations})
}

/// An object with more keys.
fn with(mut object: Value, more: Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

async fn one(session: &Session<'_>, model: &str, id: i64, query: &str) -> Value {
    let answer = session.get(&format!("/api/{model}/{id}?query={}", system_tests::encode(query))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn found(session: &Session<'_>, model: &str, filter: Value) -> Vec<i64> {
    let rows = session.rows(model, &[("filter", &filter.to_string()), ("query", "{id}"), ("order", "id")]).await;
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// Everything that the catalogue keeps, as one number: it does not change where nothing is stored.
async fn stored(stand: &Stand) -> (i64, i64, i64) {
    let rows = stand
        .count(
            "SELECT (SELECT count(*) FROM catalog.product_master) + (SELECT count(*) FROM catalog.product_template) + (SELECT count(*) FROM catalog.product_brand) \
             + (SELECT count(*) FROM catalog.product_category) + (SELECT count(*) FROM catalog.product_attribute) + (SELECT count(*) FROM catalog.product_attribute_value) AS n",
        )
        .await;
    (rows, stand.count("SELECT count(*) AS n FROM catalog.event").await, stand.count("SELECT count(*) AS n FROM catalog.audit").await)
}
