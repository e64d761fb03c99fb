//! Logging in and out: Odoo's own routes, and the add-on's `/auth`.

use actix_web::HttpResponse;
use actix_web::cookie::time::{Duration, OffsetDateTime};
use actix_web::cookie::{Cookie, SameSite};
use jsonrpc::Fault;
use jsonrpc::envelope::text_or_unset;
use partners_contract::{Authenticate, Destroy, LoggedIn, SESSION_SECONDS};
use process::our_fault;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, as_odoo, as_the_add_on};
use crate::auth::{COOKIE, Carried};
use crate::bodies::Says;
use crate::gateway::Gateway;
use crate::incoming::Incoming;
use crate::odoo;

#[derive(Default, Deserialize)]
struct Credentials {
    #[serde(default, deserialize_with = "text_or_unset")]
    db: Option<String>,
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    password: Option<String>,
}

/// `session_id` among the parameters.
#[derive(Default, Deserialize)]
struct Carrier {
    #[serde(default, deserialize_with = "text_or_unset")]
    session_id: Option<String>,
}

/// `POST /auth`: the session's id stands in the result too.
pub async fn auth(mut incoming: Incoming) -> Answer {
    let answer = log_in(&mut incoming, true).await;
    incoming.told(as_the_add_on, answer)
}

/// `POST /web/session/authenticate`: the session's id is in the cookie only.
pub async fn authenticate(mut incoming: Incoming) -> Answer {
    let answer = log_in(&mut incoming, false).await;
    incoming.told(as_odoo, answer)
}

async fn log_in(incoming: &mut Incoming, tells_id: bool) -> Result<HttpResponse, Fault> {
    let body = incoming.json(Says::Credentials).await?;
    // What was sent may be a password: it is not told again
    let unread = |_fault| Fault::malformed("`params`: an object was expected whose `db`, `login` and `password` are texts");
    let sent: Credentials = incoming.envelope(&body)?.read().map_err(unread)?;
    let named = |name: &str, text: Option<String>| {
        text.filter(|text| !text.is_empty()).ok_or_else(|| Fault::access_denied_because(format!("`{name}` is required.")))
    };
    let (login, password) = (named("login", sent.login)?, named("password", sent.password)?);
    if login.contains('\0') {
        return Err(Fault::access_denied());
    }
    incoming.is_ours(sent.db.as_deref())?;
    let gateway = &incoming.gateway;
    let (address, forwarder) = (gateway.callers.address(&incoming.request), gateway.callers.untrusted_forwarder(&incoming.request));
    let console = gateway.callers.is_consoles(&incoming.request);
    let who = incoming.ask(&Authenticate { login, password, address, forwarder, console }).await?;
    let session_id = who.session_id.as_deref().ok_or_else(|| our_fault("gateway", "partners began a session", &"without its id"))?;
    let mut info = session_info(gateway, &who);
    if let (true, Value::Object(info)) = (tells_id, &mut info) {
        info.insert("session_id".to_owned(), session_id.into());
    }
    let mut cookie = cookie(gateway, session_id);
    if console {
        // A browser forgets it when it is closed
        cookie.set_max_age(None);
        cookie.unset_expires();
    }
    with_cookie(incoming.answers().value(incoming.id(), Some(&info)), &cookie)
}

fn with_cookie(mut answer: HttpResponse, cookie: &Cookie<'_>) -> Result<HttpResponse, Fault> {
    answer.add_cookie(cookie).map_err(|error| our_fault("gateway", "a session's cookie can't be written", &error))?;
    Ok(answer)
}

fn cookie<'c>(gateway: &Gateway, session_id: &'c str) -> Cookie<'c> {
    let life = Duration::seconds(SESSION_SECONDS);
    Cookie::build(COOKIE, session_id)
        .path("/")
        .http_only(true)
        .secure(gateway.config.cookie_secure)
        .same_site(SameSite::Lax)
        .max_age(life)
        .expires(OffsetDateTime::now_utc() + life)
        .finish()
}

