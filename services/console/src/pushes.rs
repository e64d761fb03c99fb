//! `/web/pushes`: what each platform has still to hear, and what may be done about it; `/web/ek.platform/{id}`: one of them with its
//! deliveries.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{TimeZone, Utc};
use serde_json::{Value, json};

use crate::asked::Asked;
use crate::cells::{Cell, cell, pair};
use crate::declared::{self, Field, Model};
use crate::deliveries::{Deliveries, deliveries};
use crate::hub::encode;
use crate::page::Page;
use crate::record::{Shown, tell, told};
use crate::refused::Refused;
use crate::shown;
use crate::visit::{Form, Visit, leave};
// circle: deliveries: they stand on their platform's page

/// How many platforms stand on the page.
const PLATFORMS: u64 = 100;
/// How many full syncs stand under their cards in all: those that run, and the newest that are over.
const SYNCS: u64 = 60;
/// How many of them under one card.
const SYNCS_OF_ONE: usize = 6;
/// The kinds that a full sync tells.
const KINDS: [&str; 5] = ["pos", "user", "client", "product", "stock"];

/// What may be done to a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    /// All of it: an administrator of the hub's.
    pub all: bool,
    /// What its bank's administrators may too: test, pause, send again.
    pub some: bool,
}

impl May {
    /// As it is declared to whoever looks: errors are told to those who look after platforms, addresses to the hub's side alone.
    pub fn of(visit: &Visit) -> May {
        let has = |model: &str, field: &str| visit.declared.model(model).is_some_and(|of| of.field(field).is_some());
        let all = visit.declared.model("ek.platform").is_some_and(|of| of.write);
        May { all, some: all || has("ek.delivery", "last_error") && !has("ek.platform", "base_url") }
    }
}

/// A full sync, as far as it is.
pub struct Progress {
    /// What it tells.
    pub kind: String,
    /// How many records it has told.
    pub told: String,
    /// Whether it goes on, and how that looks.
    pub state: Cell,
    /// Why it does not.
    pub error: String,
}

/// A platform.
pub struct Card {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its bank.
    pub bank: Cell,
    /// Whether its breaker is open: nothing but a probe is sent.
    pub is_open: bool,
    /// When it is probed.
    pub probe: String,
    /// How many wait.
    pub waiting: String,
    /// How long the oldest waits; nothing where none does.
    pub lag: String,
    /// How many were delivered in the last minute.
    pub rate: String,
    /// How many were given up.
    pub dead: String,
    /// Whether any was.
    pub has_dead: bool,
    /// Calls that failed today; nothing where they can't be told apart.
    pub failed: String,
    /// Whether it is paused.
    pub is_paused: bool,
    /// Whether it is switched off.
    pub is_off: bool,
    /// Full syncs, the newest first.
    pub syncs: Vec<Progress>,
    /// What may be done.
    pub may: May,
    /// What the model can do, of what this page offers.
    pub can: Vec<String>,
    /// Kinds of a full sync, with their words.
    pub kinds: Vec<(String, String)>,
    /// Where its steps lead back to.
    pub back: &'static str,
}

impl Card {
    fn can(&self, method: &str) -> bool {
        self.can.iter().any(|known| known == method)
    }
}

