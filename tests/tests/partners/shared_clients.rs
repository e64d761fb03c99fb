//! A client that several banks know: each reads what all share, what it wrote itself, and what the platform wrote where the platform
//! brought the client to it; no bank changes what others see.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::paper::read;
use system_tests::platform::{Platform, platform_of};
use system_tests::stock::{ALGER, TV, one};
use system_tests::{Session, Stand, id, refused};

const SECRETS: &str = "{phone, mobile, street, street2, zip, city, vat, ref, rc, nif, nis, ai, rib, comment}";

/// Everything that a bank writes for itself.
fn file(of: &str) -> Value {
    let text = |what: &str| format!("{what} of {of}");
    json!({"phone": text("phone"), "mobile": text("mobile"), "street": text("street"), "street2": text("street2"), "zip": "16000",
        "city": text("city"), "vat": text("vat"), "ref": text("ref"), "rc": text("rc"), "nif": text("nif"), "nis": text("nis"),
        "ai": text("ai"), "rib": text("rib"), "comment": text("note")})
}

fn client(email: &str, more: Value) -> Value {
    let mut data = json!({"name": "Amina", "email": email});
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    data
}

fn nothing() -> Value {
    let fields = file("nobody");
    fields.as_object().unwrap().keys().map(|name| (name.clone(), json!(false))).collect::<serde_json::Map<_, _>>().into()
}

