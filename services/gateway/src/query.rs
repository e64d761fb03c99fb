//! What stands in an address: the query string's parameters, and records' numbers in the path.

use std::borrow::Cow;

use jsonrpc::Fault;
use percent_encoding::percent_decode_str;
use records::model::clip;

/// A parameter. Its text is read only where it is looked for: what nobody looks for may be anything.
pub struct Parameter<'q> {
    /// Its name.
    pub name: String,
    text: &'q str,
}

impl Parameter<'_> {
    /// Its text.
    ///
    /// # Errors
    /// 400 where it is not UTF-8.
    pub fn text(&self) -> Result<String, Fault> {
        plain(self.text, &format!("`{}`", clip(&self.name)))
    }
}

/// All parameters, in their order. A name that is not UTF-8 is 400.
pub fn parameters(query: &str) -> impl Iterator<Item = Result<Parameter<'_>, Fault>> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        Ok(Parameter { name: plain(name, &format!("the name `{}` in the query string", clip(name)))?, text })
    })
}

fn plain(text: &str, what: &str) -> Result<String, Fault> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().map(Cow::into_owned).map_err(|error| {
        let at = error.valid_up_to();
        Fault::malformed(format!("{what} is not UTF-8 from its byte {at}: letters beyond ASCII are sent in UTF-8"))
    })
}

/// A record's number in a path; anything else is not a path of ours.
///
/// # Errors
/// 404.
pub fn number(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_unread| Fault::not_found())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf_8_is_told_by_its_name_where_it_is_looked_for() {
        let read = |query: &'static str| parameters(query).collect::<Result<Vec<_>, Fault>>();
        let all = read("a=1&&b=%C3%A9+x&c&d=%FF").unwrap();
        let texts: Vec<_> = all.iter().map(|parameter| (parameter.name.as_str(), parameter.text())).collect();
        assert_eq!(texts[..3], [("a", Ok("1".to_owned())), ("b", Ok("é x".to_owned())), ("c", Ok(String::new()))]);
        assert!(
            texts[3].1.as_ref().is_err_and(|fault| fault.status == 400 && fault.message.starts_with("`d` is not UTF-8 from its byte 0"))
        );
        let fault = read("a=1&x%FF=2").err().unwrap();
        assert_eq!((fault.status, fault.message.contains("the name `x%FF`")), (400, true), "{fault}");
    }
}
