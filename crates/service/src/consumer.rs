//! Another service's events, each with exactly one effect: the effect and the cursor that moves past it are one transaction.
//!
//! Replicas share a cursor: all of them wait for events, one takes them, the others find the cursor moved and go on behind
//! it. What another service must be asked for is asked before the transaction, and is good only if the cursor has not moved
//! since: so answers are applied in the order in which they were given. An owner that is away delays, and loses nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use domain::Identity;
use events::Event;
use jsonrpc::{Call, Fault, Published};
use partners_contract::Forgetting;
use process::parse_reply;
use process::{metrics, our_fault, telemetry};
use records::{Failure, Statement, Tx, sql};
use tracing::{Instrument, Span};

use crate::database;
use crate::owner::{Owner, Service};
use crate::transaction::{Broken, For, Step};

/// How many events one transaction takes at most.
const BATCH: i64 = 200;
/// How long an owner keeps us waiting for the first event, in seconds.
const WAIT: u64 = 20;
/// How long after a failure the next try is.
const AGAIN: Duration = Duration::from_millis(500);

/// How often events that were put aside are tried.
const PARKED_AGAIN: Duration = Duration::from_secs(60);

/// Where some events stand.
#[derive(Clone, Copy)]
enum Place {
    /// In the feed, after this position.
    After(i64),
    /// Put aside, from this position.
    Parked(i64),
}

/// What an event says, by the contract of its service.
///
/// # Errors
/// 500 where `reader` does not understand it: the event is put aside.
pub fn read<P: Published>(event: &Event, reader: &str) -> Result<P, Fault> {
    event.read(reader).map_err(|error| our_fault(reader, "two services disagree", &error))
}

/// The clients whom partners has forgotten, as its events tell, each with the reason: what is kept of them elsewhere goes too.
///
/// # Errors
/// As [`read`].
pub fn forgotten(events: &[Event], reader: &str) -> Result<Vec<(i64, String)>, Fault> {
    let mut forgotten = Vec::new();
    for event in events.iter().filter(|event| event.model == "res.partner") {
        let unread = |error| our_fault(reader, "what partners publishes of res.partner can't be read", &error);
        let said: Forgetting = serde_json::from_str(event.payload.get()).map_err(unread)?;
        if said.forgotten {
            forgotten.push((event.record_id, said.reason));
        }
    }
    Ok(forgotten)
}

/// Whether an event tells that a client was forgotten, or can't be read.
pub fn forgets(event: &Event) -> bool {
    let said = || serde_json::from_str::<Forgetting>(event.payload.get());
    event.model == "res.partner" && said().map_or(true, |said| said.forgotten)
}

/// Overwrites what a service keeps of them, by its own statement for a client, an actor and a reason, in the transaction that takes the
/// events.
///
/// # Errors
/// The database's own.
pub async fn forget(
    tx: &mut Tx<'_>,
    events: &[Event],
    reader: &str,
    statement: impl Fn(i64, i64, String) -> Statement,
) -> Result<(), Failure> {
    for (client, reason) in forgotten(events, reader)? {
        tx.author.told.set();
        tx.run(statement(client, tx.author.uid, reason)).await?;
    }
    Ok(())
}

/// What became of some events.
enum Taken {
    /// They have had their effect.
    Done,
    /// Another replica was faster.
    Moved,
    /// They can't have one as they are.
    Refused(String),
}

impl<S: Service> Owner<S> {
    /// Follows the feeds that the service follows, until it is dropped.
    pub(crate) async fn follow(self: Arc<Self>) {
        let feeds = S::FOLLOWS.iter().map(|feed| self.follow_one(feed));
        futures_util::future::join_all(feeds).await;
    }

