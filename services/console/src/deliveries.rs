//! The deliveries of a platform, one of them with its attempts, and sending again: one, those chosen, all that match, a thousand at a time.

use std::collections::{BTreeMap, HashMap};

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::Utc;
use serde_json::{Value, json};

use crate::asked::{Asked, How};
use crate::cells::{Cell, cell, pair};
use crate::declared::Model;
use crate::hub::encode;
use crate::list::PAGE;
use crate::page::Page;
use crate::pushes::{May, one};
use crate::record::told;
use crate::refused::Refused;
use crate::shown;
use crate::visit::{Form, Visit, leave};
// circle: pushes: a platform's page has its deliveries, and what is refused of them is told there

/// How many are sent again by one call.
const STEP: u64 = 1_000;
/// How many attempts of a delivery are shown.
const ATTEMPTS: u64 = 100;
/// In the order in which a delivery has them.
const STATES: [&str; 4] = ["waiting", "sending", "done", "dead"];

/// A delivery in a list.
pub struct Row {
    /// Its number.
    pub id: i64,
    /// What it tells of.
    pub kind: String,
    /// The record that it tells of.
    pub record: Cell,
    /// How it is told.
    pub verb: String,
    /// How far it is.
    pub state: Cell,
    /// How often it was tried.
    pub attempts: String,
    /// What was answered last.
    pub status: String,
    /// Since when.
    pub changed: Cell,
    /// When it is tried again.
    pub next: String,
}

/// A state as a tab: its words, how many, its list, whether it is chosen.
pub struct Tab {
    /// Its words.
    pub label: String,
    /// How many there are.
    pub count: String,
    /// The list of them.
    pub href: String,
    /// Whether they are shown.
    pub is_here: bool,
}

/// The deliveries of a platform, as asked for.
pub struct Deliveries {
    /// The platform.
    pub platform: i64,
    /// What was asked for.
    pub asked: Asked,
    /// Their states.
    pub tabs: Vec<Tab>,
    /// Their kinds: value, words, whether it is chosen.
    pub kinds: Vec<(String, String, bool)>,
    /// Those of the page.
    pub rows: Vec<Row>,
    /// How many match.
    pub count: u64,
    /// Whether one may send them again.
    pub may: bool,
}

impl Deliveries {
    /// The address behind the question mark.
    pub fn here(&self) -> String {
        self.asked.with(|_| {})
    }

    /// What a field is narrowed down to.
    pub fn chosen(&self, field: &str) -> &str {
        self.asked.chosen(field, How::Is)
    }

    /// From which day.
    pub fn from(&self) -> &str {
        self.asked.chosen("changed_at", How::From)
    }

    /// Up to which day.
    pub fn to(&self) -> &str {
        self.asked.chosen("changed_at", How::To)
    }

    /// In which state.
    pub fn state(&self) -> &str {
        self.asked.chosen("state", How::Is)
    }

    /// Whether they are narrowed down by more than their state.
    pub fn is_narrowed(&self) -> bool {
        self.asked.filters.iter().any(|(field, _, _)| field != "state")
    }

    fn before(&self) -> u64 {
        self.asked.page.saturating_sub(1).saturating_mul(PAGE)
    }

    /// The number of the first.
    pub fn first(&self) -> u64 {
        if self.rows.is_empty() { 0 } else { self.before().saturating_add(1) }
    }

    /// The number of the last.
    pub fn last(&self) -> u64 {
        self.before().saturating_add(counted_up(self.rows.len()))
    }

    /// The page before.
    pub fn previous(&self) -> String {
        self.asked.with(|asked| asked.page = asked.page.saturating_sub(1))
    }

    /// The page after.
    pub fn next(&self) -> String {
        self.asked.with(|asked| asked.page += 1)
    }
}

fn counted_up(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}

fn text(record: &Value, name: &str) -> String {
    shown::text_of(record, name)
}

