//! What catalog takes from another Odoo: a configuration has the variant's id, a product the template's.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use alone::{Alone, Neighbour, settings};
use catalog::{Catalog, Margins};
use catalog_contract::Import;
use domain::Identity;
use jsonrpc::import::{Batch, Became, How, Misfit, Outcome, Record};
use serde_json::{Value, json};

async fn catalog() -> Alone<Catalog> {
    let margins = settings(Margins::read, &[]);
    let neighbours = vec![("crm", Neighbour::default()), ("partners", Neighbour::default()), ("stock", Neighbour::default())];
    Alone::new("catalog", |_| Catalog { margins }, neighbours).await
}

fn record(odoo_id: i64, values: Value, links: &[(&str, &[i64])]) -> Record {
    let links: BTreeMap<String, Vec<i64>> = links.iter().map(|(field, ids)| ((*field).to_owned(), ids.to_vec())).collect();
    Record { odoo_id, values: values.as_object().unwrap().clone(), links, ..Record::default() }
}

async fn taken(alone: &Alone<Catalog>, model: &str, records: Vec<Record>) -> Vec<Became> {
    let batch = Batch { source: "old".to_owned(), model: model.to_owned(), greatest: 500, dry: false, verify: false, records };
    alone.asked("bridge", &Import(batch)).await.unwrap()
}

fn all_made(became: &[Became]) -> bool {
    became.iter().all(|one| matches!(&one.outcome, Outcome::Taken { record_id: Some(id), how: How::Made, .. } if *id == one.odoo_id))
}

#[tokio::test]
async fn products_and_configurations_come_with_what_they_refer_to() {
    let alone = catalog().await;
    let categories = vec![record(3, json!({"name": "Salon"}), &[("parent_id", &[5])]), record(5, json!({"name": "Meubles"}), &[])];
    let values = vec![
        record(21, json!({"name": "Noir"}), &[("attribute_id", &[11])]),
        record(22, json!({"name": "Blanc"}), &[("attribute_id", &[11])]),
    ];
    let variant =
        |reference: &str| json!({"name": "Table", "manufacturer_ref": reference, "standard_price": 100, "active": reference != "T-2"});
    let variants = vec![
        Record { of: Some(36), ..record(46, variant("T-1"), &[("master_product", &[36]), ("attribute_value_ids", &[21])]) },
        Record {
            of: Some(36),
            reference: Some("rc_variante9000".to_owned()),
            ..record(47, variant("T-2"), &[("master_product", &[36]), ("attribute_value_ids", &[22])])
        },
        record(48, variant("T-3"), &[("master_product", &[37])]),
        record(49, variant("T-1"), &[("master_product", &[36])]),
    ];
    for (model, records) in [
        ("product.category", categories),
        ("product.brand", vec![record(2, json!({"name": "Iris"}), &[])]),
        ("product.attribute", vec![record(11, json!({"name": "Couleur"}), &[])]),
        ("product.attribute.value", values),
        ("product.master", vec![record(36, json!({"name": "Table", "ref": "T", "brand": "Iris"}), &[("categ_id", &[3])])]),
    ] {
        let became = taken(&alone, model, records).await;
        assert!(all_made(&became), "{model}: {became:#?}");
    }
    let became = taken(&alone, "product.product", variants).await;
    assert!(all_made(&became[..2]), "{became:#?}");
    let refused = |one: &Became| if let Outcome::Refused { misfit, .. } = one.outcome { Some(misfit) } else { None };
    assert_eq!((refused(&became[2]), refused(&became[3])), (Some(Misfit::Link), Some(Misfit::Key)), "{became:#?}");
    let asked = json!({"filter": [["id", "in", [46, 47]]], "order": "id", "context": {"active_test": false},
        "query": "{id, ref_odoo, active, central_price, master_product{ref_odoo, brand{name}, categ_id{complete_name}}, attribute_value_ids{name}}"});
    let read = alone.call(&Identity::system(), "product.product", "search_read", asked).await.unwrap();
    assert_eq!(
        read["result"],
        json!([
            {"id": 46, "ref_odoo": "rc_variante46", "active": true, "central_price": 111.11, "attribute_value_ids": [{"name": "Noir"}],
                "master_product": {"ref_odoo": "rc_36", "brand": {"name": "Iris"}, "categ_id": {"complete_name": "Meubles / Salon"}}},
            {"id": 47, "ref_odoo": "rc_variante9000", "active": false, "central_price": 111.11, "attribute_value_ids": [{"name": "Blanc"}],
                "master_product": {"ref_odoo": "rc_36", "brand": {"name": "Iris"}, "categ_id": {"complete_name": "Meubles / Salon"}}},
        ])
    );
    let told = alone.told("product.template").await;
    assert!(told.len() == 2 && told.iter().all(|event| event["cause"] == "import"), "{told:?}");
    alone
        .execute("DO $$ BEGIN ASSERT (SELECT array_agg(odoo_id ORDER BY odoo_id) FROM odoo_binding WHERE of = 36) = '{46,47}'; END $$")
        .await;

    // What is made here is beyond what came, and tells of itself as ever
    let row = json!({"manufacturer_ref": "NEW-1", "name": "New"});
    let made = json!({"data": {"product_ref": "NEW", "name": "New", "product": [row]}});
    let made = alone.call(&Identity::system(), "product.template", "create", made).await.unwrap();
    assert!(made.as_i64().unwrap() > 9000, "{made}");
    let told = alone.told("product.template").await;
    assert_eq!((&told[2]["cause"], &told[2]["payload"]["ref_odoo"]), (&json!("change"), &json!(format!("rc_variante{made}"))));
}
