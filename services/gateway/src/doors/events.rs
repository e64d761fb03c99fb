//! `GET /events`: changes as they come, as server-sent events. What a user may not read it does not hear of.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use jsonrpc::{Fault, Nature};
use process::asking::position_of;
use process::http::Health;
use process::parse_reply;
use process::shares::Shares;
use records::model::clip;
use serde::Deserialize;
use serde_json::json;
use sync_contract::{Change, Stream};

use crate::answer::{Answer, as_the_add_on};
use crate::auth::Session;
use crate::gateway::Gateway;
use crate::incoming::Incoming;
use crate::query::parameters;

/// A comment goes out at least as often, in seconds: proxies close what is silent.
const SILENCE: u64 = 15;
/// How many may follow at a time, a process, and how many for one user: each costs a read a model for each change.
const LISTENERS: (usize, usize) = (200, 10);
/// How many events are asked for at once.
const BATCH: i64 = 200;

/// The places of those who follow.
pub struct Listeners(Shares<i64>);

impl Listeners {
    /// Nobody yet.
    pub fn none() -> Listeners {
        Listeners(Shares::new("streams of events", LISTENERS.0, LISTENERS.1))
    }
}

/// What a listener asks for.
#[derive(Clone, Default)]
struct Wanted {
    /// Models, separated by commas; none: all.
    model: Option<String>,
    /// The bank that caused a change.
    bank: Option<i64>,
    /// Where to go on.
    after: Option<i64>,
}

impl Wanted {
    fn read(request: &HttpRequest) -> Result<Wanted, Fault> {
        let mut wanted = Wanted::default();
        for parameter in parameters(request.query_string()) {
            let parameter = parameter?;
            match parameter.name.as_str() {
                "model" => wanted.model = Some(parameter.text()?),
                "bank" => wanted.bank = Some(number("bank", &parameter.text()?)?),
                "after" => wanted.after = Some(number("after", &parameter.text()?)?),
                _ => {}
            }
        }
        // Browsers send it by themselves when they come back
        if let Some(last) = request.headers().get("last-event-id").filter(|last| !last.as_bytes().trim_ascii().is_empty()) {
            wanted.after = Some(number("Last-Event-ID", &String::from_utf8_lossy(last.as_bytes()))?);
        }
        Ok(wanted)
    }
}

fn number(name: &str, text: &str) -> Result<i64, Fault> {
    let unread = |_unread| Fault::malformed(format!("`{name}` is '{}': a whole number was expected", clip(text)));
    text.trim().parse().map_err(unread)
}

/// `GET /events`
pub async fn events(mut incoming: Incoming, health: web::Data<Health>, listeners: web::Data<Listeners>) -> Answer {
    let answer = follow(&mut incoming, health, &listeners).await;
    incoming.told(as_the_add_on, answer)
}

