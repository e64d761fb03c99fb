//! Two requests that say the same are one, whatever their bytes; what is kept to know it by tells nobody what was sent.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use system_tests::{Answer, Session, Stand, id, refused};

const OTHER_KEY: &str = "next:bmV4dC1oYXNoLWtleS1mb3ItdGVzdHMtb25seS0zMmI=";
const BOTH_KEYS: &str = "next:bmV4dC1oYXNoLWtleS1mb3ItdGVzdHMtb25seS0zMmI=,test:aGFzaC1rZXktZm9yLXRlc3RzLW9ubHktMzItYnl0ZXM=";

fn lead() -> Value {
    json!({
        "create_by": "ekiclik", "order_source": "Alsalam", "cart_id": 259, "code_pos": "PDVA-E-BOJ-BOJ-05-001",
        "partner": {"email": "yasmine.cherif@example.dz", "salary": 900_000, "birth_date": "1993-11-03", "monthly_payment": 5321, "periodicity": 12},
        "cart": [{"manufacturer_ref": "IRIS-TV55-N", "quantity": 1, "product_warehouse_id": "PDVA-E-BOJ-BOJ-05-001"},
            {"manufacturer_ref": "ATLAS-CAN3-BL", "quantity": 2, "product_warehouse_id": "EKIWH"}],
        "quotation_address": {"type": "delivery", "street": "12 rue Didouche Mourad", "state_id": "Tizi Ouzou", "country_id": "DZ", "ek_order_id": 1417},
    })
}

/// A value with another at a path of its members.
fn with(mut of: Value, path: &str, value: Value) -> Value {
    let (holder, name) = path.rsplit_once('/').unwrap();
    match of.pointer_mut(holder).unwrap() {
        Value::Object(map) => drop(map.insert(name.to_owned(), value)),
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        other => panic!("{other}"),
    }
    of
}

fn is_replayed(answer: &Answer) -> bool {
    answer.headers.get("idempotency-replayed").is_some_and(|told| told == "true")
}

