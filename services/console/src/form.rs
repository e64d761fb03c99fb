//! `/web/{model}/new` and `/web/{model}/{id}/edit`: the form of any model, each error beside its field.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Map, Value, json};

use crate::cells::pair;
use crate::declared::{self, Field, Model};
use crate::hub::encode;
use crate::layouts::{self, Group};
use crate::page::{Page, entry_of};
use crate::record::told;
use crate::refused::Refused;
use crate::shown;
use crate::visit::{Form, Visit, html, leave};
use crate::words::Lang;

/// What stands between a record's name and its number where one is chosen.
pub(crate) const NUMBER: &str = " \u{b7} ";
/// How many records a name is looked for among.
const NAMED: i64 = 20;

/// A field as it is filled in.
pub struct Input {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What people should know of it.
    pub help: String,
    /// Which control it has.
    pub control: &'static str,
    /// What stands in it.
    pub value: String,
    /// What stood in it when the form was made: what is as it was is not written.
    pub before: String,
    /// What there is to choose: value, words, whether it is chosen.
    pub choices: Vec<(String, String, bool)>,
    /// The model that it leads to.
    pub relation: String,
    /// Whether a record must have it.
    pub required: bool,
    /// The longest text, in characters.
    pub size: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl Group<Input> {
    /// Whether what is folded away must be seen: something is wrong with it, or has to be filled in.
    pub fn is_open(&self) -> bool {
        self.inputs.iter().any(|input| !input.problem.is_empty() || input.required && input.value.is_empty())
    }
}

/// A form.
#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'v> {
    page: Page<'v>,
    /// Where it is sent.
    to: String,
    /// Where one goes who gives up.
    back: String,
    groups: Vec<Group<Input>>,
    /// What is wrong with no field that is here.
    problems: Vec<String>,
}

/// `GET /web/{model}/new?field=value`
pub async fn new(visit: Visit, model: web::Path<String>) -> HttpResponse {
    let made = async {
        let model = visit.model(&model)?;
        if !model.create {
            return Err(Refused::not_found());
        }
        let given: HashMap<String, String> = visit.query().iter().cloned().collect();
        let inputs = inputs(&visit, model, None, &given).await?;
        Ok(page(&visit, model, None, inputs, Vec::new(), 200))
    };
    visit.told(made.await)
}

/// `GET /web/{model}/{id}/edit`
pub async fn edit(visit: Visit, path: web::Path<(String, i64)>) -> HttpResponse {
    let (model, id) = path.into_inner();
    let made = async {
        let model = visit.model(&model)?;
        if !model.write {
            return Err(Refused::not_found());
        }
        let record = read(&visit, model, id).await?;
        let inputs = inputs(&visit, model, Some(&record), &HashMap::new()).await?;
        Ok(page(&visit, model, Some((id, &record)), inputs, Vec::new(), 200))
    };
    visit.told(made.await)
}

/// `POST /web/{model}/new`
pub async fn create(visit: Visit, model: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let made = async {
        let form = visit.form(payload).await?;
        save(&visit, visit.model(&model)?, None, &form).await
    };
    visit.told(made.await)
}

/// `POST /web/{model}/{id}/edit`
pub async fn write(visit: Visit, path: web::Path<(String, i64)>, payload: web::Payload) -> HttpResponse {
    let (model, id) = path.into_inner();
    let made = async {
        let form = visit.form(payload).await?;
        save(&visit, visit.model(&model)?, Some(id), &form).await
    };
    visit.told(made.await)
}

/// `GET /web/search/{model}?…`: what a name being typed may mean, as options.
pub async fn search(visit: Visit, model: web::Path<String>) -> HttpResponse {
    let made = async {
        visit.model(&model)?;
        let is_typed = |name: &str| name.starts_with("v.") || name.starts_with("p.") || name == "q";
        let typed = visit.query().iter().find(|(name, _)| is_typed(name)).map_or("", |(_, value)| value.as_str());
        let found = named(&visit, &model, typed, "ilike").await?;
        Ok(visit.html(&Options { found: found.into_iter().map(|(id, name)| format!("{name}{NUMBER}{id}")).collect() }))
    };
    visit.told(made.await)
}

#[derive(Template)]
#[template(source = "{% for one in found %}<option value=\"{{ one }}\"></option>{% endfor %}", ext = "html")]
struct Options {
    found: Vec<String>,
}

async fn named(visit: &Visit, model: &str, name: &str, operator: &str) -> Result<Vec<(i64, String)>, Refused> {
    let found = visit.call_kw(model, "name_search", json!([name]), json!({"operator": operator, "limit": NAMED})).await?;
    let pairs = found.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(pairs.iter().filter_map(|pair| Some((pair.get(0)?.as_i64()?, pair.get(1)?.as_str()?.to_owned()))).collect())
}

async fn read(visit: &Visit, model: &Model, id: i64) -> Result<Value, Refused> {
    let asked = declared::asked(model.fields.iter().filter(|field| field.is_plain()));
    visit.read(&model.name, id, &format!("{{{asked}}}")).await
}

