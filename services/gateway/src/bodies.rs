//! Requests' bodies. Of one whose sender is not known yet no more is read than may say who that is, and what strangers have
//! sent is bounded together: memory is for those whom we know.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures_util::StreamExt;
use jsonrpc::Fault;
use partners_contract::Claimed;
use process::directory;
use process::http::{ARRIVAL, HttpConfig, header};
use process::shares::{Share, Shares};
use records::model::clip;
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::auth::{Carried, Sessions};
use crate::callers::Callers;
use crate::proven::Proven;

/// How many bodies with files are held at a time, and how many of them for one user.
const UPLOADS: (usize, usize) = (4, 2);
/// How long one waits for its turn.
const UPLOAD_WAITS: Duration = Duration::from_secs(5);
/// How long such a body may take to come, once its beginning is there.
const UPLOAD: Duration = Duration::from_secs(60);
/// How much of a stranger's body is read to find out who sends it, in bytes.
const SAID: usize = 64 << 10;
/// What part of what strangers may hold together may come from one address.
const OF_AN_ADDRESS: usize = 4;

/// Who a body claims to be from, and the password with it, told by its beginning.
pub type Claims = fn(&[u8]) -> Option<(Claimed, String)>;

/// How a door's request says who sends it.
#[derive(Clone, Copy)]
pub enum Says {
    /// By a session or a key.
    Session,
    /// By a login and a password.
    Credentials,
    /// By a user's number and password, as Odoo's RPC does.
    Claim(Claims),
}

/// How long bodies may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Longest {
    /// Each.
    pub body: usize,
    /// One that may bring a file of a record, from a sender who is known.
    pub upload: usize,
}

impl Longest {
    /// As these settings say.
    pub fn of(config: &HttpConfig) -> Longest {
        Longest { body: config.max_body, upload: config.max_upload.max(config.max_body) }
    }
}

/// A body that was read, with the place that it takes of what strangers may hold.
pub struct Sent {
    /// All of it.
    pub bytes: Bytes,
    _held: Vec<Share<String>>,
    _upload: Option<Share<i64>>,
}

impl Deref for Sent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads bodies within their bounds.
pub struct Bodies {
    longest: Longest,
    /// The places of long ones.
    uploads: Shares<i64>,
    /// The places of what strangers may hold, in bytes.
    strangers: Shares<String>,
    sessions: Arc<Sessions>,
    proven: Arc<Proven>,
    callers: Arc<Callers>,
}

impl Bodies {
    /// Of at most so many bytes each, of strangers' at most `strangers` bytes together.
    pub fn new(longest: Longest, strangers: usize, sessions: Arc<Sessions>, proven: Arc<Proven>, callers: Arc<Callers>) -> Bodies {
        let strangers = Shares::new("bytes of requests whose senders are not known yet", strangers, strangers / OF_AN_ADDRESS);
        let uploads = Shares::new("requests with files", UPLOADS.0, UPLOADS.1);
        Bodies { longest, uploads, strangers, sessions, proven, callers }
    }

    /// A request's whole body, where its sender is known or says who they are within the first 64 kB.
    ///
    /// # Errors
    /// 401 where the rest would be a stranger's, 413, 408, 400, and 429 or 503 where strangers hold too much.
    pub async fn read(&self, request: &HttpRequest, payload: Payload, says: Says) -> Result<Sent, Fault> {
        let mut reading = Reading { bodies: self, request, payload, bytes: Vec::new(), held: Some(Vec::new()), user: None, upload: None };
        let late = || Fault::http(408, "The body took too long to come.");
        let mut read = tokio::time::timeout(ARRIVAL, reading.read(says)).await.unwrap_or_else(|_elapsed| Err(late()));
        if read.is_ok() && reading.upload.is_some() {
            read = tokio::time::timeout(UPLOAD, reading.read_to(usize::MAX)).await.unwrap_or_else(|_elapsed| Err(late())).map(drop);
        }
        match read {
            Ok(()) => Ok(Sent { bytes: reading.bytes.into(), _held: reading.held.unwrap_or_default(), _upload: reading.upload }),
            Err(fault) => {
                // A sender that goes on may hear the answer only when all is sent: it is taken, and not kept
                let most = if reading.user.is_some() { self.longest.upload } else { self.longest.body };
                actix_web::rt::spawn(tokio::time::timeout(ARRIVAL, drain(reading.payload, most)));
                Err(fault)
            }
        }
    }
}

