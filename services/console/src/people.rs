//! `/web/res.users/{id}`: what somebody may do, in words; their keys, which are shown when they are made and never again; their sessions.

use actix_web::{HttpResponse, web};
use askama::Template;
use domain::{Identity, Kind, Origin, Role};
use serde_json::{Value, json};

use crate::cells::{Cell, cells, pair};
use crate::declared;
use crate::page::Page;
use crate::record::{RecordPage, told};
use crate::refused::Refused;
use crate::shown;
use crate::views;
use crate::visit::{Form, Visit, html, leave};
use crate::words::Lang;

const USERS: &str = "res.users";
const KEYS: &str = "res.users.apikeys";
const SESSIONS: &str = "res.users.session";
/// How many keys and sessions of a user are shown.
const SHOWN: u64 = 40;
/// How many sessions are ended at a time.
const MOST: u64 = 200;
/// How many characters a password has at most.
const LONGEST: usize = 1_024;

/// A key or a session that may be ended.
pub struct Pass {
    /// Its number.
    pub id: i64,
    /// What stands in its row.
    pub cells: Vec<Cell>,
    /// Whether it is what this page was asked for with.
    pub is_here: bool,
}

/// Keys or sessions.
#[derive(Default)]
pub struct Passes {
    /// Column's heads.
    pub heads: Vec<String>,
    /// The first of them.
    pub rows: Vec<Pass>,
}

/// The keys, or the sessions, of a user, by their login: who manages a bank's users reads no number of theirs.
///
/// # Errors
/// What the hub refuses.
pub async fn passes(visit: &Visit, model: &str, login: &str) -> Result<Passes, Refused> {
    let Some(of) = visit.declared.model(model).filter(|_| !login.is_empty()) else { return Ok(Passes::default()) };
    let fields: Vec<_> = views::columns(of, &[]).into_iter().filter(|field| field.name != "login").collect();
    let query = declared::asked(fields.iter().copied());
    let query = [
        ("query", format!("{{id, {query}}}")),
        ("filter", json!([["login", "=", login]]).to_string()),
        ("page_size", SHOWN.to_string()),
        ("page", "1".to_owned()),
    ];
    let listed = visit.list(model, &query).await?;
    let here = if model == SESSIONS { visit.who.session_number } else { None };
    let row = |record: &Value| {
        let id = record.get("id")?.as_i64()?;
        Some(Pass { id, is_here: here == Some(id), cells: cells(visit, of, &fields, record) })
    };
    Ok(Passes {
        heads: fields.iter().map(|field| visit.console.words.field(visit.lang, model, field).into_owned()).collect(),
        rows: listed.result.iter().filter_map(row).collect(),
    })
}

/// What a user may do with a model.
pub struct Right {
    /// What people call its records.
    pub label: String,
    /// Make, change, remove: each is read too.
    pub may: [bool; 3],
}

#[derive(Template)]
#[template(path = "person.html")]
struct Person<'v> {
    page: Page<'v>,
    record: RecordPage<'v>,
    /// What they may do, in words.
    may: String,
    keys: Passes,
    sessions: Passes,
    rights: Vec<Right>,
    /// Where the page's forms are sent.
    base: String,
    may_make_key: bool,
    may_set_password: bool,
    /// The key that was just made.
    made: Option<String>,
}

/// `GET /web/res.users/{id}`
pub async fn person(visit: Visit, id: web::Path<i64>) -> HttpResponse {
    visit.told(made(&visit, *id, None, Vec::new()).await)
}