/// The control of a field; none where a form of a page can't fill it in.
fn control(field: &Field) -> Option<&'static str> {
    Some(match field.kind.as_str() {
        "char" if field.write_only => "password",
        "char" => "text",
        "text" => "area",
        "integer" | "float" | "monetary" => "number",
        "boolean" => "check",
        "date" => "date",
        "datetime" => "moment",
        "selection" => "select",
        "many2one" => "relation",
        "many2many" => "relations",
        _ => return None,
    })
}

/// Whether a form has anything of a model to fill in.
pub fn is_possible(model: &Model) -> bool {
    model.fields.iter().any(|field| !field.readonly && !field.sealed && control(field).is_some())
}

async fn inputs(visit: &Visit, model: &Model, record: Option<&Value>, given: &HashMap<String, String>) -> Result<Vec<Input>, Refused> {
    let fields = model.fields.iter().filter(|field| !field.readonly && control(field).is_some());
    // What is encrypted comes with its request, and is no form's
    let fields: Vec<&Field> = fields.filter(|field| !field.sealed).collect();
    let names = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>();
    let defaults = match record {
        Some(_) => Value::Null,
        None => visit.call_kw(&model.name, "default_get", json!([names]), json!({})).await?,
    };
    let made = fields.into_iter().map(async |field| {
        let value = record.and_then(|record| record.get(&field.name)).or_else(|| defaults.get(&field.name)).unwrap_or(&Value::Null);
        let mut text = typed(visit, field, value);
        if let (None, Some(given)) = (record, given.get(&field.name)) {
            text = match (field.kind.as_str(), given.parse::<i64>(), field.relation.as_deref()) {
                ("many2one", Ok(id), Some(comodel)) => {
                    visit.names(comodel, &[id]).await?.get(&id).map(|name| format!("{name}{NUMBER}{id}")).unwrap_or_default()
                }
                _ => given.clone(),
            };
        }
        Ok(input(visit, model, field, text, if record.is_some() { typed(visit, field, value) } else { String::new() }))
    });
    futures_util::future::join_all(made).await.into_iter().collect()
}

fn input(visit: &Visit, model: &Model, field: &Field, value: String, before: String) -> Input {
    let words = &visit.console.words;
    let choices = field
        .selection
        .iter()
        .map(|(choice, _)| (choice.clone(), words.value(visit.lang, &model.name, &field.name, choice), *choice == value));
    let languages =
        is_language(model, field).then(|| Lang::ALL.map(|lang| (lang.tag().to_owned(), lang.name().to_owned(), lang.tag() == value)));
    Input {
        label: words.field(visit.lang, &model.name, field).into_owned(),
        help: words.help(visit.lang, &model.name, field).into_owned(),
        control: if languages.is_some() { "select" } else { control(field).unwrap_or_default() },
        choices: choices.chain(languages.into_iter().flatten()).collect(),
        relation: field.relation.clone().unwrap_or_default(),
        required: field.required,
        size: field.size.unwrap_or(20_000),
        problem: String::new(),
        name: field.name.clone(),
        value,
        before,
    }
}

/// A user's language is one of those that there are words in, though its declaration takes any.
fn is_language(model: &Model, field: &Field) -> bool {
    model.name == "res.users" && field.name == "lang"
}

/// A value as it stands in its control.
fn typed(visit: &Visit, field: &Field, value: &Value) -> String {
    let chosen = |one: &Value| {
        let (id, name) = pair(one);
        id.map(|id| format!("{name}{NUMBER}{id}")).unwrap_or_default()
    };
    match field.kind.as_str() {
        _ if field.write_only => String::new(),
        "many2one" => chosen(value),
        "many2many" => value.as_array().map(|all| all.iter().map(chosen).collect::<Vec<_>>().join("\n")).unwrap_or_default(),
        "datetime" => shown::moment_input(visit.zone, &shown::text(value)),
        _ => shown::text(value),
    }
}

fn page(visit: &Visit, model: &Model, of: Option<(i64, &Value)>, inputs: Vec<Input>, problems: Vec<String>, status: u16) -> HttpResponse {
    let name = &model.name;
    let layout = layouts::layout(name, |field| inputs.iter().any(|input| input.name == field && input.value == "true"));
    let label = layout
        .filter(|layout| !layout.label.is_empty())
        .map_or_else(|| visit.console.words.model(visit.lang, model, false).into_owned(), |layout| visit.t(layout.label));
    let here = layout.map_or_else(|| entry_of(name), |layout| layout.list);
    let (title, to, back) = match of {
        Some((id, record)) => {
            let title = shown::text_of(record, "display_name");
            (visit.t_with("form-edit", &[("what", &title)]), format!("/web/{name}/{id}/edit"), format!("/web/{name}/{id}"))
        }
        None => (visit.t_with("form-new", &[("what", &label)]), format!("/web/{name}/new"), here.to_owned()),
    };
    let groups = layouts::grouped(visit, layout, inputs, |input| input.name.as_str());
    html(&visit.request, status, &FormPage { page: Page::new(visit, here, title), to, back, groups, problems })
}