/// A request carries its body as it is.
///
/// # Errors
/// 415 for one that is packed.
pub fn need_as_it_is(request: &HttpRequest) -> Result<(), Fault> {
    for coding in request.headers().get_all(CONTENT_ENCODING) {
        let coding = String::from_utf8_lossy(coding.as_bytes());
        if !coding.trim().is_empty() && !coding.trim().eq_ignore_ascii_case("identity") {
            let coding = clip(coding.trim());
            return Err(Fault::http(
                415,
                format!("415: Unsupported Media Type: Content-Encoding '{coding}' is not read here; send the body without it"),
            ));
        }
    }
    Ok(())
}

/// A request that carries JSON says so, and carries it as it is.
///
/// # Errors
/// 415.
pub fn need_json(request: &HttpRequest) -> Result<(), Fault> {
    need_as_it_is(request)?;
    let kind = header(request, CONTENT_TYPE.as_str()).and_then(|kind| kind.split(';').next()).map(str::trim);
    match kind {
        Some(kind) if kind.eq_ignore_ascii_case("application/json") || kind.eq_ignore_ascii_case("application/json-rpc") => Ok(()),
        Some(_) | None => Err(Fault::http(415, "415: Unsupported Media Type: application/json was expected")),
    }
}

struct Reading<'a> {
    bodies: &'a Bodies,
    request: &'a HttpRequest,
    payload: Payload,
    bytes: Vec<u8>,
    /// What a stranger holds; none for who is known.
    held: Option<Vec<Share<String>>>,
    /// Who is known.
    user: Option<i64>,
    /// Its place among the long ones.
    upload: Option<Share<i64>>,
}

