//! From a reply or a fault to HTTP: status, envelope, and the headers that every answer has.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use bytes::Bytes;
use jsonrpc::{Body, Fault, Reply, envelope};
use process::asking::whole;
use process::http::TrueStatus;
use process::our_fault;
use process::router::{MATCHED, REPLAYED};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::config::ErrorStatus;

/// Odoo's own.
const JSON: &str = "application/json; charset=utf-8";

/// What a door's handler answers.
pub type Answer = Result<HttpResponse, Refusal>;

/// A door's manner of telling a fault; the id is the envelope's, where the door has envelopes.
pub type Manner = fn(Answers, Option<&RawValue>, &Fault) -> HttpResponse;

/// The add-on's: the status is the truth, unless the configuration says otherwise.
pub fn as_the_add_on(answers: Answers, id: Option<&RawValue>, fault: &Fault) -> HttpResponse {
    answers.refused(answers.add_ons(fault), fault, envelope::error(id, fault))
}

/// The add-on's on GET and DELETE, whose `error.message` is the reason.
pub fn with_the_reason(answers: Answers, id: Option<&RawValue>, fault: &Fault) -> HttpResponse {
    answers.refused(answers.add_ons(fault), fault, envelope::error_with_reason(id, fault))
}

/// That of Odoo's own doors: always 200, but for what can't be read.
pub fn as_odoo(answers: Answers, id: Option<&RawValue>, fault: &Fault) -> HttpResponse {
    answers.refused(odoos(fault), fault, envelope::error(id, fault))
}

/// Odoo's status: what can't be read has no other way of being told.
fn odoos(fault: &Fault) -> u16 {
    let is_unread = matches!(fault.status, 400 | 404 | 405 | 408 | 413 | 415) && fault.name.starts_with("werkzeug");
    if is_unread { fault.status } else { 200 }
}

/// A fault that a door tells in its manner.
#[derive(Debug)]
pub struct Refusal {
    /// The door's.
    pub manner: Manner,
    /// How answers are made.
    pub answers: Answers,
    /// The envelope's id.
    pub id: Option<Box<RawValue>>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        status(self.fault.status)
    }

    fn error_response(&self) -> HttpResponse {
        (self.manner)(self.answers, self.id.as_deref(), &self.fault)
    }
}