/// What Odoo tells of a session.
fn session_info(gateway: &Gateway, who: &LoggedIn) -> Value {
    let admin = who.identity.hub_admin;
    json!({
        "uid": who.identity.uid,
        "is_system": admin,
        "is_admin": admin,
        "user_context": {"lang": who.lang, "tz": who.tz, "uid": who.identity.uid},
        "db": gateway.config.db_name,
        "server_version": odoo::SERIE,
        "server_version_info": odoo::version_info(),
        "name": who.name,
        "username": who.identity.login,
        "partner_display_name": who.name,
        "company_id": who.company_id,
        "partner_id": false,
        "web.base.url": gateway.config.web_base_url,
        "user_companies": {
            "current_company": who.company_id,
            "allowed_companies": {who.company_id.to_string(): {"id": who.company_id, "name": who.company, "sequence": 10}},
        },
        "currencies": {},
        "show_effect": true,
    })
}

/// What the console is told besides: which of one's open sessions this is, so that one can end the others.
fn consoles_info(gateway: &Gateway, who: &LoggedIn) -> Value {
    let mut info = session_info(gateway, who);
    if let Value::Object(info) = &mut info {
        info.insert("session_number".to_owned(), json!(who.session_number));
    }
    info
}

/// `POST /web/session/get_session_info`
pub async fn get_session_info(mut incoming: Incoming) -> Answer {
    let gateway = &incoming.gateway;
    let tell: fn(&Gateway, &LoggedIn) -> Option<Value> = if gateway.callers.is_consoles(&incoming.request) {
        // It remembers by itself, and asks where that is over or has changed
        if let Some(carried) = gateway.sessions.carried(&incoming.request, None) {
            gateway.sessions.forget(&carried).await;
        }
        |gateway, who| Some(consoles_info(gateway, who))
    } else {
        |gateway, who| Some(session_info(gateway, who))
    };
    let answer = in_session(&mut incoming, tell).await;
    incoming.told(as_odoo, answer)
}

/// `POST /web/session/check`: an answer without a result, or the error that there is no session.
pub async fn check(mut incoming: Incoming) -> Answer {
    let answer = in_session(&mut incoming, |_, _| None).await;
    incoming.told(as_odoo, answer)
}

async fn in_session(incoming: &mut Incoming, tell: fn(&Gateway, &LoggedIn) -> Option<Value>) -> Result<HttpResponse, Fault> {
    let body = incoming.json(Says::Session).await?;
    let carrier: Carrier = incoming.envelope(&body)?.read()?;
    let session = incoming.session(carrier.session_id.as_deref()).await?;
    let told = tell(&incoming.gateway, &session.who);
    Ok(incoming.answers().value(incoming.id(), told.as_ref()))
}

/// `POST /web/session/destroy`: the session is over, here at once and elsewhere within seconds.
pub async fn destroy(mut incoming: Incoming) -> Answer {
    let answer = log_out(&mut incoming).await;
    incoming.told(as_odoo, answer)
}

async fn log_out(incoming: &mut Incoming) -> Result<HttpResponse, Fault> {
    let body = incoming.json(Says::Session).await?;
    let carrier: Carrier = incoming.envelope(&body)?.read()?;
    let sessions = &incoming.gateway.sessions;
    if let Some(carried @ Carried::Session { id, by_cookie }) = &sessions.carried(&incoming.request, carrier.session_id.as_deref()) {
        if *by_cookie {
            sessions.refuse_foreign(&incoming.request)?;
        }
        // One with NUL is nobody's
        if !id.contains('\0') {
            incoming.ask(&Destroy { session_id: id.clone() }).await?;
            sessions.forget(carried).await;
        }
    }
    let mut gone = cookie(&incoming.gateway, "");
    gone.make_removal();
    with_cookie(incoming.answers().value(incoming.id(), None), &gone)
}