async fn made(visit: &Visit, id: i64, key: Option<String>, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let model = visit.model(USERS)?;
    let (record, user) = futures_util::join!(crate::record::made(visit, USERS, id, refused), user(visit, id));
    let (mut record, (login, may)) = (record?, user?);
    if let Some(shown) = record.fields.iter_mut().find(|field| field.name == "lang")
        && let Some(lang) = Lang::parse(&shown.cell.text)
    {
        shown.cell.text = lang.name().to_owned();
    }
    let (keys, sessions) = futures_util::join!(passes(visit, KEYS, &login), passes(visit, SESSIONS, &login));
    let is_own = id == visit.who.uid;
    let status = if record.refused.is_empty() { 200 } else { 422 };
    let page = Person {
        page: Page::new(visit, "/web/res.users", record.page.title.clone()),
        may,
        keys: keys?,
        sessions: sessions?,
        rights: if is_own { rights(visit) } else { Vec::new() },
        base: format!("/web/{USERS}/{id}"),
        may_make_key: is_own || visit.who.is_admin,
        may_set_password: model.write && model.field("password").is_some_and(|field| !field.readonly),
        made: key,
        record,
    };
    Ok(html(&visit.request, status, &page))
}

/// What oneself may do with each model.
pub fn rights(visit: &Visit) -> Vec<Right> {
    let of = |model: &crate::declared::Model| Right {
        label: visit.console.words.model(visit.lang, model, true).into_owned(),
        may: [model.create, model.write, model.unlink],
    };
    let mut rights: Vec<Right> = visit.declared.models.values().map(of).collect();
    rights.sort_by(|one, other| one.label.cmp(&other.label));
    rights
}

/// A user's login, and what they may do in words, by what the hub makes of them; nothing where one may not read it, as staff may not.
async fn user(visit: &Visit, id: i64) -> Result<(String, String), Refused> {
    let model = visit.model(USERS)?;
    let nothing = if id == visit.who.uid { visit.who.username.clone() } else { String::new() };
    let fields = ["login", "create_by", "role", "bank_id", "hub_admin", "code_pos", "integration", "active"];
    if fields.iter().any(|name| model.field(name).is_none()) {
        return Ok((nothing, String::new()));
    }
    let user = visit.read(USERS, id, "{login, create_by, role, bank_id{id}, hub_admin, code_pos, integration, active}").await?;
    let text = |name: &str| shown::text_of(&user, name);
    let is = |name: &str| user.get(name) == Some(&Value::Bool(true));
    let login = text("login");
    if !is("active") {
        return Ok((login, visit.t("person-archived")));
    }
    let Some(origin) = Origin::parse(&text("create_by")) else { return Ok((login, String::new())) };
    let identity = Identity {
        uid: id,
        login: login.clone(),
        origin,
        role: Role::parse(&text("role")),
        bank: user.get("bank_id").and_then(|bank| pair(bank).0),
        hub_admin: is("hub_admin"),
        code_pos: Some(text("code_pos")),
        integration: Some(is("integration")),
        session: true,
    };
    Ok((login, in_words(visit, &identity)))
}

/// What the hub lets somebody do, in words.
fn in_words(visit: &Visit, identity: &Identity) -> String {
    match (identity.kind(), identity.manages()) {
        (Kind::Administrator, _) => visit.t("person-administrator"),
        (Kind::Staff, _) => visit.t("person-staff"),
        (Kind::Integration, _) => visit.t("person-integration"),
        (Kind::Bank(_), Some(_)) => visit.t("person-manager"),
        (Kind::Bank(_), None) => visit.t("person-analyst"),
        (Kind::Clerk { code_pos, .. }, _) => visit.t_with("person-clerk", &[("pos", code_pos)]),
        (Kind::Outsider, _) => visit.t("person-outsider"),
    }
}

/// `POST /web/res.users/{id}/key`: makes a key; the answer shows it, this once.
pub async fn key(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        match new_key(&visit, *id, &form).await {
            Ok(key) => made(&visit, *id, Some(key), Vec::new()).await,
            Err(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
            Err(refused) => made(&visit, *id, None, told(&visit, &refused)).await,
        }
    };
    visit.told(answer.await)
}