async fn orders(stand: &Stand) -> i64 {
    stand.count("SELECT count(*) AS n FROM crm.sale_order").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_lead_in_other_words_is_the_same() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let first = id(&platform.create("crm.lead", lead()).await);
    for (path, value) in [
        ("/cart_id", json!("259")),
        ("/cart_id", json!(259.0)),
        ("/cart/0/quantity", json!(1.0)),
        ("/cart/0/quantity", json!("1.000")),
        ("/cart/1/manufacturer_ref", json!(" ATLAS-CAN3-BL ")),
        ("/partner/email", json!("Yasmine.CHERIF@example.dz ")),
        ("/partner/salary", json!(900_000.0)),
        ("/partner/salary", json!("900000.00")),
        ("/partner/birth_date", json!("03/11/1993")),
        ("/partner/birth_date", json!("1993-11-03T00:00:00Z")),
        ("/partner/periodicity", json!("12")),
        ("/file_info", json!(null)),
        ("/file_info", json!({})),
        ("/file_info", json!({"progress": null, "file_state": ""})),
        ("/quotation_address/state_id", json!("tizi-ouzou")),
        ("/quotation_address/country_id", json!("dz")),
        ("/quotation_address/ek_order_id", json!("1417")),
        ("/quotation_address/street2", json!("")),
        ("/quotation_address/order_source", json!("ALSALAM")),
        ("/quotation_address/create_by", json!("ekiclick")),
        ("/create_by", json!("EKICLIC")),
        ("/order_source", json!("alsalam")),
        ("/name", json!(false)),
    ] {
        let answer = platform.create("crm.lead", with(lead(), path, value.clone())).await;
        assert_eq!(id(&answer), first, "{path}: {value}");
    }
    assert_eq!(orders(&stand).await, 1);
    for (path, value) in [
        ("/cart/0/quantity", json!(1.5)),
        ("/partner/salary", json!(900_001)),
        ("/partner/email", json!("other@example.dz")),
        ("/quotation_address/street", json!("12 Rue Didouche Mourad")),
        ("/file_info", json!({"file_number": 1})),
        ("/quotation_address/state_id", json!("Oran")),
    ] {
        refused(&platform.create("crm.lead", with(lead(), path, value)).await, 409, &["other content"]);
    }
    assert_eq!(orders(&stand).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_without_a_key_is_one_for_a_day() {
    let stand = Stand::new().await;
    let (platform, bank) = (stand.login("ekiclik").await, stand.login("alsalam").await);
    let keyless = || {
        let mut lead = with(lead(), "/quotation_address/ek_order_id", json!(null));
        lead.as_object_mut().unwrap().remove("cart_id");
        lead
    };
    let answer = platform.create("crm.lead", keyless()).await;
    let first = id(&answer);
    assert!(!is_replayed(&answer));
    for again in [
        keyless(),
        with(keyless(), "/cart_id", json!(null)),
        with(keyless(), "/cart_id", json!(0)),
        with(keyless(), "/cart_id", json!(false)),
        with(keyless(), "/cart_id", json!("")),
        with(keyless(), "/quotation_address/ek_order_id", json!("0")),
        with(keyless(), "/cart/0/quantity", json!(1.0)),
        with(keyless(), "/partner/email", json!("YASMINE.cherif@example.dz")),
    ] {
        let answer = platform.create("crm.lead", again.clone()).await;
        assert_eq!((id(&answer), is_replayed(&answer)), (first, true), "{again}");
    }
    let copies =
        futures_util::future::join_all((0..20).map(|_| platform.create("crm.lead", with(keyless(), "/partner/salary", json!(1))))).await;
    let second = id(&copies[0]);
    assert!(second != first && copies.iter().all(|copy| id(copy) == second), "twenty at once are one");
    assert_eq!(orders(&stand).await, 2);
    assert_ne!(id(&bank.create("crm.lead", keyless()).await), first, "another user's is another");
    stand.sql().await.batch_execute("UPDATE crm.idempotency SET at = at - interval '25 hours'").await.unwrap();
    assert_ne!(id(&platform.create("crm.lead", keyless()).await), first, "a day later it is another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_an_email_is_taken_once() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let answer = platform.create("res.partner", json!({"name": "Amine Saadi", "phone": "0556000000"})).await;
    let first = id(&answer);
    assert!(!is_replayed(&answer));
    for again in [
        json!({"name": " Amine Saadi", "phone": 556000000, "email": ""}),
        json!({"name": "Amine Saadi", "phone": "0556000000", "email": false, "is_pos": "False", "parent_id": ""}),
        json!({"create_by": "ekiclik", "name": "Amine Saadi", "phone": "0556000000", "title": null}),
    ] {
        let answer = platform.create("res.partner", again.clone()).await;
        let same = again["phone"] == "0556000000";
        assert_eq!((id(&answer) == first, is_replayed(&answer)), (same, same), "{again}");
    }
    assert_ne!(id(&platform.create("res.partner", json!({"name": "Amine", "phone": "0556000000"})).await), first);
    // A client with an e-mail has a key, and a contact its partner
    let keyed = platform.create("res.partner", json!({"name": "Amine Saadi", "email": "amine@example.dz"})).await;
    assert!(!is_replayed(&platform.create("res.partner", json!({"name": "Amine Saadi", "email": "AMINE@example.dz"})).await));
    assert_eq!(platform.write("res.partner", json!([["id", "=", id(&keyed)]]), json!({"email": ""})).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_says_the_same_changes_nothing_whatever_came_between() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let product = json!({"product_ref": "P1", "name": "Produit", "brand": "Électro", "categ_id": "Meubles",
        "product": [{"manufacturer_ref": "P1-A", "name": "A", "list_price": 80_000, "default_code": null, "attribute": [{"attribute_id": "Couleur", "value_id": "Blanc"}]}]});
    let of_a_bank = json!({"name": "Karim", "login": "karim", "bank_id": "BNA", "role": "ROLE_USER", "email": "k@bna.dz"});
    let cases = [
        (
            "product.template",
            product.clone(),
            "product.master",
            json!([["ref", "=", "P1"]]),
            vec![
                with(product.clone(), "/product/0/list_price", json!("80000.00")),
                with(product.clone(), "/brand", json!("ELECTRO")),
                with(product.clone(), "/product/0/attribute/0/value_id", json!("BLANC")),
                with(product.clone(), "/product/0/barcode", json!("")),
                with(product.clone(), "/fab_name", json!(null)),
                with(product.clone(), "/product/0/create_by", json!("ek")),
            ],
        ),
        (
            "res.partner",
            json!({"name": "Nadia", "email": "n@x.dz", "state_id": "M'Sila", "is_pos": "False"}),
            "res.partner",
            json!([["email", "=", "n@x.dz"]]),
            vec![
                json!({"name": "Nadia ", "email": "N@X.dz", "state_id": "Msila"}),
                json!({"name": "Nadia", "email": "n@x.dz", "state_id": "28 - M’sila", "is_pos": 0, "street": "", "bank_ids": []}),
            ],
        ),
        (
            "res.partner",
            json!({"name": "PDV", "code_pos": "PDV-9", "is_pos": true}),
            "res.partner",
            json!([["code_pos", "=", "PDV-9"]]),
            vec![
                json!({"name": "PDV", "code_pos": " PDV-9 ", "is_pos": "True", "vat": null}),
                json!({"name": "PDV", "code_pos": "PDV-9", "is_pos": 1, "email": ""}),
            ],
        ),
        (
            "res.users",
            of_a_bank.clone(),
            "res.users",
            json!([["login", "=", "karim"]]),
            vec![
                with(of_a_bank.clone(), "/bank_id", json!("bna")),
                with(of_a_bank.clone(), "/email", json!("K@BNA.dz")),
                with(of_a_bank.clone(), "/phone", json!(false)),
            ],
        ),
    ];
    for (model, first, changed, filter, again) in cases {
        let by = if model == "res.users" { &admin } else { &platform };
        let made = id(&by.create(model, first).await);
        assert_eq!(by.write(changed, filter.clone(), json!({"name": "Changed since"})).await.status, 200);
        for same in again {
            assert_eq!(id(&by.create(model, same.clone()).await), made, "{same}");
            let rows = by.rows(changed, &[("filter", &filter.to_string()), ("query", "{name}")]).await;
            assert_eq!(rows, [json!({"name": "Changed since"})], "{same}");
        }
    }
    for (first, again) in [(
        json!({"partner_id": "EKIWH", "date_order": "30/07/23 12:23:15", "order_line": [{"product_id": "IRIS-TV55-N", "product_qty": 6, "price_unit": 6000}]}),
        json!({"partner_id": " EKIWH", "date_order": "2023-07-30T11:23:15Z", "state": "purchase", "notes": "", "user_id": null,
            "order_line": [{"product_id": "IRIS-TV55-N", "product_qty": "6.0", "price_unit": 6000.0, "name": null}]}),
    )] {
        let made = id(&platform.create("purchase.order", first).await);
        let answer = platform.create("purchase.order", again).await;
        assert_eq!((id(&answer), is_replayed(&answer)), (made, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_of_what_was_read() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let key = [("idempotency-key", "\"k1\"")];
    let post = async |data: Value| platform.send("POST", "/api/res.partner/", &key, &json!({"params": {"data": data}}).to_string()).await;
    let first = id(&post(json!({"name": "X", "email": "x@x.dz", "vat": null, "is_company": true})).await);
    for same in [
        json!({"email": "X@x.dz", "name": " X ", "is_company": "True"}),
        json!({"name": "X", "email": "x@x.dz", "is_company": 1, "street": "", "create_by": "ekiclik", "title": null}),
    ] {
        let answer = post(same.clone()).await;
        assert_eq!((answer.status, is_replayed(&answer)), (200, true), "{same} {}", answer.text);
        assert_eq!(id(&answer), first);
    }
    for other in [
        json!({"name": "Y", "email": "x@x.dz", "is_company": true}),
        json!({"name": "X", "email": "x@x.dz", "is_company": true, "source": "BNA"}),
    ] {
        refused(&post(other).await, 422, &["Idempotency-Key"]);
    }
    let put = async |filter: Value, data: Value| {
        platform
            .send(
                "PUT",
                "/api/res.partner/",
                &[("idempotency-key", "k2")],
                &json!({"params": {"filter": filter, "data": data}}).to_string(),
            )
            .await
    };
    assert_eq!(put(json!([["id", "=", first]]), json!({"name": "Z"})).await.status, 200);
    assert!(is_replayed(&put(json!([["id", "=", first as f64]]), json!({"name": "Z "})).await));
    refused(&put(json!([["id", "=", first + 1]]), json!({"name": "Z"})).await, 422, &["Idempotency-Key"]);
}

async fn kept(stand: &Stand, like: &str) -> i64 {
    let mut all = 0;
    for table in ["crm.crm_lead", "partners.res_partner", "partners.res_users", "catalog.product_master"] {
        all += stand.count(&format!("SELECT count(*) AS n FROM {table} WHERE post_hash LIKE '{like}'")).await;
    }
    all + stand.count(&format!("SELECT count(*) AS n FROM (SELECT payload FROM crm.idempotency UNION ALL SELECT payload FROM stock.idempotency UNION ALL SELECT payload FROM partners.idempotency) i WHERE payload LIKE '{like}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_under_a_key_and_old_keys_compare() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let client = json!({"name": "Nadia", "email": "n@x.dz"});
    let contact = |of: i64| json!({"name": "Livraison", "parent_id": of, "type": "delivery"});
    let (first, second) = (id(&platform.create("crm.lead", lead()).await), id(&platform.create("res.partner", client.clone()).await));
    let third = id(&platform.create("res.partner", contact(second)).await);
    let keyless = json!({"name": "Amine", "phone": "0556"});
    let fourth = id(&platform.create("res.partner", keyless.clone()).await);
    assert!(kept(&stand, "test.%").await > 4);
    assert_eq!(kept(&stand, "%").await, kept(&stand, "test.%").await, "nothing bare");
    assert_eq!(stand.count("SELECT count(*) AS n FROM crm.sale_order WHERE post_hash IS NOT NULL").await, 0);

    let again = async |keys: &str, is_known: bool| {
        let stand = Stand::on(&stand.database_url, &[("HASH_KEYS", keys)]).await;
        let platform = stand.login("ekiclik").await;
        assert_eq!(id(&platform.create("crm.lead", lead()).await), first, "{keys}");
        refused(&platform.create("crm.lead", with(lead(), "/cart/0/quantity", json!(3))).await, 409, &["other content"]);
        refused(&platform.create("crm.lead", with(lead(), "/partner/email", json!("other@x.dz"))).await, 409, &["other content"]);
        assert_eq!(platform.write("res.partner", json!([["id", "=", second]]), json!({"name": "Since"})).await.status, 200);
        assert_eq!(id(&platform.create("res.partner", client.clone()).await), second);
        let name = platform.get(&format!("/api/res.partner/{second}?query=%7Bname%7D")).await.json();
        assert_eq!(name["name"], if is_known { "Since" } else { "Nadia" }, "{keys}: what is not known is updated");
        assert_eq!(id(&platform.create("res.partner", contact(second)).await), third, "{keys}");
        if is_known {
            assert_eq!(id(&platform.create("res.partner", keyless.clone()).await), fourth, "{keys}");
        }
    };
    again(BOTH_KEYS, true).await;
    let mut sql = stand.sql().await;
    sql.batch_execute("UPDATE crm.crm_lead SET post_hash = NULL; UPDATE partners.res_partner SET post_hash = NULL; UPDATE catalog.product_master SET post_hash = NULL")
        .await
        .unwrap();
    again(OTHER_KEY, false).await;
    // A product whose hash was dropped is updated, and is known from then on
    let product = json!({"product_ref": "IRIS-TV55", "name": "Autre nom", "product": []});
    let made = id(&platform.create("product.template", product.clone()).await);
    assert_eq!(id(&platform.create("product.template", product).await), made);
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_master WHERE name = 'Autre nom'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_user_already_is_is_no_change_and_another_side_is_refused() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let of = |login: &str| json!([["login", "=", login]]);
    for (by, login, data) in [
        (&platform, "bna", json!({"create_by": "ekiclik", "name": "BNA"})),
        (&platform, "bna", json!({"create_by": "odoo", "name": "BNA"})),
        (&platform, "bna", json!({"login": "bna", "bank_id": "BNA", "hub_admin": false, "codification": "A-17"})),
        (&admin, "bna", json!({"create_by": "ekiclik"})),
        (&admin, "bna", json!({"create_by": "odoo"})),
        (&admin, "admin", json!({"create_by": "odoo"})),
        (&admin, "bna", json!({"create_by": ""})),
    ] {
        let answer = by.write("res.users", of(login), data.clone()).await;
        assert_eq!(answer.status, 200, "{login} {data} {}", answer.text);
    }
    refused(&admin.write("res.users", of("admin"), json!({"create_by": "ekiclik"})).await, 422, &["create_by", "hub's side"]);
    refused(&admin.create("res.users", json!({"login": "admin", "name": "A", "create_by": "ekiclik"})).await, 422, &["create_by"]);
    for data in [json!({"login": "other"}), json!({"bank_id": "Alsalam"}), json!({"hub_admin": true})] {
        assert_eq!(platform.write("res.users", of("bna"), data).await.status, 403);
    }
    // The same of all that counts at creation
    let made = id(&platform.create("crm.lead", lead()).await);
    let lead_of = json!([["id", "=", made]]);
    let same = json!({"cart_id": "259", "ek_order_id": 1417, "code_pos": "PDVA-E-BOJ-BOJ-05-001", "expected_revenue": 12});
    assert_eq!(platform.write("crm.lead", lead_of.clone(), same).await.status, 200);
    refused(&platform.write("crm.lead", lead_of, json!({"cart_id": 260})).await, 422, &["cart_id"]);
    let order = json!([["ek_order_id", "=", 1417]]);
    let same = json!({"order_source": "Alsalam", "ek_order_id": "1417", "state": "EK_ORDER_IN_PREPARATION", "note": "x"});
    assert_eq!(platform.write("sale.order", order.clone(), same).await.status, 200);
    refused(&platform.write("sale.order", order, json!({"order_source": "Alsalam", "ek_order_id": 1418})).await, 422, &["ek_order_id"]);
    refused(&platform.write("crm.lead", json!([["cart_id", "=", 259.0]]), json!({"partner_id": 1})).await, 422, &["partner_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_one_in_separate_processes_too() {
    let stand = Stand::processes().await;
    let platform: Session<'_> = stand.login("ekiclik").await;
    let first = id(&platform.create("crm.lead", lead()).await);
    assert_eq!(id(&platform.create("crm.lead", with(lead(), "/partner/salary", json!("900000.0"))).await), first);
    let keyless = json!({"name": "Amine", "phone": "0556"});
    let made = id(&platform.create("res.partner", keyless.clone()).await);
    let answer = platform.create("res.partner", keyless).await;
    assert_eq!((id(&answer), is_replayed(&answer)), (made, true));
}