/// A status that HTTP does not have is our fault.
fn status(of: u16) -> StatusCode {
    StatusCode::from_u16(of).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Makes answers as the configuration has them.
#[derive(Clone, Copy, Debug)]
pub struct Answers {
    error_status: ErrorStatus,
    /// Whether browsers are told to come by https only.
    https_only: bool,
}

impl Answers {
    /// As these settings say.
    pub fn new(error_status: ErrorStatus, https_only: bool) -> Answers {
        Answers { error_status, https_only }
    }

    /// An answer in JSON that still has no body.
    pub fn json(self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, JSON));
        response.insert_header((CACHE_CONTROL, "no-store"));
        response.insert_header((REFERRER_POLICY, "no-referrer"));
        response.insert_header(("x-content-type-options", "nosniff"));
        response.insert_header(("x-frame-options", "DENY"));
        response.insert_header(("content-security-policy", "default-src 'none'; frame-ancestors 'none'"));
        if self.https_only {
            response.insert_header((STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
        }
        response
    }

    /// The head of a reply's answer.
    fn with_facts(self, reply: &Reply) -> HttpResponseBuilder {
        let mut response = self.json(StatusCode::OK);
        if let Some(matched) = reply.matched {
            response.insert_header((MATCHED, matched));
        }
        if reply.replayed {
            response.insert_header((REPLAYED, "true"));
        }
        response
    }

    /// An answer without an envelope.
    pub fn bare(self, reply: Reply) -> HttpResponse {
        self.with_facts(&reply).body(process::http::body(reply.body))
    }

    /// A printed document.
    pub fn pdf(self, name: &str, reply: Reply) -> HttpResponse {
        let mut response = self.json(StatusCode::OK);
        response.insert_header((CONTENT_TYPE, "application/pdf"));
        response.insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"{name}.pdf\"")));
        response.body(process::http::body(reply.body))
    }

    /// A file that is kept rather than looked at.
    pub fn file(self, name: &str, kind: &'static str, body: Body) -> HttpResponse {
        let mut response = self.json(StatusCode::OK);
        response.insert_header((CONTENT_TYPE, kind));
        response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
        response.body(process::http::body(body))
    }

    /// `{"result": …}`, as the add-on answers a DELETE.
    ///
    /// # Errors
    /// 503 where the reply broke off.
    pub async fn result_only(self, reply: Reply) -> Result<HttpResponse, Fault> {
        let mut response = self.with_facts(&reply);
        Ok(response.body([br#"{"result":"#.as_slice(), &in_one_piece(reply).await?, b"}"].concat()))
    }

    /// An answer in the JSON-RPC envelope.
    ///
    /// # Errors
    /// 503 where the reply broke off.
    pub async fn enveloped(self, id: Option<&RawValue>, reply: Reply) -> Result<HttpResponse, Fault> {
        let mut response = self.with_facts(&reply);
        Ok(response.body(envelope::result(id, Some(&in_one_piece(reply).await?))))
    }

    /// An answer of Odoo's RPC in the envelope: what is None has no result.
    pub fn in_odoos_envelope(self, id: Option<&RawValue>, result: &[u8]) -> HttpResponse {
        self.json(StatusCode::OK).body(envelope::result(id, Some(result).filter(|result| *result != b"null")))
    }

    /// An envelope around a value of the gateway's own; none: without the key `result`.
    pub fn value(self, id: Option<&RawValue>, value: Option<&Value>) -> HttpResponse {
        let value = value.map(ToString::to_string);
        self.json(StatusCode::OK).body(envelope::result(id, value.as_deref().map(str::as_bytes)))
    }

    /// A fault in a body of the door's, under the status that the door tells.
    pub fn refused(self, told: u16, fault: &Fault, body: Vec<u8>) -> HttpResponse {
        let mut response = self.json(status(told));
        if told == 401 {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = fault.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if told == 415 {
            response.insert_header((ACCEPT_ENCODING, "identity"));
        }
        let mut response = response.body(body);
        if told != fault.status {
            // Whoever watches is not told that all is well
            response.extensions_mut().insert(TrueStatus(fault.status));
        }
        response
    }

    /// The add-on's status.
    fn add_ons(self, fault: &Fault) -> u16 {
        match self.error_status {
            ErrorStatus::True => fault.status,
            ErrorStatus::Odoo => odoos(fault),
        }
    }
}

/// A reply's text; between processes a long one comes as a stream.
async fn in_one_piece(reply: Reply) -> Result<Bytes, Fault> {
    match whole(reply).await?.body {
        Body::Whole(bytes) => Ok(bytes),
        Body::Stream(_) => Err(our_fault("gateway", "an answer is not in one piece", &"a stream")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_manner_tells_its_status_and_the_true_one_stays_known() {
        let status = |manner: Manner, error_status, fault: Fault| {
            let answers = Answers::new(error_status, false);
            let response = Refusal { manner, answers, id: None, fault }.error_response();
            let known = response.extensions().get::<TrueStatus>().map(|known| known.0);
            (response.status().as_u16(), known)
        };
        let (denied, unread) = (Fault::access_denied, || Fault::malformed("no JSON"));
        let [add_on, reason, odoo]: [Manner; 3] = [as_the_add_on, with_the_reason, as_odoo];
        for add_ons in [add_on, reason] {
            assert_eq!(status(add_ons, ErrorStatus::True, denied()), (401, None));
            assert_eq!(status(add_ons, ErrorStatus::Odoo, denied()), (200, Some(401)));
        }
        assert_eq!(status(odoo, ErrorStatus::True, denied()), (200, Some(401)));
        for manner in [add_on, reason, odoo] {
            assert_eq!(status(manner, ErrorStatus::Odoo, unread()), (400, None), "there is no other way of telling it");
        }
    }
}
