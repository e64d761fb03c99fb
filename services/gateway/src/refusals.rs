//! Changing requests that were refused, told to sync for support: who, what, why, and by which names it can be found.
//!
//! Strangers' are counted and not kept: anybody can send any number of them. A full channel, or a user's full share of it,
//! drops them: telling must not slow what is told of.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use chrono::Utc;
use jsonrpc::Fault;
use process::http::header;
use process::metrics::REFUSED;
use process::shares::{Share, Shares};
use serde_json::Value as Json;
use sync_contract::{KeepRefused, Refused};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::auth::Session;
use crate::services::Services;

/// How many wait to be told at most, and how many of one user's.
const WAITING: (usize, usize) = (2_000, 200);
/// How many go in one call.
const BATCH: usize = 200;
/// How deep a body is looked into for names.
const DEPTH: usize = 6;
/// The longest name, path and message that are kept, in characters.
const MAX: (usize, usize, usize) = (100, 200, 500);

/// A row of ek_request, with the place that it takes of its user's share.
type Waiting = (Refused, Share<i64>);

/// Those that are still to be told.
pub struct Refusals {
    services: Services,
    sender: Sender<Waiting>,
    receiver: Mutex<Option<Receiver<Waiting>>>,
    places: Shares<i64>,
}

impl Refusals {
    /// None yet.
    pub fn new(services: Services) -> Refusals {
        let (sender, receiver) = channel(WAITING.0);
        let places = Shares::new("refused requests that are not told of yet", WAITING.0, WAITING.1);
        Refusals { services, sender, receiver: Mutex::new(Some(receiver)), places }
    }

    /// Notes that a request with this body was refused.
    pub fn note(&self, request: &HttpRequest, session: Option<&Session>, body: &[u8], fault: &Fault) {
        let count = |who: &str| REFUSED.with_label_values(&[fault.status.to_string().as_str(), who]).inc();
        let Some(session) = session else { return count("stranger") };
        let identity = &session.who.identity;
        let Ok(place) = self.places.take_now(identity.uid, 1) else { return count("dropped") };
        let mut names = BTreeMap::new();
        // Of a body that can't be read the fault says why
        if let Ok(body) = serde_json::from_slice::<Json>(body) {
            collect(&body, DEPTH, &mut names);
        }
        let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        // The id that our own faults tell, else that of the caller's trace
        let trace = fault.message.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 32);
        let trace = trace.or_else(|| header(request, "traceparent")?.split('-').nth(1).filter(|id| id.len() == 32));
        let mut named = |name: &str| names.remove(name);
        let row = Refused {
            at: Utc::now(),
            method: cut(request.method().as_str(), 16),
            path: cut(request.path(), MAX.1),
            login: cut(&identity.login, 254),
            bank_id: identity.bank,
            status: fault.status,
            error: cut(&fault.name, MAX.0),
            message: redacted(&cut(&fault.message, MAX.2)),
            reference: named("reference"),
            ek_order_id: named("ek_order_id"),
            email: named("email"),
            trace_id: trace.map(str::to_owned),
        };
        count(if self.sender.try_send((row, place)).is_ok() { "user" } else { "dropped" });
    }

    /// Tells them, as long as the process lives. It does so once.
    pub async fn tell(&self) {
        let Some(mut receiver) = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let mut rows = Vec::new();
        while receiver.recv_many(&mut rows, BATCH).await > 0 {
            // Twice; after that support has one answer less
            let told = KeepRefused { rows: rows.iter().map(|(row, _)| row.clone()).collect() };
            for again in [true, false] {
                match self.services.ask(&told, None).await {
                    Ok(_) => break,
                    Err(_) if again => tokio::time::sleep(Duration::from_secs(2)).await,
                    Err(fault) => tracing::warn!(%fault, lost = rows.len(), "refused requests could not be kept"),
                }
            }
            rows.clear();
        }
    }
}

/// The names by which people look for a request: the first of each that stands in the body, as a field or in a filter.
fn collect(json: &Json, depth: usize, names: &mut BTreeMap<&'static str, String>) {
    let mut named = |key: &str, value: &Json| {
        let kind = match key.rsplit('.').next() {
            Some("email") => "email",
            Some("ek_order_id") => "ek_order_id",
            Some("manufacturer_ref" | "product_ref" | "ref" | "code_pos" | "reference") => "reference",
            _ => return,
        };
        let text = match value {
            Json::String(text) if kind == "email" => text.trim().to_lowercase(),
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            _ => return,
        };
        let text: String = text.chars().filter(|c| *c != '\0').take(if kind == "email" { 254 } else { MAX.0 }).collect();
        names.entry(kind).or_insert(text);
    };
    match json {
        Json::Object(map) => {
            map.iter().for_each(|(key, value)| named(key, value));
            if depth > 0 {
                map.values().for_each(|value| collect(value, depth - 1, names));
            }
        }
        Json::Array(list) => {
            if let [Json::String(field), Json::String(_), value] = list.as_slice() {
                named(field, value);
            }
            if depth > 0 {
                list.iter().for_each(|value| collect(value, depth - 1, names));
            }
        }
        _ => {}
    }
}

/// Without what may be a phone or an account number: eight digits and more in a row, spaces aside.
fn redacted(message: &str) -> String {
    let words = message.split(' ').map(|word| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let others = word.chars().filter(|c| c.is_alphabetic()).count();
        if digits >= 8 && others == 0 { "[number]" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").replace('\0', "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_tells_the_names_it_is_found_by() {
        let mut names = BTreeMap::new();
        let body = json!({"params": {"filter": [["partner_id.email", "=", "A@b.dz"]], "data": {"ek_order_id": 1416, "product": [{"manufacturer_ref": "X-1"}], "salary": 90_000}}});
        collect(&body, DEPTH, &mut names);
        let found = [("ek_order_id", "1416"), ("email", "a@b.dz"), ("reference", "X-1")].map(|(name, text)| (name, text.to_owned()));
        assert_eq!(names, BTreeMap::from(found));
    }

    #[test]
    fn numbers_of_people_are_not_kept() {
        assert_eq!(redacted("Unknown phone '0556123456' of order 1416"), "Unknown phone [number] of order 1416");
    }
}
