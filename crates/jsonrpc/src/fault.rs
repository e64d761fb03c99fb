//! Everything that can go wrong, by the names that Odoo's clients branch on.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// An error as the doors tell it: an HTTP status, Odoo's exception name, and a sentence for the caller.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Fault {
    /// The truth, as HTTP says it. Odoo's own doors answer 200 whatever it is.
    pub status: u16,
    /// Dotted exception name, `odoo.exceptions.AccessError`.
    pub name: Cow<'static, str>,
    /// What is wrong, where, and what was expected.
    pub message: String,
    /// Seconds after which another try makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

const SESSION_EXPIRED: &str = "odoo.http.SessionExpiredException";

impl Fault {
    fn new(status: u16, name: &'static str, message: impl Into<String>) -> Fault {
        Fault { status, name: Cow::Borrowed(name), message: message.into(), retry_after: None }
    }

    /// 400: the request can't be read.
    pub fn malformed(message: impl Into<String>) -> Fault {
        Fault::new(400, "werkzeug.exceptions.BadRequest", message)
    }

    /// 400: a domain filter or a field name in it is wrong.
    pub fn bad_domain(message: impl Into<String>) -> Fault {
        Fault::new(400, "builtins.ValueError", message)
    }

    /// 400: the query language is wrong.
    pub fn bad_query(message: impl Into<String>) -> Fault {
        Fault::new(400, "QuerySyntaxError", message)
    }

    /// 401: no session, or one that has ended.
    pub fn session_expired() -> Fault {
        Fault::new(401, SESSION_EXPIRED, "Session expired")
    }

    /// 401: a log-in that failed.
    pub fn access_denied() -> Fault {
        Fault::new(401, "odoo.exceptions.AccessDenied", "Access Denied")
    }

    /// 401: a log-in that can't even be tried.
    pub fn access_denied_because(message: impl Into<String>) -> Fault {
        Fault::new(401, "odoo.exceptions.AccessDenied", message)
    }

    /// 403: seen, but not allowed.
    pub fn access_error(message: impl Into<String>) -> Fault {
        Fault::new(403, "odoo.exceptions.AccessError", message)
    }

    /// 404: no such model. Odoo's words.
    pub fn no_such_model(model: &str) -> Fault {
        Fault::new(404, "builtins.KeyError", format!("The model `{model}` does not exist."))
    }

    /// 404: no such method. Odoo's words.
    pub fn no_such_method(model: &str, method: &str) -> Fault {
        Fault::new(404, "builtins.AttributeError", format!("The method '{method}' does not exist on the model '{model}'"))
    }

    /// 404: no such printed document. Odoo's words.
    pub fn no_such_report(report: &str) -> Fault {
        Fault::new(404, "builtins.ValueError", format!("Fetching report '{report}': report not found"))
    }

    /// 404: the record is not there, or not for this user. Odoo's words.
    pub fn missing(model: &str, id: i64) -> Fault {
        Fault::new(404, "odoo.exceptions.MissingError", format!("Record does not exist or has been deleted.\n(Record: {model}({id},))"))
    }

    /// 404: no such path.
    pub fn not_found() -> Fault {
        Fault::new(404, "werkzeug.exceptions.NotFound", "404: Not Found")
    }

    /// 409: it can't be done as things stand.
    pub fn conflict(message: impl Into<String>) -> Fault {
        Fault::new(409, "odoo.exceptions.UserError", message)
    }

    /// 409: another transaction holds it; the very same request may be sent again.
    pub fn busy() -> Fault {
        Fault::new(409, "odoo.exceptions.ConcurrencyError", "Another request is changing the same records. Send this one again.")
            .retry_in(1)
    }

    /// 422: values that break a rule.
    pub fn validation(message: impl Into<String>) -> Fault {
        Fault::new(422, "odoo.exceptions.ValidationError", message)
    }

    /// 422: an unknown field in the data. Odoo's name for it.
    pub fn value_error(message: impl Into<String>) -> Fault {
        Fault::new(422, "builtins.ValueError", message)
    }

    /// 429: too many failures.
    pub fn too_many(message: impl Into<String>, seconds: u32) -> Fault {
        Fault::new(429, "odoo.exceptions.AccessDenied", message).retry_in(seconds)
    }

    /// 503: full, or something that this needs is away; another try is right.
    pub fn unavailable(message: impl Into<String>) -> Fault {
        Fault::new(503, "werkzeug.exceptions.ServiceUnavailable", message).retry_in(2)
    }

    /// 500: our fault. The cause is in the log under the trace id, never in the answer.
    pub fn internal(trace_id: &str) -> Fault {
        Fault::new(500, "builtins.Exception", format!("The server met an error of its own. Trace id: {trace_id}"))
    }

    /// Any other status that HTTP itself defines (405, 413, 415, …).
    pub fn http(status: u16, message: impl Into<String>) -> Fault {
        Fault::new(status, "werkzeug.exceptions.HTTPException", message)
    }

    /// The same with `Retry-After`.
    pub fn retry_in(mut self, seconds: u32) -> Fault {
        self.retry_after = Some(seconds);
        self
    }

    /// `error.code` of the envelope: 100 for an ended session, 404 for an unknown path, else 200, as Odoo 16 has it.
    pub fn code(&self) -> u16 {
        match self.name.as_ref() {
            SESSION_EXPIRED => 100,
            "werkzeug.exceptions.NotFound" => 404,
            _ => 200,
        }
    }

    /// `error.message` of the envelope.
    pub fn title(&self) -> &'static str {
        match self.code() {
            100 => "Odoo Session Expired",
            404 => "404: Not Found",
            _ => "Odoo Server Error",
        }
    }

    /// The exception's bare name, which the REST add-on sends beside the dotted one.
    pub fn exception_type(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.exception_type(), self.message)
    }
}

impl std::error::Error for Fault {}
