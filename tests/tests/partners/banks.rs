//! Who knows a client: the banks that sent it, joined it or were named for it.

use serde_json::{Value, json};
use system_tests::{Answer, Stand, id, refused};

use crate::{bank, client, record, whole};

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_user_sends_the_seeds_client() {
    let stand = Stand::new().await;
    let alsalam = stand.login("alsalam").await;
    let seed = json!({"create_by": "EkiClic", "is_company": false, "is_pos": "False", "status": "WAITING", "type": "contact",
        "title": null, "name": "CLIENT NAME", "email": "CLIENT ADDRESS", "phone": "0556000000"});
    let made = id(&alsalam.create("res.partner", seed).await);
    assert_eq!(record(&alsalam, "res.partner", made, "{name, is_pos}").await, json!({"name": "CLIENT NAME", "is_pos": false}));
    // A point of sale is not a bank's to make
    let pos = alsalam.create("res.partner", json!({"is_pos": "True", "name": "POS", "code_pos": "PDV-1"})).await;
    assert_eq!((pos.status, pos.error_name().as_str()), (403, "odoo.exceptions.AccessError"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_exists_for_the_banks_that_know_it_and_for_no_other() {
    let stand = Stand::new().await;
    let (platform, alsalam, bna) = (stand.login("ekiclik").await, stand.login("alsalam").await, stand.login("bna").await);
    let counts = |who: Value| async move { (who["count"].clone(), who["total"].clone()) };
    let page = [("page_size", "80"), ("filter", r#"[["is_pos","=",false]]"#)];
    let before = counts(bna.list("res.partner", &page).await.json()).await;
    let made = id(&alsalam.create("res.partner", client("amina@example.dz")).await);
    assert_eq!(record(&alsalam, "res.partner", made, "{email}").await["email"], "amina@example.dz");
    assert_eq!(record(&platform, "res.partner", made, "{create_by}").await["create_by"], "ekiclik");
    // For the other bank there is nothing
    let hidden = bna.get(&format!("/api/res.partner/{made}")).await;
    let missing = bna.get("/api/res.partner/999999").await;
    assert_eq!(
        (hidden.status, hidden.error_name(), hidden.error().replace(&made.to_string(), "999999")),
        (404, missing.error_name(), missing.error())
    );
    assert_eq!(counts(bna.list("res.partner", &page).await.json()).await, before);
    for filter in [json!([["id", "=", made]]), json!([["email", "=", "amina@example.dz"]]), json!(["!", ["id", "!=", made]])] {
        assert!(bna.rows("res.partner", &[("filter", &filter.to_string())]).await.is_empty());
        let put = bna.write("res.partner", filter, json!({"name": "Taken"})).await;
        assert_eq!((put.status, put.headers["x-records-matched"].as_str()), (200, "0"));
    }
    let put = bna.send("PUT", &format!("/api/res.partner/{made}"), &[], r#"{"params":{"data":{"name":"Taken"}}}"#).await;
    assert_eq!((put.status, put.error_name().as_str()), (404, "odoo.exceptions.MissingError"));
    assert_eq!(record(&alsalam, "res.partner", made, "{name}").await["name"], "Amina Saïdi");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_sends_a_known_client_joins_it_and_changes_nothing_else() {
    let stand = Stand::new().await;
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    let (of_alsalam, of_bna) = (bank(&admin, "Alsalam").await, bank(&admin, "BNA").await);
    let made = id(&alsalam.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz", "phone": "1"})).await);
    let theirs = json!({"name": "Other name", "email": "Amina@Example.dz", "phone": "2", "city": "Oran"});
    assert_eq!(id(&bna.create("res.partner", theirs).await), made);
    let kept = json!({"name": "Amina", "phone": "1", "city": false, "bank_ids": [of_alsalam, of_bna]});
    assert_eq!(record(&admin, "res.partner", made, "{name, phone, city, bank_ids}").await, kept);
    // Each bank sees itself among the client's, and not the other
    for (who, own, other) in [(&alsalam, of_alsalam, of_bna), (&bna, of_bna, of_alsalam)] {
        assert_eq!(record(who, "res.partner", made, "{bank_ids}").await["bank_ids"], json!([own]));
        let by_other = json!([["id", "=", made], ["bank_ids", "in", [other]]]).to_string();
        assert!(who.rows("res.partner", &[("filter", &by_other)]).await.is_empty());
        assert_eq!(who.get(&format!("/api/res.bank/{other}")).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_that_is_sent_again_changes_nothing_either() {
    let stand = Stand::new().await;
    let (admin, alsalam, bna) = (stand.login("admin").await, stand.login("alsalam").await, stand.login("bna").await);
    let made = id(&alsalam.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz", "phone": "1"})).await);
    let theirs = json!({"name": "Other name", "email": "amina@example.dz", "phone": "2"});
    assert_eq!(id(&bna.create("res.partner", theirs.clone()).await), made);
    let joined = whole(&admin, made).await;
    // The sender heard no answer, and tries again
    assert_eq!(id(&bna.create("res.partner", theirs).await), made);
    assert_eq!(whole(&admin, made).await, joined);
    // What it sends afterwards changes what is its own: the name is shared
    assert_eq!(id(&bna.create("res.partner", json!({"name": "Third name", "email": "amina@example.dz"})).await), made);
    assert_eq!(record(&admin, "res.partner", made, "{name, phone}").await, json!({"name": "Amina", "phone": "1"}));
    assert_eq!(record(&bna, "res.partner", made, "{name, phone}").await, json!({"name": "Amina", "phone": "2"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_names_a_bank_without_case_accents_and_spaces() {
    let stand = Stand::new().await;
    let (admin, platform, alsalam, bna) =
        (stand.login("admin").await, stand.login("ekiclik").await, stand.login("alsalam").await, stand.login("bna").await);
    let of_alsalam = bank(&admin, "Alsalam").await;
    for (at, name) in ["Alsalam", " AL SALAM ", "àlsálam"].into_iter().enumerate() {
        let made = id(&platform.create("res.partner", json!({"name": "A", "email": format!("a{at}@example.dz"), "source": name})).await);
        assert_eq!(record(&admin, "res.partner", made, "{bank_ids}").await["bank_ids"], json!([of_alsalam]), "{name}");
        assert_eq!(alsalam.get(&format!("/api/res.partner/{made}")).await.status, 200);
        assert_eq!(bna.get(&format!("/api/res.partner/{made}")).await.status, 404);
    }
    // The same client with another bank: both know it; the content is the same, so nothing else changes
    let made = id(&platform.create("res.partner", json!({"name": "A", "email": "a0@example.dz", "order_source": "bna"})).await);
    assert_eq!(bna.get(&format!("/api/res.partner/{made}")).await.status, 200);
    refused(
        &platform.create("res.partner", json!({"name": "A", "email": "x@example.dz", "source": "Lune"})).await,
        422,
        &["'Lune'", "Alsalam", "BNA"],
    );
    // A bank's user names its own bank, or none; another's is refused, and tells nothing of which there are
    let own = alsalam.create("res.partner", json!({"name": "A", "email": "own@example.dz", "source": "al salam"})).await;
    assert_eq!(own.status, 200, "{}", own.text);
    for name in ["BNA", "Lune"] {
        let answer = alsalam.create("res.partner", json!({"name": "A", "email": "other@example.dz", "source": name})).await;
        assert_eq!((answer.status, answer.error_name().as_str()), (403, "odoo.exceptions.AccessError"));
        assert!(!answer.text.contains("BNA"), "{}", answer.text);
    }
    // A new bank is known at once
    id(&admin.create("res.bank", json!({"name": "Crédit Populaire"})).await);
    id(&platform.create("res.partner", json!({"name": "A", "email": "cpa@example.dz", "source": "CREDIT POPULAIRE"})).await);
    assert_eq!(platform.create("res.bank", json!({"name": "Mine"})).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_cant_tell_another_banks_client_from_none_by_naming_it_as_parent() {
    let stand = Stand::new().await;
    let (alsalam, bna) = (stand.login("alsalam").await, stand.login("bna").await);
    let hidden = id(&alsalam.create("res.partner", client("amina@example.dz")).await);
    let own = id(&bna.create("res.partner", client("karim@example.dz")).await);
    let told = |answer: Answer, of: i64| (answer.status, answer.text.replace(&of.to_string(), "N"));
    let contact = |parent: i64| json!({"name": "Home", "type": "delivery", "parent_id": parent});
    assert_eq!(bna.create("res.partner", contact(own)).await.status, 200);
    assert_eq!(
        told(bna.create("res.partner", contact(hidden)).await, hidden),
        told(bna.create("res.partner", contact(99_999)).await, 99_999)
    );
    let put = |parent: i64| bna.write("res.partner", json!([["id", "=", own]]), json!({"parent_id": parent}));
    assert_eq!(told(put(hidden).await, hidden), told(put(99_999).await, 99_999));
    assert_eq!(record(&alsalam, "res.partner", hidden, "{child_ids}").await["child_ids"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_user_reads_every_point_of_sale_and_changes_none() {
    let stand = Stand::new().await;
    let bna = stand.login("bna").await;
    let all = stand.count("SELECT count(*) AS n FROM partners.res_partner WHERE is_pos").await;
    let rows = bna.rows("res.partner", &[("filter", r#"[["is_pos","=",true]]"#), ("query", "{id}")]).await;
    assert_eq!(i64::try_from(rows.len()).unwrap(), all);
    let put = bna.write("res.partner", json!([["id", "=", rows[0]["id"]]]), json!({"name": "Mine"})).await;
    assert_eq!((put.status, put.error_name().as_str()), (403, "odoo.exceptions.AccessError"));
    for data in [json!({"bank_ids": []}), json!({"bank_ids": {"push": [1]}})] {
        assert_eq!(bna.write("res.partner", json!([["email", "=", "mourad.belkacem@example.dz"]]), data).await.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn banks_are_pushed_and_popped_and_must_exist() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let (of_alsalam, of_bna) = (bank(&admin, "Alsalam").await, bank(&admin, "BNA").await);
    let made = id(&platform.create("res.partner", json!({"name": "A", "email": "a@example.dz", "bank_ids": [of_bna]})).await);
    for (change, kept) in [
        (json!({"push": [of_alsalam, of_bna]}), json!([of_alsalam, of_bna])),
        (json!({"pop": [of_bna]}), json!([of_alsalam])),
        (json!([of_bna]), json!([of_bna])),
    ] {
        let put = platform.write("res.partner", json!([["id", "=", made]]), json!({"bank_ids": change})).await;
        assert_eq!(put.status, 200, "{}", put.text);
        assert_eq!(record(&admin, "res.partner", made, "{bank_ids}").await["bank_ids"], kept);
    }
    // A source joins what the body lists
    let put = platform.write("res.partner", json!([["id", "=", made]]), json!({"name": "B", "source": "alsalam"})).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(record(&admin, "res.partner", made, "{bank_ids}").await["bank_ids"], json!([of_alsalam, of_bna]));
    refused(&platform.write("res.partner", json!([["id", "=", made]]), json!({"bank_ids": [987_654]})).await, 422, &["bank_ids", "987654"]);
}
