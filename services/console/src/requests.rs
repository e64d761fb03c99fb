//! `/web/ek.request/{id}`: a request that the doors refused: whose, why, what was sent, and the records that it named.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use crate::cells::{Cell, cell};
use crate::hub::encode;
use crate::page::Page;
use crate::refused::Refused;
use crate::shown;
use crate::visit::Visit;

/// A record that the request named.
pub struct Named {
    /// What it named it by: a sentence's id.
    pub label: String,
    /// What stood in the request.
    pub by: String,
    /// The record, where one of that name can be read.
    pub record: Option<Cell>,
}

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage<'v> {
    page: Page<'v>,
    at: Cell,
    status: String,
    login: String,
    bank: Cell,
    trace: String,
    error: String,
    why: Vec<String>,
    named: Vec<Named>,
    may_look: bool,
    body: Option<String>,
}

fn text(record: &Value, name: &str) -> String {
    shown::text_of(record, name)
}

/// `GET /web/ek.request/{id}?open=1`
pub async fn request(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(page(&visit, *id).await)
}

async fn page(visit: &Visit, id: i64) -> Result<HttpResponse, Refused> {
    const SHOWN: [&str; 12] =
        ["at", "method", "path", "login", "bank_id", "status", "error", "message", "reference", "ek_order_id", "email", "trace_id"];
    let model = visit.model("ek.request")?;
    let fields = SHOWN.iter().filter_map(|name| model.field(name)).map(crate::declared::Field::asked).collect::<Vec<_>>();
    let record = visit.read("ek.request", id, &format!("{{id, {}}}", fields.join(", "))).await?;
    let may_look = model.field("body").is_some();
    let is_looking = may_look && visit.asked_for("open") == Some("1");
    let look = async {
        match is_looking {
            true => visit.read("ek.request", id, "{id, body}").await.map(|read| Some(text(&read, "body"))),
            false => Ok(None),
        }
    };
    let (order, client, product, body) = futures_util::join!(
        found(visit, "push-of-order", &record, "ek_order_id", "sale.order", &["ek_order_id"]),
        found(visit, "push-of-client", &record, "email", "res.partner", &["email"]),
        found(
            visit,
            "push-of-product",
            &record,
            "reference",
            "product.template",
            &["manufacturer_ref", "default_code", "master_product.ref"]
        ),
        look,
    );
    let value = |name: &str| {
        model.field(name).map(|field| cell(visit, "ek.request", field, record.get(name).unwrap_or(&Value::Null))).unwrap_or_default()
    };
    let message = Refused::of(0, &text(&record, "message"));
    let why = message.problems().into_iter().map(|problem| visit.console.words.refusal(visit.lang, problem)).collect();
    let (method, path) = (text(&record, "method"), text(&record, "path"));
    Ok(visit.html(&RequestPage {
        page: Page::new(visit, "/web/ek.request", format!("{method} {path}")),
        at: value("at"),
        status: text(&record, "status"),
        login: text(&record, "login"),
        bank: value("bank_id"),
        trace: text(&record, "trace_id"),
        error: text(&record, "error"),
        why,
        named: [order, client, product].into_iter().flatten().collect(),
        may_look,
        body: body?,
    }))
}

/// The record of a model that what a field of the request says names, by one search.
async fn found(visit: &Visit, label: &str, record: &Value, field: &str, model: &str, keys: &[&str]) -> Option<Named> {
    let by = Some(text(record, field)).filter(|by| !by.is_empty())?;
    let mut named = Named { label: visit.t(label), by, record: None };
    let known = visit.declared.model(model)?;
    let keys = keys.iter().filter(|key| known.field(key.split('.').next().unwrap_or_default()).is_some_and(|field| field.searchable));
    let terms: Vec<Value> = keys.map(|key| json!([key, "=", named.by])).collect();
    if terms.is_empty() {
        return Some(named);
    }
    let ors = std::iter::repeat_n(json!("|"), terms.len() - 1);
    let parameters = [
        ("query", "{id, display_name}".to_owned()),
        ("filter", Value::Array(ors.chain(terms).collect()).to_string()),
        ("page_size", "1".to_owned()),
        ("page", "1".to_owned()),
        ("context", json!({"active_test": false}).to_string()),
    ];
    // The page is shown without the link rather than not at all
    if let Ok(listed) = visit.list(model, &parameters).await
        && let Some((id, name)) = listed.result.first().and_then(|one| Some((one.get("id")?.as_i64()?, text(one, "display_name"))))
    {
        named.record = Some(Cell { text: name, href: format!("/web/{}/{id}", encode(model)), ..Cell::default() });
    }
    Some(named)
}
