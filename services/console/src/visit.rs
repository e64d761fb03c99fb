//! A visit of a page: who looks, what is declared to them, in which words; and how the answer leaves.
// circle: page: a refusal is a page, and a page is somebody's visit

use std::collections::HashMap;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION,
    ORIGIN, REFERRER_POLICY, VARY,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;
use bytes::BytesMut;
use chrono_tz::Tz;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

use crate::Console;
use crate::declared::{Declared, Model};
use crate::hub::{Asker, Listed, encode};
use crate::refused::Refused;
use crate::words::Lang;

/// Nothing of a page comes from another host, nothing in it is run but the console's own script, and nobody frames it.
pub const POLICY: &str =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The longest form, in bytes.
const LONGEST_FORM: usize = 1 << 20;
/// How many fields a form may have.
const MOST_FIELDS: usize = 2_000;

/// What the doors tell of a session.
#[derive(Debug, Deserialize)]
pub struct Who {
    /// `res.users` id.
    pub uid: i64,
    /// For people.
    pub name: String,
    /// Their log-in.
    pub username: String,
    /// Whether they administer the hub.
    pub is_admin: bool,
    /// Their language and time zone.
    pub user_context: Context,
    /// Which of `res.users.session` they came with; the gateway before told none.
    #[serde(default)]
    pub session_number: Option<i64>,
}

/// A user's language and time zone.
#[derive(Debug, Deserialize)]
pub struct Context {
    /// As `fr_FR`.
    pub lang: String,
    /// As `Africa/Algiers`.
    pub tz: String,
}

/// Somebody who is logged in, at a page.
pub struct Visit {
    /// The console.
    pub console: web::Data<Console>,
    /// What the browser asked for.
    pub request: HttpRequest,
    /// In whose name the hub is asked.
    pub asker: Asker,
    /// Who looks.
    pub who: Arc<Who>,
    /// What is declared to them.
    pub declared: Arc<Declared>,
    /// In which language.
    pub lang: Lang,
    /// In which time zone.
    pub zone: Tz,
    query: Vec<(String, String)>,
    token: String,
}

/// What keeps somebody from a page before it is begun.
#[derive(Debug)]
pub enum Outside {
    /// They must log in, and are led back to this target.
    LogIn(String),
    /// The hub does not answer, in a language.
    Away(Refused),
}

impl std::fmt::Display for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outside::LogIn(_) => f.write_str("log in"),
            Outside::Away(refused) => refused.fmt(f),
        }
    }
}

impl actix_web::ResponseError for Outside {
    fn status_code(&self) -> StatusCode {
        match self {
            Outside::LogIn(_) => StatusCode::SEE_OTHER,
            Outside::Away(refused) => status(refused.status),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Outside::LogIn(target) => leave(&format!("/web/login?to={}", encode(target))),
            Outside::Away(refused) => safe(HttpResponse::build(status(refused.status)))
                .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
                .body(refused.message.clone()),
        }
    }
}

/// A status that HTTP has.
pub fn status(of: u16) -> StatusCode {
    StatusCode::from_u16(of).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An answer with what every answer of a page has.
pub fn safe(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    response.insert_header((CACHE_CONTROL, "no-store"));
    response.insert_header((REFERRER_POLICY, "same-origin"));
    response.insert_header(("x-content-type-options", "nosniff"));
    response.insert_header((VARY, "Accept-Encoding, Accept-Language, Cookie"));
    response
}

/// Leads a browser to another page, which it asks for by GET.
pub fn leave(target: &str) -> HttpResponse {
    safe(HttpResponse::SeeOther()).insert_header((LOCATION, target)).finish()
}

/// A page or a part of one.
pub fn html(request: &HttpRequest, of: u16, page: &impl Template) -> HttpResponse {
    let text = match page.render() {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "a page can't be made");
            return safe(HttpResponse::InternalServerError()).body("The page can't be made. The log tells more.");
        }
    };
    let mut response = safe(HttpResponse::build(status(of)));
    response.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
    let accepted = process::http::header(request, ACCEPT_ENCODING.as_str()).unwrap_or_default();
    match packed(&text).filter(|_| accepted.contains("gzip")) {
        Some(bytes) => response.insert_header((CONTENT_ENCODING, "gzip")).body(bytes),
        None => response.body(text),
    }
}

