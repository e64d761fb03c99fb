//! XML-RPC: a call read into JSON, and JSON written as its answer, as Odoo reads and writes them.
//!
//! What is read is bounded: its depth, how many values it has, the length of names. A DOCTYPE is refused, and with it every entity
//! but XML's own five. What is written is plain XML-RPC, which every client reads: what is unset, null too, is boolean 0, as
//! elsewhere in Odoo, dates are strings, and characters that XML 1.0 forbids are left out, as Odoo does.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonrpc::Fault;
use jsonrpc::strict::MAX_DEPTH;
use partners_contract::Claimed;
use quick_xml::Reader;
use quick_xml::events::Event;
use records::model::clip;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// How deep values may stand in each other: those of a method stand in two lists more, and are judged by their owner.
const DEPTH: usize = MAX_DEPTH + 2;
/// How many values a call may have.
const VALUES: usize = 200_000;
/// The longest name of a method, a member or a type, in bytes.
const NAME: usize = 256;
/// The most digits of a whole number.
const DIGITS: usize = 40;
/// The longest answer, in bytes. JSON may have 32 MB, and XML takes about four times as many bytes.
const MAX_XML: usize = 128 << 20;

/// A call: `methodName` and the values of `params`, each as JSON.
#[derive(Debug)]
pub struct Call {
    /// The method's name.
    pub method: String,
    /// Its arguments.
    pub params: Vec<Box<RawValue>>,
}

impl Call {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 that tells what is wrong and where, and not what stands there: it may be a password.
    pub fn read(body: &[u8]) -> Result<Call, Fault> {
        let text = decoded(body)?;
        let text = text.map_err(|at| Fault::malformed(format!("The body is not XML: what stands at byte {at} is no UTF-8.")))?;
        let mut call = Call { method: String::new(), params: Vec::new() };
        let mut parser = Parser::new(&text);
        match parser.call(|method| call.method = method.to_owned(), |param| call.params.push(param)) {
            Ok(()) => Ok(call),
            Err(what) => Err(Fault::malformed(format!("The body is not a call of XML-RPC: {what} (byte {}).", parser.at()))),
        }
    }
}

/// What the arguments of a call to Odoo's object service claim, told by the start of a body: the database's name, a user's number,
/// a password.
pub fn claim(start: &[u8]) -> Option<(Claimed, String)> {
    let text = match decoded(start).ok()? {
        Ok(text) => text,
        // It ends in the middle of a character
        Err(at) => String::from_utf8_lossy(start.get(..at)?),
    };
    let mut params = Vec::new();
    // It ends in the middle of something: what was read before stays
    Parser::new(&text)
        .call(
            |_method| {},
            |param| {
                if params.len() < 3 {
                    params.push(param)
                }
            },
        )
        .ok();
    let mut params = params.into_iter().skip(1).map(|param| serde_json::from_str::<Value>(param.get()));
    let uid = match params.next()?.ok()? {
        Value::Number(uid) => uid.as_i64(),
        Value::String(uid) => uid.trim().parse().ok(),
        _ => None,
    };
    match params.next()?.ok()? {
        Value::String(password) => Some((Claimed::Uid(uid?), password)),
        _ => None,
    }
}

/// A body's text by the encoding that it declares, UTF-8 where it declares none; else the place where it is not.
fn decoded(body: &[u8]) -> Result<Result<Cow<'_, str>, usize>, Fault> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let declared = declared_encoding(body).map(|name| name.to_ascii_lowercase());
    match declared.as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => {
            Ok(std::str::from_utf8(body).map(Cow::Borrowed).map_err(|error| error.valid_up_to()))
        }
        Some("iso-8859-1" | "latin1" | "latin-1") => Ok(Ok(body.iter().copied().map(char::from).collect())),
        Some(other) => Err(Fault::malformed(format!("The body is XML in the encoding '{}': UTF-8 was expected.", clip(other)))),
    }
}

fn declared_encoding(body: &[u8]) -> Option<&str> {
    let declaration = body.trim_ascii_start().strip_prefix(b"<?xml")?.utf8_chunks().next()?.valid();
    let (declaration, _) = declaration.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value.get(1..)?.split(quote).next()
}

