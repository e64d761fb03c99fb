//! The way from a real Odoo: what an inspection of the recorded company finds, whatever mood that Odoo is in.

mod commands;
mod cut_over;
mod hub_to_hub;
mod inspection;
mod killed;
mod moving;
mod verified;

use std::time::Duration;

use bridge_contract::Report;
use serde_json::{Value, json};
use system_tests::odoo16::{DB, KEY, LOGIN, Odoo16};
use system_tests::{Session, Stand, id, until_within};

const SETTINGS: &[(&str, &str)] = &[("ODOO_NETWORKS", "127.0.0.1")];

/// Names the Odoo; its id.
async fn name(admin: &Session<'_>, odoo: &Odoo16, more: Value) -> i64 {
    let mut data =
        json!({"name": "Dar El Atath", "base_url": odoo.url, "db": DB, "login": LOGIN, "secret": KEY, "per_second": 1_000, "batch": 100});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    id(&admin.create("ek.odoo", data).await)
}

/// Names the Odoo, and begins to inspect it; the ids of both.
async fn begin(admin: &Session<'_>, odoo: &Odoo16, more: Value) -> (i64, i64) {
    let odoo = name(admin, odoo, more).await;
    (odoo, id(&admin.create("ek.odoo.run", json!({"odoo_id": odoo, "kind": "inspection"})).await))
}

async fn run(admin: &Session<'_>, run: i64) -> Value {
    let filter = format!(r#"[["id", "=", {run}]]"#);
    let query = "{state, step, steps, about, counts, report, mapping, progress, seconds, error, begun, ended}";
    admin.rows("ek.odoo.run", &[("filter", &filter), ("query", query)]).await.remove(0)
}

/// Waits until a run has ended; what it says then.
async fn ended(stand: &Stand, admin: &Session<'_>, of: i64) -> Value {
    let open = format!("SELECT count(*) AS n FROM bridge.ek_odoo_run WHERE id = {of} AND state IN ('waiting', 'running')");
    until_within(Duration::from_secs(180), "the run has ended", async || stand.count(&open).await == 0).await;
    run(admin, of).await
}

fn report(run: &Value) -> Report {
    assert_eq!(run["state"], "done", "{}", run["error"]);
    serde_json::from_str(run["report"].as_str().unwrap()).unwrap()
}
