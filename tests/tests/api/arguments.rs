//! A method's arguments: wherever they may stand they are taken, and what a method does not take is refused.

use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, id, refused};

async fn call(session: &Session<'_>, path: &str, body: Value) -> Answer {
    session.send("POST", &format!("/object/{path}"), &[], &body.to_string()).await
}

/// A delivery that is done: its picking, and the move of its first line.
async fn delivered(stand: &Stand, platform: &Session<'_>) -> (i64, i64) {
    let lead = json!({"order_source": "Alsalam", "cart_id": 1, "partner": {"email": "x@x.dz"}, "quotation_address": {"ek_order_id": 7},
        "cart": [{"manufacturer_ref": "IRIS-TV55-N", "quantity": 2, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"}]});
    id(&platform.create("crm.lead", lead).await);
    system_tests::stock::Goods::count(&stand.login("admin").await, "PDVA-E-BOJ-BOJ-05-001", "IRIS-TV55-N", 5.0).await;
    for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
        let answer =
            platform.write("sale.order", json!([["ek_order_id", "=", 7]]), json!({"order_source": "Alsalam", "state": state})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let done = || async {
        let filter = r#"[["picking_type_code","=","outgoing"],["state","=","done"]]"#;
        platform.rows("stock.picking", &[("filter", filter), ("query", "{id, move_ids}")]).await.pop()
    };
    system_tests::until("the order is shipped", || async { done().await.is_some() }).await;
    let picking = done().await.unwrap();
    (picking["id"].as_i64().unwrap(), picking["move_ids"][0].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_is_taken_from_params_from_kwargs_and_by_position() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (picking, of) = delivered(&stand, &platform).await;
    let quantities = json!({of.to_string(): 1});
    let path = format!("stock.picking/{picking}/action_return");
    let made = id(&call(&admin, &path, json!({"params": {"quantities": quantities}})).await);
    let moves = admin.rows("stock.move", &[("filter", &format!(r#"[["picking_id","=",{made}]]"#)), ("query", "{product_uom_qty}")]).await;
    assert_eq!(moves, [json!({"product_uom_qty": 1.0})], "one of two");

    let bank = json!({"name": "BNA", "base_url": "http://127.0.0.1:9", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    let bank = id(&admin.create("ek.platform", bank).await);
    let path = format!("ek.platform/{bank}/action_full_sync");
    for params in [
        json!({"kinds": ["pos"]}),
        json!({"kwargs": {"kinds": ["pos"]}}),
        json!({"kwargs": {"kinds": ["pos"], "context": {"lang": "fr_FR"}}, "context": {}}),
        json!({"args": [["pos"]]}),
        json!({"args": [["pos"]], "kwargs": null}),
        json!({"args": [], "kinds": ["pos"], "kwargs": {}}),
    ] {
        let made = call(&admin, &path, json!({"params": params})).await.result();
        assert_eq!(made.as_array().map(Vec::len), Some(1), "{params}");
    }
    assert_eq!(call(&admin, &path, json!({"params": {}})).await.result().as_array().map(Vec::len), Some(5));
    assert_eq!(call(&admin, &path, json!({"params": {"kinds": null}})).await.result().as_array().map(Vec::len), Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_method_does_not_take_is_refused_by_every_method() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let hub = stand.hub.as_ref().unwrap();
    let actions = hub.partners.actions().chain(hub.crm.actions()).chain(hub.stock.actions()).chain(hub.sync.actions());
    let mut count = 0;
    for (model, action) in actions.chain(hub.catalog.actions()) {
        let path = format!("{model}/1/{}", action.method);
        let known: Vec<&str> = action.arguments.iter().map(|argument| argument.name).collect();
        for body in [
            json!({"params": {"no_such": 1}}),
            json!({"params": {"kwargs": {"no_such": 1}}}),
            json!({"params": {"data": {"no_such": 1}}}),
            json!({"params": {"args": vec![1; known.len() + 1]}}),
        ] {
            let words: Vec<&str> = if known.is_empty() { vec!["it takes none"] } else { known.clone() };
            refused(&call(&admin, &path, body).await, 422, &words);
        }
        refused(&call(&admin, &path, json!({"no_such": 1})).await, 422, &["no_such", "outside of `params`"]);
        refused(&call(&admin, &format!("{path}?no_such=1"), json!({})).await, 422, &["no_such", "outside of `params`"]);
        if let Some(name) = known.first() {
            refused(&call(&admin, &path, json!({"params": {"args": [1], *name: 1}})).await, 422, &["given twice"]);
            refused(&call(&admin, &path, json!({"params": {"kwargs": {*name: 1}, *name: 1}})).await, 422, &["given twice"]);
        }
        count += 1;
    }
    assert!(count > 10);
    refused(&call(&admin, "stock.picking/1/action_return", json!({"params": {"ids": [2]}})).await, 422, &["`ids`"]);
}
