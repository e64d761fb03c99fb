//! The catalogue alone: what it answers, and what it publishes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use alone::{Alone, Neighbour, reads_snapshot, settings, snapshot};
use catalog::{Catalog, Margins};
use catalog_contract::{ByReference, ProductMaster, ProductTemplate};
use domain::Identity;
use jsonrpc::Published;
use serde_json::json;

async fn catalog() -> Alone<Catalog> {
    let margins = settings(Margins::read, &[]);
    let neighbours = vec![("crm", Neighbour::default()), ("partners", Neighbour::default()), ("stock", Neighbour::default())];
    Alone::new("catalog", |_| Catalog { margins }, neighbours).await
}

#[tokio::test]
async fn a_configuration_is_told_by_its_reference_and_id_with_its_price() {
    let alone = catalog().await;
    let row = json!({"manufacturer_ref": "TV-1", "name": "Téléviseur", "standard_price": 50_000});
    let product = json!({"data": {"product_ref": "TV", "name": "Téléviseur", "brand": "Iris", "product": [row]}});
    alone.call(&Identity::system(), "product.template", "create", product).await.unwrap();
    let references = BTreeSet::from(["TV-1".to_owned(), "NONE".to_owned()]);
    let found = alone.asked("crm", &ByReference { references, ids: BTreeSet::new() }).await.unwrap();
    assert_eq!((found.len(), found[0].manufacturer_ref.as_str()), (1, "TV-1"));
    let by_id = ByReference { references: BTreeSet::new(), ids: BTreeSet::from([found[0].id]) };
    assert_eq!(alone.asked("stock", &by_id).await.unwrap(), found);
    assert_eq!(alone.asked("sync", &by_id).await.unwrap_err().status, 403, "who is not named by the contract");

    let changed = json!({"filter": [["manufacturer_ref", "=", "TV-1"]], "data": {"active": false, "list_price": 99_000}});
    alone.call(&Identity::system(), "product.template", "write", changed).await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    snapshot(&folder.join("by_reference.json"), &serde_json::to_value(&found).unwrap());
    snapshot(&folder.join("product.master.json"), &alone.told(ProductMaster::MODEL).await.into());
    snapshot(&folder.join("product.template.json"), &alone.told(ProductTemplate::MODEL).await.into());
}

#[tokio::test]
async fn a_document_is_told_the_price_that_a_reader_sees() {
    let alone = catalog().await;
    let row =
        |reference: &str, list: f64| json!({"manufacturer_ref": reference, "name": "x", "standard_price": 333.33, "list_price": list});
    for (category, references) in [("Lampes", ["LAMP", "LAMP-SET"]), ("Petits meubles", ["DESK", "DESK-SET"])] {
        let rows = [row(references[0], 0.0), row(references[1], 77.77)];
        let product = json!({"data": {"product_ref": category, "name": "x", "categ_id": category, "product": rows}});
        alone.call(&Identity::system(), "product.template", "create", product).await.unwrap();
    }
    let told = alone.asked("crm", &ByReference { references: BTreeSet::new(), ids: (1..=4).collect() }).await.unwrap();
    let model = alone.owner.registry.model("product.product").unwrap();
    let seen = alone.owner.records_seen(&Identity::system(), model, &[1, 2, 3, 4], "{id, selling_price}").await.unwrap();
    let told: BTreeMap<i64, f64> = told.iter().map(|one| (one.id, one.selling_price.to_string().parse().unwrap())).collect();
    let seen = seen.iter().map(|row| (row["id"].as_i64().unwrap(), row["selling_price"].as_f64().unwrap()));
    assert_eq!(told, seen.collect());
    assert_eq!(told.into_values().collect::<Vec<_>>(), [555.54, 77.77, 592.58, 77.77]);
}

#[tokio::test]
async fn every_statement_is_one_of_the_migrated_schema() {
    catalog().await.prepares_statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).await;
}

#[tokio::test]
async fn what_the_last_release_published_is_read_by_the_contract_of_this_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    reads_snapshot::<ProductMaster>(&folder);
    reads_snapshot::<ProductTemplate>(&folder);
}