/// How long something lasts, in words.
pub fn lasting(visit: &Visit, seconds: i64) -> String {
    let of = |id: &str, whole: i64, rest: i64| visit.t_with(id, &[("whole", &whole.to_string()), ("rest", &rest.to_string())]);
    match seconds {
        ..60 => visit.t("push-lag-moment"),
        60..3_600 => of("push-lag-minutes", seconds / 60, 0),
        3_600..86_400 => of("push-lag-hours", seconds / 3_600, seconds % 3_600 / 60),
        _ => of("push-lag-days", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

fn is_true(record: &Value, name: &str) -> bool {
    record.get(name) == Some(&Value::Bool(true))
}

fn text(record: &Value, name: &str) -> String {
    shown::text_of(record, name)
}

/// The cards of the platforms that match.
async fn cards(visit: &Visit, filter: Value, back: &'static str) -> Result<Vec<Card>, Refused> {
    let platform = visit.model("ek.platform")?;
    let wanted =
        ["name", "bank_id", "active", "paused", "breaker", "open_until", "waiting", "oldest_waiting", "lag_seconds", "rate", "dead"];
    let fields: Vec<&Field> = wanted.iter().filter_map(|name| platform.field(name)).collect();
    let query = declared::asked(fields.iter().copied());
    let parameters = [
        ("query", format!("{{id, {query}}}")),
        ("filter", filter.to_string()),
        ("order", "name".to_owned()),
        ("page_size", PLATFORMS.to_string()),
        ("page", "1".to_owned()),
        ("context", json!({"active_test": false}).to_string()),
    ];
    let (listed, mut syncs, failed) = futures_util::join!(visit.list("ek.platform", &parameters), syncs(visit), failed(visit));
    let may = May::of(visit);
    let kinds = KINDS.map(|kind| (kind.to_owned(), visit.t(&format!("push-kind-{kind}"))));
    let cards = listed?.result.into_iter().map(|record| {
        let id = record.get("id").and_then(Value::as_i64).unwrap_or_default();
        let number = |name: &str| shown::number(visit.lang, &text(&record, name), None);
        let is_waiting = record.get("waiting").and_then(Value::as_i64).is_some_and(|many| many > 0);
        let bank = platform.field("bank_id").map(|field| cell(visit, "ek.platform", field, record.get("bank_id").unwrap_or(&Value::Null)));
        let of_bank = record.get("bank_id").and_then(|bank| pair(bank).0);
        Card {
            id,
            name: text(&record, "name"),
            bank: bank.unwrap_or_default(),
            is_open: text(&record, "breaker") == "open",
            probe: shown::moment(visit.zone, &text(&record, "open_until")),
            waiting: number("waiting"),
            lag: if is_waiting { lasting(visit, lag(&record)) } else { String::new() },
            rate: number("rate"),
            dead: number("dead"),
            has_dead: record.get("dead").and_then(Value::as_i64).is_some_and(|many| many > 0),
            failed: match (&failed, of_bank) {
                (Some(failed), Some(bank)) => shown::number(visit.lang, &failed.get(&bank).copied().unwrap_or(0).to_string(), None),
                _ => String::new(),
            },
            is_paused: is_true(&record, "paused"),
            is_off: record.get("active") == Some(&Value::Bool(false)),
            syncs: syncs.remove(&id).unwrap_or_default(),
            may,
            can: platform.actions.iter().map(|action| action.method.clone()).collect(),
            kinds: kinds.to_vec(),
            back,
        }
    });
    Ok(cards.collect())
}

/// How many seconds the oldest waits: as the hub tells, or by when it changed.
fn lag(record: &Value) -> i64 {
    let since = shown::read_moment(&text(record, "oldest_waiting")).map(|since| (Utc::now().naive_utc() - since).num_seconds());
    record.get("lag_seconds").and_then(Value::as_i64).or(since).unwrap_or_default()
}

/// Full syncs by their platform.
async fn syncs(visit: &Visit) -> HashMap<i64, Vec<Progress>> {
    let Some(sync) = visit.declared.model("ek.sync") else { return HashMap::new() };
    let parameters = [
        ("query", "{id, platform_id{id}, kind, told, state, error}".to_owned()),
        ("order", "id desc".to_owned()),
        ("page_size", SYNCS.to_string()),
        ("page", "1".to_owned()),
    ];
    // The cards are shown without them rather than not at all
    let Ok(listed) = visit.list("ek.sync", &parameters).await else { return HashMap::new() };
    let mut found: HashMap<i64, Vec<Progress>> = HashMap::new();
    for record in &listed.result {
        let Some(platform) = record.get("platform_id").and_then(|platform| pair(platform).0) else { continue };
        let of = found.entry(platform).or_default();
        let value = |name: &str| sync.field(name).map(|field| cell(visit, "ek.sync", field, record.get(name).unwrap_or(&Value::Null)));
        if of.len() < SYNCS_OF_ONE {
            of.push(Progress {
                kind: value("kind").unwrap_or_default().text,
                told: shown::number(visit.lang, &text(record, "told"), None),
                state: value("state").unwrap_or_default(),
                error: visit.console.words.refusal(visit.lang, &text(record, "error")),
            });
        }
    }
    found
}

/// How many calls failed today, by bank; nothing where that is not told.
async fn failed(visit: &Visit) -> Option<HashMap<i64, i64>> {
    let attempt = visit.declared.model("ek.attempt")?;
    let why = ["why", "error"].into_iter().find(|name| attempt.field(name).is_some_and(|field| field.searchable))?;
    let today = visit.zone.from_utc_datetime(&Utc::now().naive_utc()).format("%Y-%m-%dT00:00").to_string();
    let since = shown::moment_from_input(visit.zone, &today)?;
    let parameters = [("group_by", "bank_id".to_owned()), ("filter", json!([["at", ">=", since], [why, "!=", false]]).to_string())];
    let listed = visit.list("ek.attempt", &parameters).await.ok()?;
    Some(listed.result.iter().filter_map(|group| Some((group.get("bank_id")?.as_i64()?, group.get("count")?.as_i64()?))).collect())
}

#[derive(Template)]
#[template(path = "pushes.html")]
struct PushesPage<'v> {
    page: Page<'v>,
    cards: Vec<Card>,
    may_make: bool,
    refused: Vec<String>,
}

/// `GET /web/pushes`
pub async fn pushes(visit: Visit) -> HttpResponse {
    visit.told(board(&visit, Vec::new()).await)
}

async fn board(visit: &Visit, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let may_make = visit.model("ek.platform")?.create;
    let status = if refused.is_empty() { 200 } else { 422 };
    let cards = cards(visit, json!([]), "/web/pushes").await?;
    let page = counted(visit, Page::new(visit, "/web/pushes", visit.t("menu-pushes")));
    Ok(crate::visit::html(&visit.request, status, &PushesPage { page, cards, may_make, refused }))
}

/// What was just done, with how many it was done to, as the address tells it.
pub fn counted<'v>(visit: &Visit, mut page: Page<'v>) -> Page<'v> {
    let count = visit.asked_for("again").and_then(|count| count.parse::<u64>().ok());
    if let Some(count) = count {
        page.done = Some(visit.t_with("push-done-again", &[("count", &count.to_string())]));
    }
    page
}

