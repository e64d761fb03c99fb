//! `/xmlrpc/2/{service}` and `/xmlrpc/{service}`: Odoo's services `common`, `object` and `db` in XML. Every fault is a fault of
//! XML-RPC under status 200, as Odoo has it.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use jsonrpc::Fault;
use process::http::header;
use process::our_fault;
use serde_json::value::RawValue;

use crate::answer::{Answer, Answers};
use crate::bodies::{Says, need_as_it_is};
use crate::incoming::Incoming;
use crate::rpc::{Asked, dispatch};
use crate::xml::{self, Call, Code};

/// Odoo's own.
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
/// What takes long enough to write that others would wait, in bytes of JSON.
const MUCH: usize = 256 << 10;
/// What stands before the model among the arguments of `object`: the database's name, the user, the password.
const WHO: usize = 3;

/// `POST /xmlrpc/2/{service}`
pub async fn second(mut incoming: Incoming, path: web::Path<String>) -> Answer {
    let answer = act(&mut incoming, &path).await;
    incoming.told(by_number, answer)
}

/// `POST /xmlrpc/{service}`
pub async fn first(mut incoming: Incoming, path: web::Path<String>) -> Answer {
    let answer = act(&mut incoming, &path).await;
    incoming.told(by_name, answer)
}

async fn act(incoming: &mut Incoming, service: &str) -> Result<HttpResponse, Fault> {
    let body = incoming.body(Says::Claim(xml::claim)).await?;
    need_xml(incoming)?;
    let Call { method, params } = Call::read(&body)?;
    incoming.note_refusals_of(without_who(service, &params));
    let json = match dispatch(incoming, service, &method, params).await? {
        Asked::Answered(value) => value.to_string().into(),
        Asked::Invoked(session, invocation) => invocation.run(incoming, &session, &body).await?,
    };
    let xml = if json.len() < MUCH {
        xml::response(&json)?
    } else {
        let written = tokio::task::spawn_blocking(move || xml::response(&json)).await;
        written.map_err(|error| our_fault("gateway", "an answer was not written", &error))??
    };
    Ok(as_xml(incoming.answers().json(StatusCode::OK).body(xml)))
}

/// A client may leave out what it sends.
fn need_xml(incoming: &Incoming) -> Result<(), Fault> {
    need_as_it_is(&incoming.request)?;
    let kind = header(&incoming.request, CONTENT_TYPE.as_str()).and_then(|kind| kind.split(';').next()).map(str::trim);
    match kind {
        None => Ok(()),
        Some(kind) if kind.eq_ignore_ascii_case("text/xml") || kind.eq_ignore_ascii_case("application/xml") => Ok(()),
        Some(_) => Err(Fault::http(415, "415: Unsupported Media Type: text/xml was expected")),
    }
}

/// What support may look for: what a method was called with, and not by whom.
pub(crate) fn without_who(service: &str, params: &[Box<RawValue>]) -> Bytes {
    let told = params.get(WHO..).filter(|_| service == "object").unwrap_or_default();
    let told: Vec<&str> = told.iter().map(|param| param.get()).collect();
    format!("[{}]", told.join(",")).into()
}

fn as_xml(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CONTENT_TYPE, XML);
    response
}

/// The manner of `/xmlrpc/2`: a number, and what is wrong.
fn by_number(answers: Answers, _: Option<&RawValue>, fault: &Fault) -> HttpResponse {
    let number = match kind(fault) {
        Kind::Denied => 3,
        Kind::Access => 4,
        Kind::Missing | Kind::User => 2,
        Kind::Application => 1,
    };
    as_xml(answers.refused(200, fault, xml::fault(&Code::Number(number), &fault.message)))
}

/// The manner of `/xmlrpc`: what is wrong stands in the code, which also says of what kind it is.
fn by_name(answers: Answers, _: Option<&RawValue>, fault: &Fault) -> HttpResponse {
    let message = &fault.message;
    let warning = |kind: &str| (format!("warning -- {kind}\n\n{message}"), "");
    let (code, text) = match kind(fault) {
        Kind::Denied => ("AccessDenied".to_owned(), message.as_str()),
        Kind::Access => warning("AccessError"),
        Kind::Missing => warning("MissingError"),
        Kind::User => warning("UserError"),
        // Odoo has its traceback here
        Kind::Application => (message.clone(), message.as_str()),
    };
    as_xml(answers.refused(200, fault, xml::fault(&Code::Text(code), text)))
}

/// What XML-RPC's clients tell apart.
enum Kind {
    Denied,
    Access,
    Missing,
    User,
    Application,
}

fn kind(fault: &Fault) -> Kind {
    match fault.name.as_ref() {
        "odoo.exceptions.AccessDenied" | "odoo.http.SessionExpiredException" => Kind::Denied,
        "odoo.exceptions.AccessError" => Kind::Access,
        "odoo.exceptions.MissingError" => Kind::Missing,
        "odoo.exceptions.UserError" | "odoo.exceptions.ValidationError" => Kind::User,
        _ => Kind::Application,
    }
}