impl Reading<'_> {
    async fn read(&mut self, says: Says) -> Result<(), Fault> {
        let carried = self.bodies.sessions.carried(self.request, None).filter(|_| matches!(says, Says::Session));
        if self.knows(carried).await? {
            self.held = None;
        } else if !self.read_to(SAID).await? {
            let said = Said::in_start_of(&self.bytes);
            let is_said = match says {
                Says::Credentials => said.login && said.password,
                Says::Session => {
                    let is_known = self.knows(self.bodies.sessions.named_in_body(said.session_id)).await?;
                    self.held = self.held.take().filter(|_| !is_known);
                    is_known
                }
                Says::Claim(claims) => {
                    let (who, password) = claims(&self.bytes).ok_or_else(Fault::access_denied)?;
                    self.user = Some(self.bodies.proven.who(self.request, who, password).await?.who.identity.uid);
                    self.held = None;
                    true
                }
            };
            if !is_said {
                let message = format!(
                    "Neither the request nor the first {} kB of its body say who sends it by a session that lives, a key, or a login and a password.",
                    SAID >> 10
                );
                return Err(Fault { message, ..Fault::session_expired() });
            }
        }
        self.read_to(usize::MAX).await.map(drop)
    }

    async fn knows(&mut self, carried: Option<Carried>) -> Result<bool, Fault> {
        let Some(carried) = carried else { return Ok(false) };
        match self.bodies.sessions.look_up(self.request, &carried).await {
            Ok(session) => {
                self.user = Some(session.who.identity.uid);
                Ok(true)
            }
            Err(fault) if fault.status == 401 => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Reads on until the end, or until there is more than so much, or a place for a long one was taken. Tells whether it was the end.
    async fn read_to(&mut self, enough: usize) -> Result<bool, Fault> {
        while self.bytes.len() <= enough {
            let Some(piece) = self.payload.next().await else { return Ok(true) };
            let piece = piece.map_err(|error| Fault::malformed(format!("The body broke off: {error}")))?;
            let needed = self.bytes.len() + piece.len();
            let is_upload = self.upload.is_some();
            let most = if is_upload { self.bodies.longest.upload } else { self.bodies.longest.body };
            if needed > most {
                self.take_upload(needed).await?;
            }
            if needed > self.bytes.capacity() {
                let capacity = needed.max((self.bytes.capacity() * 2).min(most));
                self.hold(capacity - self.bytes.capacity())?;
                self.bytes.reserve_exact(capacity - self.bytes.len());
            }
            self.bytes.extend_from_slice(&piece);
            if self.upload.is_some() && !is_upload {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// A place for a body that is longer than others: of a sender who is known, where a model's records may have files.
    async fn take_upload(&mut self, needed: usize) -> Result<(), Fault> {
        let Longest { body, upload } = self.bodies.longest;
        let may_have_files = self.request.match_info().get("model").is_none_or(|model| directory::FILES.contains(&model));
        match self.user.filter(|_| may_have_files && needed <= upload && self.upload.is_none()) {
            Some(user) => self.upload = Some(self.bodies.uploads.take(user, UPLOAD_WAITS).await?),
            None if may_have_files && self.user.is_some() => {
                return Err(Fault::http(413, format!("The body has more than {upload} bytes: a file may have 10 MB (MAX_UPLOAD).")));
            }
            None => return Err(Fault::http(413, format!("The body has more than {body} bytes."))),
        }
        Ok(())
    }

    fn hold(&mut self, more: usize) -> Result<(), Fault> {
        if let Some(held) = &mut self.held {
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            held.push(self.bodies.strangers.take_now(self.bodies.callers.address(self.request), more)?);
        }
        Ok(())
    }
}

async fn drain(mut payload: Payload, most: usize) {
    let mut left = most;
    while let Some(Ok(piece)) = payload.next().await {
        let Some(less) = left.checked_sub(piece.len()) else { return };
        left = less;
    }
}

/// What the `args` of a call to Odoo's object service claim: the database's name, a user's number, a password.
pub fn claim_in_json(start: &[u8]) -> Option<(Claimed, String)> {
    Said::in_start_of(start).claim
}

/// What a body's `params` say of its sender, as far as the body is there.
#[derive(Default)]
struct Said {
    session_id: Option<String>,
    login: bool,
    password: bool,
    claim: Option<(Claimed, String)>,
}

impl Said {
    fn in_start_of(body: &[u8]) -> Said {
        let mut said = Said::default();
        // It ends in the middle of something: what was read before stays
        Members { said: &mut said, in_params: false }.deserialize(&mut serde_json::Deserializer::from_slice(body)).ok();
        said
    }
}

struct Members<'a> {
    said: &'a mut Said,
    in_params: bool,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match (self.in_params, name.as_str()) {
                (false, "params") => map.next_value_seed(Members { said: &mut *self.said, in_params: true })?,
                (true, "args") => map.next_value_seed(Claim(&mut *self.said))?,
                (true, "session_id") => self.said.session_id = map.next_value()?,
                (true, "login") => self.said.login = map.next_value::<Option<String>>()?.is_some(),
                (true, "password") => self.said.password = map.next_value::<Option<String>>()?.is_some(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The list of a call's arguments.
struct Claim<'a>(&'a mut Said);

impl<'de> DeserializeSeed<'de> for Claim<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Claim<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut args: A) -> Result<(), A::Error> {
        args.next_element::<IgnoredAny>()?;
        let uid = match args.next_element::<serde_json::Value>()? {
            Some(serde_json::Value::Number(uid)) => uid.as_i64(),
            Some(serde_json::Value::String(uid)) => uid.trim().parse().ok(),
            _ => None,
        };
        if let (Some(uid), Some(serde_json::Value::String(password))) = (uid, args.next_element()?) {
            self.0.claim = Some((Claimed::Uid(uid), password));
        }
        while args.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_claims_to_call_is_found_in_the_start_of_a_body() {
        let claim = |body: &str| claim_in_json(body.as_bytes());
        let known = Some((Claimed::Uid(2), "secret".to_owned()));
        assert_eq!(claim(r#"{"params": {"service": "object", "args": ["db", 2, "secret", "res.partner", "create", [{"na"#), known);
        assert_eq!(claim(r#"{"id": 1, "params": {"args": ["db", "2", "secr"#), None, "its end is not there yet");
        assert_eq!(claim(r#"{"params": {"args": ["db", "2", "secret", "#), known);
        for none in ["", r#"{"params": {"args": {}}}"#, r#"{"params": {"args": ["db", "a", "b", "#, r#"{"args": ["db", 2, "secret"], "#] {
            assert_eq!(claim(none), None, "{none}");
        }
    }

    #[test]
    fn who_sends_is_found_in_the_start_of_a_body() {
        let session = |body: &str| Said::in_start_of(body.as_bytes()).session_id;
        assert_eq!(session(r#"{"id": 1, "params": {"session_id": "abc", "data": {"name": "x"#), Some("abc".to_owned()));
        assert_eq!(session(r#"{"params": {"data": {"session_id": "no"}, "session_id": "abc"#), None, "its end is not there yet");
        assert_eq!(session(r#"{"params": {"data": {"a": [1, {"b": 2}]}, "session_id": "abc", "#), Some("abc".to_owned()));
        for none in [
            "",
            "[",
            "\u{0}",
            r#"{"session_id": "abc", "params": {"#,
            r#"{"params": [{"session_id": "abc"}]"#,
            r#"{"params": {"session_id": 5, "#,
        ] {
            assert_eq!(session(none), None, "{none}");
        }
        let said = Said::in_start_of(br#"{"params": {"login": "a", "password": "b", "db": "#);
        assert!(said.login && said.password && said.session_id.is_none());
    }
}