    async fn follow_one(&self, feed: &'static str) {
        // What an earlier process put aside is told of at once
        let (mut taken_all, mut retried) = (Instant::now(), None::<Instant>);
        let mut known = None;
        loop {
            match self.follow_from(&mut known, feed, WAIT).await {
                Ok(many) if i64::try_from(many).is_ok_and(|many| many < BATCH) => taken_all = Instant::now(),
                Ok(_) => {}
                Err(fault) => {
                    known = None;
                    tracing::warn!(service = S::NAME, feed, %fault, "a feed can't be followed; trying again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
            let lag = i64::try_from(taken_all.elapsed().as_secs()).unwrap_or(i64::MAX);
            metrics::FEED_LAG.with_label_values(&[S::NAME, feed]).set(lag);
            if retried.is_none_or(|at| at.elapsed() > PARKED_AGAIN) {
                if let Err(fault) = self.retry_parked(feed).await {
                    tracing::warn!(service = S::NAME, feed, %fault, "parked events can't be tried");
                }
                retried = Some(Instant::now());
            }
        }
    }

    /// Tries events that were put aside once more: what stood in their way may be mended. Effects go by what a record is now, so
    /// that they come late does not matter. Those that the owner keeps no longer stay for people to look at. Answers how many
    /// had their effect.
    ///
    /// # Errors
    /// 503 where the owner or the database is away.
    pub async fn retry_parked(&self, feed: &'static str) -> Result<usize, Fault> {
        let parked = self.database.search::<BigInt, i64>(sql!("consumer/parked.sql", feed, BATCH)).await?;
        let mut taken = 0;
        for pos in &parked {
            let call = Call::new("", "_event", self.keyring.own_token(feed)?).with("pos", pos);
            let events: Vec<Event> = parse_reply(self.router.service(feed)?.call(call).await?).await?;
            if !events.is_empty() && matches!(self.take(feed, Place::Parked(*pos), &events).await?, Taken::Done) {
                taken += 1;
            }
        }
        let left = i64::try_from(parked.len().saturating_sub(taken)).unwrap_or(i64::MAX);
        metrics::EVENTS_PARKED.with_label_values(&[S::NAME, feed]).set(left);
        Ok(taken)
    }

    /// Takes the next events of a feed, waiting some seconds for the first one. Answers how many they were.
    ///
    /// # Errors
    /// 503 where the owner or the database is away: nothing has happened, or everything.
    pub async fn follow_once(&self, feed: &'static str, wait: u64) -> Result<usize, Fault> {
        self.follow_from(&mut None, feed, wait).await
    }

    /// The same from where this replica knows the cursor to be, as long as no other one moves it.
    async fn follow_from(&self, known: &mut Option<i64>, feed: &'static str, wait: u64) -> Result<usize, Fault> {
        let cursor = match known.take() {
            Some(cursor) => cursor,
            None => self.cursor(feed).await?,
        };
        metrics::FEED_CURSOR.with_label_values(&[S::NAME, feed]).set(cursor);
        let call = Call::new("", "_feed", self.keyring.own_token(feed)?).with("after", &cursor).with("limit", &BATCH).with("wait", &wait);
        let events: Vec<Event> = parse_reply(self.router.service(feed)?.call(call).await?).await?;
        let Some(last) = events.last().map(|event| event.pos) else { return Ok(0) };
        let spans = self.spans(feed, &events);
        let first = spans.first().cloned().unwrap_or_else(Span::none);
        let taking = async {
            match events.iter().any(|event| S::concerns(feed, event)) {
                true => self.take(feed, Place::After(cursor), &events).await,
                false => self.pass(feed, cursor, last).await,
            }
        };
        match taking.instrument(first).await? {
            Taken::Done => {
                *known = Some(last);
                Ok(events.len())
            }
            Taken::Moved => Ok(0),
            Taken::Refused(_) => self.take_each(feed, cursor, &events).await,
        }
    }

    /// Where the replicas have come; the first time that is kept.
    async fn cursor(&self, feed: &'static str) -> Result<i64, Fault> {
        let cursor = self.database.search::<BigInt, i64>(sql!("consumer/cursor.sql", feed)).await?.pop();
        cursor.ok_or_else(|| our_fault(S::NAME, "a feed has no cursor", &feed))
    }

    /// A span for each trace that the events belong to: what was done with them is part of the requests that caused them. They end
    /// when they are dropped; the first one is that of the work itself.
    fn spans(&self, feed: &'static str, events: &[Event]) -> Vec<Span> {
        let mut traces = BTreeSet::new();
        let parents =
            events.iter().filter_map(|event| event.traceparent.as_deref()).filter(|parent| traces.insert(telemetry::trace_id(parent)));
        let spans = parents.map(|parent| {
            let span = tracing::info_span!(
                target: telemetry::SPANS,
                "process",
                otel.name = %format_args!("process {feed}"),
                otel.kind = "consumer",
                service = S::NAME,
            );
            telemetry::adopt(&span, parent);
            span
        });
        spans.collect()
    }

    /// Goes past events that have no effect: one statement, that is a transaction by itself.
    async fn pass(&self, feed: &'static str, cursor: i64, last: i64) -> Result<Taken, Fault> {
        Ok(match self.database.run(sql!("consumer/move.sql", feed, cursor, last)).await? {
            0 => Taken::Moved,
            1.. => Taken::Done,
        })
    }

    /// One at a time: the one that can't have its effect is put aside, and the others go on.
    async fn take_each(&self, feed: &'static str, mut cursor: i64, events: &[Event]) -> Result<usize, Fault> {
        for (at, event) in events.iter().enumerate() {
            match self.take(feed, Place::After(cursor), std::slice::from_ref(event)).await? {
                Taken::Done => {}
                Taken::Moved => return Ok(at),
                Taken::Refused(why) => {
                    tracing::error!(
                        service = S::NAME,
                        feed,
                        pos = event.pos,
                        model = event.model,
                        record = event.record_id,
                        why,
                        "an event was put aside"
                    );
                    metrics::EVENTS_PARKED.with_label_values(&[S::NAME, feed]).inc();
                    self.park(feed, cursor, event, &why).await?;
                }
            }
            cursor = event.pos;
        }
        Ok(events.len())
    }

    async fn park(&self, feed: &str, cursor: i64, event: &Event, why: &str) -> Result<(), Fault> {
        let (pos, model, record) = (event.pos, event.model.as_str(), event.record_id);
        self.database.run(sql!("consumer/park.sql", feed, cursor, pos, model, record, why)).await.map(drop)
    }

    async fn take(&self, feed: &'static str, place: Place, events: &[Event]) -> Result<Taken, Fault> {
        let heard = match S::heard(self, feed, events).await {
            Ok(heard) => heard,
            Err(fault) if fault.nature().passes() => return Err(fault),
            Err(fault) => return Ok(Taken::Refused(fault.to_string())),
        };
        let traceparent = events.iter().find_map(|event| event.traceparent.as_ref());
        let whose = For { identity: &Identity::system(), claimed: None, bank: None, traceparent };
        let taken = self
            .transaction(&whose, &(feed, place, events, &heard), |&(feed, place, events, heard), tx| {
                Box::pin(async move {
                    // Whoever moves the cursor, or takes the event away, has its effect; another replica finds it moved
                    let claim = match (place, events.last()) {
                        (Place::After(cursor), Some(last)) => sql!("consumer/move.sql", feed, cursor, last.pos),
                        (Place::Parked(pos), Some(_)) => sql!("consumer/take_parked.sql", feed, pos),
                        (Place::After(_) | Place::Parked(_), None) => return Ok(Step::Nothing(false)),
                    };
                    if tx.run(claim).await? == 0 {
                        return Ok(Step::Nothing(false));
                    }
                    S::apply(tx, feed, events, heard).await?;
                    Ok(Step::Commit(true))
                })
            })
            .await;
        match taken {
            Ok(true) => Ok(Taken::Done),
            Ok(false) => Ok(Taken::Moved),
            // Nobody knows whether it happened; the cursor does
            Err(Broken::Unknown(error)) => Err(database::fault(S::NAME, error)),
            Err(Broken::Undone(failure)) => {
                let why = match &failure {
                    Failure::Fault(fault) | Failure::Taken { fault, .. } => fault.to_string(),
                    Failure::Database(error) => error.to_string(),
                };
                match self.refusal(failure) {
                    fault if fault.nature().passes() => Err(fault),
                    _ => Ok(Taken::Refused(why)),
                }
            }
        }
    }
}