#[derive(Template)]
#[template(path = "platform.html")]
struct PlatformPage<'v> {
    page: Page<'v>,
    card: Card,
    settings: Vec<Shown>,
    may_edit: bool,
    deliveries: Option<Deliveries>,
    refused: Vec<String>,
}

/// `GET /web/ek.platform/{id}`
pub async fn platform(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(one(&visit, *id, Vec::new()).await)
}

/// The page of one platform, with what was refused.
///
/// # Errors
/// What the hub refuses.
pub async fn one(visit: &Visit, id: i64, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let model = visit.model("ek.platform")?;
    let asked = Asked::read(visit.query());
    let (cards, settings, deliveries) =
        futures_util::join!(cards(visit, json!([["id", "=", id]]), ""), settings(visit, model, id), deliveries(visit, id, asked));
    let card = cards?.into_iter().next().ok_or_else(Refused::not_found)?;
    let status = if refused.is_empty() { 200 } else { 422 };
    let page = counted(visit, Page::new(visit, "/web/pushes", card.name.clone()));
    let page = PlatformPage { page, card, settings: settings?, may_edit: model.write, deliveries: deliveries?, refused };
    Ok(crate::visit::html(&visit.request, status, &page))
}

/// What is set of a platform, of what may be read.
async fn settings(visit: &Visit, model: &Model, id: i64) -> Result<Vec<Shown>, Refused> {
    let known =
        |field: &&Field| field.is_plain() && matches!(field.name.as_str(), "base_url" | "paths") || field.name.starts_with("wants_");
    let fields: Vec<&Field> = model.fields.iter().filter(known).collect();
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let query = declared::asked(fields.iter().copied());
    let record = visit.read("ek.platform", id, &format!("{{id, {query}}}")).await?;
    Ok(fields.into_iter().map(|field| tell(visit, model, field, &record)).collect())
}

