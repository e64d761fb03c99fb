//! Logging in and out: Odoo's own routes, and the add-on's `/auth`.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jsonrpc::Fault;
use jsonrpc::envelope::{Request, text_or_unset};
use partners_contract::{Authenticate, Destroy, LoggedIn, SESSION_SECONDS};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Gateway;
use crate::answer::{self, Manner};
use crate::auth::{COOKIE, Carried};
use crate::bodies::Says;
use crate::doors::rest::json_body;

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
pub async fn auth(request: HttpRequest, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    log_in(&request, payload, &gateway, Manner::AddOn).await
}

/// `POST /web/session/authenticate`: the session's id is in the cookie only.
pub async fn authenticate(request: HttpRequest, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    log_in(&request, payload, &gateway, Manner::Odoo).await
}

async fn log_in(request: &HttpRequest, payload: Payload, gateway: &Gateway, manner: Manner) -> HttpResponse {
    let body = match json_body(request, payload, gateway, Says::Credentials).await {
        Ok(body) => body,
        Err(fault) => return answer::refused(gateway, manner, None, &fault),
    };
    let envelope = match Request::parse(&body) {
        Ok(envelope) => envelope,
        Err(fault) => return answer::refused(gateway, manner, None, &fault),
    };
    let answer = async {
        // What was sent may be a password: it is not told again
        let unread = |_fault| Fault::malformed("`params`: an object was expected whose `db`, `login` and `password` are texts");
        let sent: Credentials = envelope.read().map_err(unread)?;
        let named = |name: &str, text: Option<String>| {
            text.filter(|text| !text.is_empty()).ok_or_else(|| Fault::access_denied_because(format!("`{name}` is required.")))
        };
        let (login, password) = (named("login", sent.login)?, named("password", sent.password)?);
        if login.contains('\0') {
            return Err(Fault::access_denied());
        }
        if sent.db.is_some_and(|db| !db.is_empty() && db != gateway.config.db_name) {
            return Err(Fault::access_error("Database not found."));
        }
        let address = gateway.address(request);
        let asked = Authenticate { login, password, address, forwarder: gateway.untrusted_forwarder(request) };
        gateway.ask(request, &asked).await
    };
    match answer.await {
        Ok(who) => {
            let session_id = who.session_id.clone().unwrap_or_default();
            let mut info = session_info(gateway, &who);
            if let (Manner::AddOn, Value::Object(info)) = (manner, &mut info) {
                info.insert("session_id".to_owned(), session_id.clone().into());
            }
            let mut answer = answer::value(gateway, envelope.id, Some(&info));
            answer.response.cookie(cookie(gateway, session_id));
            answer.finish()
        }
        Err(fault) => answer::refused(gateway, manner, envelope.id, &fault),
    }
}

fn cookie(gateway: &Gateway, session_id: String) -> Cookie<'static> {
    let life = Duration::seconds(SESSION_SECONDS);
    Cookie::build(COOKIE, session_id)
        .path("/")
        .http_only(true)
        .secure(gateway.config.cookie_secure)
        .same_site(SameSite::Lax)
        .max_age(life)
        .expires(actix_web::cookie::time::OffsetDateTime::now_utc() + life)
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
        "server_version": "16.0",
        "server_version_info": [16, 0, 0, "final", 0, ""],
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

/// `POST /web/session/get_session_info`
pub async fn get_session_info(request: HttpRequest, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    in_session(&request, payload, &gateway, |who| Some(session_info(&gateway, who))).await
}

/// `POST /web/session/check`: an answer without a result, or the error that there is no session.
pub async fn check(request: HttpRequest, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    in_session(&request, payload, &gateway, |_| None).await
}

async fn in_session(
    request: &HttpRequest,
    payload: Payload,
    gateway: &Gateway,
    tell: impl FnOnce(&LoggedIn) -> Option<Value>,
) -> HttpResponse {
    let body = match json_body(request, payload, gateway, Says::Session).await {
        Ok(body) => body,
        Err(fault) => return answer::refused(gateway, Manner::Odoo, None, &fault),
    };
    let envelope = match Request::parse(&body) {
        Ok(envelope) => envelope,
        Err(fault) => return answer::refused(gateway, Manner::Odoo, None, &fault),
    };
    let session = async {
        let carrier: Carrier = envelope.read()?;
        gateway.session(request, carrier.session_id.as_deref()).await
    };
    match session.await {
        Ok(session) => answer::value(gateway, envelope.id, tell(&session.who).as_ref()).finish(),
        Err(fault) => answer::refused(gateway, Manner::Odoo, envelope.id, &fault),
    }
}

/// `POST /web/session/destroy`: the session is over, here at once and elsewhere within seconds.
pub async fn destroy(request: HttpRequest, payload: Payload, gateway: web::Data<Gateway>) -> HttpResponse {
    let body = match json_body(&request, payload, &gateway, Says::Session).await {
        Ok(body) => body,
        Err(fault) => return answer::refused(&gateway, Manner::Odoo, None, &fault),
    };
    let envelope = match Request::parse(&body) {
        Ok(envelope) => envelope,
        Err(fault) => return answer::refused(&gateway, Manner::Odoo, None, &fault),
    };
    let answer = async {
        let carrier: Carrier = envelope.read()?;
        if let Some(carried @ Carried::Session { .. }) = gateway.carried(&request, carrier.session_id.as_deref()) {
            let Carried::Session { id, by_cookie } = &carried else { return Ok(()) };
            if *by_cookie {
                gateway.refuse_foreign(&request)?;
            }
            if id.contains('\0') {
                return Ok(());
            }
            let asked = Destroy { session_id: id.clone() };
            gateway.ask(&request, &asked).await?;
            gateway.forget(&carried).await;
        }
        Ok::<_, Fault>(())
    };
    match answer.await {
        Ok(()) => {
            let mut answer = answer::value(&gateway, envelope.id, None);
            let mut gone = cookie(&gateway, String::new());
            gone.make_removal();
            answer.response.cookie(gone);
            answer.finish()
        }
        Err(fault) => answer::refused(&gateway, Manner::Odoo, envelope.id, &fault),
    }
}
