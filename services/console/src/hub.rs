//! The hub, as its pages ask it: by the doors that every client uses, in the session of whoever looks at the page.

use std::sync::OnceLock;

use process::Keyring;
use process::router::Client;
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::refused::Refused;

/// The most that an answer to a page may have, in bytes.
const LONGEST: usize = 32 << 20;

/// Where the doors are.
pub struct Hub {
    url: OnceLock<String>,
    client: Client,
    keyring: Keyring,
}

/// In whose name a page asks.
#[derive(Clone)]
pub struct Asker {
    /// The session's id.
    pub session: String,
    /// Where they are, by their address.
    pub address: String,
    /// The trace that the page belongs to.
    pub traceparent: String,
    /// Whether the page asks by itself, without who reads it.
    pub unattended: bool,
}

/// A list of records as the REST door answers it.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Envelope")]
pub struct Listed {
    /// How many match in all.
    pub count: u64,
    /// Those of the page.
    pub result: Vec<Value>,
}

/// The same on the wire: `count` is the page's.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    count: u64,
    total: Option<u64>,
    result: Vec<Value>,
}

impl From<Envelope> for Listed {
    fn from(Envelope { count, total, result }: Envelope) -> Listed {
        Listed { count: total.unwrap_or(count), result }
    }
}

impl Hub {
    /// Not known yet where.
    ///
    /// # Errors
    /// When there can't be an HTTP client.
    pub fn new(keyring: Keyring) -> anyhow::Result<Hub> {
        Ok(Hub { url: OnceLock::new(), client: process::router::client()?, keyring })
    }

    /// Where the doors are, told once.
    pub fn is_at(&self, url: &str) {
        self.url.set(url.trim_end_matches('/').to_owned()).ok();
    }

    fn request(&self, method: reqwest::Method, path: &str, asker: &Asker) -> Result<reqwest::RequestBuilder, Refused> {
        let url = self.url.get().ok_or_else(|| Refused::of(503, "The hub is starting. Try again."))?;
        let own = self.keyring.own_token("gateway").map_err(|fault| Refused::of(500, &fault.message))?;
        let request = self.client.request(method, format!("{url}{path}"));
        let request = request.header("x-console", own.as_ref()).header("x-forwarded-for", &asker.address);
        let request = request.header("traceparent", &asker.traceparent);
        let request = if asker.unattended { request.header("x-live", "1") } else { request };
        // No header that a client could not send stands in for the cookie: the doors judge it as any other
        Ok(if asker.session.is_empty() { request } else { request.header(COOKIE, format!("session_id={}", asker.session)) })
    }

    async fn answered(request: reqwest::RequestBuilder) -> Result<(reqwest::header::HeaderMap, Vec<u8>), Refused> {
        let away = |error: reqwest::Error| {
            tracing::warn!(error = %error.without_url(), "the hub can't be reached");
            Refused::of(503, "The hub is away. Try again.")
        };
        let mut response = request.send().await.map_err(away)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(away)? {
            if bytes.len() + piece.len() > LONGEST {
                return Err(Refused::of(422, "The answer is too long for a page: narrow it down."));
            }
            bytes.extend_from_slice(&piece);
        }
        if status.is_success() { Ok((headers, bytes)) } else { Err(Refused::read(status.as_u16(), &bytes)) }
    }

    /// What a door answers to GET, as JSON.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn get<T: serde::de::DeserializeOwned>(&self, asker: &Asker, path: &str, query: &[(&str, String)]) -> Result<T, Refused> {
        let pairs = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&");
        let path = if pairs.is_empty() { path.to_owned() } else { format!("{path}?{pairs}") };
        let (_, bytes) = Self::answered(self.request(reqwest::Method::GET, &path, asker)?).await?;
        serde_json::from_slice(&bytes).map_err(|error| Refused::unread(&path, &error))
    }

    /// What a door answers to an envelope with these `params`: its result.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn send(
        &self,
        asker: &Asker,
        method: reqwest::Method,
        path: &str,
        params: &Value,
        key: Option<&str>,
    ) -> Result<Value, Refused> {
        let mut request = self.request(method, path, asker)?.header(CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let (_, bytes) = Self::answered(request.body(json!({"params": params}).to_string())).await?;
        let mut envelope: Value = serde_json::from_slice(&bytes).map_err(|error| Refused::unread(path, &error))?;
        match envelope.get("error") {
            Some(_) => Err(Refused::read(200, &bytes)),
            None => Ok(envelope.get_mut("result").map(Value::take).unwrap_or(Value::Null)),
        }
    }

    /// A method of Odoo's ORM, by names.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn call_kw(&self, asker: &Asker, model: &str, method: &str, args: Value, kwargs: Value) -> Result<Value, Refused> {
        let params = json!({"model": model, "method": method, "args": args, "kwargs": kwargs});
        self.send(asker, reqwest::Method::POST, "/web/dataset/call_kw", &params, None).await
    }

    /// Begins a session of pages: the cookie as the door sets it.
    ///
    /// # Errors
    /// What the hub refuses: a wrong password, too many of them.
    pub async fn log_in(&self, asker: &Asker, login: &str, password: &str) -> Result<String, Refused> {
        let body = json!({"params": {"login": login, "password": password}}).to_string();
        let request = self.request(reqwest::Method::POST, "/web/session/authenticate", asker)?;
        let (headers, bytes) = Self::answered(request.header(CONTENT_TYPE, "application/json").body(body)).await?;
        let cookie = headers.get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).map(str::to_owned);
        match cookie {
            Some(cookie) if !has_error(&bytes) => Ok(cookie),
            _ => Err(Refused::read(200, &bytes)),
        }
    }

    /// A body that is no JSON, as a table's file, to a door that answers JSON.
    ///
    /// # Errors
    /// What the hub refuses.
    pub async fn upload(&self, asker: &Asker, path: &str, kind: &str, body: Vec<u8>, key: Option<&str>) -> Result<Value, Refused> {
        let mut request = self.request(reqwest::Method::POST, path, asker)?.header(CONTENT_TYPE, kind);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let (_, bytes) = Self::answered(request.body(body)).await?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|error| Refused::unread(path, &error))?;
        if answer.get("error").is_some() { Err(Refused::read(200, &bytes)) } else { Ok(answer) }
    }
}

fn has_error(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Value>(bytes).is_ok_and(|answer| answer.get("error").is_some())
}

/// Percent-encodes a part of a target.
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, UNRESERVED).to_string()
}

/// All but RFC 3986's unreserved characters.
const UNRESERVED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
