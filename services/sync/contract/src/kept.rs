//! What may be kept of a body: what is of a loan file, and what proves who somebody is, is replaced by its name.

use std::io;

use serde_json::Value as Json;

/// How much of a body is kept, in bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// How deep a body is looked into; what is deeper is replaced.
const DEPTH: usize = 64;

/// Fields of a loan file.
const LOAN_FILE: [&str; 5] = ["salary", "birth_date", "monthly_payment", "periodicity", "client_number"];
/// What proves who somebody is, and papers.
const SECRETS: [&str; 8] = ["password", "new_password", "old_password", "confirm_password", "secret", "key", "datas", "session_id"];
/// Methods whose arguments prove who somebody is, by their place.
const PROVING: [&str; 3] = ["authenticate", "login", "check_credentials"];

/// The kept name of a key whose value is not kept, whatever path or case it is written in.
fn hidden(key: &str) -> Option<&'static str> {
    let last = key.rsplit(['.', '/']).next().unwrap_or(key).trim();
    let exact = LOAN_FILE.into_iter().chain(SECRETS).find(|name| last.eq_ignore_ascii_case(name));
    exact.or_else(|| ["passw", "secret", "token"].into_iter().find(|part| last.to_lowercase().contains(part)))
}

/// Replaces what is not kept by its name, wherever it stands as a member: `{"salary": 90000}` becomes `{"salary": "[salary]"}`.
pub fn replace(json: &mut Json) {
    replace_within(json, DEPTH);
}

fn replace_within(json: &mut Json, depth: usize) {
    match json {
        Json::Object(_) | Json::Array(_) if depth == 0 => *json = Json::from("[too deep]"),
        Json::Object(members) => {
            for (key, value) in members.iter_mut() {
                match hidden(key) {
                    Some(name) => *value = Json::from(format!("[{name}]")),
                    None => replace_within(value, depth - 1),
                }
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|value| replace_within(value, depth - 1)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Whether values may stand by their place instead of under their names: the columns of a table, a condition, a method's arguments, a
/// form or a file in a text. Then nobody knows what to replace.
fn is_positional(json: &Json) -> bool {
    match json {
        Json::String(text) => {
            let words = || text.split(|c: char| !c.is_alphanumeric() && c != '_');
            let is_named = |word: &str| {
                let names = LOAN_FILE.iter().chain(&SECRETS).filter(|name| **name != "key");
                word.to_ascii_lowercase().contains("passw") || names.into_iter().any(|name| word.eq_ignore_ascii_case(name))
            };
            PROVING.iter().any(|method| text.eq_ignore_ascii_case(method))
                || text.trim().eq_ignore_ascii_case("key")
                || words().any(is_named)
        }
        Json::Array(list) => list.iter().any(is_positional),
        // What is replaced is not looked into
        Json::Object(members) => members.iter().any(|(key, value)| hidden(key).is_none() && is_positional(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// What is kept of what somebody sent: its JSON without what is of a loan file or a secret, at most so many bytes. None of what can't be
/// told apart.
pub fn of_a_request(mut json: Json) -> Option<String> {
    if is_positional(&json) {
        return None;
    }
    replace(&mut json);
    let mut text = Bounded(Vec::new());
    match serde_json::to_writer(&mut text, &json) {
        Ok(()) => {}
        // It is full
        Err(error) if error.is_io() => {}
        Err(_) => return None,
    }
    Some(cut(&String::from_utf8_lossy(&text.0), MAX_BODY).replace('\0', ""))
}

/// What is kept of what the hub itself sent: the same text where nothing of it is to be replaced.
pub fn of_our_own(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let may_hide = text.contains('\\') || LOAN_FILE.iter().chain(&SECRETS).any(|name| text.contains(name));
    let replaced = may_hide.then(|| serde_json::from_str::<Json>(&text)).and_then(Result::ok).map(|mut json| {
        replace(&mut json);
        json.to_string()
    });
    cut(replaced.as_deref().unwrap_or(&text), MAX_BODY).replace('\0', "")
}

/// The beginning of a text, of at most so many bytes, never the half of a character.
pub fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// As much of what is written as is kept, and a little more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() > MAX_BODY {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let bytes = bytes.get(..bytes.len().min(MAX_BODY + 4)).unwrap_or(bytes);
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_of_a_loan_file_and_what_is_secret_stands_by_its_name_alone() {
        let sent = json!({"params": {"data": [{"partner": {"email": "a@b.dz", "salary": 90_000, "Birth_Date": {"y": 1993}}, "file_info": {"client_number": "C1", "progress": 2}},
            {"partner_id.monthly_payment": 5, "periodicity": 12, "new_password": "p", "old_password": "o", "key": "k", "secret": "whsec_x", "datas": "JVBE"}]}});
        let kept = of_a_request(sent).unwrap();
        for hidden in ["90000", "1993", "C1", ":5", ":12", "\"p\"", "\"o\"", "\"k\"", "whsec_x", "JVBE"] {
            assert!(!kept.contains(hidden), "{hidden} in {kept}");
        }
        for told in ["a@b.dz", "\"salary\":\"[salary]\"", "\"progress\":2", "[birth_date]", "[monthly_payment]", "[new_password]"] {
            assert!(kept.contains(told), "{told} in {kept}");
        }
    }

    #[test]
    fn where_values_stand_by_their_place_nothing_is_kept() {
        for positional in [
            json!({"fields": ["login", "password"], "data": [["a", "hunter2"]]}),
            json!({"filter": [["partner_id.salary", ">", 90_000]]}),
            json!({"service": "common", "method": "login", "args": ["db", "admin", "hunter2"]}),
            json!({"method": "change_password", "args": ["old", "hunter2"]}),
            json!({"csv": "login;password\na;hunter2"}),
            json!({"query": "{id, birth_date}"}),
        ] {
            assert_eq!(of_a_request(positional.clone()), None, "{positional}");
        }
        assert_eq!(of_a_request(json!(["monkey", {"a": "keyword"}])).unwrap(), r#"["monkey",{"a":"keyword"}]"#);
    }

    #[test]
    fn a_body_is_cut_between_characters() {
        let kept = of_a_request(json!({"a": "é".repeat(MAX_BODY)})).unwrap();
        assert_eq!((kept.len(), kept.chars().all(|c| c == 'é' || "{\"a:".contains(c))), (MAX_BODY, true));
        assert_eq!(of_our_own("é".repeat(MAX_BODY).as_bytes()).len(), MAX_BODY);
        assert_eq!(cut("aé", 2), "a");
    }

    #[test]
    fn what_we_send_stands_as_it_was_sent() {
        let body = br#"{"z":1.50, "a":"x"}"#;
        assert_eq!(of_our_own(body).as_bytes(), body);
        assert_eq!(of_our_own(br#"{"s\u0061lary":5,"b":1}"#), r#"{"b":1,"salary":"[salary]"}"#);
        assert_eq!(of_our_own(br#"[{"client_number":5}]"#), r#"[{"client_number":"[client_number]"}]"#);
    }

    #[test]
    fn what_is_very_deep_is_not_followed() {
        let mut json = json!({"salary": 5});
        for _ in 0..100 {
            json = json!([json]);
        }
        assert!(!of_a_request(json).unwrap().contains('5'));
    }
}