/// What a document is made of; comments and what stands in `<?…?>` are left out.
enum Token<'a> {
    Open(Cow<'a, str>),
    Close,
    Text(Cow<'a, str>),
    End,
}

/// What is wrong, in words.
type Wrong = Cow<'static, str>;

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    values: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Parser<'a> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Parser { reader, values: 0 }
    }

    fn at(&self) -> u64 {
        self.reader.buffer_position()
    }

    fn next(&mut self) -> Result<Token<'a>, Wrong> {
        loop {
            let event = self.reader.read_event().map_err(|error| match error {
                quick_xml::Error::Syntax(error) => error.to_string(),
                // What it found stands in the others' texts
                _ => "it is not well-formed".to_owned(),
            })?;
            return Ok(match event {
                Event::Start(tag) | Event::Empty(tag) => {
                    let name = tag.local_name();
                    if name.as_ref().len() > NAME {
                        return Err(format!("a name has more than {NAME} bytes").into());
                    }
                    Token::Open(name.as_ref().to_owned().into())
                }
                Event::End(_) => Token::Close,
                Event::Text(text) => Token::Text(allowed(text.xml10_content())?),
                Event::CData(text) => Token::Text(allowed(text.xml10_content())?),
                Event::GeneralRef(reference) => Token::Text(allowed(referred(&reference)?)?),
                Event::DocType(_) => return Err("a DOCTYPE is not read".into()),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
                Event::Eof => Token::End,
            });
        }
    }

    /// The next tag; none where what it would stand in ends.
    fn tag(&mut self) -> Result<Option<Cow<'a, str>>, Wrong> {
        loop {
            match self.next()? {
                Token::Open(name) => return Ok(Some(name)),
                Token::Close => return Ok(None),
                Token::Text(text) if text.trim_ascii().is_empty() => {}
                Token::Text(_) => return Err("there is text between its elements".into()),
                Token::End => return Err("it ends too early".into()),
            }
        }
    }

    fn open(&mut self, expected: &'static str) -> Result<(), Wrong> {
        match self.tag()? {
            Some(name) if name == expected => Ok(()),
            Some(_) | None => Err(format!("<{expected}> was expected").into()),
        }
    }

    fn close(&mut self) -> Result<(), Wrong> {
        match self.tag()? {
            None => Ok(()),
            Some(_) => Err("an element has another one beside what it may hold".into()),
        }
    }

    /// The text of an element that holds nothing else.
    fn text(&mut self) -> Result<Cow<'a, str>, Wrong> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next()? {
                Token::Text(more) if text.is_empty() => text = more,
                Token::Text(more) => text.to_mut().push_str(&more),
                Token::Close => return Ok(text),
                Token::Open(_) => return Err("there is an element where a text was expected".into()),
                Token::End => return Err("it ends too early".into()),
            }
        }
    }

    fn name(&mut self) -> Result<Cow<'a, str>, Wrong> {
        let name = self.text()?;
        if name.len() > NAME { Err(format!("a name has more than {NAME} bytes").into()) } else { Ok(name) }
    }

    fn call(&mut self, mut method: impl FnMut(&str), mut param: impl FnMut(Box<RawValue>)) -> Result<(), Wrong> {
        self.open("methodCall")?;
        self.open("methodName")?;
        method(self.name()?.trim());
        if let Some(name) = self.tag()? {
            if name != "params" {
                return Err("<params> was expected".into());
            }
            while let Some(name) = self.tag()? {
                if name != "param" {
                    return Err("<param> was expected".into());
                }
                self.open("value")?;
                let mut json = String::new();
                self.value(DEPTH, &mut json)?;
                self.close()?;
                param(RawValue::from_string(json).map_err(|_unread| "a value is not to be read")?);
            }
            self.close()?;
        }
        loop {
            match self.next()? {
                Token::End => return Ok(()),
                Token::Text(text) if text.trim_ascii().is_empty() => {}
                Token::Text(_) | Token::Open(_) | Token::Close => return Err("there is more behind the call".into()),
            }
        }
    }

    /// A value whose tag has been read.
    fn value(&mut self, depth: usize, out: &mut String) -> Result<(), Wrong> {
        let Some(deeper) = depth.checked_sub(1) else { return Err(format!("it is nested deeper than {DEPTH} levels").into()) };
        self.values += 1;
        if self.values > VALUES {
            return Err(format!("it has more than {VALUES} values").into());
        }
        let mut text = Cow::Borrowed("");
        loop {
            match self.next()? {
                Token::Text(more) if text.is_empty() => text = more,
                Token::Text(more) => text.to_mut().push_str(&more),
                Token::Close => {
                    quote(&text, out);
                    return Ok(());
                }
                Token::Open(_) if !text.trim_ascii().is_empty() => return Err("there is text between its elements".into()),
                Token::Open(kind) => {
                    self.typed(&kind, deeper, out)?;
                    return self.close();
                }
                Token::End => return Err("it ends too early".into()),
            }
        }
    }

    fn typed(&mut self, kind: &str, deeper: usize, out: &mut String) -> Result<(), Wrong> {
        match kind {
            "string" => quote(&self.text()?, out),
            "int" | "i1" | "i2" | "i4" | "i8" | "biginteger" => out.push_str(&whole(&self.text()?)?),
            "boolean" => out.push_str(match self.text()?.trim() {
                "0" | "false" => "false",
                "1" | "true" => "true",
                _ => return Err("a <boolean> is neither 0 nor 1".into()),
            }),
            "double" | "float" | "bigdecimal" => out.push_str(&number(&self.text()?)?),
            "nil" => {
                self.text()?;
                out.push_str("null");
            }
            "dateTime.iso8601" => quote(&moment(&self.text()?)?, out),
            "base64" => quote(&binary(&self.text()?)?, out),
            "array" => {
                out.push('[');
                if let Some(name) = self.tag()? {
                    if name != "data" {
                        return Err("<data> was expected".into());
                    }
                    let mut is_first = true;
                    while let Some(name) = self.tag()? {
                        if name != "value" {
                            return Err("<value> was expected".into());
                        }
                        if !std::mem::take(&mut is_first) {
                            out.push(',');
                        }
                        self.value(deeper, out)?;
                    }
                    self.close()?;
                }
                out.push(']');
            }
            "struct" => {
                out.push('{');
                let mut is_first = true;
                while let Some(name) = self.tag()? {
                    if name != "member" {
                        return Err("<member> was expected".into());
                    }
                    if !std::mem::take(&mut is_first) {
                        out.push(',');
                    }
                    self.open("name")?;
                    quote(&self.name()?, out);
                    out.push(':');
                    self.open("value")?;
                    self.value(deeper, out)?;
                    self.close()?;
                }
                out.push('}');
            }
            other => return Err(format!("<{}> is not a type", clip(other)).into()),
        }
        Ok(())
    }
}