/// Makes a key for a user as a form asks for it.
///
/// # Errors
/// What the hub refuses.
pub async fn new_key(visit: &Visit, user: i64, form: &Form) -> Result<String, Refused> {
    let days = form.one("days").trim();
    let days = if days.is_empty() { Value::Null } else { days.parse::<i64>().map_or_else(|_| json!(days), |days| json!(days)) };
    let ids = if user == visit.who.uid { json!([]) } else { json!([[user]]) };
    let made = visit.call_kw(USERS, "action_new_api_key", ids, json!({"name": form.one("name").trim(), "days": days})).await?;
    made.as_str().map(str::to_owned).ok_or_else(|| Refused::unread("action_new_api_key", &"no key"))
}

/// `POST /web/res.users/{id}/password`: gives a user a password.
pub async fn password(visit: Visit, id: web::Path<i64>, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        let refused = match new_password(&visit, &form) {
            Err(problem) => vec![problem],
            Ok(password) => match visit.act(USERS, *id, "action_set_password", json!([password]), None).await {
                Ok(_) => return Ok(leave(&format!("/web/{USERS}/{}?done=password", *id))),
                Err(refused) if refused.is_nobody() || refused.status == 404 => return Err(refused),
                Err(refused) => told(&visit, &refused),
            },
        };
        made(&visit, *id, None, refused).await
    };
    visit.told(answer.await)
}

/// A password that was typed twice.
///
/// # Errors
/// What is wrong with it, in words.
pub fn new_password(visit: &Visit, form: &Form) -> Result<String, String> {
    let (new, again) = (form.one("new"), form.one("again"));
    match new {
        "" => Err(visit.t("password-empty")),
        new if new.chars().count() > LONGEST => Err(visit.t("password-long")),
        new if new != again => Err(visit.t("password-differs")),
        new => Ok(new.to_owned()),
    }
}

/// `POST /web/res.users/{id}/end/{what}`: ends a key, a session, or all sessions.
pub async fn end(visit: Visit, path: web::Path<(i64, String)>, payload: web::Payload) -> HttpResponse {
    let (id, what) = path.into_inner();
    let answer = async {
        let form = visit.form(payload).await?;
        let (login, _) = user(&visit, id).await?;
        match ended(&visit, &login, &what, &form).await {
            Ok(done) => Ok(leave(&format!("/web/{USERS}/{id}?done={done}"))),
            Err(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
            Err(refused) => made(&visit, id, None, told(&visit, &refused)).await,
        }
    };
    visit.told(answer.await)
}

/// Ends what a form names, of a user; the sentence of what is done. The session of who asks stays where all are ended.
///
/// # Errors
/// What the hub refuses.
pub async fn ended(visit: &Visit, login: &str, what: &str, form: &Form) -> Result<&'static str, Refused> {
    let model = if what == "key" { KEYS } else { SESSIONS };
    let (mut terms, done) = (vec![json!(["login", "=", login])], if what == "key" { "key-ended" } else { "session-ended" });
    match what {
        "key" | "session" => {
            let id: i64 = form.one("id").parse().map_err(|_no_number| Refused::not_found())?;
            terms.push(json!(["id", "=", id]));
        }
        "sessions" => terms.extend(visit.who.session_number.map(|own| json!(["id", "!=", own]))),
        _ => return Err(Refused::not_found()),
    }
    let query = [
        ("query", "{id}".to_owned()),
        ("filter", Value::Array(terms).to_string()),
        ("page_size", MOST.to_string()),
        ("page", "1".to_owned()),
    ];
    let listed = visit.list(model, &query).await?;
    let ids: Vec<i64> = listed.result.iter().filter_map(|record| record.get("id")?.as_i64()).collect();
    if !ids.is_empty() {
        visit.call_kw(model, "unlink", json!([ids]), json!({})).await?;
    } else if what != "sessions" {
        return Err(Refused::not_found());
    }
    Ok(done)
}