/// The stream, until the session ends, the listener leaves, or the process stops.
async fn follow(incoming: &mut Incoming, health: web::Data<Health>, listeners: &Listeners) -> Result<HttpResponse, Fault> {
    let wanted = Wanted::read(&incoming.request)?;
    let session = incoming.session(None).await?;
    let place = listeners.0.take_now(session.who.identity.uid, 1)?;
    let (request, gateway) = (incoming.request.clone(), incoming.gateway.clone());
    let after = match wanted.after {
        Some(position) if position >= 0 => position,
        // From now on
        Some(_) | None => position_of(&gateway.services.router, &gateway.services.keyring, "sync").await?,
    };
    let state = (after, Some(Bytes::from_static(b"retry: 2000\n\n")));
    let stream = futures_util::stream::unfold(state, move |(after, first)| {
        let _ = &place;
        let (request, wanted, gateway, health) = (request.clone(), wanted.clone(), gateway.clone(), health.clone());
        async move {
            if let Some(first) = first {
                return Some((Ok::<_, Fault>(first), (after, None)));
            }
            let news = news(&gateway, &request, &wanted, after);
            tokio::select! {
                news = news => match news {
                    Ok((after, text)) => Some((Ok(text), (after, None))),
                    // The listener comes back with its last id
                    Err(_) => None,
                },
                () = health.drains() => None,
            }
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream))
}

/// What came after a position, as the stream's text, and the position it goes up to.
async fn news(gateway: &Gateway, request: &HttpRequest, wanted: &Wanted, after: i64) -> Result<(i64, Bytes), Fault> {
    let events = gateway.services.ask(&Stream { after, limit: BATCH, wait: SILENCE }, None).await?;
    let Some(last) = events.last().map(|event| event.pos) else { return Ok((after, Bytes::from_static(b": nothing new\n\n"))) };
    // Asked anew each time: a session that ended hears no more
    let session = gateway.sessions.who_asks(request, None).await?;
    let models: Option<Vec<&str>> = wanted.model.as_deref().map(|models| models.split(',').map(str::trim).collect());
    // Which other bank caused something is not a bank's to know
    let (own, trusted) = (session.who.identity.bank, session.who.identity.is_trusted());
    let cause = |event: &Change| event.bank.filter(|bank| trusted || own == Some(*bank));
    let asked = |event: &&Change| {
        models.as_ref().is_none_or(|models| models.contains(&event.model.as_str()))
            && wanted.bank.is_none_or(|bank| cause(event) == Some(bank))
    };
    let events: Vec<&Change> = events.iter().filter(asked).collect();
    let mut ids: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for event in &events {
        ids.entry(&event.model).or_default().insert(event.record_id);
    }
    let mut visible: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for (model, ids) in ids {
        visible.insert(model, readable(gateway, &session, model, &ids).await?);
    }
    let mut text = String::new();
    for event in events {
        // What was removed nobody reads; the hub's side and the platform hear of it
        let gone = event.kind == "deleted" && trusted;
        if gone || visible.get(event.model.as_str()).is_some_and(|ids| ids.contains(&event.record_id)) {
            let data = json!({"model": event.model, "id": event.record_id, "version": event.version, "kind": event.kind,
                "at": event.at, "origin": event.origin, "bank": cause(event), "cause": event.cause});
            text.push_str(&format!("id: {}\nevent: {}\ndata: {data}\n\n", event.pos, event.kind));
        }
    }
    // Where all of it is others', the listener still learns how far it is
    let text = if text.is_empty() { format!("id: {last}\n: nothing for you\n\n") } else { text };
    Ok((last, text.into()))
}

/// What is read of a page of records.
#[derive(Deserialize)]
struct Page {
    result: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: i64,
}

/// Which of these records the user may read.
async fn readable(gateway: &Gateway, session: &Session, model: &str, ids: &BTreeSet<i64>) -> Result<BTreeSet<i64>, Fault> {
    let call = session.call(model, "search_read")?;
    let call = call.with("filter", &json!([["id", "in", ids]])).with("query", &"{id}").with("context", &json!({"active_test": false}));
    let page = match gateway.federation.call(session, call).await {
        Ok(reply) => parse_reply::<Page>(reply).await,
        Err(fault) => Err(fault),
    };
    match page {
        Ok(page) => Ok(page.result.iter().map(|row| row.id).collect()),
        // Who may not read the model sees none of its records
        Err(fault) if fault.nature() == Nature::Clients => Ok(BTreeSet::new()),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_listener_goes_on_where_it_says_or_is_told_that_it_can_t_be_read() {
        let after = |query: &str, last: &str| {
            let request = TestRequest::with_uri(&format!("/events?{query}")).insert_header(("last-event-id", last)).to_http_request();
            Wanted::read(&request).map(|wanted| wanted.after).map_err(|fault| (fault.status, fault.message))
        };
        assert_eq!([after("after=5", "7"), after("after=5", " "), after("", "")], [Ok(Some(7)), Ok(Some(5)), Ok(None)]);
        for (query, last, name) in [("", "soon", "`Last-Event-ID`"), ("after=x", "", "`after`"), ("model%FF=x", "", "`model%FF`")] {
            let (status, message) = after(query, last).unwrap_err();
            assert!(status == 400 && message.contains(name), "{message}");
        }
    }
}
