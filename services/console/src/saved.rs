//! Filters of a list that are kept under a name (`ir.filters`): one's own, or for all where one may share them.

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::asked::Asked;
use crate::hub::encode;
use crate::refused::Refused;
use crate::shown;
use crate::visit::{Visit, leave};

const MODEL: &str = "ir.filters";
/// How many a list offers.
const OFFERED: u64 = 40;
/// The longest filter, in characters, as the hub takes it.
const LONGEST: usize = 4_000;

/// A filter that was saved.
pub struct Saved {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The list as it narrows it down, behind the question mark.
    pub href: String,
    /// Whether others have it too.
    pub is_shared: bool,
    /// Whether this user may remove it.
    pub may_remove: bool,
}

/// Whether somebody shares filters with others: who looks after users. The hub says whether it is so.
pub fn may_share(visit: &Visit) -> bool {
    visit.who.is_admin || visit.declared.model("res.users").is_some_and(|model| model.create)
}

/// The filters that this user, or somebody for all, has saved for a model's list.
pub async fn saved(visit: &Visit, model: &str) -> Vec<Saved> {
    if !visit.may_read(MODEL) {
        return Vec::new();
    }
    let query = [
        ("query", "{id, name, domain, sort, is_shared}".to_owned()),
        ("filter", json!([["model_id", "=", model]]).to_string()),
        ("page_size", OFFERED.to_string()),
        ("page", "1".to_owned()),
    ];
    // A list is shown without them rather than not at all
    let Ok(listed) = visit.list(MODEL, &query).await else { return Vec::new() };
    let text = shown::text_of;
    let one = |record: &Value| {
        let asked = Asked { domain: text(record, "domain"), order: text(record, "sort"), page: 1, ..Asked::default() };
        let is_shared = record.get("is_shared") == Some(&Value::Bool(true));
        let may_remove = !is_shared || may_share(visit);
        Some(Saved { id: record.get("id")?.as_i64()?, name: text(record, "name"), href: asked.with(|_| {}), is_shared, may_remove })
    };
    listed.result.iter().filter_map(one).collect()
}

/// `POST /web/{model}/filters`: keeps what a list is narrowed down by.
pub async fn save(visit: Visit, model: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        let model = visit.model(&model)?;
        let (name, domain, sort) = (form.one("name").trim(), form.one("domain"), form.one("sort"));
        if name.is_empty() {
            return Err(Refused::of(422, "A filter needs a name."));
        }
        if domain.chars().count() > LONGEST {
            return Err(Refused::of(422, "The filter is too long to be kept."));
        }
        let mut data = json!({"name": name, "model_id": model.name, "domain": domain, "sort": if sort.is_empty() { json!(false) } else { json!(sort) }});
        if let (Value::Object(data), "all") = (&mut data, form.one("whose")) {
            data.insert("user_id".to_owned(), json!(false));
        }
        visit.create(MODEL, &data, form.key()).await?;
        let asked = Asked { domain: domain.to_owned(), order: sort.to_owned(), page: 1, ..Asked::default() };
        Ok(leave(&format!("/web/{}{}&done=filter", encode(&model.name), asked.with(|_| {}))))
    };
    visit.told(answer.await)
}

/// `POST /web/{model}/filters/remove`
pub async fn remove(visit: Visit, model: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        let model = visit.model(&model)?;
        let id: i64 = form.one("id").parse().map_err(|_no_number| Refused::not_found())?;
        visit.call_kw(MODEL, "unlink", json!([[id]]), json!({})).await?;
        Ok(leave(&format!("/web/{}?done=filter-removed", encode(&model.name))))
    };
    visit.told(answer.await)
}