fn value(visit: &Visit, model: &Model, name: &str, record: &Value) -> Cell {
    model.field(name).map(|field| cell(visit, &model.name, field, record.get(name).unwrap_or(&Value::Null))).unwrap_or_default()
}

fn domain(visit: &Visit, model: &Model, asked: &Asked, platform: i64) -> Result<Vec<Value>, Refused> {
    let mut terms = vec![json!(["platform_id", "=", platform])];
    if let Value::Array(given) = asked.domain(visit, model)? {
        terms.extend(given);
    }
    Ok(terms)
}

/// The deliveries of a platform; none where one may not read any.
///
/// # Errors
/// What the hub refuses.
pub async fn deliveries(visit: &Visit, platform: i64, asked: Asked) -> Result<Option<Deliveries>, Refused> {
    let Some(model) = visit.declared.model("ek.delivery") else { return Ok(None) };
    let filter = Value::Array(domain(visit, model, &asked, platform)?).to_string();
    let any_state =
        Asked { filters: asked.filters.iter().filter(|(field, _, _)| field != "state").cloned().collect(), page: 1, ..asked.clone() };
    let of_any = Value::Array(domain(visit, model, &any_state, platform)?).to_string();
    let fields = ["kind", "verb", "model", "record_id", "state", "attempts", "last_status", "changed_at", "next_attempt"];
    let fields = fields.into_iter().filter(|name| model.field(name).is_some()).collect::<Vec<_>>().join(", ");
    let parameters = [
        ("query", format!("{{id, {fields}}}")),
        ("filter", filter),
        ("order", "id desc".to_owned()),
        ("page_size", PAGE.to_string()),
        ("page", asked.page.to_string()),
    ];
    let groups = [("group_by", "state".to_owned()), ("filter", of_any)];
    let (listed, counts) = futures_util::join!(visit.list("ek.delivery", &parameters), visit.list("ek.delivery", &groups));
    let (listed, counts) = (listed?, counts?);
    let records = records(visit, &listed.result).await;
    let counts: HashMap<String, u64> =
        counts.result.iter().filter_map(|group| Some((group.get("state")?.as_str()?.to_owned(), group.get("count")?.as_u64()?))).collect();
    let number = |count: u64| shown::number(visit.lang, &count.to_string(), None);
    let base = format!("/web/ek.platform/{platform}");
    let tab = |state: Option<&str>| Tab {
        label: match state {
            Some(state) => visit.console.words.value(visit.lang, "ek.delivery", "state", state),
            None => visit.t("all"),
        },
        count: number(state.map_or_else(|| counts.values().sum(), |state| counts.get(state).copied().unwrap_or_default())),
        href: format!(
            "{base}{}#deliveries",
            any_state.with(|asked| asked.filters.extend(state.map(|state| ("state".to_owned(), How::Is, state.to_owned()))))
        ),
        is_here: asked.chosen("state", How::Is) == state.unwrap_or_default(),
    };
    let chosen = asked.chosen("kind", How::Is);
    let kinds = model
        .field("kind")
        .map(|field| field.selection.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|(kind, _)| (kind.clone(), visit.console.words.value(visit.lang, "ek.delivery", "kind", kind), kind == chosen));
    let rows = listed.result.iter().map(|record| {
        let number = |name: &str| shown::number(visit.lang, &text(record, name), None);
        let waits = text(record, "state") == "waiting";
        Row {
            id: record.get("id").and_then(Value::as_i64).unwrap_or_default(),
            kind: value(visit, model, "kind", record).text,
            record: named(visit, record, &records),
            verb: value(visit, model, "verb", record).text,
            state: value(visit, model, "state", record),
            attempts: number("attempts"),
            status: Some(text(record, "last_status")).filter(|status| status != "0").unwrap_or_default(),
            changed: value(visit, model, "changed_at", record),
            next: if waits { value(visit, model, "next_attempt", record).text } else { String::new() },
        }
    });
    Ok(Some(Deliveries {
        platform,
        tabs: std::iter::once(None).chain(STATES.map(Some)).map(tab).collect(),
        kinds: kinds.collect(),
        rows: rows.collect(),
        count: listed.count,
        may: May::of(visit).some,
        asked,
    }))
}

