//! The JSON-RPC envelope of Odoo's JSON routes: lenient in what it reads, exact in what it writes.

use std::io::Write;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::Fault;
use crate::fault::in_words;

/// A request as it came: nothing in it but `params` counts, and `id` is echoed whatever its type.
#[derive(Debug, Default, Deserialize)]
pub struct Request<'a> {
    /// Echoed, byte for byte.
    #[serde(borrow, default)]
    pub id: Option<&'a RawValue>,
    /// What the route reads.
    #[serde(borrow, default)]
    pub params: Option<&'a RawValue>,
}

impl<'a> Request<'a> {
    /// Reads a body; an empty one is `{}`.
    ///
    /// # Errors
    /// 400 with line and column where it is no JSON, or no object.
    pub fn parse(body: &'a [u8]) -> Result<Request<'a>, Fault> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Request::default());
        }
        let text =
            std::str::from_utf8(body).map_err(|e| Fault::malformed(format!("Invalid JSON data: byte {} is not UTF-8", e.valid_up_to())))?;
        // A derived struct also reads an array; a JSON-RPC request is an object
        if text.trim_start().starts_with('[') {
            return Err(Fault::malformed("Invalid JSON-RPC data: an object was expected, not an array"));
        }
        serde_json::from_str(text).map_err(|skimmed| {
            // Read in full, the same text is told of in better words ("trailing comma")
            let error = serde_json::from_str::<serde_json::Value>(text).err().unwrap_or(skimmed);
            Fault::malformed(format!("Invalid JSON data: {}", in_words(&error)))
        })
    }

    /// What the route reads of `params`, which may be left out.
    ///
    /// # Errors
    /// 400 where it is no object, or holds what the route can't read.
    pub fn read<T: Deserialize<'a> + Default>(&self) -> Result<T, Fault> {
        let Some(raw) = self.params.filter(|raw| raw.get() != "null") else { return Ok(T::default()) };
        // A derived struct also reads an array, its fields by their places
        if raw.get().starts_with('[') {
            return Err(Fault::malformed("`params`: an object was expected, not a list"));
        }
        serde_json::from_str(raw.get()).map_err(|error| Fault::unread("params", &error))
    }
}

/// A text that may be unset in Odoo's way too: `false`, null, empty.
///
/// # Errors
/// Where it is something else.
pub fn text_or_unset<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    use serde::de::Error;
    match serde_json::Value::deserialize(reader)? {
        serde_json::Value::Null | serde_json::Value::Bool(false) => Ok(None),
        serde_json::Value::String(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        other => Err(D::Error::custom(format_args!("a text was expected, not {}", crate::strict::kind(&other)))),
    }
}

/// `{"jsonrpc":"2.0","id":…,"result":…}`; without a result the key is left out, as Odoo does for None.
pub fn result(id: Option<&RawValue>, result: Option<&[u8]>) -> Vec<u8> {
    let id = id.map_or("null", RawValue::get);
    let mut out = Vec::with_capacity(48 + id.len() + result.map_or(0, <[u8]>::len));
    write!(out, r#"{{"jsonrpc":"2.0","id":{id}"#).ok();
    if let Some(result) = result {
        out.extend_from_slice(br#","result":"#);
        out.extend_from_slice(result);
    }
    out.push(b'}');
    out
}

/// The error envelope, as Odoo's JSON routes have it. `debug` is always empty: a traceback is for the log.
pub fn error(id: Option<&RawValue>, fault: &Fault) -> Vec<u8> {
    error_titled(fault.title(), id, fault)
}

/// The same as the add-on answers GET and DELETE: `error.message` is the reason, but for a session that has ended.
pub fn error_with_reason(id: Option<&RawValue>, fault: &Fault) -> Vec<u8> {
    error_titled(if fault.code() == 100 { fault.title() } else { &fault.message }, id, fault)
}

fn error_titled(title: &str, id: Option<&RawValue>, fault: &Fault) -> Vec<u8> {
    let data = serde_json::json!({
        "name": fault.name,
        "debug": "",
        "message": fault.message,
        "arguments": [fault.message],
        "context": {},
        "exception_type": fault.exception_type(),
    });
    let id = id.map_or("null", RawValue::get);
    let title = serde_json::Value::from(title);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{},"message":{title},"data":{data}}}}}"#, fault.code()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_id_is_echoed_whatever_its_type() {
        for id in ["null", "7", r#""a b""#, r#"{"x":[1]}"#] {
            let body = format!(r#"{{"id":{id},"params":{{}}}}"#);
            let request = Request::parse(body.as_bytes()).unwrap();
            assert_eq!(text(result(request.id, Some(b"1"))), format!(r#"{{"jsonrpc":"2.0","id":{id},"result":1}}"#));
        }
    }

    #[test]
    fn a_result_of_none_has_no_key() {
        assert_eq!(text(result(None, None)), r#"{"jsonrpc":"2.0","id":null}"#);
    }

    #[test]
    fn an_error_is_what_odoo_16_writes() {
        assert_eq!(
            text(error(None, &Fault::access_denied())),
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":200,"message":"Odoo Server Error","data":{"arguments":["Access Denied"],"context":{},"debug":"","exception_type":"AccessDenied","message":"Access Denied","name":"odoo.exceptions.AccessDenied"}}}"#
        );
        let expired: serde_json::Value = serde_json::from_slice(&error(None, &Fault::session_expired())).unwrap();
        assert_eq!((expired["error"]["code"].as_i64(), expired["error"]["message"].as_str()), (Some(100), Some("Odoo Session Expired")));
        assert_eq!(expired["error"]["data"]["name"], "odoo.http.SessionExpiredException");
    }

    #[test]
    fn bad_json_tells_line_and_column() {
        let fault = Request::parse(b"{\n \"params\": {\"data\": {\"a\": 1,}}\n}").unwrap_err();
        assert_eq!((fault.status, fault.message.as_str()), (400, "Invalid JSON data: trailing comma at line 2 column 29"));
        assert_eq!(Request::parse(b"[1]").unwrap_err().status, 400);
        assert_eq!(Request::parse(b"\xff").unwrap_err().status, 400);
        assert_eq!(Request::parse(b"\xef\xbb\xbf{}").unwrap_err().status, 400);
        assert!(Request::parse(b" ").unwrap().params.is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            Request::parse(&body).ok();
        }
    }
}
