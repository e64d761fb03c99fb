//! `GET /events`: changes as they come, as server-sent events. What a user may not read it does not hear of.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use jsonrpc::{Call, Fault, Nature};
use records::model::clip;
use serde_json::{Value as Json, json};
use service::http::{Health, header};
use service::questions::position_of;
use service::{ask, parse_reply};
use sync_contract::{Change, Stream};

use crate::Gateway;
use crate::answer::{self, Manner};
use crate::auth::Session;
use crate::doors::pairs;

/// A comment goes out at least as often, in seconds: proxies close what is silent.
const SILENCE: u64 = 15;
/// How many may follow at a time, a process, and how many for one user: each costs a read a model for each change.
pub const LISTENERS: (usize, usize) = (200, 10);
/// How many events are asked for at once.
const BATCH: i64 = 200;

/// What a listener asks for.
#[derive(Clone, Default)]
struct Wanted {
    /// Models, separated by commas; none: all.
    model: Option<String>,
    /// The bank that caused a change.
    bank: Option<i64>,
    /// Where to go on, in place of the header `Last-Event-ID`.
    after: Option<i64>,
}

impl Wanted {
    fn parse(request: &HttpRequest) -> Result<Wanted, Fault> {
        let mut wanted = Wanted::default();
        for (name, text) in pairs(request.query_string()) {
            let number = |text: String| {
                let number = text
                    .trim()
                    .parse()
                    .map_err(|_unread| Fault::malformed(format!("`{name}` is '{}': a whole number was expected", clip(&text))));
                number.map(Some)
            };
            match name.as_str() {
                "model" => wanted.model = Some(text?),
                "bank" => wanted.bank = number(text?)?,
                "after" => wanted.after = number(text?)?,
                _ => {}
            }
        }
        Ok(wanted)
    }
}

/// The stream, until the session ends, the listener leaves, or the process stops.
pub async fn events(request: HttpRequest, gateway: web::Data<Gateway>, health: web::Data<Health>) -> HttpResponse {
    let begun = async {
        let wanted = Wanted::parse(&request)?;
        let session = gateway.session(&request, None).await?;
        let place = gateway.listeners.take_now(session.who.identity.uid, 1)?;
        let last = header(&request, "last-event-id").and_then(|text| text.trim().parse().ok());
        match last.or(wanted.after) {
            Some(pos) if pos >= 0 => Ok((wanted, pos, place)),
            // From now on
            _ => Ok((wanted, position_of(&gateway.router, &gateway.keyring, "sync").await?, place)),
        }
    };
    let (wanted, after, place) = match begun.await {
        Ok(begun) => begun,
        Err(fault) => return answer::refused(&gateway, Manner::AddOn, None, &fault),
    };
    let state = (after, Some(Bytes::from_static(b"retry: 2000\n\n")));
    let stream = futures_util::stream::unfold(state, move |(after, first)| {
        let _ = &place;
        let (request, wanted, gateway, health) = (request.clone(), wanted.clone(), gateway.clone(), health.clone());
        async move {
            if let Some(first) = first {
                return Some((Ok::<_, Fault>(first), (after, None)));
            }
            let news = gateway.news(&request, &wanted, after);
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
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream)
}

impl Gateway {
    /// What came after a position, as the stream's text, and the position it goes up to.
    async fn news(&self, request: &HttpRequest, wanted: &Wanted, after: i64) -> Result<(i64, Bytes), Fault> {
        let events = ask(&self.router, &self.keyring, &Stream { after, limit: BATCH, wait: SILENCE }, None).await?;
        let Some(last) = events.last().map(|event| event.pos) else { return Ok((after, Bytes::from_static(b": nothing new\n\n"))) };
        // Asked anew each time: a session that ended hears no more
        let session = self.session(request, None).await?;
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
            visible.insert(model, self.visible(&session, model, &ids).await?);
        }
        let mut text = String::new();
        for event in events {
            // What was removed nobody reads; the hub's side and the platform hear of it
            let gone = event.kind == "deleted" && trusted;
            if gone || visible.get(event.model.as_str()).is_some_and(|ids| ids.contains(&event.record_id)) {
                let data = json!({"model": event.model, "id": event.record_id, "version": event.version, "kind": event.kind,
                    "at": event.at, "origin": event.origin, "bank": cause(event)});
                text.push_str(&format!("id: {}\nevent: {}\ndata: {data}\n\n", event.pos, event.kind));
            }
        }
        // Where all of it is others', the listener still learns how far it is
        let text = if text.is_empty() { format!("id: {last}\n: nothing for you\n\n") } else { text };
        Ok((last, text.into()))
    }

    /// Which of these records the user may read.
    async fn visible(&self, session: &Session, model: &str, ids: &BTreeSet<i64>) -> Result<BTreeSet<i64>, Fault> {
        let call = Call::new(model, "search_read", self.token(session, model)?);
        let call = call.with("filter", &json!([["id", "in", ids]])).with("query", &"{id}").with("context", &json!({"active_test": false}));
        let page = match self.router.call(call).await {
            Ok(reply) => parse_reply::<Json>(reply).await,
            Err(fault) => Err(fault),
        };
        match page {
            Ok(page) => {
                let rows = page.get("result").and_then(Json::as_array).into_iter().flatten();
                Ok(rows.filter_map(|row| row.get("id")?.as_i64()).collect())
            }
            // Who may not read the model sees none of its records
            Err(fault) if fault.nature() == Nature::Clients => Ok(BTreeSet::new()),
            Err(fault) => Err(fault),
        }
    }
}