#[derive(Template)]
#[template(path = "secret.html")]
struct SecretPage<'v> {
    page: Page<'v>,
    id: i64,
    name: String,
    secret: String,
}

/// `POST /web/ek.platform/{id}/push/{what}`: a step of a platform.
pub async fn step(visit: Visit, path: web::Path<(i64, String)>, payload: web::Payload) -> HttpResponse {
    let (id, what) = path.into_inner();
    let made = async {
        let form = visit.form(payload).await?;
        let platform = visit.model("ek.platform")?;
        let method = match what.as_str() {
            "test" => "action_test",
            "pause" => "action_pause",
            "resume" => "action_resume",
            "again" => "action_replay",
            "sync" => "action_full_sync",
            "secret" => "action_rotate_secret",
            _ => return Err(Refused::not_found()),
        };
        platform.action(method).ok_or_else(Refused::not_found)?;
        let board_asked = form.one("back") == "/web/pushes";
        let answer = match arguments(&visit, &what, &form) {
            // A secret is answered under no key
            Ok(args) => visit.act("ek.platform", id, method, args, form.key().filter(|_| what != "secret")).await,
            Err(refused) => Err(refused),
        };
        match answer {
            Ok(answer) => done(&visit, id, &what, &answer, if board_asked { "/web/pushes" } else { "" }).await,
            Err(refused) if refused.is_nobody() || matches!(refused.status, 403 | 404) => Err(refused),
            Err(refused) if board_asked => board(&visit, told(&visit, &refused)).await,
            Err(refused) => one(&visit, id, told(&visit, &refused)).await,
        }
    };
    visit.told(made.await)
}

/// What a step's form says, as its method takes it.
fn arguments(visit: &Visit, what: &str, form: &Form) -> Result<Value, Refused> {
    Ok(match what {
        "again" => match form.one("since").trim() {
            "" if form.has("since") => return Err(Refused::of(422, &visit.t("input-moment"))),
            "" => json!([]),
            since => {
                json!([shown::moment_from_input(visit.zone, since).ok_or_else(|| Refused::of(422, &visit.t("input-moment")))?])
            }
        },
        "sync" => {
            let kinds: Vec<&str> = form.all("kind").filter(|kind| KINDS.contains(kind)).collect();
            if kinds.is_empty() {
                return Err(Refused::of(422, &visit.t("push-sync-none")));
            }
            json!([kinds])
        }
        _ => json!([]),
    })
}

/// Where a step leads.
async fn done(visit: &Visit, id: i64, what: &str, answer: &Value, back: &str) -> Result<HttpResponse, Refused> {
    let back = if back.is_empty() { format!("/web/ek.platform/{id}") } else { back.to_owned() };
    let delivery = answer.as_i64().filter(|_| what == "test" && visit.may_read("ek.delivery"));
    Ok(match (what, delivery) {
        (_, Some(delivery)) => leave(&format!("/web/ek.delivery/{delivery}?done=push-test")),
        ("again", None) => leave(&format!("{back}?again={}", answer.as_i64().unwrap_or_default())),
        ("secret", None) => {
            // In the page alone: no address has it, and nothing keeps the page
            let secret = answer.as_str().ok_or_else(|| Refused::unread("action_rotate_secret", &"no secret"))?.to_owned();
            let name = visit.names("ek.platform", &[id]).await.ok().and_then(|mut names| names.remove(&id)).unwrap_or_default();
            visit.html(&SecretPage { page: Page::new(visit, "/web/pushes", visit.t("push-secret-new")), id, name, secret })
        }
        _ => leave(&format!("{back}?done=push-{}", encode(what))),
    })
}
