//! The seed's requests through the door, in both shapes: the same answers and the same effects.

use serde_json::{Value, json};
use system_tests::Stand;

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