/// The names of the records that deliveries tell of, by model and number. What can't be read has none.
async fn records(visit: &Visit, deliveries: &[Value]) -> HashMap<(String, i64), String> {
    let mut wanted: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for delivery in deliveries {
        if let Some(id) = delivery.get("record_id").and_then(Value::as_i64) {
            wanted.entry(text(delivery, "model")).or_default().push(id);
        }
    }
    let asked = wanted.into_iter().filter(|(model, _)| visit.may_read(model)).map(async |(model, mut ids)| {
        ids.sort_unstable();
        ids.dedup();
        let names = visit.names(&model, &ids).await.unwrap_or_else(|_away| HashMap::new());
        names.into_iter().map(|(id, name)| ((model.clone(), id), name)).collect::<Vec<_>>()
    });
    futures_util::future::join_all(asked).await.into_iter().flatten().collect()
}

/// The record that a delivery tells of, as a link where it can be read.
fn named(visit: &Visit, delivery: &Value, names: &HashMap<(String, i64), String>) -> Cell {
    let Some(id) = delivery.get("record_id").and_then(Value::as_i64) else { return Cell::default() };
    let model = text(delivery, "model");
    match names.get(&(model.clone(), id)) {
        Some(name) => Cell { text: name.clone(), href: format!("/web/{}/{id}", encode(&model)), ..Cell::default() },
        None => {
            let label = visit.declared.model(&model).map(|of| visit.console.words.model(visit.lang, of, false).into_owned());
            Cell { text: format!("{} n° {id}", label.unwrap_or_default()).trim().to_owned(), ..Cell::default() }
        }
    }
}

#[derive(Template)]
#[template(path = "again.html")]
struct AgainPage<'v> {
    page: Page<'v>,
    platform: i64,
    asked: String,
    after: i64,
    upto: i64,
    sent: u64,
    left: u64,
}

/// `POST /web/ek.platform/{id}/again`: sends the chosen ones again, or all that match, a thousand at a time.
pub async fn again(visit: Visit, platform: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        let sent = match form.one("what") {
            "all" => many(&visit, *platform, &form).await,
            _ => chosen(&visit, *platform, &form).await,
        };
        match sent {
            Err(refused) if refused.is_nobody() || matches!(refused.status, 403 | 404) => Err(refused),
            Err(refused) => one(&visit, *platform, told(&visit, &refused)).await,
            Ok(answer) => Ok(answer),
        }
    };
    visit.told(made.await)
}

async fn replay(visit: &Visit, ids: &[i64]) -> Result<u64, Refused> {
    let count = visit.call_kw("ek.delivery", "action_replay", json!([ids]), json!({})).await?;
    Ok(count.as_u64().unwrap_or_default())
}

/// What a list's address asked for, as its form carries it.
fn asked_of(form: &Form) -> Result<Asked, Refused> {
    let asked = form.one("asked").trim_start_matches('?');
    if asked.len() > 8_000 {
        return Err(Refused::of(413, "The form is too long."));
    }
    Ok(Asked::read(&Form::read(asked.as_bytes())?.0))
}

fn back(platform: i64, asked: &Asked, sent: u64) -> HttpResponse {
    leave(&format!("/web/ek.platform/{platform}{}&again={sent}", asked.with(|_| {})))
}

async fn chosen(visit: &Visit, platform: i64, form: &Form) -> Result<HttpResponse, Refused> {
    visit.model("ek.delivery")?;
    let most = usize::try_from(STEP).unwrap_or(usize::MAX);
    let ids: Vec<i64> = form.all("id").filter_map(|id| id.parse().ok()).take(most).collect();
    if ids.is_empty() {
        return Err(Refused::of(422, "Choose records first."));
    }
    Ok(back(platform, &asked_of(form)?, replay(visit, &ids).await?))
}