/// A page packed; none where it is short, or can't be.
fn packed(text: &str) -> Option<Vec<u8>> {
    if text.len() < 1_000 {
        return None;
    }
    let mut gzip = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    gzip.write_all(text.as_bytes()).ok()?;
    gzip.finish().ok()
}

/// A cookie's value.
pub fn cookie(request: &HttpRequest, wanted: &str) -> Option<String> {
    request.headers().get_all(COOKIE).flat_map(|line| line.as_bytes().split(|byte| *byte == b';')).find_map(|pair| {
        let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        (name.trim() == wanted).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The language of somebody who is not logged in: chosen on the page, or the browser's.
pub fn language(request: &HttpRequest) -> Lang {
    let chosen = cookie(request, "console_lang").and_then(|code| Lang::parse(&code));
    chosen.unwrap_or_else(|| Lang::accepted(process::http::header(request, ACCEPT_LANGUAGE.as_str()).unwrap_or_default()))
}

/// In whose name a request asks the hub.
pub fn asker(console: &Console, request: &HttpRequest) -> Asker {
    let session = cookie(request, "session_id").filter(|id| id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    Asker {
        session: session.unwrap_or_default(),
        address: (console.address)(request),
        traceparent: process::http::traceparent(request),
        unattended: request.headers().contains_key("x-live"),
    }
}

impl FromRequest for Visit {
    type Error = Outside;
    type Future = Pin<Box<dyn Future<Output = Result<Visit, Outside>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(visited(request.clone()))
    }
}

async fn visited(request: HttpRequest) -> Result<Visit, Outside> {
    let console = request.app_data::<web::Data<Console>>().cloned();
    let console = console.ok_or_else(|| Outside::Away(Refused::of(500, "There is no console behind its pages.")))?;
    let target = || request.uri().path_and_query().map_or("/web", |target| target.as_str()).to_owned();
    let query = pairs(request.query_string().as_bytes()).map_err(Outside::Away)?;
    let asker = asker(&console, &request);
    if asker.session.is_empty() {
        return Err(Outside::LogIn(target()));
    }
    let refused = |refused: Refused| if refused.is_nobody() { Outside::LogIn(target()) } else { Outside::Away(refused) };
    let who = console.who(&asker).await.map_err(refused)?;
    let declared = console.declared(&asker).await.map_err(refused)?;
    process::http::note_user(&request, who.uid);
    let lang = Lang::parse(&who.user_context.lang).unwrap_or(Lang::Fr);
    // What is no zone of the tz database is told in that of the banks
    let zone = who.user_context.tz.parse().unwrap_or(chrono_tz::Africa::Algiers);
    let token = token(&asker.session);
    Ok(Visit { console, request, asker, who, declared, lang, zone, query, token })
}

impl Visit {
    /// One of the console's sentences.
    pub fn t(&self, id: &str) -> String {
        self.console.words.text(self.lang, id, &[])
    }

    /// The same with values.
    pub fn t_with(&self, id: &str, args: &[(&str, &str)]) -> String {
        self.console.words.text(self.lang, id, args)
    }

    /// A model that they may read.
    ///
    /// # Errors
    /// 404 where there is none for them, 503 where its service is away.
    pub fn model(&self, name: &str) -> Result<&Model, Refused> {
        let owner = process::directory::owner_of(name);
        match self.declared.model(name) {
            Some(model) => Ok(model),
            None if owner.is_some_and(|owner| self.declared.away.iter().any(|away| away == owner)) => {
                Err(Refused::of(503, "The service of this page is away. Try again."))
            }
            None => Err(Refused::not_found()),
        }
    }

    /// Whether they may read a model.
    pub fn may_read(&self, name: &str) -> bool {
        self.declared.models.contains_key(name)
    }

    /// Records of a model: `GET /api/{model}` with these parameters.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn list(&self, model: &str, query: &[(&str, String)]) -> Result<Listed, Refused> {
        self.console.hub.get(&self.asker, &format!("/api/{}", encode(model)), query).await
    }

    /// One record with these fields.
    ///
    /// # Errors
    /// 404 where it is not there for them, and what else the hub refuses.
    pub async fn read(&self, model: &str, id: i64, query: &str) -> Result<Value, Refused> {
        let path = format!("/api/{}/{id}", encode(model));
        self.console.hub.get(&self.asker, &path, &[("query", query.to_owned())]).await
    }

    /// A record's method, with its arguments in order: `POST /object/{model}/{id}/{method}`.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn act(&self, model: &str, id: i64, method: &str, args: Value, key: Option<&str>) -> Result<Value, Refused> {
        let path = format!("/object/{}/{id}/{}", encode(model), encode(method));
        self.console.hub.send(&self.asker, reqwest::Method::POST, &path, &serde_json::json!({"args": args}), key).await
    }

    /// Makes a record of these values; its id.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn create(&self, model: &str, data: &Value, key: Option<&str>) -> Result<i64, Refused> {
        let path = format!("/api/{}", encode(model));
        let made = self.console.hub.send(&self.asker, reqwest::Method::POST, &path, &serde_json::json!({"data": data}), key).await?;
        made.as_i64().ok_or_else(|| Refused::unread(&path, &"no id"))
    }

    /// Changes a record.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn write(&self, model: &str, id: i64, data: &Value, key: Option<&str>) -> Result<(), Refused> {
        let path = format!("/api/{}/{id}", encode(model));
        self.console.hub.send(&self.asker, reqwest::Method::PUT, &path, &serde_json::json!({"data": data}), key).await.map(drop)
    }

    /// A method of the ORM's.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn call_kw(&self, model: &str, method: &str, args: Value, kwargs: Value) -> Result<Value, Refused> {
        self.console.hub.call_kw(&self.asker, model, method, args, kwargs).await
    }

    /// The names of records, by their ids.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn names(&self, model: &str, ids: &[i64]) -> Result<HashMap<i64, String>, Refused> {
        let filter = serde_json::json!([["id", "in", ids]]).to_string();
        let context = serde_json::json!({"active_test": false}).to_string();
        let query =
            [("query", "{id, display_name}".to_owned()), ("filter", filter), ("context", context), ("limit", ids.len().to_string())];
        let listed = self.list(model, &query).await?;
        let name = |record: &Value| Some((record.get("id")?.as_i64()?, record.get("display_name")?.as_str()?.to_owned()));
        Ok(listed.result.iter().filter_map(name).collect())
    }

    /// The records of a model that has few, to choose from: id and name; none where there are more than `most`.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn offered(&self, model: &str, most: usize) -> Result<Vec<(String, String)>, Refused> {
        if !self.may_read(model) {
            return Ok(Vec::new());
        }
        let query = [("query", "{id, display_name}".to_owned()), ("page_size", most.to_string()), ("page", "1".to_owned())];
        let listed = self.list(model, &query).await?;
        if usize::try_from(listed.count).is_ok_and(|count| count > most) {
            return Ok(Vec::new());
        }
        let name = |record: &Value| Some((record.get("id")?.to_string(), record.get("display_name")?.as_str()?.to_owned()));
        Ok(listed.result.iter().filter_map(name).collect())
    }

    /// What stands in the page's address behind the question mark, in its order.
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The first value of a name there.
    pub fn asked_for(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A page.
    pub fn html(&self, page: &impl Template) -> HttpResponse {
        html(&self.request, 200, page)
    }

    /// What a handler made; a refusal becomes its page, and an ended session leads to the log-in.
    pub fn told(&self, made: Result<HttpResponse, Refused>) -> HttpResponse {
        match made {
            Ok(response) => response,
            Err(refused) if refused.is_nobody() => {
                let target = self.request.uri().path_and_query().map_or("/web", |target| target.as_str());
                leave(&format!("/web/login?to={}", encode(target)))
            }
            Err(refused) => crate::page::refusal(self, &refused),
        }
    }

    /// What the page's forms prove themselves by.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Reads a form that was sent from a page of ours.
    ///
    /// # Errors
    /// 403 where another page sent it, 413 and 422 for too much of it.
    pub async fn form(&self, payload: web::Payload) -> Result<Form, Refused> {
        refuse_foreign(&self.request)?;
        let form = Form::read(&read(payload, LONGEST_FORM).await?)?;
        self.prove(form.one("_token"))?;
        Ok(form)
    }

    /// That a form comes from a page that was made in this session.
    ///
    /// # Errors
    /// 403 where it does not.
    pub fn prove(&self, token: &str) -> Result<(), Refused> {
        let signed = token.split_once('.').is_some_and(|(nonce, mac)| nonce.len() == 16 && verify(&self.asker.session, nonce, mac));
        if signed { Ok(()) } else { Err(Refused::of(403, "The form is of another session. Open the page again.")) }
    }
}

