//! What clients write, seek and give to methods, in every form that they have for it: read once, by one reader a type.

use serde_json::{Value, json};
use system_tests::{Session, Stand, encode, id, refused};

async fn seen(session: &Session<'_>, model: &str, record: i64, query: &str) -> Value {
    session.get(&format!("/api/{model}/{record}?query={}", encode(query))).await.json()
}

async fn found(session: &Session<'_>, model: &str, filter: Value) -> Vec<i64> {
    let filter = filter.to_string();
    let rows = session.rows(model, &[("filter", &filter), ("query", "{id}"), ("order", "id")]).await;
    rows.iter().filter_map(|row| row["id"].as_i64()).collect()
}

async fn purchase(session: &Session<'_>, more: Value) -> system_tests::Answer {
    let mut data = json!({"partner_id": "EKIWH", "order_line": [{"product_id": "IRIS-TV55-N", "product_qty": 1}]});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    session.create("purchase.order", data).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_is_read_alike_in_a_write_a_filter_and_an_argument() {
    let stand = Stand::new().await;
    let admin = stand.login("admin").await;
    let same = [
        "30/07/23 12:23:15",
        "30/07/2023 12:23:15",
        "2023-07-30 11:23:15",
        "2023-07-30T11:23:15Z",
        "2023-07-30T12:23:15+0100",
        "2023-07-30T12:23:15+01",
        "2023-07-30 12:23:15.000+01:00",
    ];
    for (at, text) in same.iter().enumerate() {
        let made = id(&purchase(&admin, json!({"date_order": text, "notes": at})).await);
        assert_eq!(seen(&admin, "purchase.order", made, "{date_order}").await, json!({"date_order": "2023-07-30-11-23"}), "{text}");
        for filter in [json!([["date_order", "=", text], ["id", "=", made]]), json!([["date_order", "in", [text]], ["id", "=", made]])] {
            assert_eq!(found(&admin, "purchase.order", filter).await, [made], "{text}");
        }
        assert_eq!(found(&admin, "purchase.order", json!([["date_order", "!=", text], ["id", "=", made]])).await, [0_i64; 0], "{text}");
    }
    let platform = json!({"name": "BNA", "base_url": "http://127.0.0.1:9", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    let platform = id(&admin.create("ek.platform", platform).await);
    for text in same.iter().chain(&["2023-07-30", "30/07/2023", "2023-07-30 11:23"]) {
        assert_eq!(admin.call("ek.platform", platform, "action_replay", json!([text])).await.status, 200, "{text}");
    }
    let made = id(&purchase(&admin, json!({})).await);
    for wrong in ["93-11-03", "20-01-01", "30-07-23 12:23:15", "23/07/30", "30/07/23", "2023-02-30", "yesterday"] {
        let forms = ["2026-12-31 23:59:59", "+0100", "31/12/26 23:59:59", "31/12/2026"];
        refused(&purchase(&admin, json!({"date_order": wrong})).await, 422, &forms);
        refused(&admin.write("purchase.order", json!([["id", "=", made]]), json!({"date_order": wrong})).await, 422, &forms);
        refused(&admin.call("ek.platform", platform, "action_replay", json!([wrong])).await, 422, &forms);
        for filter in [json!([["create_date", ">=", wrong]]), json!([["date_order", "in", [wrong]]]), json!([["write_date", "!=", wrong]])]
        {
            refused(&admin.list("purchase.order", &[("filter", &filter.to_string())]).await, 400, &forms);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_cuts_a_moment_and_has_a_year_of_four_digits() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let lead = |number: i64, birth_date: Value| {
        json!({"order_source": "BNA", "cart_id": number, "partner": {"email": "a@b.dz", "birth_date": birth_date},
            "cart": [{"manufacturer_ref": "IRIS-TV55-N", "quantity": 1, "product_warehouse_id": "EKIWH"}]})
    };
    for (at, text) in ["1993-11-03", "1993-11-03T00:00:00.000Z", "1993-11-03 23:30:00", "03/11/1993", "03/11/1993 10:00"].iter().enumerate()
    {
        let made = id(&platform.create("crm.lead", lead(at as i64 + 1, json!(text))).await);
        assert_eq!(seen(&platform, "crm.lead", made, "{birth_date}").await, json!({"birth_date": "1993-11-03"}), "{text}");
    }
    for (at, unset) in [json!(""), json!(null), json!(false)].into_iter().enumerate() {
        let made = id(&platform.create("crm.lead", lead(at as i64 + 100, unset)).await);
        assert_eq!(seen(&platform, "crm.lead", made, "{birth_date, salary}").await, json!({"birth_date": false, "salary": 0.0}));
    }
    for wrong in ["93-11-03", "03/11/93", "1993-13-03"] {
        refused(&platform.create("crm.lead", lead(200, json!(wrong))).await, 422, &["partner", "birth_date", "2026-12-31 or 31/12/2026"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_characteristic_is_named_and_a_value_is_one_of_its_own() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let product = |reference: &str, attribute: Value| json!({"product_ref": reference, "name": reference, "product": [{"manufacturer_ref": reference, "name": reference, "attribute": attribute}]});
    // Value 1 is a colour of the demo's
    for (reference, attribute, reads) in [
        ("A", json!([{"attribute_id": "Capacité", "value_id": 1}]), "1"),
        ("B", json!([{"attribute_id": "capacite", "value_id": "1"}]), "1"),
        ("C", json!([{"attribute_id": "Capacité", "value_id": 64}]), "64"),
        ("D", json!([{"attribute_id": "Capacité", "value_id": 1.5}]), "1.5"),
    ] {
        let made = id(&platform.create("product.template", product(reference, attribute)).await);
        let read = seen(&platform, "product.template", made, "{attribute_value_ids{name, attribute_id{name}}}").await;
        assert_eq!(read, json!({"attribute_value_ids": [{"name": reads, "attribute_id": {"name": "Capacité"}}]}), "{reference}");
    }
    let made = id(&platform.create("product.template", product("E", json!([{"attribute_id": 7, "value_id": 8}]))).await);
    let read = seen(&platform, "product.template", made, "{attribute_value_ids{name, attribute_id{name}}}").await;
    assert_eq!(read, json!({"attribute_value_ids": [{"name": "8", "attribute_id": {"name": "7"}}]}));
    let wrong = product("F", json!([{"attribute_id": "Couleur", "value_id": true}]));
    refused(&platform.create("product.template", wrong).await, 422, &["attribute", "must be names"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_an_id_and_a_text_is_a_name() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let before = stand.count("SELECT count(*) AS n FROM catalog.product_category").await;
    for (model, data) in [
        ("product.master", json!({"ref": "X", "name": "X", "categ_id": "5"})),
        ("product.master", json!({"ref": "X", "name": "X", "brand": " 12 "})),
        ("product.template", json!({"product_ref": "X", "name": "X", "brand": "3", "product": []})),
        ("res.partner", json!({"name": "X", "email": "x@x.dz", "title": "3"})),
    ] {
        refused(&platform.create(model, data).await, 422, &["neither an id", "nor a name"]);
    }
    assert_eq!(stand.count("SELECT count(*) AS n FROM catalog.product_category").await, before);
    // The wilaya 34 by its number, the state of this id by its id
    for (state, is) in [(json!("34"), "Bordj Bou Arréridj"), (json!("6"), "Béjaïa"), (json!(16), "Alger"), (json!(16.0), "Alger")] {
        let data = json!({"name": "X", "email": format!("{state}@x.dz").replace('"', ""), "state_id": state});
        let made = id(&platform.create("res.partner", data).await);
        assert_eq!(seen(&platform, "res.partner", made, "{state_id{name}}").await, json!({"state_id": {"name": is}}));
        for filter in [json!([["state_id", "=", state], ["id", "=", made]]), json!([["state_id", "in", [state]], ["id", "=", made]])] {
            assert_eq!(found(&platform, "res.partner", filter).await, [made], "{state}");
        }
        assert_eq!(found(&platform, "res.partner", json!([["state_id", "!=", state], ["id", "=", made]])).await, [0_i64; 0]);
    }
    let televisions = found(&platform, "product.master", json!([["categ_id", "=", "electromenager"]])).await;
    assert!(!televisions.is_empty());
    assert_eq!(found(&platform, "product.master", json!([["categ_id", "child_of", "ÉLECTROMÉNAGER"]])).await, televisions);
    assert_eq!(found(&platform, "product.master", json!([["categ_id", "=", "1"]])).await, [0_i64; 0], "no category is named so");
    for (user, is) in [
        (json!(2), json!(2)),
        (json!("2"), json!(2)),
        (json!("admin"), json!(2)),
        (json!("nobody"), json!(false)),
        (json!(""), json!(false)),
    ] {
        let made = id(&purchase(&admin, json!({"user_id": user, "notes": user.to_string()})).await);
        assert_eq!(seen(&admin, "purchase.order", made, "{user_id}").await, json!({"user_id": is}), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_write_takes_a_filter_takes() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let data = json!({"name": "X", "email": "x@x.dz", "ref": 12, "parent_id": "", "title": "", "state_id": false, "street": "", "is_company": "1", "active": "TRUE"});
    let made = id(&platform.create("res.partner", data).await);
    let read = seen(&platform, "res.partner", made, "{ref, parent_id, title, state_id, street, is_company, active, vat}").await;
    assert_eq!(
        read,
        json!({"ref": "12", "parent_id": false, "title": false, "state_id": false, "street": false, "is_company": true, "active": true, "vat": false})
    );
    for leaf in [
        json!(["id", "=", made as f64]),
        json!(["id", "in", [made.to_string(), "7.0"]]),
        json!(["id", "=", format!("{made}.0")]),
        json!(["ref", "=", 12]),
        json!(["ref", "in", ["12", 13]]),
        json!(["is_company", "=", "True"]),
        json!(["is_company", "=", "1"]),
        json!(["is_company", "=", 1.0]),
        json!(["is_company", "in", ["true"]]),
        json!(["is_pos", "=", "False"]),
        json!(["is_pos", "=", ""]),
        json!(["is_pos", "=", null]),
        json!(["is_pos", "!=", "1"]),
        json!(["street", "=", ""]),
        json!(["street", "=", false]),
        json!(["street", "in", ["", "x"]]),
        json!(["parent_id", "=", ""]),
        json!(["title", "=", null]),
        json!(["email", "!=", ""]),
        json!(["version", ">", "0.0"]),
        json!(["create_date", "!=", ""]),
        json!(["name", "=?", ""]),
    ] {
        assert_eq!(found(&platform, "res.partner", json!([leaf, ["id", "=", made]])).await, [made], "{leaf}");
    }
    let product = json!({"product_ref": "P", "name": "P", "product": [{"manufacturer_ref": "P", "name": "P", "list_price": "", "standard_price": "12.50", "barcode": ""}]});
    let product = id(&platform.create("product.template", product).await);
    for leaf in [
        json!(["list_price", "=", ""]),
        json!(["list_price", "=", false]),
        json!(["list_price", "<=", ""]),
        json!(["standard_price", "=", "12.5"]),
        json!(["standard_price", "in", [12.5]]),
        json!(["barcode", "=", ""]),
    ] {
        assert_eq!(found(&platform, "product.template", json!([leaf, ["id", "=", product]])).await, [product], "{leaf}");
    }
    for (name, number) in [("limit", "5.0"), ("page_size", "5.0"), ("limit", " 5 ")] {
        assert_eq!(platform.list("res.partner", &[(name, number)]).await.result().as_array().map(Vec::len), Some(5), "{name} {number}");
    }
    refused(&platform.list("res.partner", &[("limit", "5.5")]).await, 422, &["limit"]);
    refused(&platform.list("res.partner", &[("filter", r#"[["id","=",5.5]]"#)]).await, 400, &["a whole number"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_are_kept_and_a_float_has_a_point() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    let data =
        r#"{"params": {"data": {"name": "X", "email": "x@x.dz", "rib": 799999000123456789012, "nif": 000}}}"#.replace("000}", "16000}");
    let made = id(&platform.send("POST", "/api/res.partner/", &[], &data).await);
    assert_eq!(seen(&platform, "res.partner", made, "{rib, nif}").await, json!({"rib": "799999000123456789012", "nif": "16000"}));
    let by_digits = platform
        .get(&format!("/api/res.partner/?query={}&filter={}", encode("{id}"), encode(r#"[["rib","=",799999000123456789012]]"#)))
        .await;
    assert_eq!(by_digits.result(), json!([{"id": made}]));

    let product = json!({"product_ref": "P", "name": "P", "product": [{"manufacturer_ref": "P", "name": "P", "list_price": 80000, "standard_price": 7.5}]});
    let product = id(&platform.create("product.template", product).await);
    let text = platform
        .get(&format!("/api/product.template/{product}?query={}", encode("{list_price, standard_price, selling_price}")))
        .await
        .text;
    assert_eq!(text, r#"{"list_price":80000.0,"standard_price":7.5,"selling_price":80000.0}"#);
    let lead = json!({"order_source": "BNA", "cart_id": 1, "partner": {"email": "x@x.dz", "salary": 900_000, "periodicity": 12},
        "cart": [{"manufacturer_ref": "P", "quantity": 2, "product_warehouse_id": "EKIWH"}]});
    let lead = id(&platform.create("crm.lead", lead).await);
    // Across services, and out of the encrypted text
    let query = "{salary, monthly_payment, periodicity, order_ids{order_line{product_uom_qty, product_id{list_price}}}}";
    let text = platform.get(&format!("/api/crm.lead/{lead}?query={}", encode(query))).await.text;
    assert_eq!(
        text,
        r#"{"salary":900000.0,"monthly_payment":0.0,"periodicity":12,"order_ids":[{"order_line":[{"product_uom_qty":2.0,"product_id":{"list_price":80000.0}}]}]}"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_found_however_it_is_written() {
    let stand = Stand::new().await;
    let platform = stand.login("ekiclik").await;
    for (at, (state, country, is)) in [
        ("Tizi-Ouzou", "Algérie", ("Tizi Ouzou", "DZ")),
        ("Msila", "ALGERIA", ("M'Sila", "DZ")),
        ("m’sila", "dz", ("M'Sila", "DZ")),
        ("El M'Ghair", "الجزائر", ("El M'Ghaier", "DZ")),
        ("16 - Alger", "algerie", ("Alger", "DZ")),
        ("Algiers", "Côte d'Ivoire", ("Alger", "CI")),
        ("الجزائر", "ALGÉRIE", ("Alger", "DZ")),
        ("تيزي وزو", "France", ("Tizi Ouzou", "FR")),
        (" bordj-bou-arreridj ", "فرنسا", ("Bordj Bou Arréridj", "FR")),
    ]
    .into_iter()
    .enumerate()
    {
        let data = json!({"name": "X", "email": format!("{at}@x.dz"), "state_id": state, "country_id": country});
        let made = id(&platform.create("res.partner", data).await);
        let read = seen(&platform, "res.partner", made, "{state_id{name}, state_name, country_id{code}}").await;
        assert_eq!(read, json!({"state_id": {"name": is.0}, "state_name": false, "country_id": {"code": is.1}}), "{state} {country}");
        assert_eq!(
            found(&platform, "res.partner", json!([["state_id", "=", state], ["country_id", "=", country], ["id", "=", made]])).await,
            [made]
        );
        let lead = json!({"order_source": "BNA", "cart_id": at + 1, "partner": {"email": format!("{at}@x.dz")}, "quotation_address": {"state_id": state, "country_id": country},
            "cart": [{"manufacturer_ref": "IRIS-TV55-N", "quantity": 1, "product_warehouse_id": "EKIWH"}]});
        let lead = id(&platform.create("crm.lead", lead).await);
        assert_eq!(
            seen(&platform, "crm.lead", lead, "{order_ids{delivery_state}}").await,
            json!({"order_ids": [{"delivery_state": is.0}]}),
            "{state}"
        );
    }
    let made = id(&platform.create("res.partner", json!({"name": "X", "email": "far@x.dz", "state_id": "Kabylie du Sud"})).await);
    assert_eq!(
        seen(&platform, "res.partner", made, "{state_id, state_name}").await,
        json!({"state_id": false, "state_name": "Kabylie du Sud"})
    );
    assert_eq!(platform.write("res.partner", json!([["id", "=", made]]), json!({"state_id": "oran"})).await.status, 200);
    assert_eq!(
        seen(&platform, "res.partner", made, "{state_id{name}, state_name}").await,
        json!({"state_id": {"name": "Oran"}, "state_name": false})
    );
    refused(
        &platform.create("res.partner", json!({"name": "X", "email": "y@x.dz", "country_id": "Atlantis"})).await,
        422,
        &["country_id", "Atlantis"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_x2many_is_written_by_commands_and_words() {
    let stand = Stand::new().await;
    let (admin, platform) = (stand.login("admin").await, stand.login("ekiclik").await);
    let client = id(&platform.create("res.partner", json!({"name": "X", "email": "x@x.dz", "bank_ids": [[6, 0, [1]]]})).await);
    let one = json!([["id", "=", client]]);
    for (written, banks) in [
        (json!([[4, 2]]), json!([1, 2])),
        (json!([[3, 1]]), json!([2])),
        (json!({"push": 1}), json!([1, 2])),
        (json!({"pop": [2], "push": [1]}), json!([1])),
        (json!([[5], [4, 2, 0]]), json!([2])),
        (json!([1]), json!([1])),
        (json!([[3, 1], [4, 2]]), json!([2])),
        (json!(false), json!([])),
        (json!([[6, 0, [1, 2]]]), json!([1, 2])),
    ] {
        assert_eq!(platform.write("res.partner", one.clone(), json!({"bank_ids": written})).await.status, 200, "{written}");
        assert_eq!(seen(&platform, "res.partner", client, "{bank_ids}").await["bank_ids"], banks, "{written}");
    }
    let contacts = async || seen(&platform, "res.partner", client, "{child_ids{name}}").await["child_ids"].clone();
    let write = async |written: Value| platform.write("res.partner", one.clone(), json!({"child_ids": written})).await;
    assert_eq!(write(json!([[0, 0, {"name": "A"}], [0, 0, {"name": "B", "type": "delivery"}]])).await.status, 200);
    assert_eq!(contacts().await, json!([{"name": "A"}, {"name": "B"}]));
    let children = found(&platform, "res.partner", json!([["parent_id", "=", client]])).await;
    assert_eq!(write(json!([[1, children[0], {"name": "C"}]])).await.status, 200);
    assert_eq!(contacts().await, json!([{"name": "B"}, {"name": "C"}]));
    assert_eq!(write(json!({"delete": [children[0]]})).await.status, 200);
    assert_eq!(contacts().await, json!([{"name": "B"}]));
    assert_eq!(write(json!([[3, children[1]]])).await.status, 200);
    assert_eq!(contacts().await, json!([]));
    assert_eq!(write(json!({"push": children[1]})).await.status, 200);
    assert_eq!(contacts().await, json!([{"name": "B"}]));
    assert_eq!(write(json!([[5]])).await.status, 200);
    assert_eq!(contacts().await, json!([]));
    assert_eq!(write(json!([children[1]])).await.status, 200);
    assert_eq!(contacts().await, json!([{"name": "B"}]));
    refused(&write(json!([[1, client, {"name": "Z"}]])).await, 404, &[]);
    refused(&write(json!([[9, 1]])).await, 422, &["child_ids", "[6, 0, [ids]]"]);
    refused(&write(json!([[0, 0, {"nmae": "Z"}]])).await, 422, &["nmae"]);
    // A bank's user removes nobody
    let made = json!({"name": "Y", "email": "y@x.dz", "source": "BNA", "child_ids": [[0, 0, {"name": "D"}]]});
    let other = id(&platform.create("res.partner", made.clone()).await);
    assert_eq!(id(&platform.create("res.partner", made).await), other);
    let child = found(&platform, "res.partner", json!([["parent_id", "=", other]])).await;
    assert_eq!(child.len(), 1, "the same POST again makes no contact twice");

    let attribute = id(&platform
        .create("product.attribute", json!({"name": "Taille", "value_ids": [[0, 0, {"name": "S"}], [0, 0, {"name": "M"}]]}))
        .await);
    assert_eq!(
        seen(&platform, "product.attribute", attribute, "{value_ids{name}}").await,
        json!({"value_ids": [{"name": "M"}, {"name": "S"}]})
    );
    let product = found(&platform, "product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-N"]])).await[0];
    let by_id = json!([["id", "=", product]]);
    let made = json!({"attribute_value_ids": [[0, 0, {"name": "L", "attribute_id": "Taille"}]]});
    assert_eq!(platform.write("product.template", by_id, made).await.status, 200);
    let values = seen(&platform, "product.template", product, "{attribute_value_ids{name}}").await;
    assert_eq!(values["attribute_value_ids"].as_array().map(Vec::len), Some(2));
    let master = found(&platform, "product.master", json!([["ref", "=", "IRIS-TV55"]])).await[0];
    let more = json!({"product_ids": [[0, 0, {"manufacturer_ref": "IRIS-TV55-R", "name": "Rouge"}]]});
    assert_eq!(platform.write("product.master", json!([["id", "=", master]]), more).await.status, 200);
    let made =
        found(&platform, "product.template", json!([["manufacturer_ref", "=", "IRIS-TV55-R"], ["master_product", "=", master]])).await;
    assert_eq!(made.len(), 1);
    // What the code alone writes stays so
    let purchase = id(&purchase(&admin, json!({})).await);
    refused(&admin.write("purchase.order", json!([["id", "=", purchase]]), json!({"picking_ids": [[5]]})).await, 422, &["picking_ids"]);
}
