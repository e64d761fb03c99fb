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

/// Whose a fault is, and so what may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// The client's: the same request fails again.
    Clients,
    /// Somebody else has it, or the client has its share already: the same request may be sent again.
    Busy,
    /// Something that this needs is away or full: the same request may be sent again.
    Away,
    /// Ours; its cause is in the log under the trace id.
    Ours,
}

impl Nature {
    /// Whether another try of the same can succeed without anybody's doing.
    pub fn passes(self) -> bool {
        match self {
            Nature::Busy | Nature::Away => true,
            Nature::Clients | Nature::Ours => false,
        }
    }
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

    /// 400: JSON that is another kind than it should be; `what` names it.
    pub fn unread(what: &str, error: &serde_json::Error) -> Fault {
        Fault::malformed(format!("`{what}`: {}", in_words(error)))
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

    /// 404: no such model, in the words of Odoo's RPC.
    pub fn no_such_object(model: &str) -> Fault {
        Fault::new(404, "odoo.exceptions.UserError", format!("Object {model} doesn't exist"))
    }

    /// 404: no such method of a service of Odoo's RPC. Odoo's words.
    pub fn no_such_function(method: &str) -> Fault {
        Fault::new(404, "builtins.Exception", format!("Method not found: {method}"))
    }

    /// The same as the add-on names it to a POST or PUT.
    pub fn of_a_body(self) -> Fault {
        Fault { name: Cow::Borrowed("odoo.exceptions.ValidationError"), ..self }
    }

    /// 404: no such method. Odoo's words.
    pub fn no_such_method(model: &str, method: &str) -> Fault {
        Fault::new(404, "builtins.AttributeError", format!("The method '{method}' does not exist on the model '{model}'"))
    }

    /// 422: arguments that a method does not have, or lacks. Python's name for it.
    pub fn type_error(message: impl Into<String>) -> Fault {
        Fault::new(422, "builtins.TypeError", message)
    }

    /// 422: a natural key that a record has already, archived or not.
    pub fn taken(model: &str, field: &str, value: &str, id: i64) -> Fault {
        Fault::validation(format!("Field '{field}' of {model} must be unique: '{value}' is that of record {id}."))
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

    /// 429: the user has its share of something already.
    pub fn over_share(message: impl Into<String>) -> Fault {
        Fault::new(429, "werkzeug.exceptions.TooManyRequests", message).retry_in(2)
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

    /// Whose it is.
    pub fn nature(&self) -> Nature {
        match (self.status, self.retry_after) {
            (503, _) => Nature::Away,
            (500.., _) => Nature::Ours,
            (_, Some(_)) => Nature::Busy,
            (_, None) => Nature::Clients,
        }
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

/// What serde says of JSON that is another kind than it should be, in words of JSON: its own name Rust's types.
pub fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (text, place) =
        text.split_once(" at line ").map_or((text.as_str(), String::new()), |(text, place)| (text, format!(" at line {place}")));
    if text.starts_with("data did not match any variant") {
        return format!("another kind of value was expected{place}");
    }
    let Some((found, expected)) = text.split_once(", expected ") else { return format!("{text}{place}") };
    let expected = match expected.trim_start_matches("a ").trim_start_matches("an ").split(' ').next().unwrap_or_default() {
        "struct" | "map" => "an object",
        "tuple" | "sequence" | "array" => "a list",
        "string" | "borrowed" | "str" | "char" => "a text",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number",
        "f32" | "f64" => "a number",
        "bool" | "boolean" => "a boolean",
        "unit" => "null",
        "enum" | "variant" => "one of the known names",
        _ => expected,
    };
    let found = match found.strip_prefix("invalid type: ").unwrap_or(found) {
        "sequence" => "a list",
        "map" => "an object",
        "unit value" => "null",
        other => other,
    };
    format!("{expected} was expected, not {found}{place}")
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.exception_type(), self.message)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_fault_is_somebodys() {
        let of = |fault: Fault| fault.nature();
        assert_eq!([of(Fault::busy()), of(Fault::over_share("")), of(Fault::too_many("", 9))], [Nature::Busy; 3]);
        assert_eq!([of(Fault::conflict("")), of(Fault::validation("")), of(Fault::not_found())], [Nature::Clients; 3]);
        assert_eq!((of(Fault::unavailable("")), of(Fault::internal("1"))), (Nature::Away, Nature::Ours));
    }

    #[test]
    fn what_cant_be_read_is_told_without_names_of_rust() {
        #[derive(Debug, Deserialize)]
        struct Login {
            #[expect(dead_code, reason = "only read")]
            login: Option<String>,
        }
        #[derive(Debug, Deserialize)]
        #[serde(untagged)]
        enum Either {
            #[expect(dead_code, reason = "only read")]
            Number(i64),
        }
        fn told<T: serde::de::DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
            in_words(&serde_json::from_str::<T>(json).unwrap_err())
        }
        assert_eq!(told::<Login>("5"), "an object was expected, not integer `5` at line 1 column 1");
        assert_eq!(told::<Login>(r#"{"login":[1]}"#), "a text was expected, not a list at line 1 column 9");
        assert_eq!(told::<BTreeMap<String, i64>>("[]"), "an object was expected, not a list at line 1 column 0");
        assert_eq!(told::<Vec<i64>>(r#"{"a":1}"#), "a list was expected, not an object at line 1 column 0");
        assert_eq!(told::<Vec<i64>>("[1.5]"), "a whole number was expected, not floating point `1.5` at line 1 column 4");
        assert_eq!(told::<(i64, i64)>("1"), "a list was expected, not integer `1` at line 1 column 1");
        assert_eq!(told::<Either>("[]"), "another kind of value was expected");
        assert_eq!(told::<Login>("{"), "EOF while parsing an object at line 1 column 1");
    }
}
