//! The seed's requests through the door, in both shapes: the same answers and the same effects.

use serde_json::{Value, json};
use system_tests::{Stand, until};

/// The seed's bodies, as strict JSON.
fn requests() -> Vec<(&'static str, &'static str, Value)> {
    let configuration = |name: &str| {
        json!({"name": name, "description": "DESCRIPTION", "default_code": null, "detailed_type": "product", "image_url": "IMAGE URL",
               "list_price": 80000.0, "standard_price": 50000.0, "manufacturer_ref": "CONFIGURATION REFERENCE", "purchase_ok": true,
               "sale_ok": true, "company_id": null, "create_by": "ekiclic", "attribute": [], "fab_certificate": "CERTIFICATION URL"})
    };
    vec![
        (
            "POST",
            "/api/product.template/",
            json!({"data": {"name": "PRODUCT NAME", "brand": "BRAND NAME", "create_by": "ekiclic", "fab_name": "Fabriquant NAME",
            "categ_id": "CATEGORY NAME", "product_ref": "PRODUCT REFERENCE", "product": [configuration("CONFIGURATION NAME")]}}),
        ),
        (
            "POST",
            "/api/res.partner/",
            json!({"data": {"create_by": "EkiClic", "is_company": false, "is_pos": "False", "status": "WAITING", "type": "contact",
            "title": null, "name": "CLIENT NAME", "email": "CLIENT ADDRESS", "phone": "0556000000"}}),
        ),
        (
            "POST",
            "/api/res.partner/",
            json!({"data": {"create_by": "EkiClic", "is_company": false, "is_pos": "True", "status": "WAITING", "type": "contact",
            "title": null, "name": "POS NAME", "email": "POS ADDRESS", "phone": "0556000000", "code_pos": "PDVA-E-TIN-TIN-88-08",
            "credit_code": "CREDIT ANALYST CODE", "responsible_code": "RESPONSABLE CODE"}}),
        ),
        (
            "PUT",
            "/api/product.template/",
            json!({"filter": [["manufacturer_ref", "=", "CONFIGURATION REFERENCE"]], "data": {"create_by": "EKICLIK", "name": "UPDATED CONFIGURATION NAME"}}),
        ),
        (
            "PUT",
            "/api/product.master/",
            json!({"filter": [["ref", "=", "PRODUCT REFERENCE"]], "data": {"name": "NAME", "brand": "UPDATED BRAND", "create_by": "ekiclic",
            "categ_id": "CATEGORY", "product_ref": "PRODUCT REFERENCE"}}),
        ),
        (
            "PUT",
            "/api/res.partner/",
            json!({"filter": [["email", "=", "CLIENT ADDRESS"]], "data": {"create_by": "ekiclik", "name": "UPDATED NAME"}}),
        ),
        (
            "POST",
            "/api/purchase.order/",
            json!({"data": {"create_by": "ek", "partner_id": "PDVA-E-BOJ-BOJ-05-001", "user_id": 2, "state": "draft", "date_order": "30/07/23 12:23:15",
            "order_line": [{"product_id": "CONFIGURATION REFERENCE", "product_qty": 6, "price_unit": 6000}]}}),
        ),
        (
            "POST",
            "/api/crm.lead/",
            json!({"data": {"create_by": "ekiclik", "order_source": "BNA",
            "partner": {"email": "CLIENT EMAIL", "salary": 900000.0, "birth_date": "1993-11-03", "monthly_payment": 5321, "periodicity": 12}, "cart_id": 259,
            "cart": [{"manufacturer_ref": "CONFIGURATION REFERENCE", "quantity": 7, "product_warehouse_id": "PDVA-E-TIN-TIN-88-08"}],
            "quotation_address": {"order_source": "BNA", "type": "delivery", "create_by": "ekiclick", "street": "POS ADDRESS", "street2": null,
                "state_id": "WILAYA", "country_id": "DZ", "code_pos": "PDVA-E-TIN-TIN-88-08", "ek_order_id": 1234},
            "code_pos": "PDVA-E-TIN-TIN-88-08",
            "file_info": {"file_number": 1906, "client_number": "0666666666", "order_status": "draft", "progress": 0.0, "file_state": "traitement"}}}),
        ),
        (
            "PUT",
            "/api/sale.order/",
            json!({"filter": [["ek_order_id", "=", "1234"]], "data": {"create_by": "ekiclik", "order_source": "BNA", "state": "EK_ORDER_IN_PREPARATION"}}),
        ),
        (
            "PUT",
            "/api/res.users/",
            json!({"filter": [["login", "=", "bna"]], "data": {"name": "UPDATED NAME", "codification": "USER CODE", "email": "user@mail.com",
            "phone": "0667777777", "role": "ROLE_SUPERADMIN", "code_pos": "POS CODE", "create_by": "ekiclik"}}),
        ),
    ]
}