/// Whether XML 1.0 has a character.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn allowed(text: Cow<'_, str>) -> Result<Cow<'_, str>, Wrong> {
    if text.chars().all(is_allowed) { Ok(text) } else { Err("it holds a character that XML forbids".into()) }
}

/// What `&…;` stands for.
fn referred(reference: &quick_xml::events::BytesRef<'_>) -> Result<Cow<'static, str>, Wrong> {
    Ok(match reference.as_ref() {
        "amp" => "&".into(),
        "lt" => "<".into(),
        "gt" => ">".into(),
        "quot" => "\"".into(),
        "apos" => "'".into(),
        _ => match reference.resolve_char_ref() {
            Ok(Some(c)) => c.to_string().into(),
            Ok(None) => return Err("an entity is not one of XML's own five".into()),
            Err(_) => return Err("a reference is to no character".into()),
        },
    })
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&Value::from(text).to_string());
}

fn whole(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || digits.len() > DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("an <int> is no whole number of at most {DIGITS} digits").into());
    }
    Ok(match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => format!("{sign}{digits}"),
    })
}

/// A number as it was written where JSON has it so.
fn number(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && text.len() <= NAME);
    let value = value.ok_or("a <double> is no number")?;
    Ok(if serde_json::from_str::<&RawValue>(text).is_ok() { text.to_owned() } else { format!("{value:?}") })
}

