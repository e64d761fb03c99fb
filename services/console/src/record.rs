//! `/web/{model}/{id}`: one record of any model, made of its declaration; its related records, its history, its next steps.
// circle: form: a record leads to its form where there is one, and a form tells refusals as its record does

use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use crate::cells::{Cell, cell};
use crate::declared::{self, Action, Field, Model};
use crate::hub::encode;
use crate::list::{Row, row};
use crate::page::{Page, entry_of};
use crate::refused::Refused;
use crate::shown;
use crate::views;
use crate::visit::{Visit, leave};

/// How many records of a relation stand on a record's page.
const RELATED: u64 = 40;
/// How many changes of its history.
const HISTORY: u64 = 50;
/// How the audit notes that somebody looked at sealed fields.
const LOOK: &str = "read: ";

/// A field with its value.
pub struct Shown {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What people should know of it.
    pub help: String,
    /// Its value.
    pub cell: Cell,
}

/// Records that belong to this one.
pub struct Related {
    /// What they are called here.
    pub label: String,
    /// Their model.
    pub model: String,
    /// Their columns: label, whether numbers.
    pub heads: Vec<(String, bool)>,
    /// The first of them.
    pub rows: Vec<Row>,
    /// How many there are.
    pub count: u64,
    /// The list of all of them.
    pub href: String,
    /// The form of a new one; nothing where one may not make any.
    pub new: String,
}

impl Related {
    /// Where it is on the page.
    pub fn anchor(&self) -> String {
        self.model.replace('.', "-")
    }

    /// Whether there are more than stand here.
    pub fn is_cut(&self) -> bool {
        u64::try_from(self.rows.len()).is_ok_and(|shown| shown < self.count)
    }
}

/// A step that the record can take.
pub struct Step {
    /// Its method.
    pub method: String,
    /// The words of its button.
    pub label: String,
    /// What it does.
    pub about: String,
    /// What it asks for first: name, label, whether it must be given, what is to be chosen from.
    pub asks: Vec<(String, String, bool, Vec<String>)>,
}

/// A change of the record.
pub struct Change {
    /// When.
    pub at: String,
    /// Who.
    pub who: String,
    /// Which field; nothing where the record was made or removed.
    pub field: String,
    /// Its values before and after.
    pub values: (String, String),
}

/// A record's page.
#[derive(Template)]
#[template(path = "record.html")]
pub struct RecordPage<'v> {
    /// Its frame.
    pub page: Page<'v>,
    /// Its model.
    pub model: &'v Model,
    /// Its number.
    pub id: i64,
    /// What the model's records are called.
    pub label: String,
    /// The list of the model.
    pub list: String,
    /// Whether it is archived.
    pub is_archived: bool,
    /// Its state, where it has one.
    pub state: Option<Cell>,
    /// Short values.
    pub fields: Vec<Shown>,
    /// Long texts.
    pub texts: Vec<Shown>,
    /// Who made it and changed it, when.
    pub common: Vec<Shown>,
    /// Fields whose values are encrypted, with their labels.
    pub sealed: Vec<Shown>,
    /// Whether these are shown.
    pub is_open: bool,
    /// Pictures: label, address.
    pub pictures: Vec<(String, String)>,
    /// What belongs to it.
    pub related: Vec<Related>,
    /// What it can do next.
    pub steps: Vec<Step>,
    /// What happened to it.
    pub history: Vec<Change>,
    /// What else can be done with it, on pages of their own: address and words.
    pub links: Vec<(String, String)>,
    /// What can be printed: address and words.
    pub papers: Vec<(String, String)>,
    /// What the hub refused, of a step that was asked for.
    pub refused: Vec<String>,
}

impl RecordPage<'_> {
    /// Whether there is anything that a form could change.
    pub(crate) fn has_form(&self) -> bool {
        crate::form::is_possible(self.model)
    }
}

/// `GET /web/{model}/{id}`
pub async fn record(visit: Visit, path: web::Path<(String, i64)>) -> HttpResponse {
    let (model, id) = path.into_inner();
    visit.told(shown(&visit, &model, id, Vec::new()).await)
}

/// The page of a record, with what was refused of a step.
///
/// # Errors
/// What the hub refuses.
pub async fn shown(visit: &Visit, name: &str, id: i64, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let made = made(visit, name, id, refused).await?;
    let status = if made.refused.is_empty() { 200 } else { 422 };
    Ok(crate::visit::html(&visit.request, status, &made))
}

