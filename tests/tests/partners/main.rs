//! Clients, points of sale and the banks that know them, through the door.

mod authors;
mod banks;
mod clients;
mod fields;
mod forgetting;
mod shared_clients;

use serde_json::{Value, json};
use system_tests::{Session, Stand, encode};

/// The least that a client is.
fn client(email: &str) -> Value {
    json!({"name": "Amina Saïdi", "email": email})
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
