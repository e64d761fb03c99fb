//! Products, configurations, categories, brands and characteristics through the door.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use system_tests::{Session, Stand, fresh_database, id, refused};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn configuration(reference: &str) -> Value {
    json!({"name": format!("Configuration {reference}"), "manufacturer_ref": reference})
}

fn product(reference: &str, configurations: Value) -> Value {
    json!({"name": format!("Product {reference}"), "product_ref": reference, "product": configurations})
}

/// An object with more keys.
fn with(mut object: Value, more: Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

async fn one(session: &Session<'_>, model: &str, id: i64, query: &str) -> Value {
    let answer = session.get(&format!("/api/{model}/{id}?query={}", system_tests::encode(query))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn found(session: &Session<'_>, model: &str, filter: Value) -> Vec<i64> {
    let rows = session.rows(model, &[("filter", &filter.to_string()), ("query", "{id}"), ("order", "id")]).await;
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// Everything that the catalogue keeps, as one number: it does not change where nothing is stored.
async fn stored(stand: &Stand) -> (i64, i64, i64) {
    let rows = stand
        .count(
            "SELECT (SELECT count(*) FROM catalog.product_master) + (SELECT count(*) FROM catalog.product_template) + (SELECT count(*) FROM catalog.product_brand) \
             + (SELECT count(*) FROM catalog.product_category) + (SELECT count(*) FROM catalog.product_attribute) + (SELECT count(*) FROM catalog.product_attribute_value) AS n",
        )
        .await;
    (rows, stand.count("SELECT count(*) AS n FROM catalog.event").await, stand.count("SELECT count(*) AS n FROM catalog.audit").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_with_configurations_answers_the_id_of_the_last_one_in_the_list() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let sent = product("P-1", json!([configuration("B"), configuration("C"), configuration("A")]));
    let last = id(&platform.create("product.template", sent).await);
    let configuration =
        one(&platform, "product.template", last, "{manufacturer_ref, create_by, master_product{ref, name, product_ids{manufacturer_ref}}}")
            .await;
    assert_eq!(configuration["manufacturer_ref"], "A");
    assert_eq!(configuration["create_by"], "ekiclik");
    assert_eq!(configuration["master_product"]["ref"], "P-1");
    assert_eq!(configuration["master_product"]["product_ids"].as_array().unwrap().len(), 3);
    // The next request adds to what is there, and answers by its own list
    let again = id(&platform
        .create("product.template", product("P-1", json!([{"name": "a", "manufacturer_ref": "A"}, {"name": "b", "manufacturer_ref": "B"}])))
        .await);
    assert_eq!(one(&platform, "product.template", again, "{manufacturer_ref}").await["manufacturer_ref"], "B");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_without_configurations_answers_its_own_id() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (reference, sent) in [("P-1", product("P-1", json!([]))), ("P-2", json!({"name": "Product P-2", "product_ref": "P-2"}))] {
        let product = id(&platform.create("product.template", sent).await);
        assert_eq!(one(&platform, "product.master", product, "{ref, product_ids}").await, json!({"ref": reference, "product_ids": []}));
    }
    let product = id(&platform.create("product.master", json!({"name": "Alone", "ref": "P-3"})).await);
    assert_eq!(found(&platform, "product.master", json!([["ref", "=", "P-3"]])).await, [product]);
}

#[tokio::test(flavor = "multi_thread")]
async fn brand_category_attribute_and_value_are_found_by_name_without_case_and_accents_else_made_once() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let named = |reference: &str, brand: &str, category: &str, attribute: &str, values: [&str; 2]| {
        let attributes = json!([{"attribute_id": attribute, "value_id": values[0]}, {"attribute_id": attribute, "value_id": values[1]}]);
        with(
            product(reference, json!([with(configuration(reference), json!({"attribute": attributes}))])),
            json!({"brand": brand, "categ_id": category}),
        )
    };
    let query = "{attribute_value_ids{id, name, attribute_id{id, name}}, brand{id, name, create_by}, categ_id{id, name}}";
    let first = id(&platform.create("product.template", named("A", "Électro Plus", "Catégorie Neuve", "Matière", ["Écru", "Forêt"])).await);
    let first = one(&platform, "product.template", first, query).await;
    assert_eq!((&first["brand"]["name"], &first["categ_id"]["name"]), (&json!("Électro Plus"), &json!("Catégorie Neuve")));
    assert_eq!(first["brand"]["create_by"], "ekiclik");
    assert_eq!(first["attribute_value_ids"].as_array().unwrap().len(), 2);
    for (reference, brand, category, attribute, values) in [
        ("B", "ELECTRO PLUS", "  categorie neuve ", "MATIERE", ["ecru", "FORET"]),
        ("C", "électro plus", "CATÉGORIE NEUVE", "matière", ["ECRU", "forêt"]),
        ("D", "Electro plus", "Categorie neuve", " Matiere ", [" écru", "Foret "]),
    ] {
        let next = id(&platform.create("product.template", named(reference, brand, category, attribute, values)).await);
        assert_eq!(one(&platform, "product.template", next, query).await, first, "{reference}");
    }
    // The same name twice in one body, spelled in two ways, is one record too
    let twice = json!([{"attribute_id": "Taille", "value_id": "Très grand"}, {"attribute_id": "TAILLE", "value_id": "tres GRAND"}]);
    let sent = product("E", json!([with(configuration("E1"), json!({"attribute": twice}))]));
    let last = id(&platform.create("product.template", sent).await);
    assert_eq!(one(&platform, "product.template", last, "{attribute_value_ids}").await["attribute_value_ids"].as_array().unwrap().len(), 1);
    // A PUT names them in the same way
    let answer =
        platform.write("product.master", json!([["ref", "=", "E"]]), json!({"brand": "electro plus", "categ_id": "categorie neuve"})).await;
    assert_eq!(answer.result(), true);
    let product = one(&platform, "product.template", last, "{brand{id, name, create_by}, categ_id{id, name}}").await;
    assert_eq!((&product["brand"], &product["categ_id"]), (&first["brand"], &first["categ_id"]));
    for (table, what) in [
        ("product_brand", "electro plus"),
        ("product_category", "categorie neuve"),
        ("product_attribute", "matiere"),
        ("product_attribute_value", "ecru"),
    ] {
        assert_eq!(
            stand.count(&format!("SELECT count(*) AS n FROM catalog.{table} WHERE catalog.norm(name) = '{what}'")).await,
            1,
            "{table}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_posts_with_the_same_new_brand_make_one_brand() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let posts = (0..100).map(|n| {
        let attribute = json!([{"attribute_id": "Neuf", "value_id": "Seul"}]);
        let sent = product(&format!("P-{n}"), json!([with(configuration(&format!("C-{n}")), json!({"attribute": attribute}))]));
        platform
            .create("product.template", with(sent, json!({"brand": if n % 2 == 0 { "Nouvelle" } else { "NOUVELLE" }, "categ_id": "Rayon"})))
    });
    let ids: std::collections::BTreeSet<i64> = join_all(posts).await.iter().map(id).collect();
    assert_eq!(ids.len(), 100);
    for (table, name) in
        [("product_brand", "nouvelle"), ("product_category", "rayon"), ("product_attribute", "neuf"), ("product_attribute_value", "seul")]
    {
        assert_eq!(
            stand.count(&format!("SELECT count(*) AS n FROM catalog.{table} WHERE catalog.norm(name) = '{name}'")).await,
            1,
            "{table}"
        );
        let events = format!(
            "SELECT count(*) AS n FROM catalog.event e JOIN catalog.{table} t ON t.id = e.record_id AND e.model = replace('{table}', '_', '.') WHERE catalog.norm(t.name) = '{name}'"
        );
        assert_eq!(stand.count(&events).await, 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_copies_of_one_request_make_one_record() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let sent = with(product("P-1", json!([configuration("A"), configuration("B")])), json!({"brand": "Nouvelle"}));
    let answers = join_all((0..100).map(|_| platform.create("product.template", sent.clone()))).await;
    let ids: std::collections::BTreeSet<i64> = answers.iter().map(id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(found(&platform, "product.template", json!([["master_product.ref", "=", "P-1"]])).await.len(), 2);
    let of_these = "SELECT count(*) AS n FROM catalog.event WHERE payload->>'ref' = 'P-1' OR payload->>'manufacturer_ref' IN ('A', 'B')";
    assert_eq!(stand.count(of_these).await, 3, "one event a record");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_post_twice_answers_the_same_id_and_changes_nothing() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let sent = with(
        product(
            "P-1",
            json!([with(configuration("A"), json!({"list_price": 10, "attribute": [{"attribute_id": "Couleur", "value_id": "Mauve"}]}))]),
        ),
        json!({"brand": "Nouvelle"}),
    );
    let first = id(&platform.create("product.template", with(sent.clone(), json!({"create_by": "ekiclic"}))).await);
    let before = stored(&stand).await;
    for create_by in ["ekiclic", "EKICLIK", "ek"] {
        assert_eq!(id(&platform.create("product.template", with(sent.clone(), json!({"create_by": create_by}))).await), first);
    }
    assert_eq!(stored(&stand).await, before);
    assert_eq!(one(&platform, "product.template", first, "{version}").await["version"], 1);
    let alone = json!({"name": "Alone", "product_ref": "P-2", "product": []});
    let first = id(&platform.create("product.template", alone.clone()).await);
    assert_eq!(id(&platform.create("product.template", alone).await), first);
    let alone = json!({"name": "Alone", "ref": "P-3"});
    let first = id(&platform.create("product.master", alone.clone()).await);
    assert_eq!(id(&platform.create("product.master", alone).await), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_changes_the_product_and_the_named_configurations_and_keeps_what_it_does_not_name() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let full = |reference: &str| {
        with(
            configuration(reference),
            json!({"description": "kept", "list_price": 10, "standard_price": 5, "default_code": "D", "attribute": [{"attribute_id": "Couleur", "value_id": "Mauve"}]}),
        )
    };
    let sent =
        with(product("P-1", json!([full("A"), full("B")])), json!({"brand": "Nouvelle", "description": "kept", "fab_name": "Usine"}));
    let second = id(&platform.create("product.template", sent).await);
    let first = found(&platform, "product.template", json!([["manufacturer_ref", "=", "A"]])).await[0];
    let query = "{name, description, list_price, standard_price, default_code, attribute_value_ids{name}, version, active}";
    let untouched = one(&platform, "product.template", second, query).await;
    let sent = json!({"name": "Renamed", "product_ref": "P-1", "product": [{"name": "Changed", "manufacturer_ref": "A", "list_price": 12.5}, configuration("C")]});
    let third = id(&platform.create("product.template", sent).await);
    assert_eq!(one(&platform, "product.template", third, "{manufacturer_ref}").await["manufacturer_ref"], "C");
    assert_eq!(
        one(&platform, "product.template", first, query).await,
        json!({"name": "Changed", "description": "kept", "list_price": 12.5, "standard_price": 5.0, "default_code": "D", "attribute_value_ids": [{"name": "Mauve"}], "version": 2, "active": true})
    );
    assert_eq!(one(&platform, "product.template", second, query).await, untouched);
    let product =
        one(&platform, "product.template", first, "{master_product{name, description, fab_name, brand{name}, product_ids}}").await;
    assert_eq!(product["master_product"]["name"], "Renamed");
    assert_eq!((&product["master_product"]["description"], &product["master_product"]["fab_name"]), (&json!("kept"), &json!("Usine")));
    assert_eq!(product["master_product"]["brand"]["name"], "Nouvelle");
    assert_eq!(product["master_product"]["product_ids"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_put_the_same_post_changes_nothing() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let sent = product("P-1", json!([configuration("A"), configuration("B")]));
    let last = id(&platform.create("product.template", sent.clone()).await);
    assert_eq!(
        platform
            .write("product.template", json!([["manufacturer_ref", "=", "B"]]), json!({"name": "By PUT", "list_price": 7}))
            .await
            .result(),
        true
    );
    assert_eq!(platform.write("product.master", json!([["ref", "=", "P-1"]]), json!({"name": "Product by PUT"})).await.result(), true);
    let before = stored(&stand).await;
    assert_eq!(id(&platform.create("product.template", sent).await), last);
    assert_eq!(stored(&stand).await, before);
    let now = one(&platform, "product.template", last, "{name, list_price, master_product{name}}").await;
    assert_eq!(now, json!({"name": "By PUT", "list_price": 7.0, "master_product": {"name": "Product by PUT"}}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manufacturer_ref_twice_in_one_body_is_refused_by_name() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let sent = product(
        "P-1",
        json!([
            configuration("Twice-1"),
            configuration("Once"),
            configuration("  Twice-1 "),
            configuration("Twice-2"),
            configuration("Twice-2")
        ]),
    );
    let answer = platform.create("product.template", sent).await;
    refused(&answer, 422, &["Twice-1", "Twice-2"]);
    assert!(!answer.error().contains("Once"), "{}", answer.error());
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manufacturer_ref_of_another_product_is_refused_by_name_and_nothing_is_stored() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let first = id(&platform.create("product.template", product("P-1", json!([configuration("Taken-1"), configuration("Taken-2")]))).await);
    let before = stored(&stand).await;
    let sent = with(
        product("P-2", json!([configuration("Free"), configuration("Taken-1"), configuration("Taken-2")])),
        json!({"brand": "Never made"}),
    );
    refused(&platform.create("product.template", sent).await, 409, &["Taken-1", "Taken-2"]);
    assert_eq!(stored(&stand).await, before);
    let other = id(&platform.create("product.template", product("P-3", json!([]))).await);
    refused(&platform.create("product.product", with(configuration("Taken-1"), json!({"master_product": other}))).await, 409, &["Taken-1"]);
    // An archived one still belongs to its product
    assert_eq!(platform.write("product.template", json!([["id", "=", first]]), json!({"active": false})).await.result(), true);
    refused(&platform.create("product.template", product("P-2", json!([configuration("Taken-2")]))).await, 409, &["Taken-2"]);
    // A PUT can't take it either
    let answer =
        platform.write("product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), json!({"manufacturer_ref": "Taken-1"})).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_products_racing_for_one_manufacturer_ref_are_one_that_has_it_and_one_that_is_refused() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for round in 0..10 {
        let reference = format!("Raced-{round}");
        let send =
            |side: &str| platform.create("product.template", product(&format!("P-{round}-{side}"), json!([configuration(&reference)])));
        let (left, right) = futures_util::join!(send("left"), send("right"));
        let mut statuses = [left.status, right.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", left.text, right.text);
        assert_eq!(found(&platform, "product.template", json!([["manufacturer_ref", "=", reference]])).await.len(), 1);
        assert_eq!(
            found(&platform, "product.master", json!([["ref", "=like", format!("P-{round}-%")]])).await.len(),
            1,
            "the refused one left a product"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_reference_that_is_sent_again_is_active_again() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let sent = product("P-1", json!([configuration("A"), configuration("B")]));
    let last = id(&platform.create("product.template", sent.clone()).await);
    let archive = async |model: &str, field: &str, key: &str| {
        assert_eq!(platform.write(model, json!([[field, "=", key]]), json!({"active": false})).await.result(), true)
    };
    let active = async |model: &str, field: &str, key: &str| !found(&platform, model, json!([[field, "=", key]])).await.is_empty();

    archive("product.template", "manufacturer_ref", "B").await;
    assert!(!active("product.template", "manufacturer_ref", "B").await);
    assert_eq!(id(&platform.create("product.template", sent.clone()).await), last, "the very same request");
    assert!(active("product.template", "manufacturer_ref", "B").await);

    archive("product.template", "manufacturer_ref", "A").await;
    let other = product("P-1", json!([with(configuration("A"), json!({"list_price": 3}))]));
    id(&platform.create("product.template", other).await);
    assert!(active("product.template", "manufacturer_ref", "A").await);

    archive("product.master", "ref", "P-1").await;
    id(&platform.create("product.template", sent.clone()).await);
    assert!(active("product.master", "ref", "P-1").await);
    archive("product.master", "ref", "P-1").await;
    id(&platform.create("product.template", sent).await);
    assert!(active("product.master", "ref", "P-1").await, "the very same request");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_same_request_activates_every_archived_reference_that_it_names_not_only_its_last() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let sent = product("P-1", json!([configuration("A"), configuration("B")]));
    let last = id(&platform.create("product.template", sent.clone()).await);
    platform.write("product.template", json!([["manufacturer_ref", "=", "A"]]), json!({"active": false})).await.result();
    assert_eq!(id(&platform.create("product.template", sent).await), last);
    assert_eq!(found(&platform, "product.template", json!([["manufacturer_ref", "in", ["A", "B"]]])).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_told_in_one_answer_and_nothing_is_stored() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let sent = json!({"nmae": "x", "brand": "Never made", "categ_id": 987654321, "fab_name": ["x"], "product": [
        {"name": "no reference", "list_price": -1, "purchase_ok": "perhaps"},
        {"manufacturer_ref": "A", "name": "A", "standard_price": "abc", "detailed_type": "thing", "attribute": [{"attribute_id": "Neuf"}]},
        "text",
        {"manufacturer_ref": "A", "name": "A", "list_prise": 1},
    ]});
    let answer = platform.create("product.template", sent).await;
    let words = [
        "'nmae'",
        "'name'",
        "product.master is required",
        "987654321",
        "fab_name",
        "product[0]",
        "list_price",
        "-1",
        "purchase_ok",
        "perhaps",
        "manufacturer_ref",
        "product[1]",
        "standard_price",
        "abc",
        "detailed_type",
        "thing",
        "product, consu, service",
        "value_id",
        "product[2]",
        "product[3]",
        "'list_prise'",
        "'list_price'",
        "'A' stands twice",
    ];
    refused(&answer, 422, &words);
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_reference_to_another_services_record_is_told_with_everything_else() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let sent = with(
        product("P-1", json!([with(configuration("A"), json!({"company_id": 987654321, "list_price": "abc"}))])),
        json!({"nmae": 1, "categ_id": 123456789}),
    );
    refused(&platform.create("product.template", sent).await, 422, &["987654321", "abc", "nmae", "123456789"]);
    let answer = platform
        .write("product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), json!({"company_id": 987654321, "list_price": -1}))
        .await;
    refused(&answer, 422, &["987654321", "list_price"]);
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_characteristic_that_is_not_named_is_told() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let of =
        json!([{"attribute_id": true, "value_id": "Rouge"}, {"attribute_id": "Couleur", "value_id": " "}, {"attribute_id": "Couleur"}]);
    let sent = product("NO-ATTRIBUTE", json!([with(configuration("NO-ATTRIBUTE-A"), json!({"attribute": of}))]));
    let answer = platform.create("product.template", sent).await;
    refused(&answer, 422, &["must be names"]);
    assert_eq!(answer.error().matches("must be names").count(), 3);
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_nothing_behind_not_even_a_brand() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let new = json!({"brand": "Never made", "categ_id": "Never made"});
    let attribute = json!([{"attribute_id": "Never made", "value_id": "Never made"}]);
    for wrong in [
        json!({"list_price": -1}),
        json!({"unknown": 1}),
        json!({"manufacturer_ref": "IRIS-TV55-N"}),
        json!({"name": ""}),
        json!({"attribute": [{"attribute_id": "Never made", "value_id": true}]}),
    ] {
        let sent =
            with(product("P-1", json!([with(with(configuration("A"), json!({"attribute": attribute})), wrong.clone())])), new.clone());
        let answer = platform.create("product.template", sent).await;
        assert!(matches!(answer.status, 409 | 422), "{wrong}: {} {}", answer.status, answer.text);
        assert_eq!(stored(&stand).await, before, "{wrong}");
    }
    let answer = platform.write("product.master", json!([["ref", "=", "IRIS-TV55"]]), json!({"brand": "Never made", "name": ""})).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(stored(&stand).await, before);
    // A user of a bank reads: 403 comes before anything else is looked at
    let bank = stand.login("bna").await;
    let answer = bank.create("product.template", json!({"nmae": 1})).await;
    assert_eq!((answer.status, answer.error_name().as_str()), (403, "odoo.exceptions.AccessError"));
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_named_with_the_nearest_known_one() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let answer = platform.create("product.template", with(product("P-1", json!([])), json!({"fab_nam": "x"}))).await;
    refused(&answer, 422, &["Invalid field 'fab_nam' on model 'product.master'", "'fab_name'"]);
    assert!(answer.error_name().ends_with("ValueError"), "{}", answer.error_name());
    let answer = platform.create("product.template", product("P-1", json!([with(configuration("A"), json!({"listprice": 1}))]))).await;
    refused(&answer, 422, &["'listprice'", "'list_price'"]);
    for (model, field, near) in [
        ("product.template", "manufacturer_reff", "manufacturer_ref"),
        ("product.product", "manufacturer_reff", "manufacturer_ref"),
        ("product.master", "brnad", "brand"),
        ("product.category", "nam", "name"),
        ("product.brand", "nmae", "name"),
    ] {
        let answer = platform.write(model, json!([["id", ">", 0]]), json!({field: "x"})).await;
        refused(&answer, 422, &[&format!("Invalid field '{field}' on model"), &format!("'{near}'")]);
    }
    // What only the hub sets is no unknown field, and can't be written either
    for field in ["version", "selling_price"] {
        let answer = platform.write("product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), json!({field: 7})).await;
        refused(&answer, 422, &[field]);
    }
    // What every record is read with is left out, as Odoo does
    for field in ["id", "create_uid", "create_date", "display_name"] {
        let answer = platform.write("product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]]), json!({field: 7})).await;
        assert_eq!(answer.result(), true, "{field}");
    }
    let answer = platform.write("product.master", json!([["ref", "=", "IRIS-TV55"]]), json!({"post_hash": "x"})).await;
    refused(&answer, 422, &["Invalid field 'post_hash'"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_have_their_margins_and_round_half_up() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    // 166.665 and 250.005 are halves that rounding to even would take down
    for (at, (cost, list, central, selling)) in [
        (150.0, 0.0, 166.67, 250.01),
        (50.0, 0.0, 55.56, 83.34),
        (50_000.0, 80_000.0, 55_555.0, 80_000.0),
        (0.0, 0.0, 0.0, 0.0),
        (0.01, 0.0, 0.01, 0.02),
        (62_000.37, 0.0, 68_888.61, 103_332.92),
        (100.0, 0.01, 111.11, 0.01),
    ]
    .into_iter()
    .enumerate()
    {
        let sent = product(
            &format!("P-{at}"),
            json!([with(configuration(&format!("C-{at}")), json!({"standard_price": cost, "list_price": list}))]),
        );
        let made = id(&platform.create("product.template", sent).await);
        let prices = json!({"central_price": central, "selling_price": selling, "standard_price": cost, "list_price": list});
        assert_eq!(one(&platform, "product.template", made, "{central_price, selling_price, standard_price, list_price}").await, prices);
        assert_eq!(one(&platform, "product.product", made, "{central_price, selling_price, standard_price, list_price}").await, prices);
        assert_eq!(
            found(&platform, "product.template", json!([["manufacturer_ref", "=", format!("C-{at}")], ["selling_price", "=", selling]]))
                .await,
            [made]
        );
    }
    let ordered = platform.rows("product.template", &[("order", "selling_price desc, id"), ("query", "{selling_price}")]).await;
    let prices: Vec<f64> = ordered.iter().map(|row| row["selling_price"].as_f64().unwrap()).collect();
    assert!(prices.is_sorted_by(|a, b| a >= b), "{prices:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn furniture_has_its_margin_by_its_category_or_one_of_two_above_and_not_by_a_third() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let mut parent = Value::Null;
    let mut line = Vec::new();
    for name in ["Les MÉUBLES d'Alger", "Child", "Grandchild", "Great-grandchild"] {
        let made = id(&platform.create("product.category", json!({"name": name, "parent_id": parent})).await);
        parent = json!(made);
        line.push(made);
    }
    for (at, (category, selling)) in line.iter().zip([266.67, 266.67, 266.67, 250.01]).enumerate() {
        let sent = product(&format!("P-{at}"), json!([with(configuration(&format!("C-{at}")), json!({"standard_price": 150}))]));
        let made = id(&platform.create("product.template", with(sent, json!({"categ_id": category}))).await);
        assert_eq!(one(&platform, "product.template", made, "{selling_price}").await["selling_price"], selling, "level {at}");
    }
    // By its name alone; a list price counts first; and a move in the tree moves the price
    let sent = product(
        "N",
        json!([
            with(configuration("N1"), json!({"standard_price": 150})),
            with(configuration("N2"), json!({"standard_price": 150, "list_price": 9}))
        ]),
    );
    let last = id(&platform.create("product.template", with(sent, json!({"categ_id": "Petits meubles"}))).await);
    assert_eq!(one(&platform, "product.template", last, "{selling_price}").await["selling_price"], 9.0);
    let first = found(&platform, "product.template", json!([["manufacturer_ref", "=", "N1"]])).await[0];
    assert_eq!(one(&platform, "product.template", first, "{selling_price}").await["selling_price"], 266.67);
    platform.write("product.master", json!([["ref", "=", "N"]]), json!({"categ_id": "Lampes"})).await.result();
    assert_eq!(one(&platform, "product.template", first, "{selling_price}").await["selling_price"], 250.01);
    platform.write("product.category", json!([["name", "=", "Great-grandchild"]]), json!({"parent_id": line[1]})).await.result();
    let moved = found(&platform, "product.template", json!([["manufacturer_ref", "=", "C-3"]])).await[0];
    assert_eq!(one(&platform, "product.template", moved, "{selling_price}").await["selling_price"], 266.67);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_margins_are_settings() {
    let stand = Stand::with(&[("CENTRAL_MARGIN", "2"), ("SELLING_MARGIN", "3"), ("FURNITURE_MARGIN", "4")]).await;
    let platform = stand.login("ekiclik").await;
    for (category, selling) in [("Lampes", 60.0), ("Meubles", 80.0)] {
        let sent =
            with(product(category, json!([with(configuration(category), json!({"standard_price": 10}))])), json!({"categ_id": category}));
        let made = id(&platform.create("product.template", sent).await);
        assert_eq!(
            one(&platform, "product.template", made, "{central_price, selling_price}").await,
            json!({"central_price": 20.0, "selling_price": selling})
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_is_none_is_refused_by_name_and_value() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let mut taken = Vec::new();
    for field in ["list_price", "standard_price"] {
        for price in [
            "-1",
            "-0.01",
            "-0.001",
            "1e300",
            "\"abc\"",
            "\"NaN\"",
            "\"Infinity\"",
            "[]",
            "{}",
            "true",
            "100000000000000",
            "\"-5\"",
            "\"1__0\"",
            "9223372036854775808000",
        ] {
            let data = format!(
                r#"{{"name": "P", "product_ref": "P", "product": [{{"name": "A", "manufacturer_ref": "A", "{field}": {price}}}]}}"#
            );
            let answer = platform.send("POST", "/api/product.template/", &[], &format!(r#"{{"params": {{"data": {data}}}}}"#)).await;
            if answer.status != 422 || !answer.error().contains(field) {
                taken.push(format!("POST {field} {price}: {} {}", answer.status, answer.text));
            }
            let body = format!(r#"{{"params": {{"filter": [["manufacturer_ref", "=", "IRIS-TV55-N"]], "data": {{"{field}": {price}}}}}}}"#);
            let answer = platform.send("PUT", "/api/product.template/", &[], &body).await;
            if answer.status != 422 {
                taken.push(format!("PUT {field} {price}: {} {}", answer.status, answer.text));
            }
        }
        for price in ["1e400", "NaN", "-Infinity", "01", ".5"] {
            let body = format!(r#"{{"params": {{"filter": [["manufacturer_ref", "=", "IRIS-TV55-N"]], "data": {{"{field}": {price}}}}}}}"#);
            let answer = platform.send("PUT", "/api/product.template/", &[], &body).await;
            assert_eq!(answer.status, 400, "{price}: {}", answer.text);
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    assert_eq!(stored(&stand).await, before);
    for (price, stored) in [
        ("\"12.50\"", 12.5),
        ("99999999999999.99", 99_999_999_999_999.99),
        ("1e3", 1000.0),
        ("0.005", 0.01),
        ("null", 0.0),
        ("\"\"", 0.0),
        ("1.005", 1.01),
    ] {
        let body = format!(r#"{{"params": {{"filter": [["manufacturer_ref", "=", "IRIS-TV55-N"]], "data": {{"list_price": {price}}}}}}}"#);
        assert_eq!(platform.send("PUT", "/api/product.template/", &[], &body).await.result(), true);
        let row = platform
            .rows("product.template", &[("filter", r#"[["manufacturer_ref","=","IRIS-TV55-N"]]"#), ("query", "{list_price}")])
            .await;
        assert_eq!(row[0]["list_price"].as_f64(), Some(stored), "{price}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn product_ref_is_another_name_of_ref_in_data_and_filters() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let made = id(&platform.create("product.master", json!({"name": "P", "product_ref": "P-1"})).await);
    assert_eq!(one(&platform, "product.master", made, "{ref, product_ref}").await, json!({"ref": "P-1", "product_ref": "P-1"}));
    assert_eq!(found(&platform, "product.master", json!([["product_ref", "=", "P-1"]])).await, [made]);
    assert_eq!(found(&platform, "product.master", json!([["product_ref", "in", ["P-1", "IRIS-TV55"]]])).await.len(), 2);
    assert_eq!(found(&platform, "product.template", json!([["master_product.product_ref", "=", "IRIS-TV55"]])).await.len(), 2);
    let answer =
        platform.write("product.master", json!([["product_ref", "=", "P-1"]]), json!({"product_ref": "P-2", "name": "Renamed"})).await;
    assert_eq!((answer.result(), answer.headers["x-records-matched"].as_str()), (json!(true), "1"));
    assert_eq!(one(&platform, "product.master", made, "{ref, name}").await, json!({"ref": "P-2", "name": "Renamed"}));
    // The seed sends the same one in filter and data
    assert_eq!(
        platform.write("product.master", json!([["ref", "=", "P-2"]]), json!({"product_ref": "P-2", "ref": "P-2"})).await.result(),
        true
    );
    let answer = platform.write("product.master", json!([["ref", "=", "P-2"]]), json!({"product_ref": "P-3", "ref": "P-4"})).await;
    refused(&answer, 422, &["product_ref"]);
    refused(&platform.write("product.master", json!([["ref", "=", "P-2"]]), json!({"product_ref": ""})).await, 422, &["ref"]);
    refused(&platform.write("product.master", json!([["ref", "=", "P-2"]]), json!({"product_ref": "IRIS-TV55"})).await, 409, &["ref"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn product_product_is_the_configuration_with_the_same_id() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let master = id(&platform.create("product.template", product("P-1", json!([]))).await);
    let variant = id(&platform
        .create(
            "product.product",
            with(
                configuration("A"),
                json!({"master_product": master, "list_price": 5, "attribute": [{"attribute_id": "Couleur", "value_id": "Mauve"}]}),
            ),
        )
        .await);
    assert_eq!(
        one(
            &platform,
            "product.template",
            variant,
            "{id, manufacturer_ref, product_variant_id, attribute_value_ids{name}, master_product}"
        )
        .await,
        json!({"id": variant, "manufacturer_ref": "A", "product_variant_id": variant, "attribute_value_ids": [{"name": "Mauve"}], "master_product": master})
    );
    assert_eq!(
        one(&platform, "product.product", variant, "{id, product_tmpl_id{manufacturer_ref}}").await,
        json!({"id": variant, "product_tmpl_id": {"manufacturer_ref": "A"}})
    );
    assert_eq!(
        platform.write("product.product", json!([["manufacturer_ref", "=", "A"]]), json!({"name": "By the variant"})).await.result(),
        true
    );
    assert_eq!(one(&platform, "product.template", variant, "{name}").await["name"], "By the variant");
    assert_eq!(
        stand.count("SELECT count(*) AS n FROM catalog.event WHERE model = 'product.product'").await,
        0,
        "events know the record by one name"
    );
    let all = |rows: &[Value]| rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(
        all(&platform.rows("product.product", &[("query", "{id}")]).await),
        all(&platform.rows("product.template", &[("query", "{id}")]).await)
    );
    assert_eq!(platform.unlink("product.product", variant).await.status, 200);
    assert_eq!(platform.get(&format!("/api/product.template/{variant}")).await.status, 404);
    refused(&platform.create("product.product", configuration("B")).await, 422, &["master_product"]);
    refused(&platform.create("product.product", with(configuration("B"), json!({"master_product": 987654321}))).await, 422, &["987654321"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_categories_is_refused_however_its_parent_is_written() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let top = id(&platform.create("product.category", json!({"name": "Top"})).await);
    let middle = id(&platform.create("product.category", json!({"name": "Middle", "parent_id": top})).await);
    let bottom = id(&platform.create("product.category", json!({"name": "Bottom", "parent_id": middle})).await);
    // A number, and what is read as one
    for written in [|id: i64| json!(id), |id: i64| json!(id.to_string()), |id: i64| json!(f64::from(i32::try_from(id).unwrap()))] {
        for (category, written) in
            [(top, top), (top, middle), (top, bottom), (middle, bottom)].map(|(category, parent)| (category, written(parent)))
        {
            let answer = platform.write("product.category", json!([["id", "=", category]]), json!({"parent_id": written})).await;
            assert_eq!(answer.status, 422, "{category} below {written}: {}", answer.text);
        }
    }
    assert_eq!(
        one(&platform, "product.category", bottom, "{display_name, parent_id{parent_id{parent_id}}}").await,
        json!({"display_name": "Top / Middle / Bottom", "parent_id": {"parent_id": {"parent_id": false}}})
    );
    refused(&platform.create("product.category", json!({"name": "X", "parent_id": 987654321})).await, 422, &["987654321"]);
    assert_eq!(platform.create("product.category", json!({"name": "BOTTOM", "parent_id": middle})).await.status, 409);
    // A move that is none stays possible
    assert_eq!(platform.write("product.category", json!([["id", "=", bottom]]), json!({"parent_id": top})).await.result(), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_that_would_close_a_circle_together_are_not_both_made() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for round in 0..10 {
        let left = id(&platform.create("product.category", json!({"name": format!("Left {round}")})).await);
        let right = id(&platform.create("product.category", json!({"name": format!("Right {round}")})).await);
        let below =
            |category: i64, parent: i64| platform.write("product.category", json!([["id", "=", category]]), json!({"parent_id": parent}));
        let (one, two) = futures_util::join!(below(left, right), below(right, left));
        assert!(one.status == 200 || two.status == 200, "{} {}", one.text, two.text);
        assert!(one.status < 500 && two.status < 500, "{} {}", one.text, two.text);
        let circle = format!(
            "SELECT count(*) AS n FROM catalog.product_category a JOIN catalog.product_category b ON a.parent_id = b.id AND b.parent_id = a.id WHERE a.id = {left}"
        );
        assert_eq!(stand.count(&circle).await, 0, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_refer_to_is_not_removed_and_the_refusal_names_them() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let sent = with(
        product("P-1", json!([with(configuration("A"), json!({"attribute": [{"attribute_id": "Neuf", "value_id": "Seul"}]}))])),
        json!({"brand": "Nouvelle", "categ_id": "Rayon"}),
    );
    let configuration = id(&platform.create("product.template", sent.clone()).await);
    let ids =
        one(&platform, "product.template", configuration, "{master_product, brand, categ_id, attribute_value_ids{id, attribute_id}}").await;
    let number = |value: &Value| value.as_i64().unwrap();
    let (product, brand, category) = (number(&ids["master_product"]), number(&ids["brand"]), number(&ids["categ_id"]));
    let (value, attribute) = (number(&ids["attribute_value_ids"][0]["id"]), number(&ids["attribute_value_ids"][0]["attribute_id"]));
    let child = id(&platform.create("product.category", json!({"name": "Below", "parent_id": category})).await);
    let before = stored(&stand).await;
    for (model, record, referring) in [
        ("product.master", product, "product.template"),
        ("product.brand", brand, "product.master"),
        ("product.category", category, "product.category"),
        ("product.attribute.value", value, "product.template"),
        ("product.attribute", attribute, "product.attribute.value"),
    ] {
        refused(&platform.unlink(model, record).await, 409, &[referring]);
        assert_eq!(platform.get(&format!("/api/{model}/{record}")).await.status, 200);
    }
    assert_eq!(stored(&stand).await, before);
    // An archived configuration refers too
    platform.write("product.template", json!([["id", "=", configuration]]), json!({"active": false})).await.result();
    refused(&platform.unlink("product.master", product).await, 409, &["product.template"]);
    for (model, record) in [
        ("product.template", configuration),
        ("product.master", product),
        ("product.brand", brand),
        ("product.category", child),
        ("product.category", category),
        ("product.attribute.value", value),
        ("product.attribute", attribute),
    ] {
        let answer = platform.unlink(model, record).await;
        assert_eq!((answer.status, &answer.json()["result"]), (200, &json!(true)), "{model}: {}", answer.text);
        assert_eq!(platform.get(&format!("/api/{model}/{record}")).await.status, 404);
        assert_eq!(platform.unlink(model, record).await.status, 404, "{model} again");
        assert_eq!(
            stand
                .count(&format!(
                    "SELECT count(*) AS n FROM catalog.event WHERE model = '{model}' AND record_id = {record} AND kind = 'deleted'"
                ))
                .await,
            1
        );
        assert!(found(&platform, model, json!([["id", "=", record]])).await.is_empty());
    }
    // The keys are free again: the same request makes new records
    let again = id(&platform.create("product.template", sent).await);
    assert_ne!(again, configuration);
    let ids = one(&platform, "product.template", again, "{master_product, brand, categ_id}").await;
    assert!(number(&ids["master_product"]) > product && number(&ids["brand"]) > brand && number(&ids["categ_id"]) > category);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_or_a_change_without_a_filter_is_refused() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    for filter in ["", "?filter=", "?filter=[]"] {
        let answer = platform.send("DELETE", &format!("/api/product.brand/{filter}"), &[], "").await;
        refused(&answer, 422, &["filter"]);
    }
    for body in [
        r#"{"params": {"data": {"name": "x"}}}"#,
        r#"{"params": {"filter": [], "data": {"name": "x"}}}"#,
        r#"{"params": {"filter": null, "data": {"name": "x"}}}"#,
    ] {
        refused(&platform.send("PUT", "/api/product.brand/", &[], body).await, 422, &["filter"]);
    }
    let none = platform.send("DELETE", r#"/api/product.brand/?filter=[["name","=","no%20such"]]"#, &[], "").await;
    assert_eq!(
        (none.status, none.headers["x-records-matched"].as_str(), &none.json()["result"]),
        (200, "0", &json!(true)),
        "{}",
        none.text
    );
    let none = platform.write("product.brand", json!([["name", "=", "no such"]]), json!({"name": "x"})).await;
    assert_eq!((none.result(), none.headers["x-records-matched"].as_str()), (json!(true), "0"));
    assert_eq!(stored(&stand).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_thousand_matches_are_changed_only_in_bulk() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    stand.count("WITH made AS (INSERT INTO catalog.product_brand (name) SELECT 'Bulk ' || n FROM generate_series(1, 1001) n RETURNING 1) SELECT count(*) AS n FROM made").await;
    let put = |context: Value| {
        json!({"params": {"filter": [["name", "=like", "Bulk %"]], "data": {"reference": "all"}, "context": context}}).to_string()
    };
    refused(&platform.send("PUT", "/api/product.brand/", &[], &put(json!({}))).await, 422, &["1000", "bulk"]);
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_brand WHERE reference = 'all'").await, 0);
    let answer = platform.send("PUT", "/api/product.brand/", &[], &put(json!({"bulk": true}))).await;
    assert_eq!((answer.result(), answer.headers["x-records-matched"].as_str()), (json!(true), "1001"));
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.event WHERE model = 'product.brand' AND kind = 'updated'").await, 1001);
}

async fn a_company_that_products_name_is_not_removed(stand: &Stand) {
    let admin = stand.login("admin").await;
    let company = id(&admin.create("res.company", json!({"name": "Filiale"})).await);
    let last =
        id(&admin.create("product.template", product("P-1", json!([with(configuration("A"), json!({"company_id": company}))]))).await);
    assert_eq!(one(&admin, "product.template", last, "{company_id}").await["company_id"], company);
    refused(&admin.unlink("res.company", company).await, 409, &["product.template.company_id"]);
    let by_filter = admin.send("DELETE", &format!("/api/res.company/?filter=[[\"id\",\"=\",{company}]]"), &[], "").await;
    refused(&by_filter, 409, &["product.template"]);
    assert_eq!(admin.get(&format!("/api/res.company/{company}")).await.status, 200);
    // An unknown company is named
    let answer =
        admin.create("product.template", product("P-2", json!([with(configuration("B"), json!({"company_id": 987654321}))]))).await;
    refused(&answer, 422, &["987654321"]);
    assert_eq!(admin.write("product.template", json!([["id", "=", last]]), json!({"company_id": null})).await.result(), true);
    assert_eq!(admin.unlink("res.company", company).await.status, 200);
    assert_eq!(admin.get(&format!("/api/res.company/{company}")).await.status, 404);
    assert_eq!(admin.create("res.company", json!({"name": "Filiale"})).await.status, 200, "its name is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process_a_company_that_products_name_is_not_removed() {
    a_company_that_products_name_is_not_removed(&Stand::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_processes_a_company_that_products_name_is_not_removed() {
    a_company_that_products_name_is_not_removed(&Stand::processes().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_brings_two_hundred_configurations_at_most() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let before = stored(&stand).await;
    let many = |n: usize| product("P-1", (0..n).map(|at| configuration(&format!("C-{at:03}"))).collect::<Vec<_>>().into());
    refused(&platform.create("product.template", many(201)).await, 422, &["200"]);
    assert_eq!(stored(&stand).await, before);
    let last = id(&platform.create("product.template", many(200)).await);
    assert_eq!(one(&platform, "product.template", last, "{manufacturer_ref}").await["manufacturer_ref"], "C-199");
    assert_eq!(found(&platform, "product.template", json!([["master_product.ref", "=", "P-1"]])).await.len(), 200);
}

/// Between the hub and Postgres: counts the statements that the hub sends.
async fn counting_proxy(target: String) -> (u16, Arc<AtomicUsize>) {
    let counted = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = counted.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&target).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
            let count = count.clone();
            tokio::spawn(async move {
                // The first message has no type; from then on each is a type, a length, and the rest
                let mut typed = false;
                loop {
                    let mut head = vec![0; if typed { 5 } else { 4 }];
                    from_client.read_exact(&mut head).await?;
                    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
                    let mut rest = vec![0; usize::try_from(length).unwrap() - 4];
                    from_client.read_exact(&mut rest).await?;
                    if typed && matches!(head[0], b'E' | b'Q') {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    typed = true;
                    to_server.write_all(&head).await?;
                    to_server.write_all(&rest).await?;
                }
                #[expect(unreachable_code, reason = "it says what the errors are")]
                Ok::<(), std::io::Error>(())
            });
        }
    });
    (port, counted)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_statements_is_the_same_for_three_configurations_and_for_a_hundred_and_fifty() {
    let url = fresh_database().await;
    let mut urls = operator::provision::urls(&url).unwrap();
    let catalog = urls["catalog"].clone();
    let host = catalog.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
    let (port, counted) = counting_proxy(host.clone()).await;
    urls.insert("catalog", catalog.replace(&host, &format!("127.0.0.1:{port}")));
    let stand = Stand::at(&url, &urls, &[]).await;
    let platform = stand.login("ekiclik").await;
    let sent = |reference: &str, round: usize, n: usize| {
        let configurations: Vec<Value> = (0..n)
            .map(|at| with(configuration(&format!("{reference}-{at}")), json!({"list_price": round + at, "attribute": [{"attribute_id": format!("{reference}{}", at % 7), "value_id": format!("{reference}{at}")}]})))
            .collect();
        with(product(reference, configurations.into()), json!({"brand": reference, "categ_id": reference}))
    };
    let mut statements = Vec::new();
    for (reference, n) in [("warm", 3), ("few", 3), ("many", 150)] {
        for round in 0..2 {
            let before = counted.load(Ordering::Relaxed);
            id(&platform.create("product.template", sent(reference, round, n)).await);
            statements.push(counted.load(Ordering::Relaxed) - before);
        }
    }
    let [.., few_new, few_changed, many_new, many_changed] = statements.as_slice() else { panic!("{statements:?}") };
    assert!(*few_new > 3, "the proxy counts nothing: {statements:?}");
    // The stamper, woken or polling, may fall into either
    assert!(many_new.abs_diff(*few_new) <= 3 && many_changed.abs_diff(*few_changed) <= 3, "{statements:?}");
}
