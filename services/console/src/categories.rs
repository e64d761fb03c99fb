//! `/web/product.category`: the categories as a tree.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::Value;

use crate::list;
use crate::page::Page;
use crate::refused::Refused;
use crate::shown::{self, text_of};
use crate::visit::Visit;

/// The most categories of a tree; more are a list.
const MOST: u64 = 2_000;
/// How deep it is shown.
const DEEPEST: usize = 8;

/// A category, as a row.
pub struct Row {
    id: i64,
    name: String,
    depth: usize,
    count: String,
}

#[derive(Template)]
#[template(path = "categories.html")]
struct Tree<'v> {
    page: Page<'v>,
    rows: Vec<Row>,
    may_create: bool,
}

/// `GET /web/product.category`; what narrows it down makes it a list.
pub async fn tree(visit: Visit) -> HttpResponse {
    if visit.query().iter().any(|(name, _)| name != "done") {
        return list::list(visit, web::Path::from("product.category".to_owned())).await;
    }
    let made = made(&visit).await;
    match made {
        Ok(None) => list::list(visit, web::Path::from("product.category".to_owned())).await,
        Ok(Some(response)) => response,
        Err(refused) => visit.told(Err(refused)),
    }
}

async fn made(visit: &Visit) -> Result<Option<HttpResponse>, Refused> {
    let model = visit.model("product.category")?;
    let categories = [
        ("query", "{id, name, parent_id}".to_owned()),
        ("order", "name, id".to_owned()),
        ("page_size", MOST.to_string()),
        ("page", "1".to_owned()),
    ];
    let grouped = [("group_by", "categ_id".to_owned()), ("limit", MOST.to_string())];
    let (listed, grouped) = futures_util::join!(visit.list("product.category", &categories), async {
        match visit.may_read("product.master") {
            true => visit.list("product.master", &grouped).await,
            false => Ok(crate::hub::Listed::default()),
        }
    });
    let (listed, grouped) = (listed?, grouped?);
    if listed.count > MOST {
        return Ok(None);
    }
    let counts: HashMap<i64, String> =
        grouped.result.iter().filter_map(|group| Some((group.get("categ_id")?.as_i64()?, text_of(group, "count")))).collect();
    let mut children: HashMap<i64, Vec<&Value>> = HashMap::new();
    for record in &listed.result {
        children.entry(crate::goods::relation(record, "parent_id").0).or_default().push(record);
    }
    let mut rows = Vec::new();
    let mut left: Vec<(&Value, usize)> = children.remove(&0).unwrap_or_default().into_iter().rev().map(|record| (record, 0)).collect();
    while let Some((record, depth)) = left.pop() {
        let id = record.get("id").and_then(Value::as_i64).unwrap_or_default();
        let count = counts.get(&id).map(|count| shown::number(visit.lang, count, None)).unwrap_or_default();
        rows.push(Row { id, name: text_of(record, "name"), depth: depth.min(DEEPEST), count });
        // Each is taken once, so that nothing goes round
        left.extend(children.remove(&id).unwrap_or_default().into_iter().rev().map(|child| (child, depth + 1)));
    }
    let page = Page::new(visit, "/web/product.category", visit.t("menu-categories"));
    Ok(Some(visit.html(&Tree { page, rows, may_create: model.create })))
}
