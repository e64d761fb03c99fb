//! `/web/login` and `/web/logout`.

use actix_web::http::header::SET_COOKIE;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::Console;
use crate::refused::Refused;
use crate::visit::{Form, Visit, asker, html, language, leave, read, refuse_foreign};
use crate::words::Lang;

/// The longest form of a log-in, in bytes.
const LONGEST: usize = 8 << 10;

#[derive(Template)]
#[template(path = "login.html")]
struct LogIn<'c> {
    console: &'c Console,
    lang: Lang,
    to: String,
    login: String,
    refused: Option<String>,
}

impl LogIn<'_> {
    fn t(&self, id: &str) -> String {
        self.console.words.text(self.lang, id, &[])
    }

    fn is_chosen(&self, lang: &Lang) -> bool {
        self.lang == *lang
    }

    fn to_encoded(&self) -> String {
        crate::hub::encode(&self.to)
    }

    fn file(&self, name: &str) -> &'static str {
        crate::files::address(name)
    }
}

/// A target of the console's own: nobody is led away by a link to a log-in.
fn own(target: &str) -> &str {
    let is_own = target == "/web" || target.starts_with("/web/") || target.starts_with("/web?");
    if is_own && !target.starts_with("/web/log") && !target.contains(['\r', '\n', '\\']) { target } else { "/web" }
}

fn asked(request: &HttpRequest, name: &str) -> String {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let found = query.ok().and_then(|query| query.into_inner().into_iter().find(|(known, _)| known == name));
    found.map(|(_, value)| value).unwrap_or_default()
}

/// `GET /web/login?to=&lang=`
pub async fn page(request: HttpRequest, console: web::Data<Console>) -> HttpResponse {
    let chosen = Lang::parse(&asked(&request, "lang"));
    let lang = chosen.unwrap_or_else(|| language(&request));
    let to = own(&asked(&request, "to")).to_owned();
    let mut response = html(&request, 200, &LogIn { console: &console, lang, to, login: String::new(), refused: None });
    if let Some(lang) = chosen {
        let cookie = format!("console_lang={}; Path=/web; Max-Age=31536000; SameSite=Lax; HttpOnly", lang.code());
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// `POST /web/login`
pub async fn log_in(request: HttpRequest, console: web::Data<Console>, payload: web::Payload) -> HttpResponse {
    let lang = language(&request);
    let mut form = Form::default();
    match logged_in(&request, &console, payload, &mut form).await {
        Ok(cookie) => {
            let mut response = leave(own(form.one("to")));
            if let Ok(cookie) = cookie.parse() {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            response
        }
        Err(refused) => {
            let told = if refused.is_nobody() {
                console.words.text(lang, "login-wrong", &[])
            } else {
                console.words.refusal(lang, &refused.message)
            };
            let (to, login) = (own(form.one("to")).to_owned(), form.one("login").to_owned());
            html(&request, refused.status, &LogIn { console: &console, lang, to, login, refused: Some(told) })
        }
    }
}

async fn logged_in(request: &HttpRequest, console: &Console, payload: web::Payload, form: &mut Form) -> Result<String, Refused> {
    refuse_foreign(request)?;
    *form = Form::read(&read(payload, LONGEST).await?)?;
    // A new session whatever was there before
    let asker = crate::hub::Asker { session: String::new(), ..asker(console, request) };
    console.hub.log_in(&asker, form.one("login").trim(), form.one("password")).await
}

/// `POST /web/logout`
pub async fn log_out(visit: Visit, payload: web::Payload) -> HttpResponse {
    let ended = async {
        visit.form(payload).await?;
        let hub = &visit.console.hub;
        hub.send(&visit.asker, reqwest::Method::POST, "/web/session/destroy", &serde_json::json!({}), None).await?;
        visit.console.forget(&visit.asker).await;
        let mut response = leave("/web/login");
        let gone = "session_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
        if let Ok(gone) = gone.parse() {
            response.headers_mut().append(SET_COOKIE, gone);
        }
        Ok(response)
    };
    visit.told(ended.await)
}