/// One step of all that match: those after the last that was sent again, up to the newest there was when it began. What is sent again
/// is a newer delivery, and is not met again.
async fn many(visit: &Visit, platform: i64, form: &Form) -> Result<HttpResponse, Refused> {
    let model = visit.model("ek.delivery")?;
    let asked = asked_of(form)?;
    let number = |name: &str| match form.one(name) {
        "" => Ok(0),
        text => text.parse::<i64>().map_err(|_unread| Refused::of(422, &visit.t("input-number"))),
    };
    let (after, mut upto) = (number("after")?, number("upto")?);
    let terms = domain(visit, model, &asked, platform)?;
    let ids = async |order: &str, size: u64, more: &[Value]| {
        let filter = Value::Array(terms.iter().chain(more).cloned().collect()).to_string();
        let parameters = [
            ("query", "{id}".to_owned()),
            ("filter", filter),
            ("order", order.to_owned()),
            ("page_size", size.to_string()),
            ("page", "1".to_owned()),
        ];
        let listed = visit.list("ek.delivery", &parameters).await?;
        let ids: Vec<i64> = listed.result.iter().filter_map(|record| record.get("id")?.as_i64()).collect();
        Ok::<_, Refused>((ids, listed.count))
    };
    if upto == 0 {
        upto = ids("id desc", 1, &[]).await?.0.first().copied().unwrap_or_default();
    }
    let before = number("sent")?.unsigned_abs();
    let (found, count) = ids("id", STEP, &[json!(["id", ">", after]), json!(["id", "<=", upto])]).await?;
    let Some(last) = found.last().copied() else { return Ok(back(platform, &asked, before)) };
    replay(visit, &found).await?;
    let step = counted_up(found.len());
    let (sent, left) = (before.saturating_add(step), count.saturating_sub(step));
    if left == 0 {
        return Ok(back(platform, &asked, sent));
    }
    let page = Page::new(visit, "/web/pushes", visit.t("push-again-title"));
    Ok(visit.html(&AgainPage { page, platform, asked: asked.with(|_| {}), after: last, upto, sent, left }))
}

/// A call of a delivery.
pub struct Attempt {
    /// Its number.
    pub id: i64,
    /// When it was begun.
    pub at: Cell,
    /// How long it took.
    pub lasted: String,
    /// What was answered, as HTTP has it.
    pub status: String,
    /// Why it failed, in words.
    pub why: String,
    /// What the connection said, in English.
    pub error: String,
    /// The beginning of the answer.
    pub answer: String,
    /// Its own id for the platform.
    pub webhook: String,
    /// The body that was sent, where it was asked for.
    pub body: Option<String>,
}

#[derive(Template)]
#[template(path = "delivery.html")]
struct DeliveryPage<'v> {
    page: Page<'v>,
    id: i64,
    platform: Cell,
    bank: Cell,
    kind: String,
    record: Cell,
    verb: String,
    state: Cell,
    waits: String,
    waits_for: Cell,
    error: String,
    changed: Cell,
    done: Cell,
    webhook: String,
    trace: String,
    is_bulk: bool,
    attempts: Vec<Attempt>,
    count: u64,
    may_look: bool,
    is_looking: bool,
    /// Whether it is still to be sent: the page asks again until it is not.
    is_open: bool,
    may: bool,
    refused: Vec<String>,
}

/// `GET /web/ek.delivery/{id}?body=attempt`
pub async fn delivery(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(page(&visit, *id, Vec::new()).await)
}

