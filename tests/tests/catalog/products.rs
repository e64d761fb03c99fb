//! A product as the platform sends it: once, again, otherwise, at the same time.

use futures_util::future::join_all;
use serde_json::{Value, json};
use system_tests::{Stand, id, refused};

use crate::{configuration, found, one, product, stored, with};

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
