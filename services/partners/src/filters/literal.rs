//! What a client writes as text in place of a value: JSON, or the literal that Odoo's own clients write, Python's. Values alone: a name,
//! a call or a sum is refused.

use jsonrpc::strict;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

/// Reads a text as JSON, and where it is none as Python's literal.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(text: &str) -> Result<Json, String> {
    if let Ok(raw) = serde_json::from_str::<&RawValue>(text) {
        return strict::value("text", raw).map_err(|fault| fault.message);
    }
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(strict::MAX_DEPTH)?;
    reader.skip();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.unexpected("the end")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.take();
        }
    }

    /// Takes this character, where it is the next but for white space.
    fn is_next(&mut self, wanted: char) -> bool {
        self.skip();
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.take();
        }
        is_there
    }

    fn unexpected(&self, expected: &str) -> String {
        let place = self.text.get(..self.at).unwrap_or_default().chars().count() + 1;
        match self.peek() {
            None => format!("it ends where {expected} was expected"),
            Some(found) => format!("'{}' stands at character {place} where {expected} was expected", found.escape_default()),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        let depth = depth.checked_sub(1).ok_or_else(|| format!("it nests deeper than {} levels", strict::MAX_DEPTH))?;
        self.skip();
        match self.peek() {
            Some('[') => self.list(']', depth),
            Some('(') => self.list(')', depth),
            Some('{') => self.object(depth),
            Some('\'' | '"') => self.string().map(Json::from),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.word(),
            Some(_) | None => Err(self.unexpected("a value")),
        }
    }

    fn list(&mut self, end: char, depth: usize) -> Result<Json, String> {
        self.take();
        let (mut items, mut has_comma) = (Vec::new(), false);
        loop {
            if self.is_next(end) {
                // One value in parentheses is that value
                return Ok(match (end, has_comma, items.len()) {
                    (')', false, 1) => items.pop().unwrap_or_default(),
                    _ => items.into(),
                });
            }
            items.push(self.value(depth)?);
            if self.is_next(',') {
                has_comma = true;
            } else if self.peek() != Some(end) {
                return Err(self.unexpected(&format!("',' or '{end}'")));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        self.take();
        let mut object = Map::new();
        while !self.is_next('}') {
            if !matches!(self.peek(), Some('\'' | '"')) {
                return Err(self.unexpected("a text as key"));
            }
            let key = self.string()?;
            if !self.is_next(':') {
                return Err(self.unexpected("':'"));
            }
            let value = self.value(depth)?;
            if object.insert(key.clone(), value).is_some() {
                return Err(format!("the key '{key}' stands twice"));
            }
            if !self.is_next(',') && self.peek() != Some('}') {
                return Err(self.unexpected("',' or '}'"));
            }
        }
        Ok(object.into())
    }

    fn string(&mut self) -> Result<String, String> {
        let (quote, mut text) = (self.take(), String::new());
        loop {
            let next = self.take().ok_or_else(|| "a text is not ended".to_owned())?;
            let meant = match next {
                _ if Some(next) == quote => return Ok(text),
                '\\' => match self.take() {
                    Some(same @ ('\\' | '\'' | '"' | '/')) => same,
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some('x') => self.escaped(2)?,
                    Some('u') => self.escaped(4)?,
                    Some(_) | None => return Err("a text has an escape that is not known".to_owned()),
                },
                other => other,
            };
            if meant == '\0' {
                return Err("a text has a NUL".to_owned());
            }
            text.push(meant);
        }
    }

    fn escaped(&mut self, digits: usize) -> Result<char, String> {
        let hex: String = (0..digits).filter_map(|_| self.take()).collect();
        let is_hex = hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let meant = u32::from_str_radix(&hex, 16).ok().filter(|_| is_hex).and_then(char::from_u32);
        meant.ok_or_else(|| format!("a text has the escape '{hex}', which is no character"))
    }

    fn number(&mut self) -> Result<Json, String> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)).count();
        let text = rest.get(..length).unwrap_or_default();
        let raw = serde_json::from_str::<&RawValue>(text).map_err(|_none| self.unexpected("a number"))?;
        self.at += length;
        strict::value("text", raw).map_err(|fault| fault.message)
    }

    fn word(&mut self) -> Result<Json, String> {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let value = match rest.get(..length) {
            Some("True" | "true") => true.into(),
            Some("False" | "false") => false.into(),
            Some("None" | "null") => Json::Null,
            Some(_) | None => return Err(self.unexpected("a value, and no name,")),
        };
        self.at += length;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_odoos_literal_say_the_same() {
        for (text, value) in [
            ("[]", json!([])),
            (r#"[["a", "=", true]]"#, json!([["a", "=", true]])),
            ("[('a', '=', True)]", json!([["a", "=", true]])),
            ("['|', ('a.b', 'in', (1, 2,)), [\"c\", '!=', None] , ]", json!(["|", ["a.b", "in", [1, 2]], ["c", "!=", null]])),
            (r"[('name', 'ilike', 'l\'eau \x41\u00e9 é \\')]", json!([["name", "ilike", "l'eau Aé é \\"]])),
            ("[('a', '>', -1.5), ('b', '=', False)]", json!([["a", ">", -1.5], ["b", "=", false]])),
            ("{'group_by': ['state', \"date:month\"], }", json!({"group_by": ["state", "date:month"]})),
            ("(1)", json!(1)),
            ("(1,)", json!([1])),
        ] {
            assert_eq!(read(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_told_with_its_place() {
        for (text, word) in [
            ("", "a value"),
            ("[('user_id', '=', uid)]", "no name"),
            ("[('a', '=', context_today())]", "no name"),
            ("[('a', '=', 1 + 1)]", "','"),
            ("[('a', '=', 'b)]", "not ended"),
            ("[('a' '=')]", "character 7"),
            ("[1] [2]", "the end"),
            ("{'a': 1, 'a': 2}", "twice"),
            ("{a: 1}", "key"),
            (r"['\q']", "escape"),
            (r"['\xzz']", "no character"),
            (r"['\x00']", "NUL"),
            ("[1e]", "a number"),
            ("[--1]", "a number"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(word), "{text}: {told}");
        }
        let deep = "(".repeat(40) + "'a'," + &"),".repeat(40);
        assert!(read(&deep).unwrap_err().contains("deeper"), "{deep}");
        assert!(read(&"[".repeat(4_000)).unwrap_err().contains("deeper"));
    }
}
