//! A record is known by the reference that is kept of it, whatever its id is; orders and purchases by their names.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::platform::{Platform, platform_of};
use system_tests::stock::ALGER;
use system_tests::{Session, Stand, id, refused};

/// What an import does: the reference that the record had elsewhere.
async fn known_as(stand: &Stand, table: &str, record: i64, reference: &str) {
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, &format!("SET hub.own = on; UPDATE {table} SET ref_odoo = '{reference}' WHERE id = {record}")).await;
}

async fn one(session: &Session<'_>, model: &str, filter: Value, query: &str) -> Value {
    let rows = session.rows(model, &[("filter", &filter.to_string()), ("query", query)]).await;
    assert_eq!(rows.len(), 1, "{model} {filter}: {rows:?}");
    rows[0].clone()
}

fn product(reference: &str) -> Value {
    let configuration = json!({"name": "Config", "manufacturer_ref": format!("{reference}-A"), "standard_price": 100});
    json!({"create_by": "ekiclik", "name": "Produit", "product_ref": reference, "brand": "Iris", "categ_id": "Meubles", "product": [configuration]})
}

#[tokio::test(flavor = "multi_thread")]
async fn platforms_are_told_the_reference_that_is_kept_and_of_what_was_removed_too() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let bna = Platform::new().await;
    platform_of(&admin, "BNA", &bna.url).await;
    let variant = id(&ekiclik.create("product.template", product("R-1")).await);
    let told = bna.hears("the product", |call| call.line == "POST /api/odoo/products").await.json();
    assert_eq!(told["configurations"][0]["ref_odoo"], format!("rc_variante{variant}"), "{told}");
    let master =
        one(&admin, "product.template", json!([["id", "=", variant]]), "{master_product}").await["master_product"].as_i64().unwrap();
    known_as(&stand, "catalog.product_template", variant, "rc_variante987001").await;
    known_as(&stand, "catalog.product_master", master, "rc_987002").await;

    let renamed = json!({"name": "Renamed"});
    assert_eq!(ekiclik.write("product.template", json!([["ref_odoo", "=", "rc_variante987001"]]), renamed.clone()).await.status, 200);
    assert_eq!(ekiclik.write("product.master", json!([["ref_odoo", "=", "rc_987002"]]), renamed).await.status, 200);
    let told = bna.hears("the configuration", |call| call.line == "PUT /api/odoo/products/configuration").await.json();
    assert_eq!((told["ref_odoo"].as_str(), told["product_ref_odoo"].as_str()), (Some("rc_variante987001"), Some("rc_987002")), "{told}");
    let told = bna.hears("the product", |call| call.line == "PUT /api/odoo/products/update").await.json();
    assert_eq!(told["ref_odoo"], "rc_987002", "{told}");

    assert_eq!(admin.unlink("product.template", variant).await.status, 200);
    bna.hears("that it is gone", |call| call.line == "PATCH /api/odoo/products/configuration/archive/rc_variante987001").await;
    stand.all_told(Duration::from_secs(30)).await;

    let client = one(&admin, "res.partner", json!([["email", "=", "mourad.belkacem@example.dz"]]), "{id, ref_odoo}").await;
    let record = client["id"].as_i64().unwrap();
    assert_eq!(client["ref_odoo"], format!("res_partner_{record}"));
    known_as(&stand, "partners.res_partner", record, "res_partner_987003").await;
    let changed = admin.write("res.partner", json!([["ref_odoo", "=", "res_partner_987003"]]), json!({"name": "Mourad B."})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let told = bna.hears("the client", |call| call.line == "PUT /api/odoo/client/clients").await.json();
    assert_eq!((told["xml_id"].as_str(), told["name"].as_str()), (Some("res_partner_987003"), Some("Mourad B.")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_a_reference_and_no_two_records_have_the_same() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let template = one(&admin, "product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), "{id, ref_odoo}").await;
    let record = template["id"].as_i64().unwrap();
    assert_eq!(template["ref_odoo"], format!("rc_variante{record}"));
    let written = admin.write("product.template", json!([["id", "=", record]]), json!({"ref_odoo": "rc_variante5"})).await;
    refused(&written, 422, &["ref_odoo"]);
    let mut sql = stand.sql().await;
    let twice = diesel_async::SimpleAsyncConnection::batch_execute(
        &mut sql,
        "UPDATE catalog.product_template SET ref_odoo = (SELECT min(ref_odoo) FROM catalog.product_template)",
    )
    .await;
    assert!(twice.unwrap_err().to_string().contains("product_template_ref_odoo_key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn purchases_and_orders_go_on_behind_the_greatest_name_that_came_from_elsewhere() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let purchase = |quantity: i64| json!({"partner_id": ALGER, "order_line": [{"product_id": "IRIS-TV55-N", "product_qty": quantity}]});
    let made = admin.create("purchase.order", purchase(1)).await;
    let first = one(&admin, "purchase.order", json!([["id", "=", id(&made)]]), "{name}").await;
    assert_eq!(first["name"], format!("P{:05}", id(&made)));
    let mut sql = stand.sql().await;
    Stand::execute(&mut sql, "SELECT setval('stock.purchase_order_name_seq', 123456); SELECT setval('crm.sale_order_name_seq', 700)").await;
    let made = id(&admin.create("purchase.order", purchase(2)).await);
    assert_eq!(one(&admin, "purchase.order", json!([["id", "=", made]]), "{name}").await["name"], "P123457");
    // As the release before does: by the id
    Stand::execute(
        &mut sql,
        "SELECT setval('stock.purchase_order_id_seq', 200000); INSERT INTO stock.purchase_order (id, name, warehouse_id) \
         SELECT n, 'P' || n, (SELECT min(id) FROM stock.stock_warehouse) FROM nextval('stock.purchase_order_id_seq') n; \
         INSERT INTO stock.purchase_order (warehouse_id) SELECT min(id) FROM stock.stock_warehouse",
    )
    .await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM stock.purchase_order WHERE name = 'P200002'").await, 1);
    Stand::execute(&mut sql, "INSERT INTO crm.sale_order (partner_id, bank_id) VALUES (1, 1)").await;
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.sale_order WHERE name = 'S00701'").await, 1);
}