async fn the_seeds_requests_have_their_effects(stand: &Stand) {
    let platform = stand.login("ekiclik").await;
    for (method, path, params) in requests() {
        let answer = platform.send(method, path, &[], &json!({"params": params}).to_string()).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
        let envelope = answer.json();
        assert_eq!((&envelope["jsonrpc"], &envelope["id"]), (&json!("2.0"), &Value::Null));
        if method == "POST" {
            assert!(envelope["result"].as_i64().is_some_and(|id| id > 0), "{}", answer.text);
        } else {
            assert_eq!(envelope["result"], json!(true));
            assert_eq!(answer.headers["x-records-matched"], "1", "{path}");
        }
    }
    let product = platform
        .rows(
            "product.template",
            &[
                ("filter", r#"[["manufacturer_ref","=","CONFIGURATION REFERENCE"]]"#),
                (
                    "query",
                    "{name, list_price, standard_price, create_by, master_product{ref, name, fab_name, brand{name}, categ_id{name}}}",
                ),
            ],
        )
        .await;
    assert_eq!(
        product,
        [json!({"name": "UPDATED CONFIGURATION NAME", "list_price": 80000.0, "standard_price": 50000.0, "create_by": "ekiclik",
            "master_product": {"ref": "PRODUCT REFERENCE", "name": "NAME", "fab_name": "Fabriquant NAME", "brand": {"name": "UPDATED BRAND"}, "categ_id": {"name": "CATEGORY"}}})]
    );
    let query = ("query", "{name, email, phone, is_pos, code_pos, credit_code, responsible_code, status, type, title}");
    let client = platform.rows("res.partner", &[("filter", r#"[["email","=","Client Address"]]"#), query]).await;
    assert_eq!(
        client,
        [
            json!({"name": "UPDATED NAME", "email": "client address", "phone": "0556000000", "is_pos": false, "code_pos": false, "credit_code": false,
            "responsible_code": false, "status": "WAITING", "type": "contact", "title": false})
        ]
    );
    let pos = platform.rows("res.partner", &[("filter", r#"[["code_pos","=","PDVA-E-TIN-TIN-88-08"]]"#), query]).await;
    assert_eq!(pos[0]["is_pos"], true);
    assert_eq!(pos[0]["credit_code"], "CREDIT ANALYST CODE");
    let order = platform
        .rows("sale.order", &[("query", "{state, ek_state, partner_id{email, status}, opportunity_id{cart_id}, order_line{product_id{name}, product_uom_qty, price_unit}}")])
        .await;
    assert_eq!(
        order,
        [
            json!({"state": "sale", "ek_state": "EK_ORDER_IN_PREPARATION", "partner_id": {"email": "client email", "status": "WAITING"}, "opportunity_id": {"cart_id": 259},
            "order_line": [{"product_id": {"name": "UPDATED CONFIGURATION NAME"}, "product_uom_qty": 7.0, "price_unit": 80000.0}]})
        ]
    );
    let purchase = platform
        .rows(
            "purchase.order",
            &[(
                "query",
                "{name, state, partner_id{code_pos}, date_order, user_id, amount_total, order_line{manufacturer_ref, product_qty}}",
            )],
        )
        .await;
    assert_eq!(
        purchase,
        [
            json!({"name": "P00001", "state": "draft", "partner_id": {"code_pos": "PDVA-E-BOJ-BOJ-05-001"}, "date_order": "2023-07-30-11-23", "user_id": 2,
            "amount_total": 36000.0, "order_line": [{"manufacturer_ref": "CONFIGURATION REFERENCE", "product_qty": 6.0}]})
        ]
    );
    // Nothing is there: all of the order waits, which stock tells by and by
    until("stock has told what is short", async || {
        platform.rows("sale.order", &[("query", "{reserved, short}")]).await == [json!({"reserved": 0.0, "short": 7.0})]
    })
    .await;
    let user = platform
        .rows("res.users", &[("filter", r#"[["login","=","bna"]]"#), ("query", "{name, codification, email, phone, role, code_pos}")])
        .await;
    assert_eq!(
        user,
        [
            json!({"name": "UPDATED NAME", "codification": "USER CODE", "email": "user@mail.com", "phone": "0667777777", "role": "ROLE_SUPERADMIN", "code_pos": "POS CODE"})
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process_the_seeds_requests_have_their_effects() {
    the_seeds_requests_have_their_effects(&Stand::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_processes_the_seeds_requests_have_their_effects() {
    the_seeds_requests_have_their_effects(&Stand::processes().await).await;
}