/// Makes a record's page.
///
/// # Errors
/// What the hub refuses: 404 where it is not there for them.
pub async fn made<'v>(visit: &'v Visit, name: &str, id: i64, refused: Vec<String>) -> Result<RecordPage<'v>, Refused> {
    let model = visit.model(name)?;
    let (made, related) = futures_util::join!(alone(visit, name, id, refused), related(visit, model, id));
    Ok(RecordPage { related: related?, ..made? })
}

/// Makes a record's page without what belongs to it, for a page that has its own of that.
///
/// # Errors
/// What the hub refuses: 404 where it is not there for them.
pub async fn alone<'v>(visit: &'v Visit, name: &str, id: i64, refused: Vec<String>) -> Result<RecordPage<'v>, Refused> {
    let model = visit.model(name)?;
    let is_open = visit.asked_for("open") == Some("1");
    let asked = model.fields.iter().filter(|field| field.is_plain() || (is_open && field.sealed && field.kind != "binary"));
    let query = format!("{{{}}}", declared::asked(asked));
    let (record, history) = futures_util::join!(visit.read(name, id, &query), history(visit, model, id));
    let (record, history) = (record?, history?);
    let told = |field: &Field| tell(visit, model, field, &record);
    let is_state = |field: &Field| field.kind == "selection" && matches!(field.name.as_str(), "state" | "ek_state");
    let plain = model.fields.iter().filter(|field| field.is_plain() && !views::is_common(&field.name) && field.name != "active");
    let (texts, fields): (Vec<&Field>, Vec<&Field>) = plain.partition(|field| field.kind == "text");
    let state = model.field("ek_state").or_else(|| model.field("state")).filter(|field| is_state(field)).map(|field| told(field).cell);
    let title = record.get("display_name").map(shown::text).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("#{id}"));
    let pictures = model.fields.iter().filter(|field| field.kind == "binary" && field.name.starts_with("image_5"));
    let sealed = model.fields.iter().filter(|field| field.sealed && field.kind != "binary");
    let reports = views::view(name).reports.iter();
    Ok(RecordPage {
        label: visit.console.words.model(visit.lang, model, false).into_owned(),
        list: entry_of(name).to_owned(),
        is_archived: model.is_archivable() && record.get("active") == Some(&Value::Bool(false)),
        state: state.filter(|cell| !cell.text.is_empty()),
        fields: fields.into_iter().map(told).collect(),
        texts: texts.into_iter().map(told).filter(|shown| !shown.cell.text.is_empty()).collect(),
        common: model.fields.iter().filter(|field| views::is_common(&field.name) && field.name != "display_name").map(told).collect(),
        sealed: sealed.map(told).collect(),
        is_open,
        pictures: pictures.map(|field| (told(field).label, format!("/web/image/{name}/{id}/{}", field.name))).collect(),
        related: Vec::new(),
        links: Vec::new(),
        steps: steps(visit, model),
        history,
        papers: reports
            .map(|report| (format!("/report/pdf/{report}/{id}"), visit.t(&format!("print-{}", report.replace('.', "-")))))
            .collect(),
        page: Page::new(visit, entry_of(name), title),
        model,
        id,
        refused,
    })
}

/// A field of a record.
pub fn tell(visit: &Visit, model: &Model, field: &Field, record: &Value) -> Shown {
    let words = &visit.console.words;
    Shown {
        name: field.name.clone(),
        label: words.field(visit.lang, &model.name, field).into_owned(),
        help: words.help(visit.lang, &model.name, field).into_owned(),
        cell: cell(visit, &model.name, field, record.get(&field.name).unwrap_or(&Value::Null)),
    }
}

/// What a record can do next, of what its model does. Whether it may is the hub's to say.
pub fn steps(visit: &Visit, model: &Model) -> Vec<Step> {
    if !model.write {
        return Vec::new();
    }
    model.actions.iter().filter(|action| action.on_record).map(|action| step(visit, model, action)).collect()
}

/// A step, as its button and what it asks for.
pub fn step(visit: &Visit, model: &Model, action: &Action) -> Step {
    let words = &visit.console.words;
    let asks = action.arguments.iter().map(|argument| {
        let choices = argument
            .schema
            .get("enum")
            .and_then(Value::as_array)
            .map(|all| all.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect());
        let id = format!("argument-{}", argument.name);
        let label = Some(visit.t(&id)).filter(|label| *label != id).unwrap_or_else(|| argument.name.clone());
        (argument.name.clone(), label, argument.required, choices.unwrap_or_default())
    });
    Step {
        method: action.method.clone(),
        label: words.action(visit.lang, &model.name, action).into_owned(),
        about: words.about(visit.lang, &model.name, action).into_owned(),
        asks: asks.collect(),
    }
}

