//! `/web/live`: what happens now, as `/events` tells it; without a script the latest changes of the audit.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Map, Value, json};

use crate::page::Page;
use crate::refused::Refused;
use crate::shown;
use crate::visit::Visit;

/// How many names are asked for at once.
const NAMES: usize = 200;
/// How many changes stand there before one comes.
const LATEST: u64 = 50;

/// A change that was.
pub struct Latest {
    /// When.
    pub at: String,
    /// What its records are called.
    pub label: String,
    /// Its record.
    pub href: String,
    /// Which one.
    pub id: String,
    /// Who did it.
    pub who: String,
    /// What of it; nothing where it was made or removed.
    pub field: String,
}

#[derive(Template)]
#[template(path = "live.html")]
struct LivePage<'v> {
    page: Page<'v>,
    /// Name, and what its records are called.
    models: Vec<(String, String)>,
    latest: Vec<Latest>,
    may_look_back: bool,
}

/// `GET /web/live`
pub async fn live(visit: Visit) -> HttpResponse {
    let label = |model| visit.console.words.model(visit.lang, model, false).into_owned();
    let mut models: Vec<(String, String)> = visit.declared.models.values().map(|model| (label(model), model.name.clone())).collect();
    models.sort();
    let latest = latest(&visit).await;
    visit.html(&LivePage {
        page: Page::new(&visit, "/web/live", visit.t("menu-live")),
        models,
        may_look_back: latest.is_some(),
        latest: latest.unwrap_or_default(),
    })
}

/// The latest changes; none where one may not read the audit, or it is away.
async fn latest(visit: &Visit) -> Option<Vec<Latest>> {
    visit.declared.model("ek.audit")?;
    let parameters = [
        ("query", "{at, user_id{id, display_name}, model, res_id, field}".to_owned()),
        ("page_size", LATEST.to_string()),
        ("page", "1".to_owned()),
    ];
    let listed = visit.list("ek.audit", &parameters).await.ok()?;
    let text = shown::text_of;
    let made = listed.result.iter().map(|record| {
        let (name, id) = (text(record, "model"), text(record, "res_id"));
        let model = visit.declared.model(&name);
        let field = text(record, "field");
        let words = &visit.console.words;
        let looked = field.strip_prefix("read: ");
        Latest {
            at: shown::moment(visit.zone, &text(record, "at")),
            label: model.map_or(name.clone(), |model| words.model(visit.lang, model, false).into_owned()),
            href: if model.is_some() && !id.is_empty() { format!("/web/{name}/{id}") } else { String::new() },
            who: record
                .get("user_id")
                .map(|user| crate::cells::pair(user).1)
                .filter(|who| !who.is_empty())
                .unwrap_or_else(|| visit.t("history-hub")),
            // A look at what is encrypted; and what no form has is nobody's to read
            field: match model.zip(looked.or(Some(field.as_str()))).and_then(|(model, field)| model.field(field)) {
                Some(of) if looked.is_some() => visit.t_with("live-read", &[("field", &words.field(visit.lang, &name, of))]),
                Some(of) => words.field(visit.lang, &name, of).into_owned(),
                None => String::new(),
            },
            id,
        }
    });
    Some(made.collect())
}

/// `GET /web/live/names?model=…&ids=1,2`: what records are called, of those that whoever looks may read: `{"1": "S00001"}`.
pub async fn names(visit: Visit) -> HttpResponse {
    let one = |wanted: &str| visit.asked_for(wanted).unwrap_or_default();
    let made = async {
        let model = &visit.model(one("model"))?.name;
        let ids: Vec<i64> = one("ids").split(',').filter_map(|id| id.trim().parse().ok()).take(NAMES).collect();
        if ids.is_empty() {
            return Ok(Map::new());
        }
        let names = visit.names(model, &ids).await?;
        Ok::<_, Refused>(names.into_iter().map(|(id, name)| (id.to_string(), json!(name))).collect())
    };
    let (status, body) = match made.await {
        Ok(names) => (200, Value::Object(names)),
        Err(refused) => (refused.status, json!({"error": refused.message})),
    };
    HttpResponse::build(crate::visit::status(status))
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(web::Bytes::from(body.to_string()))
}
