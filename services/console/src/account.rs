//! `/web/account`: what everybody says of themselves, whatever they may do else: language and time zone, password, keys, sessions.

use actix_web::http::header::SET_COOKIE;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Map, Value, json};

use crate::page::Page;
use crate::people::{Passes, Right, ended, new_key, new_password, passes, rights};
use crate::record::told;
use crate::refused::Refused;
use crate::shown;
use crate::visit::{Form, Visit, html, leave};
use crate::words::Lang;

const HERE: &str = "/web/account";
const USERS: &str = "res.users";
/// What one may change of oneself where one may change users at all.
const IDENTITY: [&str; 3] = ["name", "email", "phone"];

/// A field of the form.
struct Own {
    name: &'static str,
    label: String,
    value: String,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'v> {
    page: Page<'v>,
    identity: Vec<Own>,
    languages: Vec<(&'static str, &'static str, bool)>,
    zones: Vec<(&'static str, bool)>,
    keys: Passes,
    sessions: Passes,
    rights: Vec<Right>,
    base: &'static str,
    may_make_key: bool,
    made: Option<String>,
    refused: Vec<String>,
}

/// `GET /web/account`
pub async fn account(visit: Visit) -> HttpResponse {
    visit.told(made(&visit, None, Vec::new()).await)
}

async fn made(visit: &Visit, key: Option<String>, refused: Vec<String>) -> Result<HttpResponse, Refused> {
    let login = &visit.who.username;
    let (keys, sessions) = (passes(visit, "res.users.apikeys", login), passes(visit, "res.users.session", login));
    let (identity, keys, sessions) = futures_util::join!(identity(visit), keys, sessions);
    let status = if refused.is_empty() { 200 } else { 422 };
    let page = Account {
        page: Page::new(visit, HERE, visit.t("menu-account")),
        identity: identity?,
        languages: Lang::ALL.iter().map(|lang| (lang.tag(), lang.name(), *lang == visit.lang)).collect(),
        zones: chrono_tz::TZ_VARIANTS.iter().map(|zone| (zone.name(), *zone == visit.zone)).collect(),
        keys: keys?,
        sessions: sessions?,
        rights: rights(visit),
        base: HERE,
        may_make_key: true,
        made: key,
        refused,
    };
    Ok(html(&visit.request, status, &page))
}

/// Who one is, as far as one may read it: of staff that is the name.
async fn identity(visit: &Visit) -> Result<Vec<Own>, Refused> {
    let Some(model) = visit.declared.model(USERS) else { return Ok(Vec::new()) };
    let fields: Vec<_> = IDENTITY.iter().filter_map(|name| Some((*name, model.field(name)?))).collect();
    let query = fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let user = visit.read(USERS, visit.who.uid, &format!("{{id, {query}}}")).await?;
    let own = fields.into_iter().map(|(name, field)| Own {
        name,
        label: visit.console.words.field(visit.lang, USERS, field).into_owned(),
        value: shown::text_of(&user, name),
        may_write: model.write && !field.readonly,
    });
    Ok(own.collect())
}

/// `POST /web/account`: who one is, language and time zone.
pub async fn save(visit: Visit, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        match saved(&visit, &form).await {
            Ok(()) => {
                // The next page is in the language that was chosen
                visit.console.forget(&visit.asker).await;
                Ok(leave(&format!("{HERE}?done=saved")))
            }
            Err(refused) if refused.is_nobody() => Err(refused),
            Err(refused) => made(&visit, None, told(&visit, &refused)).await,
        }
    };
    visit.told(answer.await)
}

async fn saved(visit: &Visit, form: &Form) -> Result<(), Refused> {
    let changed = |name: &str| form.has(name) && form.one(name).trim() != form.one(&format!("o.{name}")).trim();
    let own: Map<String, Value> = IDENTITY
        .iter()
        .filter(|name| changed(name))
        .map(|name| {
            ((*name).to_owned(), Some(form.one(name).trim()).filter(|text| !text.is_empty()).map_or(json!(false), |text| json!(text)))
        })
        .collect();
    if !own.is_empty() {
        visit.write(USERS, visit.who.uid, &Value::Object(own), None).await?;
    }
    let preferences: Map<String, Value> =
        ["lang", "tz"].iter().filter(|name| changed(name)).map(|name| ((*name).to_owned(), json!(form.one(name)))).collect();
    if !preferences.is_empty() {
        visit.call_kw(USERS, "set_preferences", json!([]), Value::Object(preferences)).await?;
    }
    Ok(())
}

/// `POST /web/account/password`: another password; its sessions end, so that a new one is begun with it.
pub async fn password(visit: Visit, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        let refused = match new_password(&visit, &form) {
            Err(problem) => vec![problem],
            Ok(new) => match visit.call_kw(USERS, "change_password", json!([form.one("old"), new]), json!({})).await {
                Ok(_) => return again(&visit, &new).await,
                // Of this method that is the old password, and not the session
                Err(refused) if refused.name == "odoo.exceptions.AccessDenied" => vec![visit.t("password-wrong")],
                Err(refused) if refused.is_nobody() => return Err(refused),
                Err(refused) => told(&visit, &refused),
            },
        };
        made(&visit, None, refused).await
    };
    visit.told(answer.await)
}

/// Logs in again with the new password.
async fn again(visit: &Visit, password: &str) -> Result<HttpResponse, Refused> {
    visit.console.forget(&visit.asker).await;
    let asker = crate::hub::Asker { session: String::new(), ..visit.asker.clone() };
    let cookie = visit.console.hub.log_in(&asker, &visit.who.username, password).await?;
    let mut response = leave(&format!("{HERE}?done=password"));
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /web/account/key`: makes a key; the answer shows it, this once.
pub async fn key(visit: Visit, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        match new_key(&visit, visit.who.uid, &form).await {
            Ok(key) => made(&visit, Some(key), Vec::new()).await,
            Err(refused) if refused.is_nobody() => Err(refused),
            Err(refused) => made(&visit, None, told(&visit, &refused)).await,
        }
    };
    visit.told(answer.await)
}

/// `POST /web/account/end/{what}`: ends a key, a session, or all others.
pub async fn end(visit: Visit, what: web::Path<String>, payload: web::Payload) -> HttpResponse {
    let answer = async {
        let form = visit.form(payload).await?;
        match ended(&visit, &visit.who.username, &what, &form).await {
            Ok(done) => Ok(leave(&format!("{HERE}?done={done}"))),
            Err(refused) if refused.is_nobody() || refused.status == 404 => Err(refused),
            Err(refused) => made(&visit, None, told(&visit, &refused)).await,
        }
    };
    visit.told(answer.await)
}