/// The records that belong to one: its lists, and what other models refer to it with.
async fn related(visit: &Visit, model: &Model, id: i64) -> Result<Vec<Related>, Refused> {
    let own = model.fields.iter().filter(|field| field.kind == "one2many").filter_map(|field| {
        let label = visit.console.words.field(visit.lang, &model.name, field).into_owned();
        Some((label, field.relation.as_deref()?, field.relation_field.as_deref()?))
    });
    let others = views::view(&model.name).related.iter().filter_map(|(of, inverse)| {
        let label = visit.console.words.model(visit.lang, visit.declared.model(of)?, true).into_owned();
        Some((label, *of, *inverse))
    });
    let asked = own.chain(others).filter_map(|(label, of, inverse)| Some((label, visit.declared.model(of)?, inverse)));
    let asked = asked.map(async |(label, of, inverse)| of_one(visit, label, of, inverse, &json!(id)).await);
    seen(futures_util::future::join_all(asked).await)
}

/// Those that were found; what somebody may not look for by its field is not theirs to see.
///
/// # Errors
/// What else the hub refused.
pub fn seen(found: Vec<Result<Related, Refused>>) -> Result<Vec<Related>, Refused> {
    found.into_iter().filter(|of| of.as_ref().err().is_none_or(|refused| refused.status != 403)).collect()
}

/// Records of a model that have a value in a field: those that refer to a record.
///
/// # Errors
/// What the hub refuses.
pub async fn of_one(visit: &Visit, label: String, of: &Model, inverse: &str, value: &Value) -> Result<Related, Refused> {
    let fields = views::columns(of, &[]);
    let fields: Vec<&Field> = fields.into_iter().filter(|field| field.name != inverse).collect();
    let query = declared::asked(fields.iter().copied());
    let filter = json!([[inverse, "=", value]]).to_string();
    let parameters = [
        ("query", format!("{{id, {query}}}")),
        ("filter", filter),
        ("page_size", RELATED.to_string()),
        ("page", "1".to_owned()),
        ("context", json!({"active_test": false}).to_string()),
    ];
    let listed = visit.list(&of.name, &parameters).await?;
    let heads = fields.iter().map(|field| (visit.console.words.field(visit.lang, &of.name, field).into_owned(), field.is_number()));
    let may_make = of.create && !views::comes_with_another(&of.name) && of.field(inverse).is_some_and(|field| !field.readonly);
    Ok(Related {
        label,
        model: of.name.clone(),
        heads: heads.collect(),
        rows: listed.result.iter().map(|record| row(visit, of, &fields, record)).collect(),
        count: listed.count,
        href: format!("/web/{}?f.{inverse}={}", of.name, encode(&shown::text(value))),
        new: if may_make { format!("/web/{}/new?{inverse}={}", of.name, encode(&shown::text(value))) } else { String::new() },
    })
}

/// What happened to a record, the newest first.
///
/// # Errors
/// What the hub refuses.
pub async fn history(visit: &Visit, model: &Model, id: i64) -> Result<Vec<Change>, Refused> {
    if model.name.starts_with("ek.") && model.name != "ek.platform" {
        return Ok(Vec::new());
    }
    changes(visit, vec![Of { model, ids: vec![id] }]).await
}

/// Records of a model whose changes are told.
pub struct Of<'v> {
    /// The model.
    pub model: &'v Model,
    /// Their ids.
    pub ids: Vec<i64>,
}

