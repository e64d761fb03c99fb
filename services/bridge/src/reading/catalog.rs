//! What goes to catalog.

use std::collections::BTreeMap;

use jsonrpc::import::Record;
use serde_json::{Map, json};

use super::{Converted, Page, PutAside, Reader, Row, Taken};
use crate::client::{id_of, text_of};

/// Categories: a child may come before its parent.
pub const CATEGORIES: Reader = Reader {
    name: "product.category",
    service: "catalog",
    ours: "product.category",
    theirs: "product.category",
    domain: |_| Some(Vec::new()),
    fields: |world| world.existing("product.category", &["name", "parent_id", "write_date", "create_date"]),
    companions: &[],
    needs: |_, _| Vec::new(),
    convert: category,
};

fn category(row: &Row, _: &Page<'_>) -> Result<Converted, PutAside> {
    let name = text_of(row.get("name")).unwrap_or_default().trim();
    let parent = id_of(row.get("parent_id"));
    let record = Record {
        odoo_id: id_of(row.get("id")).unwrap_or(0),
        write_date: text_of(row.get("write_date")).map(str::to_owned),
        create_date: text_of(row.get("create_date")).map(str::to_owned),
        values: Map::from_iter([("name".to_owned(), json!(name))]),
        links: parent.into_iter().map(|parent| ("parent_id".to_owned(), vec![parent])).collect::<BTreeMap<_, _>>(),
        ..Record::default()
    };
    Ok(Converted::Record(Box::new(Taken { record, ..Taken::default() })))
}
