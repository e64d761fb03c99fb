//! The catalogue alone: what it answers, and what it publishes.

use std::collections::BTreeSet;
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
async fn what_the_last_release_published_is_read_by_the_contract_of_this_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    reads_snapshot::<ProductMaster>(&folder);
    reads_snapshot::<ProductTemplate>(&folder);
}