async fn secrets(who: &Session<'_>, client: i64) -> Value {
    one(who, "res.partner", client, SECRETS).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_joins_by_an_email_reads_nothing_that_another_bank_or_the_platform_wrote() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (alsalam, bna) = (stand.login("alsalam").await, stand.login("bna").await);
    for (email, writer) in [("by-bank@example.dz", &alsalam), ("by-platform@example.dz", &ekiclik)] {
        let mut data = client(email, file("Alsalam"));
        if writer.id == ekiclik.id {
            data["source"] = "Alsalam".into();
        }
        let made = id(&writer.create("res.partner", data).await);
        assert_eq!(id(&bna.create("res.partner", json!({"name": "Guess", "email": email})).await), made);
        assert_eq!(one(&bna, "res.partner", made, "{name, email}").await, json!({"name": "Amina", "email": email}));
        assert_eq!(secrets(&bna, made).await, nothing());
        for name in nothing().as_object().unwrap().keys() {
            for filter in [json!([[name, "ilike", "Alsalam"]]), json!([[name, "!=", false]]), json!([[name, "=like", "%a%"]])] {
                let filter = json!(["&", ["id", "=", made], filter[0]]).to_string();
                assert!(bna.rows("res.partner", &[("filter", &filter)]).await.is_empty(), "{filter}");
            }
        }
        assert_eq!(secrets(&alsalam, made).await, file("Alsalam"));
        assert_eq!(secrets(&admin, made).await, file("Alsalam"));
        // What it writes is its own, and nobody else's
        assert_eq!(id(&bna.create("res.partner", client(email, file("BNA"))).await), made);
        assert_eq!(secrets(&bna, made).await, file("BNA"));
        let put = bna.write("res.partner", json!([["id", "=", made]]), json!({"rib": "another", "phone": false})).await;
        assert_eq!(put.status, 200, "{}", put.text);
        assert_eq!(
            one(&bna, "res.partner", made, "{rib, phone, nif}").await,
            json!({"rib": "another", "phone": false, "nif": "nif of BNA"})
        );
        for other in [&alsalam, &admin, &ekiclik] {
            assert_eq!(secrets(other, made).await, file("Alsalam"));
        }
        let filter = json!([["rib", "=", "another"], ["id", "=", made]]).to_string();
        let found = bna.rows("res.partner", &[("filter", &filter), ("query", "{email}")]).await;
        assert_eq!(found, [json!({"email": email})]);
        let rows = admin
            .rows("res.partner.bank", &[("filter", &json!([["partner_id", "=", made]]).to_string()), ("query", "{bank_id{name}, rib}")])
            .await;
        assert!(rows.contains(&json!({"bank_id": {"name": "BNA"}, "rib": "another"})), "{rows:?}");
        assert!(bna.rows("res.partner.bank", &[("query", "{bank_id{name}}")]).await.iter().all(|row| row["bank_id"]["name"] == "BNA"));
        assert!(stand.login("bna").await.unlink("res.partner.bank", 1).await.status >= 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_platform_brings_a_client_to_a_bank_it_reads_what_the_platform_wrote() {
    let stand = Stand::new().await;
    let ekiclik = stand.login("ekiclik").await;
    let (alsalam, bna) = (stand.login("alsalam").await, stand.login("bna").await);
    let mut data = client("amina@example.dz", file("the platform"));
    data["source"] = "Alsalam".into();
    let made = id(&ekiclik.create("res.partner", data.clone()).await);
    assert_eq!(id(&bna.create("res.partner", json!({"name": "G", "email": "amina@example.dz"})).await), made);
    assert_eq!(secrets(&bna, made).await, nothing());
    data["source"] = "BNA".into();
    assert_eq!(id(&ekiclik.create("res.partner", data).await), made);
    assert_eq!(secrets(&bna, made).await, file("the platform"));
    // Its own comes before that, also where it says that there is none
    let put = bna.write("res.partner", json!([["id", "=", made]]), json!({"rib": "ours", "comment": ""})).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(
        one(&bna, "res.partner", made, "{rib, comment, nif}").await,
        json!({"rib": "ours", "comment": false, "nif": "nif of the platform"})
    );
    assert_eq!(secrets(&alsalam, made).await, file("the platform"));
}

#[tokio::test(flavor = "multi_thread")]
async fn name_email_status_and_archiving_of_a_shared_client_are_the_platforms_and_the_hubs() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (alsalam, bna) = (stand.login("alsalam").await, stand.login("bna").await);
    let made = id(&alsalam.create("res.partner", client("amina@example.dz", json!({"phone": "1"}))).await);
    let own = json!([["id", "=", made]]);
    // Alone it is the bank's to change
    assert_eq!(alsalam.write("res.partner", own.clone(), json!({"status": "ACTIVE", "name": "Amina S."})).await.status, 200);
    id(&bna.create("res.partner", json!({"name": "G", "email": "amina@example.dz"})).await);
    let before = one(&admin, "res.partner", made, "{*}").await;
    for bank in [&alsalam, &bna] {
        for data in [
            json!({"name": "Mine"}),
            json!({"email": "mine@example.dz"}),
            json!({"status": "BLOCKED"}),
            json!({"active": false}),
            json!({"is_company": true}),
            json!({"type": "other"}),
            json!({"title": "Madame"}),
            json!({"phone": "2", "status": "BLOCKED"}),
        ] {
            refused(&bank.write("res.partner", own.clone(), data.clone()).await, 403, &["Several banks", "platform"]);
            let path = format!("/api/res.partner/{made}");
            refused(&bank.send("PUT", &path, &[], &json!({"params": {"data": data}}).to_string()).await, 403, &["Several banks"]);
        }
        assert_eq!(bank.unlink("res.partner", made).await.status, 403);
        // What is there already is no change
        let same = json!({"name": "Amina S.", "status": "ACTIVE", "active": true, "create_by": "ekiclik"});
        assert_eq!(bank.write("res.partner", own.clone(), same).await.status, 200);
        // Nor does sending it again change what all share
        assert_eq!(id(&bank.create("res.partner", json!({"name": "Mine", "email": "amina@example.dz", "status": "BLOCKED"})).await), made);
    }
    assert_eq!(one(&admin, "res.partner", made, "{*}").await, before);
    assert_eq!(ekiclik.write("res.partner", own.clone(), json!({"status": "BLOCKED"})).await.status, 200);
    assert_eq!(admin.write("res.partner", own, json!({"active": false})).await.status, 200);
    // One that joins does not make it active; a third bank's lead neither
    let third = id(&admin.create("res.bank", json!({"name": "CPA"})).await);
    let user = json!({"name": "C", "login": "cpa", "password": "cpa", "bank_id": third, "role": "ROLE_CREDIT_ANALYST_EK"});
    id(&admin.create("res.users", user).await);
    let cpa = stand.login("cpa").await;
    assert_eq!(id(&cpa.create("res.partner", json!({"name": "G", "email": "amina@example.dz"})).await), made);
    let lead = json!({"order_source": "BNA", "cart_id": 1, "partner": {"email": "amina@example.dz"},
        "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": ALGER}]});
    id(&bna.create("crm.lead", lead).await);
    for bank in [&alsalam, &bna, &cpa] {
        assert_eq!(one(bank, "res.partner", made, "{active, status}").await, json!({"active": false, "status": "BLOCKED"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_that_another_has_is_a_join_on_post_and_no_word_on_put() {
    let stand = Stand::new().await;
    let (alsalam, bna, ekiclik) = (stand.login("alsalam").await, stand.login("bna").await, stand.login("ekiclik").await);
    id(&alsalam.create("res.partner", client("amina@example.dz", json!({}))).await);
    let own = id(&bna.create("res.partner", client("karim@example.dz", json!({}))).await);
    let put = bna.write("res.partner", json!([["id", "=", own]]), json!({"email": "AMINA@example.dz"})).await;
    assert_eq!(put.status, 422, "{}", put.text);
    for word in ["Another", "another", "same", "taken", "exists"] {
        assert!(!put.error().contains(word), "{}", put.text);
    }
    assert_eq!(ekiclik.write("res.partner", json!([["id", "=", own]]), json!({"email": "amina@example.dz"})).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_papers_print_what_that_bank_wrote() {
    let stand = Stand::new().await;
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    for (bank, who) in [("Alsalam", &alsalam), ("BNA", &bna)] {
        id(&who.create("res.partner", client("amina@example.dz", file(bank))).await);
        let lead = json!({"order_source": bank, "cart_id": 1, "partner": {"email": "amina@example.dz"}, "quotation_address": {"ek_order_id": 1},
            "cart": [{"manufacturer_ref": TV, "quantity": 1, "product_warehouse_id": ALGER}]});
        id(&who.create("crm.lead", lead).await);
        let order = who.rows("sale.order", &[("query", "{id}")]).await[0]["id"].as_i64().unwrap();
        let wanted = format!("street of {bank}");
        let pro_forma = read(who, "sale.report_saleorder", order).await;
        assert!(pro_forma.contains(&wanted), "{pro_forma}");
        for state in ["EK_ORDER_IN_PREPARATION", "EK_ORDER_IN_DELIVERY", "EK_ORDER_DELIVERED"] {
            assert_eq!(admin.write("sale.order", json!([["id", "=", order]]), json!({"state": state})).await.status, 200);
        }
        let invoice = who.rows("account.move", &[("query", "{id}")]).await[0]["id"].as_i64().unwrap();
        let other = if bank == "BNA" { "of Alsalam" } else { "of BNA" };
        for reader in [who, &admin] {
            let printed = read(reader, "account.report_invoice", invoice).await;
            assert!(printed.contains(&wanted) && printed.contains(&format!("nif of {bank}")) && !printed.contains(other), "{printed}");
        }
        // And goes on printing what it was
        assert_eq!(who.write("res.partner", json!([["email", "=", "amina@example.dz"]]), json!({"street": "elsewhere"})).await.status, 200);
        assert!(read(&admin, "account.report_invoice", invoice).await.contains(&wanted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_the_banks_that_wrote_them() {
    let stand = Stand::new().await;
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    let pos =
        admin.rows("res.partner", &[("filter", &json!([["code_pos", "=", ALGER]]).to_string()), ("query", "{id}")]).await[0]["id"].clone();
    let shared = id(&alsalam.create("res.partner", client("amina@example.dz", json!({}))).await);
    id(&bna.create("res.partner", json!({"name": "G", "email": "amina@example.dz"})).await);
    for parent in [pos.as_i64().unwrap(), shared] {
        let contact = json!({"name": "Guichet", "type": "other", "phone": "0555", "comment": "secret", "parent_id": parent});
        let (of_alsalam, of_bna) =
            (id(&alsalam.create("res.partner", contact.clone()).await), id(&bna.create("res.partner", contact.clone()).await));
        assert_ne!(of_alsalam, of_bna, "the same words of two banks are two contacts");
        assert_eq!(id(&bna.create("res.partner", contact).await), of_bna, "the same one again is one");
        for (who, own, other) in [(&alsalam, of_alsalam, of_bna), (&bna, of_bna, of_alsalam)] {
            assert_eq!(
                one(who, "res.partner", own, "{phone, comment, parent_id}").await,
                json!({"phone": "0555", "comment": "secret", "parent_id": parent})
            );
            assert_eq!(one(who, "res.partner", parent, "{child_ids}").await["child_ids"], json!([own]));
            refused(&who.get(&format!("/api/res.partner/{other}")).await, 404, &[]);
            let put = who.write("res.partner", json!([["id", "=", other]]), json!({"active": false})).await;
            assert_eq!(put.headers["x-records-matched"], "0");
            assert_eq!(who.write("res.partner", json!([["id", "=", own]]), json!({"phone": "0556"})).await.status, 200);
            assert_eq!(one(who, "res.partner", own, "{phone}").await["phone"], "0556");
        }
        let all = one(&admin, "res.partner", parent, "{child_ids}").await["child_ids"].as_array().unwrap().len();
        assert_eq!(all, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_is_told_what_its_bank_may_read() {
    let stand = Stand::new().await;
    let (admin, ekiclik) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (alsalam, bna) = (stand.login("alsalam").await, stand.login("bna").await);
    let (of_alsalam, of_bna) = (Platform::new().await, Platform::new().await);
    platform_of(&admin, "Alsalam", &of_alsalam.url).await;
    platform_of(&admin, "BNA", &of_bna.url).await;
    let made = id(&alsalam.create("res.partner", client("amina@example.dz", json!({"phone": "of Alsalam", "state_id": "16"}))).await);
    id(&bna.create("res.partner", client("amina@example.dz", json!({"phone": "of BNA"}))).await);
    assert_eq!(ekiclik.write("res.partner", json!([["id", "=", made]]), json!({"name": "Amina Saïdi"})).await.status, 200);
    stand.all_told(Duration::from_secs(30)).await;
    for (platform, phone, state) in [(&of_alsalam, "of Alsalam", json!("Alger")), (&of_bna, "of BNA", Value::Null)] {
        let call = platform.hears("the client", |call| call.line == "PUT /api/odoo/client/clients" && call.body.contains("Saïdi")).await;
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert_eq!((&body["name"], &body["phone"], &body["state_id"]), (&json!("Amina Saïdi"), &json!(phone), &state), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_a_bank_alone_wrote_is_found_by_it_and_the_hub_however_many_there_are_and_by_no_other_bank() {
    let stand = Stand::new().await;
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    let made = id(&alsalam.create("res.partner", client("amina@example.dz", json!({"phone": "0661 22 33 44"}))).await);
    assert_eq!(id(&bna.create("res.partner", client("amina@example.dz", json!({"phone": "0770 99 88 77"}))).await), made);
    let found = async |who: &Session<'_>, text: &str, op: &str| {
        let filter = json!(["&", ["parent_id", "=", false], ["is_pos", "=", false], ["phone", op, text]]).to_string();
        let rows = who.rows("res.partner", &[("filter", &filter), ("query", "{id}"), ("limit", "1000")]).await;
        let mut ids: Vec<i64> = rows.iter().filter_map(|row| row["id"].as_i64()).collect();
        ids.sort_unstable();
        ids
    };
    // The bank that was first is whom the hub hears
    for (text, hub, own, other) in [("22 33", vec![made], vec![made], vec![]), ("99 88", vec![], vec![], vec![made])] {
        assert_eq!(found(&admin, text, "ilike").await, hub, "{text}");
        assert_eq!(found(&alsalam, text, "ilike").await, own, "{text}");
        assert_eq!(found(&bna, text, "ilike").await, other, "{text}");
        let without = found(&bna, text, "not ilike").await;
        assert_eq!(without.contains(&made), other.is_empty(), "{text}: {without:?}");
    }
    // More than are looked at one by one
    let bank = "(SELECT id FROM partners.res_bank WHERE name = 'Alsalam')";
    let many = format!(
        "WITH made AS (INSERT INTO partners.res_partner (name, email, bank_ids) \
             SELECT 'Many ' || n, 'many-' || n || '@example.dz', ARRAY[{bank}] FROM generate_series(1, 230) n RETURNING id) \
         INSERT INTO partners.res_partner_bank (partner_id, bank_id, joined, phone) SELECT id, {bank}, true, '0661 22 33 99' FROM made"
    );
    Stand::execute(&mut stand.sql().await, &many).await;
    for (who, text, count) in
        [(&admin, "0661 22", 231), (&alsalam, "0661 22", 231), (&bna, "0661 22", 0), (&admin, "33 99", 230), (&admin, "33 44", 1)]
    {
        assert_eq!(found(who, text, "ilike").await.len(), count, "{text}");
    }
}
