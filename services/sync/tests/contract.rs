//! Sync alone, with its neighbours played by their contracts: what their changes come to, and what it answers the gateway.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::path::Path;

use alone::{Alone, Neighbour, settings};
use catalog_contract::ProductMaster;
use crm_contract::SaleOrder;
use domain::{Identity, Progress};
use jsonrpc::Published;
use partners_contract::{BankNamed, ResPartner};
use serde_json::{Value, json};
use sync::resync::tell_some;
use sync::{Sync, SyncConfig, examine};
use sync_contract::{Stream, Webhooks};

async fn sync() -> Alone<Sync> {
    let keys = "test:cGxhdGZvcm0ta2V5LWZvci10ZXN0cy1vbmx5LTMyYi4=";
    let config = settings(SyncConfig::read, &[("PLATFORM_KEYS", keys), ("ALLOW_PRIVATE_PLATFORMS", "true"), ("INSTALLATION", "test")]);
    let partners = Neighbour::default().answers(|_: BankNamed| Ok(1));
    let catalog = Neighbour::default().answers_json(ProductMaster::MODEL, "_read", json!([{"id": 5}]));
    let neighbours = vec![("catalog", catalog), ("partners", partners), ("crm", Neighbour::default()), ("stock", Neighbour::default())];
    let alone = Alone::new("sync", |_| Sync::new(&config).unwrap(), neighbours).await;
    let platform =
        json!({"data": {"name": "Alsalam", "base_url": "http://127.0.0.1:9", "secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"}});
    alone.call(&Identity::system(), "ek.platform", "create", platform).await.unwrap();
    alone
}

#[tokio::test]
async fn every_statement_is_one_of_the_migrated_schema() {
    sync().await.prepares_statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).await;
}

async fn waiting(alone: &Alone<Sync>) -> Vec<(String, i64)> {
    let all = json!({"query": "{kind, record_id}", "order": "id"});
    let page = alone.call(&Identity::system(), "ek.delivery", "search_read", all).await.unwrap();
    let row = |row: &Value| (row["kind"].as_str().unwrap().to_owned(), row["record_id"].as_i64().unwrap());
    page["result"].as_array().unwrap().iter().map(row).collect()
}

fn product() -> ProductMaster {
    ProductMaster {
        r#ref: "TV".to_owned(),
        name: "Téléviseur".to_owned(),
        brand: None,
        fab_name: None,
        categ_id: None,
        description: None,
        active: true,
        ref_odoo: None,
    }
}

#[tokio::test]
async fn a_change_that_a_platform_wants_waits_to_be_told_to_it() {
    let alone = sync().await;
    let product = product();
    alone.neighbour("catalog").tells("created", 3, 1, &product);
    assert_eq!(alone.hears("catalog").await, 0);
    alone.neighbour("crm").tells("updated", 7, 2, &SaleOrder { ek_state: Some(Progress::Delivered), bank_id: Some(1) });
    alone.neighbour("crm").tells("updated", 8, 2, &SaleOrder { ek_state: Some(Progress::Delivered), bank_id: Some(2) });
    assert_eq!(alone.hears("crm").await, 0);
    assert_eq!(waiting(&alone).await, [("product".to_owned(), 3), ("order".to_owned(), 7)], "another bank's order is not told");
    let stream = alone.asked("gateway", &Stream { after: 0, limit: 10, wait: 0 }).await;
    assert!(stream.is_ok(), "{stream:?}");
    assert!(alone.asked("gateway", &Webhooks {}).await.unwrap().is_object());
}

