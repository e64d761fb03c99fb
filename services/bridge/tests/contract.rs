//! The bridge alone: its statements, what an administrator may say of an Odoo, and what becomes of a run.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::path::Path;

use alone::{Alone, settings};
use bridge::{Bridge, BridgeConfig, examine, runs};
use domain::Identity;
use serde_json::{Value, json};

async fn bridge() -> Alone<Bridge> {
    let keys = "test:YnJpZGdlLWtleS0tLWZvci10ZXN0cy1vbmx5LTMyYi4=";
    let config =
        settings(BridgeConfig::read, &[("BRIDGE_KEYS", keys), ("ODOO_NETWORKS", "127.0.0.1, odoo.local"), ("ODOO_PATIENCE_MS", "1")]);
    Alone::new("bridge", |_| Bridge::new(&config).unwrap(), Vec::new()).await
}

async fn create(alone: &Alone<Bridge>, more: Value) -> Result<Value, jsonrpc::Fault> {
    let mut data =
        json!({"name": "Dar El Atath", "base_url": "http://127.0.0.1:9/", "db": "company", "login": "bridge", "secret": "key-1"});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    alone.call(&Identity::system(), "ek.odoo", "create", json!({"data": data})).await
}

async fn odoo(alone: &Alone<Bridge>) -> Value {
    let look = json!({"query": "{*}"});
    alone.call(&Identity::system(), "ek.odoo", "search_read", look).await.unwrap()["result"][0].clone()
}

#[tokio::test]
async fn every_statement_is_one_of_the_migrated_schema() {
    bridge().await.prepares_statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).await;
}

#[tokio::test]
async fn a_secret_is_never_read_again_and_is_unset_where_it_would_go_elsewhere() {
    let alone = bridge().await;
    create(&alone, json!({})).await.unwrap();
    let kept = odoo(&alone).await;
    assert_eq!((&kept["base_url"], &kept["has_secret"]), (&json!("http://127.0.0.1:9"), &json!(true)));
    assert!(kept.get("secret").is_none() && !kept.to_string().contains("key-1"), "{kept}");
    for (changed, is_kept) in [
        (json!({"per_second": 5, "base_url": "http://127.0.0.1:9", "db": "company"}), true),
        (json!({"base_url": "http://odoo.local"}), false),
        (json!({"secret": "key-2"}), true),
        (json!({"db": "other"}), false),
        (json!({"db": "third", "secret": "key-3"}), true),
        (json!({"login": "Bridge"}), false),
    ] {
        let write = json!({"filter": [["id", "=", 1]], "data": changed});
        alone.call(&Identity::system(), "ek.odoo", "write", write).await.unwrap();
        assert_eq!(odoo(&alone).await["has_secret"], is_kept, "{changed}");
    }
}

#[tokio::test]
async fn what_may_not_be_reached_and_what_is_no_mapping_is_refused_with_all_that_is_wrong() {
    let alone = bridge().await;
    for (wrong, told) in [
        (json!({"base_url": "http://odoo.example"}), "`base_url`"),
        (json!({"base_url": "https://10.0.0.1"}), "private"),
        (json!({"base_url": "https://localhost"}), "private"),
        (json!({"batch": 0, "per_second": 2_000}), "`per_second` must be between 1 and 1000"),
        (json!({"mapping": "[feilds]\n"}), "line 1: there is no section `feilds`; did you mean `fields`?"),
    ] {
        let fault = create(&alone, wrong.clone()).await.unwrap_err();
        assert!(fault.status == 422 && fault.message.contains(told), "{wrong}: {}", fault.message);
    }
    create(&alone, json!({"base_url": "https://odoo.example"})).await.unwrap();
}

#[tokio::test]
async fn one_run_an_odoo_is_open_and_it_can_be_called_off_and_removed() {
    let alone = bridge().await;
    create(&alone, json!({"secret": null})).await.unwrap();
    let begin =
        async || alone.call(&Identity::system(), "ek.odoo.run", "create", json!({"data": {"odoo_id": 1, "kind": "inspection"}})).await;
    assert!(begin().await.unwrap_err().message.contains("has no secret"));
    let set = json!({"filter": [["id", "=", 1]], "data": {"secret": "key"}});
    alone.call(&Identity::system(), "ek.odoo", "write", set).await.unwrap();
    let run = begin().await.unwrap();
    let run = run.as_i64().or_else(|| run["id"].as_i64()).unwrap();
    assert!(begin().await.unwrap_err().message.contains("one thing at a time"));
    let unlink = json!({"filter": [["id", "=", run]]});
    assert!(alone.call(&Identity::system(), "ek.odoo.run", "unlink", unlink.clone()).await.is_err(), "it is open");
    assert_eq!(alone.call(&Identity::system(), "ek.odoo.run", "action_cancel", json!({"ids": [run]})).await.unwrap(), true);
    assert!(!runs::next(&alone.owner).await.unwrap(), "what was called off is not taken");
    alone.call(&Identity::system(), "ek.odoo.run", "unlink", unlink).await.unwrap();
    begin().await.unwrap();
}

#[tokio::test]
async fn an_odoo_that_is_away_is_tried_again_and_its_reason_is_told() {
    let alone = bridge().await;
    create(&alone, json!({})).await.unwrap();
    alone.call(&Identity::system(), "ek.odoo.run", "create", json!({"data": {"odoo_id": 1, "kind": "inspection"}})).await.unwrap();
    assert!(runs::next(&alone.owner).await.unwrap());
    let look = async || {
        let look = json!({"query": "{state, error}"});
        alone.call(&Identity::system(), "ek.odoo.run", "search_read", look).await.unwrap()["result"][0].clone()
    };
    let waits = look().await;
    assert!(waits["state"] == "waiting" && waits["error"].as_str().unwrap().contains("can't be reached"), "{waits}");
    assert!(!runs::next(&alone.owner).await.unwrap(), "not at once");
    alone.execute("UPDATE ek_odoo_run SET next_try = now(), tries = 20").await;
    assert!(runs::next(&alone.owner).await.unwrap());
    assert_eq!(look().await["state"], "failed");
    let found = examine::odoos(&alone.owner).await;
    assert!(found.iter().any(|one| !one.is_well && one.said.contains("has failed")), "the doctor tells it");
}

#[tokio::test]
async fn nobody_but_an_administrator_sees_anything_of_it() {
    let alone = bridge().await;
    create(&alone, json!({})).await.unwrap();
    for model in ["ek.odoo", "ek.odoo.run"] {
        let staff = Identity { hub_admin: false, ..Identity::system() };
        let fault = alone.call(&staff, model, "search_read", json!({"query": "{id}"})).await;
        assert!(fault.as_ref().is_err_and(|fault| fault.status == 403), "{model}: {fault:?}");
    }
}