/// A moment as Odoo writes it: `20261123T17:40:39` is `2026-11-23 17:40:39`. Offsets are read by whoever reads the field.
fn moment(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let (day, time) = text.split_once('T').ok_or("a <dateTime.iso8601> has no T")?;
    let digits: String = day.chars().filter(|c| *c != '-').collect();
    let (Some(year), Some(month), Some(day), 8) = (digits.get(..4), digits.get(4..6), digits.get(6..), digits.len()) else {
        return Err("a <dateTime.iso8601> does not begin with a day as 20261231".into());
    };
    if time.len() > 32 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a <dateTime.iso8601> is not like 20261231T23:59:59".into());
    }
    Ok(format!("{year}-{month}-{day} {time}"))
}

/// Bytes as Odoo has them, in base64. Python sends what it has encoded already as bytes, and so encodes it again.
fn binary(text: &str) -> Result<String, Wrong> {
    let text: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(&text).map_err(|_unread| "a <base64> is not base64")?;
    let once = String::from_utf8(bytes).ok().filter(|once| !once.is_empty() && STANDARD.decode(once).is_ok());
    Ok(once.unwrap_or(text))
}

/// The answer that JSON is as XML.
///
/// # Errors
/// 422 where it is longer than an answer may be; ours where it is not JSON.
pub fn response(json: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut out = String::with_capacity(json.len().saturating_mul(3).clamp(256, 8 << 20));
    out.push_str("<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n");
    let mut reader = serde_json::Deserializer::from_slice(json);
    let written = Write(&mut out).deserialize(&mut reader);
    if out.len() > MAX_XML {
        let most = MAX_XML >> 20;
        let message = format!("The answer has more than {most} MB as XML: ask for fewer records or fields, or by /jsonrpc.");
        return Err(Fault::validation(message));
    }
    written.map_err(|error| process::our_fault("gateway", "an answer is not JSON", &error))?;
    out.push_str("</param>\n</params>\n</methodResponse>\n");
    Ok(out.into_bytes())
}

/// A fault's code: a number in XML-RPC 2, a text in the first.
pub enum Code {
    /// Of `/xmlrpc/2`.
    Number(u8),
    /// Of `/xmlrpc`.
    Text(String),
}

/// A fault as XML.
pub fn fault(code: &Code, message: &str) -> Vec<u8> {
    let mut out = String::from("<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n");
    match code {
        Code::Number(number) => value("int", &number.to_string(), &mut out),
        Code::Text(text) => value("string", text, &mut out),
    }
    out.push_str("</member>\n<member>\n<name>faultString</name>\n");
    value("string", message, &mut out);
    out.push_str("</member>\n</struct></value>\n</fault>\n</methodResponse>\n");
    out.into_bytes()
}

fn value(kind: &str, text: &str, out: &mut String) {
    out.extend(["<value><", kind, ">"]);
    escape(text, out);
    out.extend(["</", kind, "></value>\n"]);
}

fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(|c| matches!(c, '&' | '<' | '>' | '\r') || !is_allowed(c)) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut chars = from.chars();
        match chars.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            // As it is it would be read as \n
            Some('\r') => out.push_str("&#13;"),
            Some(_) | None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

struct Write<'o>(&'o mut String);

impl Write<'_> {
    fn wrote<E: Error>(self) -> Result<(), E> {
        if self.0.len() > MAX_XML { Err(E::custom("too long")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Write<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Write<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_bool(false)
    }

    fn visit_bool<E: Error>(self, is: bool) -> Result<(), E> {
        value("boolean", if is { "1" } else { "0" }, self.0);
        self.wrote()
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        value("int", &number.to_string(), self.0);
        self.wrote()
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        value("int", &number.to_string(), self.0);
        self.wrote()
    }

    /// XML-RPC has no exponents.
    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        let text = number.to_string();
        value("double", &if text.contains('.') { text } else { text + ".0" }, self.0);
        self.wrote()
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        value("string", text, self.0);
        self.wrote()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.push_str("<value><array><data>\n");
        while list.next_element_seed(Write(&mut *self.0))?.is_some() {}
        self.0.push_str("</data></array></value>\n");
        self.wrote()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.0.push_str("<value><struct>\n");
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            self.0.push_str("<member>\n<name>");
            escape(&name, self.0);
            self.0.push_str("</name>\n");
            members.next_value_seed(Write(&mut *self.0))?;
            self.0.push_str("</member>\n");
        }
        self.0.push_str("</struct></value>\n");
        self.wrote()
    }
}

#[cfg(test)]
mod tests;