#[tokio::test]
async fn what_came_from_elsewhere_is_told_to_nobody_from_the_start_again_neither_but_its_next_change_is() {
    let alone = sync().await;
    let client = ResPartner { is_pos: false, code_pos: None, name: None, active: true, status: None, bank_ids: vec![1] };
    alone.neighbour("catalog").brings(3, &product());
    alone.neighbour("crm").brings(7, &SaleOrder { ek_state: Some(Progress::Delivered), bank_id: Some(1) });
    alone.neighbour("partners").brings(9, &client);
    for _ in 0..2 {
        for feed in ["catalog", "crm", "partners"] {
            assert_eq!(alone.hears(feed).await, 0);
        }
        assert_eq!(waiting(&alone).await, []);
        alone.execute("UPDATE feed_cursor SET pos = 0; DELETE FROM ek_known").await;
    }
    for model in [ProductMaster::MODEL, SaleOrder::MODEL, ResPartner::MODEL] {
        let told = alone.told(model).await;
        assert!(told.len() == 2 && told.iter().all(|event| event["cause"] == "import"), "sync's own feed says so: {told:?}");
    }
    // What does not differ from what came is no news
    alone.neighbour("catalog").tells("updated", 3, 2, &product());
    alone.neighbour("crm").tells("updated", 7, 2, &SaleOrder { ek_state: Some(Progress::Delivered), bank_id: Some(1) });
    alone.neighbour("partners").tells("updated", 9, 2, &client);
    for feed in ["catalog", "crm", "partners"] {
        assert_eq!(alone.hears(feed).await, 0);
    }
    assert_eq!(waiting(&alone).await, [("client".to_owned(), 9)]);
    alone.neighbour("catalog").tells("updated", 3, 3, &ProductMaster { name: "TV".to_owned(), ..product() });
    assert_eq!(alone.hears("catalog").await, 0);
    assert_eq!(waiting(&alone).await, [("client".to_owned(), 9), ("product".to_owned(), 3)]);
}

#[tokio::test]
async fn a_change_that_does_not_say_what_the_contract_promises_is_put_aside_and_the_others_are_told() {
    let alone = sync().await;
    let catalog = alone.neighbour("catalog");
    catalog.tells_json(ProductMaster::MODEL, "created", 3, 1, ProductMaster::SCHEMA, &json!({"ref": "TV", "active": true}));
    let row =
        json!({"id": 4, "ref": "TV", "name": "TV", "brand": null, "fab_name": null, "categ_id": null, "description": null, "active": true});
    catalog.tells_json(ProductMaster::MODEL, "created", 4, 1, 0, &row);
    assert_eq!(alone.hears("catalog").await, 1);
    assert_eq!(waiting(&alone).await, [("product".to_owned(), 4)]);
}

#[tokio::test]
async fn a_sync_that_can_t_go_on_is_put_aside_with_its_reason_and_keeps_none_behind_it() {
    let alone = sync().await;
    let insert = "INSERT INTO ek_sync (platform_id, kind, verb, filter) VALUES (1, 'product', 'PUT', 'none'), (1, 'product', 'POST', '[]')";
    alone.execute(insert).await;
    let look = json!({"query": "{state, error, told}", "order": "id"});
    let syncs = async || alone.call(&Identity::system(), "ek.sync", "search_read", look.clone()).await.unwrap()["result"].clone();
    assert!(tell_some(&alone.owner).await.unwrap() && tell_some(&alone.owner).await.unwrap());
    assert_eq!(waiting(&alone).await, [("product".to_owned(), 5)], "the one behind it goes on");
    let put_aside = syncs().await;
    assert_eq!((&put_aside[0]["state"], &put_aside[0]["told"], &put_aside[1]["told"]), (&json!("parked"), &json!(0), &json!(1)));
    let why = put_aside[0]["error"].as_str().unwrap();
    assert!(why.starts_with("its filter can't be read: "), "{why}");
    assert!(examine::platforms(&alone.owner).await.iter().any(|found| found.said.starts_with("1 syncs were put aside")));

    // Tried again each minute: mended, it goes on
    alone.execute("UPDATE ek_sync SET filter = '[]', write_date = now() - interval '2 minutes' WHERE state = 'parked'").await;
    assert!(tell_some(&alone.owner).await.unwrap());
    assert_eq!((&syncs().await[0]["state"], &syncs().await[0]["error"]), (&json!("running"), &json!(false)));
}

#[tokio::test]
async fn a_platform_that_is_paused_is_not_called_and_what_waits_for_it_is_no_fault() {
    let alone = sync().await;
    let looked = async || examine::platforms(&alone.owner).await.into_iter().map(|found| (found.is_well, found.said)).collect::<Vec<_>>();
    let before = looked().await;
    assert!(before.iter().any(|(is_well, said)| !is_well && said.contains("can't be reached")), "{before:?}");
    for (method, is_paused) in [("action_pause", true), ("action_resume", false)] {
        let asked = json!({"ids": [1]});
        assert_eq!(alone.call(&Identity::system(), "ek.platform", method, asked).await.unwrap(), true);
        let found = looked().await;
        let told =
            found.iter().any(|(is_well, said)| *is_well && said == "Alsalam's platform is paused: 0 deliveries wait for action_resume");
        assert_eq!((told, found.iter().any(|(_, said)| said.contains("can't be reached"))), (is_paused, !is_paused), "{found:?}");
    }
}