async fn page(visit: &Visit, id: i64, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let model = visit.model("ek.delivery")?;
    let query: Vec<String> = model.fields.iter().filter(|field| field.is_plain()).map(crate::declared::Field::asked).collect();
    let query = format!("{{id, {}}}", query.join(", "));
    let looked = visit.asked_for("body").and_then(|attempt| attempt.parse::<i64>().ok());
    // One after the other: what is told of it as over has its last attempt
    let record = visit.read("ek.delivery", id, &query).await?;
    let (mut attempts, count) = attempts(visit, id).await?;
    let may_look = visit.declared.model("ek.attempt").is_some_and(|of| of.field("body").is_some());
    let platform = record.get("platform_id").and_then(|platform| pair(platform).0);
    let one_record = [record];
    let look = async {
        match looked.filter(|_| may_look) {
            // Only those of this page: which body is read is written down
            Some(attempt) if attempts.iter().any(|one| one.id == attempt) => {
                visit.read("ek.attempt", attempt, "{id, body}").await.map(|read| Some((attempt, text(&read, "body"))))
            }
            _ => Ok(None),
        }
    };
    let (names, waits, body) = futures_util::join!(records(visit, &one_record), waits(visit, &one_record[0], platform), look);
    let body = body?;
    let is_looking = body.is_some();
    if let Some((of, body)) = body {
        attempts.iter_mut().filter(|one| one.id == of).for_each(|one| one.body = Some(body.clone()));
    }
    let [record] = one_record;
    let field = |name: &str| value(visit, model, name, &record);
    let named = named(visit, &record, &names);
    let kind = field("kind").text;
    let title = if named.text.is_empty() { kind.clone() } else { format!("{kind} : {}", named.text) };
    let waits_for = text(&record, "waits_for");
    let status = if refused.is_empty() { 200 } else { 422 };
    let page = DeliveryPage {
        page: crate::pushes::counted(visit, Page::new(visit, "/web/pushes", title)),
        id,
        platform: field("platform_id"),
        bank: field("bank_id"),
        verb: field("verb").text,
        state: field("state"),
        waits,
        waits_for: awaited(visit, &waits_for),
        // What an attempt tells is not told twice
        error: if attempts.is_empty() { visit.console.words.refusal(visit.lang, &text(&record, "last_error")) } else { String::new() },
        changed: field("changed_at"),
        done: field("done_at"),
        webhook: text(&record, "webhook_id"),
        trace: text(&record, "traceparent").split('-').nth(1).unwrap_or_default().to_owned(),
        is_bulk: record.get("bulk") == Some(&Value::Bool(true)),
        record: named,
        kind,
        attempts,
        count,
        may_look,
        is_looking,
        is_open: matches!(text(&record, "state").as_str(), "waiting" | "sending"),
        may: May::of(visit).some,
        refused,
    };
    Ok(crate::visit::html(&visit.request, status, &page))
}

/// What has to be taken first, by the reference that platforms know it by, as a link.
fn awaited(visit: &Visit, reference: &str) -> Cell {
    let of = |prefix: &str, model: &str| {
        let id: i64 = reference.strip_prefix(prefix)?.parse().ok()?;
        visit.may_read(model).then(|| format!("/web/{model}/{id}"))
    };
    let href = of("rc_variante", "product.template").or_else(|| of("rc_", "product.master"));
    Cell { text: reference.to_owned(), href: href.unwrap_or_default(), ..Cell::default() }
}

/// Why a delivery waits, in words; nothing where it does not.
async fn waits(visit: &Visit, record: &Value, platform: Option<i64>) -> String {
    match text(record, "state").as_str() {
        "waiting" => {}
        "sending" => return visit.t("push-why-sending"),
        "dead" => return visit.t("push-why-dead"),
        _ => return String::new(),
    }
    if !text(record, "waits_for").is_empty() {
        return visit.t("push-why-cause");
    }
    let platform = match (platform, visit.declared.model("ek.platform")) {
        (Some(id), Some(model)) => {
            let fields = ["active", "paused", "breaker", "open_until"].into_iter().filter(|name| model.field(name).is_some());
            let query = format!("{{id, {}}}", fields.collect::<Vec<_>>().join(", "));
            visit.read("ek.platform", id, &query).await.unwrap_or(Value::Null)
        }
        _ => Value::Null,
    };
    let next = shown::read_moment(&text(record, "next_attempt")).filter(|next| *next > Utc::now().naive_utc());
    let at = |id: &str, moment: &str| visit.t_with(id, &[("moment", &shown::moment(visit.zone, moment))]);
    if platform.get("active") == Some(&Value::Bool(false)) {
        visit.t("push-why-off")
    } else if platform.get("paused") == Some(&Value::Bool(true)) {
        visit.t("push-why-paused")
    } else if text(&platform, "breaker") == "open" {
        match text(&platform, "open_until").as_str() {
            "" => visit.t("push-why-open"),
            probe => at("push-why-open-until", probe),
        }
    } else if next.is_some() {
        at("push-why-next", &text(record, "next_attempt"))
    } else {
        visit.t("push-why-turn")
    }
}

