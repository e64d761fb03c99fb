//! `load`, and `POST /api/{model}/import`: rows of texts as records.

use hub::children::signal;
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, id, refused, until};

use crate::call_kw;

async fn import(stand: &Stand, who: &Session<'_>, query: &str, headers: &[(&str, &str)], csv: &str) -> Answer {
    let mut all = vec![("x-openerp-session-id", who.id.as_str()), ("content-type", "text/csv")];
    all.extend_from_slice(headers);
    stand.send("POST", &format!("/api/product.brand/import{query}"), &all, csv).await
}

async fn load(who: &Session<'_>, model: &str, fields: Value, data: Value) -> Value {
    call_kw(who, model, "load", json!([fields, data]), json!({})).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_found_or_made_by_their_external_ids_all_or_none() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let platform = stand.login("ekiclik").await;
        let made = load(&platform, "product.category", json!(["id", "name"]), json!([["erp.c1", "Salons"], ["c2", "Bureaux"]])).await;
        let ids = made["ids"].as_array().unwrap_or_else(|| panic!("{made}")).clone();
        assert_eq!((ids.len(), &made["messages"], &made["nextrow"]), (2, &json!([]), &json!(0)));
        // A parent by its external id, one that is there by its own
        let rows = json!([["erp.c1", "Salons d'été", ""], ["erp.c3", "Tables", "erp.c1"]]);
        let made = load(&platform, "product.category", json!(["id", "name", "parent_id/id"]), rows).await;
        assert_eq!(made["ids"][0], ids[0], "{made}");
        let table = made["ids"][1].as_i64().unwrap();
        let read = platform.get(&format!("/api/product.category/{table}?query={{name,parent_id}}")).await.json();
        assert_eq!(read, json!({"name": "Tables", "parent_id": ids[0]}));
        let numbered = load(&platform, "product.category", json!([".id", "parent_id/.id"]), json!([[table.to_string(), ids[1]]])).await;
        assert_eq!(numbered["ids"], json!([table]), "{numbered}");
        let read = platform.get(&format!("/api/product.category/{table}?query={{parent_id}}")).await.json();
        assert_eq!(read, json!({"parent_id": ids[1]}));
        let names = call_kw(&platform, "product.category", "get_external_id", json!([ids]), json!({})).await.unwrap();
        let own = stand.count("SELECT id AS n FROM partners.res_users WHERE login = 'ekiclik'").await;
        assert_eq!(names, json!({ids[0].to_string(): "erp.c1", ids[1].to_string(): format!("user_{own}.c2")}));

        // Wrong rows: each is told, none is stored
        let before = stand.count("SELECT count(*) AS n FROM catalog.product_category").await;
        let rows = json!([
            ["erp.c8", "Lits", ""],
            ["erp.c9", "", ""],
            ["erp.c10", "Lampes", "erp.none"],
            ["base.x", "Tapis", ""],
            ["erp.c11", "Bureaux", ""]
        ]);
        let told = load(&platform, "product.category", json!(["id", "name", "parent_id/id"]), rows).await;
        assert_eq!(told["ids"], json!(false));
        let messages = told["messages"].as_array().unwrap();
        assert_eq!(messages.iter().map(|line| line["record"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4], "{told}");
        assert!(messages[0]["message"].as_str().unwrap().contains("name"), "{told}");
        assert_eq!((&messages[1]["field"], &messages[1]["rows"]), (&json!("parent_id/id"), &json!({"from": 2, "to": 2})));
        assert_eq!(messages[1]["type"], "error");
        assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_category").await, before);
        assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.ir_model_data WHERE name = 'c8'").await, 0);
        for fields in [json!(["nosuch"]), json!(["name", "name"]), json!(["name/id"])] {
            assert!(call_kw(&platform, "product.category", "load", json!([fields, [["x"]]]), json!({})).await.is_err(), "{fields}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_loads_what_they_may_not_write() {
    let stand = Stand::new().await;
    let (alsalam, bna, admin) = (stand.login("alsalam").await, stand.login("bna").await, stand.login("admin").await);
    let (name, _) = call_kw(&alsalam, "product.category", "load", json!([["name"], [["x"]]]), json!({})).await.unwrap_err();
    assert_eq!(name, "odoo.exceptions.AccessError");
    // Another bank's record is not there, by number as by name
    let theirs = id(&bna.create("res.partner", json!({"name": "Karim", "email": "karim@example.dz"})).await);
    id(&bna.create("ir.model.data", json!({"module": "core", "name": "k", "model": "res.partner", "res_id": theirs})).await);
    let told = load(&alsalam, "res.partner", json!([".id", "name"]), json!([[theirs, "Taken"]])).await;
    assert!(told["ids"] == json!(false) && told["messages"][0]["message"].as_str().unwrap().contains("does not exist"), "{told}");
    let made = load(&alsalam, "res.partner", json!(["id", "name", "email"]), json!([["core.k", "Amina", "amina@example.dz"]])).await;
    assert!(made["ids"][0].is_i64() && made["ids"][0] != json!(theirs), "{made}");
    let kept = admin.get(&format!("/api/res.partner/{theirs}?query={{name}}")).await.json();
    assert_eq!(kept, json!({"name": "Karim"}));
}

const STORED: &str = "SELECT count(*) AS n FROM catalog.product_brand WHERE name LIKE 'Marque, %'";

fn csv(lines: usize, wrong: Option<usize>) -> String {
    let line = |n: usize| if Some(n) == wrong { format!("erp.b{n},\n") } else { format!("erp.b{n},\"Marque, {n}\"\n") };
    format!("id,name\n{}", (0..lines).map(line).collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_is_tried_and_then_imported_a_thousand_lines_a_transaction() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let tried = import(&stand, &platform, "?dry_run=1", &[], &csv(1_200, Some(1_100))).await;
    assert_eq!((tried.status, stand.count(STORED).await), (200, 0), "{}", tried.text);
    assert_eq!((&tried.result()["messages"][0]["record"], &tried.result()["stored"]), (&json!(1_100), &json!(0)));

    // A wrong line in the second thousand: the first is stored, and that is told
    let key = [("idempotency-key", "brands-1")];
    let broken = import(&stand, &platform, "", &key, &csv(1_200, Some(1_100))).await;
    refused(&broken, 422, &["Line 1101", "Lines 1 to 1000 are stored"]);
    assert_eq!(stand.count(STORED).await, 1_000);
    // Corrected it goes on, and answers the whole
    let done = import(&stand, &platform, "", &key, &csv(1_200, None)).await;
    assert_eq!((done.status, stand.count(STORED).await), (200, 1_200), "{}", done.text);
    assert_eq!(done.result()["ids"].as_array().unwrap().len(), 1_200);
    let again = import(&stand, &platform, "", &key, &csv(1_200, None)).await;
    assert_eq!((again.result(), stand.count(STORED).await), (done.result(), 1_200));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    // What was stored can't be another under its key
    refused(&import(&stand, &platform, "", &key, "id,name\nerp.b0,Autre\n").await, 422, &["another payload"]);

    // A list is the same
    let body = json!({"params": {"data": [{"id": "erp.b0", "name": "Marque zéro"}]}}).to_string();
    let listed = platform.send("POST", "/api/product.brand/import", &[], &body).await;
    assert_eq!(listed.result()["ids"], json!([done.result()["ids"][0]]), "{}", listed.text);
    for (kind, body, status) in [("text/csv", "a,b\n1\n", 400), ("text/csv", "nosuch\nx\n", 422), ("text/plain", "x", 415)] {
        let headers = [("x-openerp-session-id", platform.id.as_str()), ("content-type", kind)];
        let answer = stand.send("POST", "/api/product.brand/import", &headers, body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    assert_eq!(stand.send("POST", "/api/product.brand/import", &[("content-type", "text/csv")], "name\nx\n").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_owner_dies_goes_on_where_it_was() {
    let mut stand = Stand::processes().await;
    let (csv, key) = (csv(4_000, None), [("idempotency-key", "brands-of-the-dead")]);
    {
        let (platform, catalog) = (stand.login("ekiclik").await, stand.children.as_ref().unwrap().id("catalog").unwrap());
        let (answer, ()) = tokio::join!(import(&stand, &platform, "", &key, &csv), async {
            until("a thousand are stored", async || stand.count(STORED).await >= 1_000).await;
            signal(catalog, Signal::KILL).unwrap();
        });
        assert_eq!(answer.status, 503, "{}", answer.text);
    }
    stand.children.as_mut().unwrap().again(&["catalog"]).await.unwrap();
    let stored = stand.count(STORED).await;
    assert!(stored % 1_000 == 0 && stored < 4_000, "{stored}");
    let platform = stand.login("ekiclik").await;
    let answer = import(&stand, &platform, "", &key, &csv).await;
    assert_eq!((answer.status, stand.count(STORED).await), (200, 4_000), "{}", answer.text);
    let ids = answer.result()["ids"].as_array().unwrap().clone();
    let distinct: std::collections::BTreeSet<String> = ids.iter().map(Value::to_string).collect();
    assert_eq!((ids.len(), distinct.len()), (4_000, 4_000));
}
