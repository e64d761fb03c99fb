//! `ir.model.data`: external ids that are made, found, and find nothing once their record is gone.

use serde_json::{Value, json};
use system_tests::{Session, Stand, id, refused};

use crate::call_kw;

const MODEL: &str = "ir.model.data";

fn named(module: &str, name: &str, model: &str, record: i64) -> Value {
    json!({"module": module, "name": name, "model": model, "res_id": record})
}

async fn found(who: &Session<'_>, module: &str) -> Vec<Value> {
    who.rows(MODEL, &[("filter", &json!([["module", "=", module]]).to_string()), ("query", "{complete_name,model,res_id}")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_again_by_the_name_that_it_was_given_whoever_keeps_it() {
    for stand in [Stand::new().await, Stand::processes().await] {
        let platform = stand.login("ekiclik").await;
        let category = id(&platform.create("product.category", json!({"name": "Salons"})).await);
        let client = id(&platform.create("res.partner", json!({"name": "Amina", "email": "amina@example.dz", "source": "BNA"})).await);
        let first = id(&platform.create(MODEL, named("connector", "categ_1", "product.category", category)).await);
        // In Odoo's words too
        let second = call_kw(&platform, MODEL, "create", json!([named("connector", "client_1", "res.partner", client)]), json!({})).await;
        let second = second.unwrap().as_i64().unwrap();
        assert!(first % 16 == 1 && second % 16 == 2, "{first} {second}");
        // Sent again it is the same
        assert_eq!(id(&platform.create(MODEL, named("connector", "categ_1", "product.category", category)).await), first);
        let other = id(&platform.create("product.category", json!({"name": "Bureaux"})).await);
        refused(&platform.create(MODEL, named("connector", "categ_1", "product.category", other)).await, 422, &["connector.categ_1"]);

        let domain = json!([["module", "=", "connector"]]);
        let rows = call_kw(&platform, MODEL, "search_read", json!([domain]), json!({"fields": ["complete_name", "model", "res_id"]}))
            .await
            .unwrap();
        assert_eq!(
            rows,
            json!([{"id": first, "complete_name": "connector.categ_1", "model": "product.category", "res_id": category},
                   {"id": second, "complete_name": "connector.client_1", "model": "res.partner", "res_id": client}])
        );
        let checked = call_kw(&platform, MODEL, "check_object_reference", json!(["connector", "client_1"]), json!({})).await;
        assert_eq!(checked, Ok(json!(["res.partner", client])));
        let (name, told) = call_kw(&platform, MODEL, "check_object_reference", json!(["connector", "none"]), json!({})).await.unwrap_err();
        assert_eq!((name.as_str(), told.as_str()), ("builtins.ValueError", "External ID not found in the system: connector.none"));
        assert_eq!(call_kw(&platform, MODEL, "xmlid_to_res_id", json!(["connector.categ_1"]), json!({})).await, Ok(json!(category)));
        assert_eq!(call_kw(&platform, MODEL, "xmlid_to_res_id", json!(["connector.none"]), json!({})).await, Ok(json!(false)));

        let asked = call_kw(&platform, "product.category", "get_external_id", json!([[category, other]]), json!({})).await.unwrap();
        assert_eq!(asked, json!({category.to_string(): "connector.categ_1", other.to_string(): ""}));
        let metadata = call_kw(&platform, "product.category", "get_metadata", json!([[category]]), json!({})).await.unwrap();
        let row = &metadata[0];
        assert_eq!((&row["id"], &row["xmlid"], &row["noupdate"]), (&json!(category), &json!("connector.categ_1"), &json!(false)));
        assert_eq!(row["xmlids"], json!([{"xmlid": "connector.categ_1", "noupdate": false}]));
        assert_eq!(row["create_uid"][1], "Ekiclik", "{row}");
        assert!(row["create_date"].as_str().unwrap().len() == 19, "{row}");

        // A record that is removed has no name, and its name is free
        assert_eq!(platform.unlink("product.category", category).await.status, 200);
        assert_eq!(found(&platform, "connector").await.len(), 1);
        assert!(call_kw(&platform, MODEL, "check_object_reference", json!(["connector", "categ_1"]), json!({})).await.is_err());
        let again = id(&platform.create(MODEL, named("connector", "categ_1", "product.category", other)).await);
        assert_ne!(again, first);
        // And so it is when the name is removed
        assert_eq!(platform.unlink(MODEL, again).await.status, 200);
        let asked = call_kw(&platform, "product.category", "get_external_id", json!([[other]]), json!({})).await.unwrap();
        assert_eq!(asked, json!({other.to_string(): ""}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_made_for_records_that_one_may_write_in_a_module_of_ones_own() {
    let stand = Stand::new().await;
    let (admin, platform, alsalam, bna) =
        (stand.login("admin").await, stand.login("ekiclik").await, stand.login("alsalam").await, stand.login("bna").await);
    let category = id(&admin.create("product.category", json!({"name": "Salons"})).await);
    for module in ["base", "__import__", "hub", "echange_x", "user_1"] {
        for who in [&admin, &platform] {
            refused(&who.create(MODEL, named(module, "x", "product.category", category)).await, 403, &[module]);
        }
    }
    refused(&platform.create(MODEL, named("a.b", "c d", "product.category", category)).await, 422, &["module", "name"]);
    refused(&platform.create(MODEL, named("connector", "x", "no.such", category)).await, 422, &["no.such"]);
    refused(&platform.create(MODEL, named("connector", "x", "ek.audit", 1)).await, 422, &["ek.audit"]);
    refused(&platform.create(MODEL, named("connector", "x", "product.category", 987_654)).await, 404, &[]);
    // Read, and not written
    refused(&alsalam.create(MODEL, named("alsalam", "x", "product.category", category)).await, 403, &["modify"]);

    // The integration user's module is not the hub's, nor the other way round
    id(&platform.create(MODEL, named("connector", "categ", "product.category", category)).await);
    id(&admin.create(MODEL, named("migration", "categ", "product.category", category)).await);
    refused(&admin.create(MODEL, named("connector", "other", "product.category", category)).await, 403, &["connector"]);
    refused(&platform.create(MODEL, named("migration", "other", "product.category", category)).await, 403, &["migration"]);
    let theirs = admin.rows(MODEL, &[("filter", r#"[["module","=","migration"]]"#)]).await[0]["id"].as_i64().unwrap();
    refused(&platform.unlink(MODEL, theirs).await, 403, &[]);
    refused(&platform.write(MODEL, json!([["id", "=", theirs]]), json!({"noupdate": true})).await, 403, &[]);
    assert_eq!(admin.write(MODEL, json!([["id", "=", theirs]]), json!({"noupdate": true})).await.status, 200);
    refused(&admin.write(MODEL, json!([["id", "=", theirs]]), json!({"name": "new"})).await, 422, &["name"]);

    // Two banks may use one module, and learn nothing of each other
    let client = |email: &str| json!({"name": "Amina", "email": email});
    let one = id(&alsalam.create("res.partner", client("amina@example.dz")).await);
    assert_eq!(id(&bna.create("res.partner", client("amina@example.dz")).await), one);
    let own = id(&bna.create("res.partner", client("karim@example.dz")).await);
    id(&alsalam.create(MODEL, named("core", "client_1", "res.partner", one)).await);
    id(&bna.create(MODEL, named("core", "client_1", "res.partner", own)).await);
    id(&bna.create(MODEL, named("core", "client_2", "res.partner", one)).await);
    assert_eq!(found(&alsalam, "core").await, [json!({"complete_name": "core.client_1", "model": "res.partner", "res_id": one})]);
    assert_eq!(found(&bna, "core").await.len(), 2);
    assert_eq!(found(&admin, "core").await.len(), 3);
    let asked = call_kw(&alsalam, "res.partner", "get_external_id", json!([[one, own]]), json!({})).await.unwrap();
    assert_eq!(asked, json!({one.to_string(): "core.client_1", own.to_string(): ""}));
    refused(&alsalam.create(MODEL, named("core", "client_9", "res.partner", own)).await, 404, &[]);
    let metadata = call_kw(&bna, "res.partner", "get_metadata", json!([[one]]), json!({})).await.unwrap();
    assert_eq!((&metadata[0]["xmlid"], &metadata[0]["create_uid"]), (&json!("core.client_2"), &json!(false)), "{metadata}");
    // What everybody's names are, a bank finds where it reads the record
    assert_eq!(found(&alsalam, "migration").await.len(), 1);
}