/// The attempts of a delivery, the newest first, and how many there are.
async fn attempts(visit: &Visit, delivery: i64) -> Result<(Vec<Attempt>, u64), Refused> {
    let Some(model) = visit.declared.model("ek.attempt") else { return Ok((Vec::new(), 0)) };
    let fields = ["at", "milliseconds", "status", "why", "error", "answer", "webhook_id"];
    let fields = fields.into_iter().filter(|name| model.field(name).is_some()).collect::<Vec<_>>().join(", ");
    let parameters = [
        ("query", format!("{{id, {fields}}}")),
        ("filter", json!([["delivery_id", "=", delivery]]).to_string()),
        ("order", "id desc".to_owned()),
        ("page_size", ATTEMPTS.to_string()),
        ("page", "1".to_owned()),
    ];
    let listed = visit.list("ek.attempt", &parameters).await?;
    let made = listed.result.iter().map(|record| {
        let milliseconds = shown::number(visit.lang, &text(record, "milliseconds"), None);
        Attempt {
            id: record.get("id").and_then(Value::as_i64).unwrap_or_default(),
            at: value(visit, model, "at", record),
            lasted: if milliseconds.is_empty() { milliseconds } else { visit.t_with("push-milliseconds", &[("time", &milliseconds)]) },
            status: text(record, "status"),
            why: visit.console.words.refusal(visit.lang, &text(record, "why")),
            // Of an answer the connection says no more than its beginning
            error: text(record, "error").trim().to_owned(),
            answer: text(record, "answer"),
            webhook: text(record, "webhook_id"),
            body: None,
        }
    });
    let told_once = |mut attempt: Attempt| {
        if attempt.answer.starts_with(attempt.error.as_str()) {
            attempt.error.clear();
        }
        attempt
    };
    Ok((made.map(told_once).collect(), listed.count))
}

/// `POST /web/ek.delivery/{id}/again`
pub async fn send_again(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let made = async {
        visit.form(payload).await?;
        visit.model("ek.delivery")?;
        match replay(&visit, &[*id]).await {
            Ok(count) => Ok(leave(&format!("/web/ek.delivery/{}?again={count}", newest(&visit, *id).await?))),
            Err(refused) if refused.is_nobody() || matches!(refused.status, 403 | 404) => Err(refused),
            Err(refused) => page(&visit, *id, told(&visit, &refused)).await,
        }
    };
    visit.told(made.await)
}

/// What was sent already is sent again as a newer delivery, which is where one sees what becomes of it.
async fn newest(visit: &Visit, id: i64) -> Result<i64, Refused> {
    let one = visit.read("ek.delivery", id, "{id, platform_id, model, record_id, kind}").await?;
    let same = ["platform_id", "model", "record_id", "kind"].map(|name| {
        let value = one.get(name).cloned().unwrap_or_default();
        json!([name, "=", if name == "platform_id" { pair(&value).0.map_or(value, Value::from) } else { value }])
    });
    let filter = Value::Array(same.into_iter().chain([json!(["id", ">", id])]).collect());
    let query = [
        ("query", "{id}".to_owned()),
        ("filter", filter.to_string()),
        ("order", "id desc".to_owned()),
        ("page_size", "1".to_owned()),
        ("page", "1".to_owned()),
    ];
    let found = visit.list("ek.delivery", &query).await?;
    Ok(found.result.first().and_then(|newer| newer.get("id")?.as_i64()).unwrap_or(id))
}
