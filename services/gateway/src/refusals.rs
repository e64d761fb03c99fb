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
use sync_contract::{KeepRefused, Refused, kept};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::auth::Session;
use crate::services::Services;

/// How many wait to be told at most, and how many of one user's.
const WAITING: (usize, usize) = (2_000, 200);
/// How many go in one call.
const BATCH: usize = 200;
/// How much of bodies goes in one call, in bytes: what is escaped, with all else, stays within what a service takes.
const TOGETHER: usize = 256 * 1024;
/// How deep a body is looked into for names.
const DEPTH: usize = 6;
/// The longest name, path and message that are kept, in characters.
const MAX: (usize, usize, usize) = (100, 200, 500);

/// How much of bodies waits to be told at most, and how much of one user's, in kB.
const BODIES: (usize, usize) = (4_096, 512);

/// A row of ek_request, with the place that it takes of its user's share, and what its body takes.
type Waiting = (Refused, Share<i64>, Option<Share<i64>>);

/// Those that are still to be told.
pub struct Refusals {
    services: Services,
    sender: Sender<Waiting>,
    receiver: Mutex<Option<Receiver<Waiting>>>,
    places: Shares<i64>,
    bodies: Shares<i64>,
}

impl Refusals {
    /// None yet.
    pub fn new(services: Services) -> Refusals {
        let (sender, receiver) = channel(WAITING.0);
        let places = Shares::new("refused requests that are not told of yet", WAITING.0, WAITING.1);
        let bodies = Shares::new("kB of refused requests that are not told of yet", BODIES.0, BODIES.1);
        Refusals { services, sender, receiver: Mutex::new(Some(receiver)), places, bodies }
    }

    /// Notes that a request with this body was refused.
    pub fn note(&self, request: &HttpRequest, session: Option<&Session>, body: &[u8], fault: &Fault) {
        let count = |who: &str| REFUSED.with_label_values(&[fault.status.to_string().as_str(), who]).inc();
        let Some(session) = session else { return count("stranger") };
        let identity = &session.who.identity;
        let Ok(place) = self.places.take_now(identity.uid, 1) else { return count("dropped") };
        let mut names = BTreeMap::new();
        // Of a body that can't be read the fault says why
        let mut kept = None;
        if let Ok(body) = serde_json::from_slice::<Json>(body) {
            collect(&body, DEPTH, &mut names);
            kept = if may_be_kept(request.path(), &body) { kept::of_a_request(body) } else { None };
        }
        // A note without a body is better than none
        let room = kept.as_ref().and_then(|text| self.bodies.take_now(identity.uid, kilobytes(text)).ok());
        let body = kept.filter(|_| room.is_some());
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
            body,
        };
        count(if self.sender.try_send((row, place, room)).is_ok() { "user" } else { "dropped" });
    }

    /// Tells them, as long as the process lives. It does so once.
    pub async fn tell(&self) {
        let Some(mut receiver) = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let mut rows = Vec::new();
        while receiver.recv_many(&mut rows, BATCH).await > 0 {
            let mut rest = rows.as_slice();
            while let Some((some, others)) = rest.split_at_checked(in_one_call(rest)).filter(|(some, _)| !some.is_empty()) {
                // Twice; after that support has one answer less
                let told = KeepRefused { rows: some.iter().map(|(row, ..)| row.clone()).collect() };
                for again in [true, false] {
                    match self.services.ask(&told, None).await {
                        Ok(_) => break,
                        Err(_) if again => tokio::time::sleep(Duration::from_secs(2)).await,
                        Err(fault) => tracing::warn!(%fault, lost = some.len(), "refused requests could not be kept"),
                    }
                }
                rest = others;
            }
            rows.clear();
        }
    }
}

/// How many of the first rows go in one call, by their bodies: one at least.
fn in_one_call(rows: &[Waiting]) -> usize {
    let mut bytes = 0;
    let fit = rows.iter().take_while(|(row, ..)| {
        bytes += row.body.as_ref().map_or(0, String::len);
        bytes <= TOGETHER
    });
    fit.count().max(1)
}

/// Whether what was sent to a path may be kept at all: what proves who somebody is never is, and of nothing there is nothing.
fn may_be_kept(path: &str, body: &Json) -> bool {
    let path = path.to_ascii_lowercase();
    let is_nothing = match body {
        Json::Object(members) => members.is_empty(),
        Json::Array(list) => list.is_empty(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => true,
    };
    !is_nothing && !["/auth", "/login", "/session/", "passw"].iter().any(|part| path.contains(part))
}

fn kilobytes(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(1_024)).unwrap_or(u32::MAX).max(1)
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
    fn what_proves_who_somebody_is_is_never_kept() {
        let body = json!({"params": {"login": "a"}});
        for path in ["/auth", "/web/session/authenticate", "/json/2/res.users/change_password", "/object/res.users/7/action_set_password"] {
            assert!(!may_be_kept(path, &body), "{path}");
        }
        assert!(may_be_kept("/api/res.partner", &body) && !may_be_kept("/xmlrpc/2/common", &json!([])));
        assert_eq!((kilobytes(""), kilobytes(&"x".repeat(1_025))), (1, 2));
    }

    #[test]
    fn numbers_of_people_are_not_kept() {
        assert_eq!(redacted("Unknown phone '0556123456' of order 1416"), "Unknown phone [number] of order 1416");
    }
}