/// What happened to records, the newest first; those that are not of the first model are named by theirs.
///
/// # Errors
/// What the hub refuses.
pub async fn changes(visit: &Visit, of: Vec<Of<'_>>) -> Result<Vec<Change>, Refused> {
    let of: Vec<Of<'_>> = of.into_iter().filter(|of| !of.ids.is_empty()).collect();
    if !visit.may_read("ek.audit") || of.is_empty() {
        return Ok(Vec::new());
    }
    let mut filter: Vec<Value> = std::iter::repeat_n(json!("|"), of.len() - 1).collect();
    for Of { model, ids } in &of {
        filter.extend([json!("&"), json!(["model", "=", model.name]), json!(["res_id", "in", ids])]);
    }
    let parameters = [
        ("query", "{at, user_id{id, display_name}, model, field, before, after}".to_owned()),
        ("filter", Value::Array(filter).to_string()),
        ("page_size", HISTORY.to_string()),
        ("page", "1".to_owned()),
    ];
    let listed = visit.list("ek.audit", &parameters).await?;
    let text = shown::text_of;
    let kept = |record: &Value, which: &str| -> Value { serde_json::from_str(&text(record, which)).unwrap_or(Value::Null) };
    let named = named(visit, &of, &listed.result, kept).await;
    let made = listed.result.iter().filter_map(|record| {
        let of_model = text(record, "model");
        let at = of.iter().position(|of| of.model.name == of_model)?;
        let model = of.get(at)?.model;
        let name = text(record, "field");
        // Odoo's state goes with the platform's
        if name == "state" && model.field("ek_state").is_some() {
            return None;
        }
        let field = model.field(&name);
        let value = |which: &str| {
            let kept = kept(record, which);
            match field {
                Some(field) if matches!(field.kind.as_str(), "many2one" | "many2many") => {
                    let names = named.get(field.relation.as_deref().unwrap_or_default());
                    let name = |id: i64| names.and_then(|names| names.get(&id)).cloned().unwrap_or_else(|| id.to_string());
                    ids_of(&kept).into_iter().map(name).collect::<Vec<_>>().join(", ")
                }
                Some(field) => cell(visit, &model.name, field, &kept).text,
                _ if name.is_empty() => String::new(),
                _ => shown::text(&kept),
            }
        };
        let values = (value("before"), value("after"));
        let label = match field {
            Some(field) => visit.console.words.field(visit.lang, &model.name, field).into_owned(),
            None if name.starts_with(LOOK) => looked(visit, model, &name),
            None if name.is_empty() => visit.t(if text(record, "after").is_empty() { "history-removed" } else { "history-made" }),
            None => name,
        };
        let label = if at == 0 { label } else { format!("{} : {label}", visit.console.words.model(visit.lang, model, false)) };
        let who = record.get("user_id").map(|user| crate::cells::pair(user).1).filter(|who| !who.is_empty());
        Some(Change {
            at: shown::moment(visit.zone, &text(record, "at")),
            who: who.unwrap_or_else(|| visit.t("history-hub")),
            field: label,
            values,
        })
    });
    Ok(made.collect())
}

/// The ids that the audit has of a relation.
fn ids_of(kept: &Value) -> Vec<i64> {
    match kept {
        Value::Array(all) => all.iter().filter_map(Value::as_i64).collect(),
        one => one.as_i64().into_iter().collect(),
    }
}