/// What a form without a script proves itself by: it is bound to the session and differs from page to page, so that nothing of it is
/// learnt from how well pages pack. All forms of a page have the same.
fn token(session: &str) -> String {
    let nonce = domain::hex(&rand::random::<[u8; 8]>());
    format!("{nonce}.{}", sign(session, &nonce))
}

fn mac(session: &str, nonce: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(session.as_bytes()).ok()?;
    mac.update(b"console form ");
    mac.update(nonce.as_bytes());
    Some(mac)
}

fn sign(session: &str, nonce: &str) -> String {
    mac(session, nonce).map(|mac| domain::hex(&mac.finalize().into_bytes())).unwrap_or_default()
}

fn verify(session: &str, nonce: &str, told: &str) -> bool {
    let bytes: Option<Vec<u8>> = (0..told.len() / 2).map(|at| u8::from_str_radix(told.get(at * 2..at * 2 + 2)?, 16).ok()).collect();
    mac(session, nonce).zip(bytes).is_some_and(|(mac, bytes)| mac.verify_slice(&bytes).is_ok())
}

/// A browser tells which page sends a form: another site's is refused.
///
/// # Errors
/// 403.
pub fn refuse_foreign(request: &HttpRequest) -> Result<(), Refused> {
    let header = |name: &str| process::http::header(request, name);
    let host = header("x-forwarded-host").or_else(|| header(HOST.as_str()));
    let own = header(ORIGIN.as_str()).is_none_or(|origin| origin.split_once("://").map(|(_, authority)| authority) == host);
    let near = header("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    if own && near { Ok(()) } else { Err(Refused::of(403, "The form was sent by a page of another site.")) }
}

/// A body within its bound.
///
/// # Errors
/// 413, and 400 where it breaks off.
pub async fn read(mut payload: web::Payload, most: usize) -> Result<BytesMut, Refused> {
    let mut body = BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_broken| Refused::of(400, "The form broke off."))?;
        if body.len() + piece.len() > most {
            return Err(Refused::of(413, "The form is too long."));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// `application/x-www-form-urlencoded`
///
/// # Errors
/// 400 for what is no UTF-8.
pub fn pairs(bytes: &[u8]) -> Result<Vec<(String, String)>, Refused> {
    let decoded = |part: &[u8]| {
        let part: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        let text = percent_encoding::percent_decode(&part).decode_utf8().map(std::borrow::Cow::into_owned);
        text.ok().filter(|text| !text.contains('\0')).ok_or_else(|| Refused::of(400, "The form can't be read: UTF-8 was expected."))
    };
    let parts = bytes.split(|byte| *byte == b'&').filter(|part| !part.is_empty()).take(MOST_FIELDS);
    parts
        .map(|part| {
            let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
            Ok((decoded(part.get(..at).unwrap_or_default())?, decoded(part.get(at + 1..).unwrap_or_default())?))
        })
        .collect()
}

/// A form that was sent.
#[derive(Debug, Default)]
pub struct Form(pub Vec<(String, String)>);

impl Form {
    /// A form's body.
    ///
    /// # Errors
    /// 400 for what is no UTF-8.
    pub fn read(body: &[u8]) -> Result<Form, Refused> {
        pairs(body).map(Form)
    }

    /// The first value of a name; nothing where it was not sent.
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// Whether a name was sent.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// All values of a name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The key that makes sending it twice harmless.
    pub fn key(&self) -> Option<&str> {
        Some(self.one("_key")).filter(|key| !key.is_empty() && key.len() <= 64)
    }
}