/// Writes what is not as it was; where the hub refuses, the form comes back as it was filled in.
async fn save(visit: &Visit, model: &Model, id: Option<i64>, form: &Form) -> Result<HttpResponse, Refused> {
    let (mut data, mut wrong) = (Map::new(), HashMap::new());
    for field in model.fields.iter().filter(|field| !field.readonly && !field.sealed && control(field).is_some()) {
        let (value, before) = (form.one(&format!("v.{}", field.name)), form.one(&format!("o.{}", field.name)));
        // A browser sends no box that is not ticked
        let was_there = form.has(&format!("o.{}", field.name));
        let value = if field.kind == "boolean" && value.is_empty() { "" } else { value };
        if !was_there || normal(value) == normal(before) {
            continue;
        }
        match written(visit, field, value.trim()).await {
            Ok(value) => drop(data.insert(field.name.clone(), value)),
            Err(refused) if refused.is_nobody() => return Err(refused),
            Err(refused) => drop(wrong.insert(field.name.clone(), refused.message)),
        }
    }
    let mut refused = None;
    if wrong.is_empty() {
        let data = Value::Object(data);
        let saved = match id {
            Some(id) => visit.write(&model.name, id, &data, form.key()).await.map(|()| id),
            None => visit.create(&model.name, &data, form.key()).await,
        };
        match saved {
            Ok(id) => return Ok(leave(&format!("/web/{}/{id}?done=saved", encode(&model.name)))),
            Err(fault) if fault.is_nobody() || (fault.status == 404 && id.is_some()) => return Err(fault),
            Err(fault) => refused = Some(fault),
        }
    }
    // As it was filled in, with what is wrong
    let record = match id {
        Some(id) => Some(read(visit, model, id).await?),
        None => None,
    };
    let mut inputs = inputs(visit, model, record.as_ref(), &HashMap::new()).await?;
    for input in &mut inputs {
        input.value = form.one(&format!("v.{}", input.name)).to_owned();
        input.before = form.one(&format!("o.{}", input.name)).to_owned();
        input.choices.iter_mut().for_each(|(choice, _, is)| *is = *choice == input.value);
        input.problem = wrong.remove(&input.name).unwrap_or_default();
    }
    let mut problems = Vec::new();
    if let Some(refused) = &refused {
        for (problem, words) in refused.problems().into_iter().zip(told(visit, refused)) {
            let about = inputs.iter_mut().find(|input| is_about(problem, &model.name, &input.name));
            match about {
                Some(input) if input.problem.is_empty() => input.problem = words,
                Some(input) => input.problem = format!("{} {words}", input.problem),
                None => problems.push(words),
            }
        }
    }
    let status = refused.map_or(422, |refused| refused.status);
    Ok(page(visit, model, id.zip(record.as_ref()), inputs, problems, status))
}

fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// Whether a sentence of the hub's is about a field.
pub(crate) fn is_about(problem: &str, model: &str, field: &str) -> bool {
    [format!("`{field}`"), format!("'{field}'"), format!("{model}.{field}")].iter().any(|named| {
        problem.match_indices(named.as_str()).any(|(at, _)| {
            let after = problem.get(at + named.len()..).and_then(|rest| rest.chars().next());
            !after.is_some_and(|next| next.is_alphanumeric() || next == '_')
        })
    })
}

/// What a control's text is, as the hub takes it.
async fn written(visit: &Visit, field: &Field, text: &str) -> Result<Value, Refused> {
    let unread = |id: &str| Refused::of(422, &visit.t(id));
    Ok(match field.kind.as_str() {
        "boolean" => json!(text == "true"),
        _ if text.is_empty() => json!(false),
        "integer" => json!(shown::typed_number(text).and_then(|number| number.parse::<i64>().ok()).ok_or_else(|| unread("input-number"))?),
        "float" | "monetary" => json!(shown::typed_number(text).ok_or_else(|| unread("input-number"))?),
        "datetime" => json!(shown::moment_from_input(visit.zone, text).ok_or_else(|| unread("input-moment"))?),
        "many2one" => json!(chosen(visit, field, text).await?),
        "many2many" => {
            let mut ids = Vec::new();
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                ids.push(chosen(visit, field, line).await?);
            }
            json!([[6, 0, ids]])
        }
        _ => json!(text),
    })
}

/// The record that a text names: by its number at the end, or by its name where one alone has it.
pub(crate) async fn chosen(visit: &Visit, field: &Field, text: &str) -> Result<i64, Refused> {
    if let Some(id) = text.rsplit_once(NUMBER).and_then(|(_, id)| id.trim().parse().ok()) {
        return Ok(id);
    }
    let comodel = field.relation.as_deref().unwrap_or_default();
    let found = named(visit, comodel, text, "=").await?;
    let found = if found.is_empty() { named(visit, comodel, text, "ilike").await? } else { found };
    match found.as_slice() {
        [(id, _)] => Ok(*id),
        [] => Err(Refused::of(422, &visit.t_with("input-nobody", &[("name", text)]))),
        several => {
            let names = several.iter().take(5).map(|(id, name)| format!("{name}{NUMBER}{id}")).collect::<Vec<_>>().join(", ");
            Err(Refused::of(422, &visit.t_with("input-several", &[("names", &names)])))
        }
    }
}
