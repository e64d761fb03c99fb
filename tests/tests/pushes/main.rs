//! The pushes to the banks' platforms, and what platforms may do.

mod deaths;
mod platforms;
mod promises;
mod push;
mod rights;
mod simulated;
mod steering;
mod wire;

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand};

fn product(reference: &str, configurations: &[&str]) -> Value {
    let configurations: Vec<Value> = configurations
        .iter()
        .map(|of| json!({"name": format!("Config {of}"), "manufacturer_ref": of, "standard_price": 100, "attribute": [{"attribute_id": "Couleur", "value_id": "Noir"}]}))
        .collect();
    json!({"create_by": "ekiclik", "name": format!("Produit {reference}"), "product_ref": reference, "brand": "Iris", "categ_id": "Meubles", "product": configurations})
}

async fn deliveries(admin: &Session<'_>, filter: &str) -> Vec<Value> {
    let query = "{id, kind, verb, model, record_id, state, attempts, last_status, last_error, next_attempt, webhook_id}";
    admin.rows("ek.delivery", &[("filter", filter), ("query", query), ("order", "\"id\"")]).await
}

fn signalled(stand: &Stand, signal: Signal, process: &str) {
    hub::children::signal(stand.children.as_ref().unwrap().id(process).unwrap(), signal).unwrap();
}

async fn all_told(stand: &Stand) {
    stand.all_told(Duration::from_secs(10)).await;
}

async fn rename(session: &Session<'_>, reference: &str, name: &str, source: Option<&str>) -> Answer {
    let mut data = json!({"name": name});
    if let Some(source) = source {
        data["source"] = source.into();
    }
    session.write("product.template", json!([["manufacturer_ref", "=", reference]]), data).await
}