/// The names of the records that changes lead to, by model: who may not read one, or asks in vain, sees its number.
async fn named(
    visit: &Visit,
    of: &[Of<'_>],
    changes: &[Value],
    kept: impl Fn(&Value, &str) -> Value,
) -> HashMap<String, HashMap<i64, String>> {
    let mut wanted: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for change in changes {
        let text = |name: &str| shown::text_of(change, name);
        let model = of.iter().map(|of| of.model).find(|model| model.name == text("model"));
        let field = model.and_then(|model| model.field(&text("field")));
        let relation =
            field.filter(|field| matches!(field.kind.as_str(), "many2one" | "many2many")).and_then(|field| field.relation.as_deref());
        if let Some(comodel) = relation.filter(|comodel| visit.may_read(comodel)) {
            wanted.entry(comodel).or_default().extend(["before", "after"].iter().flat_map(|which| ids_of(&kept(change, which))));
        }
    }
    let asked = wanted.into_iter().map(async |(comodel, ids)| {
        let ids: Vec<i64> = ids.into_iter().take(100).collect();
        (comodel.to_owned(), visit.names(comodel, &ids).await.unwrap_or_else(|_| HashMap::new()))
    });
    futures_util::future::join_all(asked).await.into_iter().collect()
}

/// Which sealed fields somebody has looked at.
fn looked(visit: &Visit, model: &Model, noted: &str) -> String {
    let names = noted.trim_start_matches(LOOK).split(", ");
    let label = |name: &str| match model.field(name) {
        Some(field) => visit.console.words.field(visit.lang, &model.name, field).into_owned(),
        None => name.to_owned(),
    };
    visit.t_with("history-look", &[("fields", &names.map(label).collect::<Vec<_>>().join(", "))])
}

/// `POST /web/{model}/{id}/do/{method}`: a step of one record.
pub async fn act(visit: Visit, path: web::Path<(String, i64, String)>, payload: web::Payload) -> HttpResponse {
    let (model, id, method) = path.into_inner();
    let made = async {
        match taken(&visit, &model, id, &method, payload).await? {
            Ok(done) => Ok(done),
            Err(refused) => shown(&visit, &model, id, told(&visit, &refused)).await,
        }
    };
    visit.told(made.await)
}

/// Takes a step of a record, as a form of a page asks for it: where it leads, or what the hub refused of it.
///
/// # Errors
/// What is no step: a form of another page, a record that is not there for them, a session that has ended.
pub async fn taken(
    visit: &Visit,
    model: &str,
    id: i64,
    method: &str,
    payload: web::Payload,
) -> Result<Result<HttpResponse, Refused>, Refused> {
    let form = visit.form(payload).await?;
    let action = visit.model(model)?.action(method).ok_or_else(Refused::not_found)?;
    let args = action.arguments.iter().map(|argument| {
        let text = form.one(&format!("a.{}", argument.name)).trim();
        argument_value(argument, text)
    });
    match visit.act(model, id, method, args.collect(), form.key()).await {
        Ok(answer) => Ok(Ok(done(visit, model, id, &answer))),
        Err(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
        Err(refused) => Ok(Err(refused)),
    }
}

/// What a form's text is of an argument.
fn argument_value(argument: &crate::declared::Argument, text: &str) -> Value {
    let is = |wanted: &str| match argument.schema.get("type") {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    };
    match text {
        "" => Value::Null,
        text if is("integer") || is("number") => {
            text.parse::<i64>().map_or_else(|_| shown::typed_number(text).map_or(json!(text), |n| json!(n)), |n| json!(n))
        }
        text if is("boolean") => json!(matches!(text, "true" | "1" | "on")),
        text if is("array") => text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty()).map(|item| json!(item)).collect(),
        text => json!(text),
    }
}

/// Where a step leads: to a record that it made, where it tells one as Odoo does; else back.
fn done(visit: &Visit, model: &str, id: i64, answer: &Value) -> HttpResponse {
    let of = answer.get("res_model").and_then(Value::as_str).zip(answer.get("res_id").and_then(Value::as_i64));
    match of.filter(|(of, _)| visit.may_read(of)) {
        Some((of, made)) => leave(&format!("/web/{}/{made}?done=step", encode(of))),
        None => leave(&format!("/web/{}/{id}?done=step", encode(model))),
    }
}

/// A refusal's sentences in the reader's language.
pub fn told(visit: &Visit, refused: &Refused) -> Vec<String> {
    refused.problems().into_iter().map(|problem| visit.console.words.refusal(visit.lang, problem)).collect()
}

/// `POST /web/{model}/do`: a step of many records, or their removal.
pub async fn act_on_many(visit: Visit, model: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        let of = visit.model(&model)?;
        let ids: Vec<i64> = form.all("id").filter_map(|id| id.parse().ok()).take(1_000).collect();
        let method = form.one("method");
        if ids.is_empty() {
            return Err(Refused::of(422, "Choose records first."));
        }
        if method != "unlink" && of.action(method).is_none() {
            return Err(Refused::not_found());
        }
        visit.call_kw(&of.name, method, json!([ids]), json!({})).await?;
        let back = form.one("back");
        let back = if back.starts_with('?') { back } else { "?" };
        Ok(leave(&format!("/web/{}{back}&done=step", encode(&of.name))))
    };
    visit.told(made.await)
}

/// `POST /web/{model}/{id}/archive`, `…/unarchive`, `…/unlink`
pub async fn put_away(visit: Visit, path: web::Path<(String, i64, String)>, payload: web::Payload) -> HttpResponse {
    let (model, id, what) = path.into_inner();
    let made = async {
        let form = visit.form(payload).await?;
        visit.model(&model)?;
        let refused = match what.as_str() {
            "archive" | "unarchive" => visit.write(&model, id, &json!({"active": what == "unarchive"}), form.key()).await.err(),
            "unlink" => visit.call_kw(&model, "unlink", json!([[id]]), json!({})).await.err(),
            _ => return Err(Refused::not_found()),
        };
        match refused {
            None if what == "unlink" => Ok(leave(&format!("{}?done=removed", entry_of(&model)))),
            None => Ok(leave(&format!("/web/{}/{id}?done=saved", encode(&model)))),
            Some(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
            Some(refused) => shown(&visit, &model, id, told(&visit, &refused)).await,
        }
    };
    visit.told(made.await)
}
