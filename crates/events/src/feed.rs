//! The feed: stamping, reading, waiting, and throwing away what everybody has read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How many events one stamping, or one read, takes at most.
const BATCH: i64 = 1_000;
/// A lost wake-up costs this much at most.
const POLL: Duration = Duration::from_secs(1);
/// The shortest time between two stampings: what is written meanwhile goes with the second.
const GATHER: Duration = Duration::from_millis(3);
/// Who changes something this long after the last change stamps its events itself, for a lone change is then one transaction less; in a
/// row of changes one stamping serves many.
const QUIET: Duration = Duration::from_millis(20);
/// The longest that stamping waits for a wake-up while nothing comes: who writes wakes it, but for a process that died before it
/// could, and `psql`.
const IDLE_POLL: Duration = Duration::from_secs(4);
/// How often it is written down how far a reader has come. It only keeps what would be thrown away after a week.
const NOTE_EVERY: Duration = Duration::from_secs(2);
/// How long what one follower has read is good for another that asks for the same.
const SHARED: Duration = Duration::from_secs(1);
/// How long a reader still waits at a feed that is closed.
const CLOSED: Duration = Duration::from_millis(200);
/// How often partitions are looked after.
const KEEP_EVERY: Duration = Duration::from_secs(3600);
/// How long events are kept at least, in days.
const KEEP_DAYS: i32 = 7;
/// What a restore into another cluster raises the positions by: more than any owner writes between two backups.
const RESTORE_GAP: i64 = 1_000_000_000;

/// The owner's pool.
pub type FeedPool = Pool<AsyncPgConnection>;

/// An owner's feed, as every replica of the owner holds it.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    pool: FeedPool,
    /// Advisory lock and NOTIFY channel are the schema's own.
    schema: &'static str,
    written: Notify,
    /// When something was changed last.
    changed: Mutex<Option<Instant>>,
    head: watch::Sender<i64>,
    /// How far readers have come, as it was written down last, and when.
    noted: Mutex<HashMap<String, (i64, Instant)>>,
    /// What was read last.
    read: tokio::sync::Mutex<Option<Read>>,
    closed: watch::Sender<bool>,
}

/// Events that were read, and for what.
struct Read {
    after: i64,
    limit: i64,
    /// The newest position that was known of before.
    head: i64,
    at: Instant,
    events: String,
}

#[derive(diesel::QueryableByName)]
struct Stamped {
    #[diesel(sql_type = BigInt)]
    before: i64,
    #[diesel(sql_type = BigInt)]
    after: i64,
}

#[derive(diesel::QueryableByName)]
struct Own {
    #[diesel(sql_type = Nullable<BigInt>)]
    pos: Option<i64>,
}

#[derive(diesel::QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

fn pool_error(error: PoolError) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(error.to_string().into())
}

impl Feed {
    /// The feed of `schema`, whose tables `pool` finds on its search path.
    pub fn new(pool: FeedPool, schema: &'static str) -> Feed {
        let (head, noted, closed) = (watch::Sender::new(0), Mutex::default(), watch::Sender::new(false));
        let (read, changed) = (tokio::sync::Mutex::default(), Mutex::default());
        Feed { inner: Arc::new(Inner { pool, schema, written: Notify::new(), changed, head, noted, read, closed }) }
    }

    /// To be called after the commit of a change: wakes the stamper.
    pub fn written(&self) {
        self.inner.written.notify_one();
    }

    /// Whether the last change is long enough ago for the next one to stamp its own events. To be asked once a change.
    pub fn is_quiet(&self) -> bool {
        let Ok(mut changed) = self.inner.changed.lock() else { return false };
        let now = Instant::now();
        changed.replace(now).is_none_or(|before| now.duration_since(before) > QUIET)
    }

    /// Stamps in the transaction that `conn` is in, at its end. Answers the position to be told of by [`Feed::stamped`] after the
    /// commit; none where a stamper has to be woken.
    ///
    /// # Errors
    /// The database's own.
    pub async fn stamp_own(&self, conn: &mut AsyncPgConnection) -> QueryResult<Option<i64>> {
        let own = diesel::sql_query("SELECT event_stamp_own($1, $2) AS pos").bind::<BigInt, _>(BATCH).bind::<BigInt, _>(RESTORE_GAP);
        Ok(own.get_result::<Own>(conn).await?.pos)
    }

    /// To be called after the commit of a change that stamped its own events.
    pub fn stamped(&self, pos: i64) {
        self.heard(pos);
    }

    /// Gives positions to the events that are visible and have none, and answers the newest position.
    ///
    /// # Errors
    /// The database's own.
    pub async fn stamp_once(&self) -> QueryResult<i64> {
        let mut conn = self.inner.pool.get().await.map_err(pool_error)?;
        loop {
            let stamped: Stamped = diesel::sql_query("SELECT before, after FROM event_stamp($1, $2)")
                .bind::<BigInt, _>(BATCH)
                .bind::<BigInt, _>(RESTORE_GAP)
                .get_result(&mut *conn)
                .await?;
            self.heard(stamped.after);
            if stamped.after - stamped.before < BATCH {
                return Ok(stamped.after);
            }
        }
    }

    /// The newest position that this process has heard of.
    pub fn position(&self) -> i64 {
        *self.inner.head.borrow()
    }

    fn heard(&self, pos: i64) {
        self.inner.head.send_if_modified(|head| {
            let news = *head < pos;
            *head = pos.max(*head);
            news
        });
    }

    /// Events after a position, oldest first, as the text of a JSON array of [`crate::Event`]s; at most 1,000.
    ///
    /// # Errors
    /// The database's own.
    pub async fn read(&self, after: i64, limit: i64) -> QueryResult<String> {
        let mut conn = self.inner.pool.get().await.map_err(pool_error)?;
        let rows: Json = diesel::sql_query("SELECT event_read($1, $2) AS json")
            .bind::<BigInt, _>(after)
            .bind::<BigInt, _>(limit.clamp(1, BATCH))
            .get_result(&mut *conn)
            .await?;
        Ok(rows.json)
    }

    /// The same for followers that one event has woken: one reads, and those who ask for the same take what it has read.
    async fn read_together(&self, after: i64, limit: i64) -> QueryResult<String> {
        let head = self.position();
        let mut last = self.inner.read.lock().await;
        let same = |read: &&Read| (read.after, read.limit, read.head) == (after, limit, head) && read.at.elapsed() < SHARED;
        if let Some(read) = last.as_ref().filter(same) {
            return Ok(read.events.clone());
        }
        let at = Instant::now();
        let events = self.read(after, limit).await?;
        *last = Some(Read { after, limit, head, at, events: events.clone() });
        Ok(events)
    }

    /// Notes how far a reader has come, so that nothing it still needs is thrown away.
    ///
    /// # Errors
    /// The database's own.
    pub async fn note_reader(&self, reader: &str, pos: i64) -> QueryResult<()> {
        let mut conn = self.inner.pool.get().await.map_err(pool_error)?;
        diesel::sql_query(
            "INSERT INTO feed_reader (name, pos) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET pos = excluded.pos, at = now() WHERE feed_reader.pos <> excluded.pos",
        )
        .bind::<Text, _>(reader)
        .bind::<BigInt, _>(pos)
        .execute(&mut *conn)
        .await?;
        if let Ok(mut noted) = self.inner.noted.lock() {
            noted.insert(reader.to_owned(), (pos, Instant::now()));
        }
        Ok(())
    }

    /// How long until it may be noted that a reader has come so far; none where it is noted.
    fn note_in(&self, reader: &str, pos: i64) -> Option<Duration> {
        let noted = self.inner.noted.lock().ok().and_then(|noted| noted.get(reader).copied());
        match noted {
            Some((at, _)) if at == pos => None,
            Some((_, when)) => Some(NOTE_EVERY.saturating_sub(when.elapsed())),
            None => Some(Duration::ZERO),
        }
    }

    /// Events after a position for a reader that has had those up to it, as [`Feed::read_or_wait`] gives them. How far it has come
    /// is noted while it waits, or when it was not for a while: in a row of many changes each would be a transaction of its own.
    ///
    /// # Errors
    /// The database's own.
    pub async fn read_as(&self, reader: &str, after: i64, limit: i64, at_most: Duration) -> QueryResult<String> {
        let Some(due) = self.note_in(reader, after) else { return self.read_or_wait(after, limit, at_most).await };
        if due.is_zero() {
            self.note_reader(reader, after).await?;
            return self.read_or_wait(after, limit, at_most).await;
        }
        let noting = async {
            tokio::time::sleep(due).await;
            if let Err(error) = self.note_reader(reader, after).await {
                tracing::warn!(schema = self.inner.schema, reader, %error, "how far a reader has come can't be noted; the next asking does");
            }
            std::future::pending::<QueryResult<String>>().await
        };
        tokio::select! { events = self.read_or_wait(after, limit, at_most) => events, never = noting => never }
    }

    /// Waits until there is something after a position, or the time is over.
    pub async fn wait(&self, after: i64, at_most: Duration) {
        let (mut head, mut closed) = (self.inner.head.subscribe(), self.inner.closed.subscribe());
        let news = async { drop(head.wait_for(|head| *head > after).await) };
        let closed = async {
            drop(closed.wait_for(|closed| *closed).await);
            // Not at once: those who have nowhere else to go must not ask without pause
            tokio::time::sleep(CLOSED).await;
        };
        tokio::select! { () = news => {}, () = closed => {}, () = tokio::time::sleep(at_most) => {} }
    }

    /// The process is stopping: nobody is kept waiting any more.
    pub fn close(&self) {
        self.inner.closed.send_replace(true);
    }

    /// Events after a position as [`Feed::read`] gives them, waiting for the first one if there is none yet.
    ///
    /// # Errors
    /// The database's own.
    pub async fn read_or_wait(&self, after: i64, limit: i64, at_most: Duration) -> QueryResult<String> {
        // After a restore the newest position is far beyond the newest event: what comes is beyond what was heard of before
        let newest = self.position();
        let heard = newest.max(after);
        // Who has read up to the newest finds nothing before the stamper has found something
        if newest == 0 || newest > after || at_most.is_zero() {
            let events = self.read_together(after, limit).await?;
            if events != "[]" || at_most.is_zero() {
                return Ok(events);
            }
        }
        self.wait(heard, at_most).await;
        self.read_together(after, limit).await
    }

    /// The owner's background work, until it is dropped: stamps when woken, hears other replicas' stampers, keeps the
    /// partitions.
    pub async fn run(self) {
        tokio::join!(self.stamp(), self.listen(), self.keep());
    }

    async fn stamp(&self) {
        let mut idle = POLL;
        loop {
            let (begun, before) = (Instant::now(), self.position());
            // First what an earlier process left
            match self.stamp_once().await {
                Ok(after) if after == before => idle = (idle * 2).min(IDLE_POLL),
                Ok(_) => idle = POLL,
                Err(error) => {
                    tracing::warn!(schema = self.inner.schema, %error, "events could not be stamped; trying again");
                    tokio::time::sleep(POLL).await;
                    idle = POLL;
                }
            }
            tokio::time::timeout(idle, self.inner.written.notified()).await.ok();
            // Each is a transaction that the writers' disk waits for
            tokio::time::sleep_until(begun + GATHER).await;
        }
    }

    /// On a connection of its own. Where it is lost, the polling of [`Feed::stamp`] goes on telling what is new.
    async fn listen(&self) {
        loop {
            if let Err(error) = self.listen_once().await {
                tracing::warn!(schema = self.inner.schema, %error, "the feed can't listen; trying again");
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn listen_once(&self) -> QueryResult<()> {
        // Taken out of the pool for good: a listening connection is nobody else's
        let mut conn: AsyncPgConnection = Object::take(self.inner.pool.get().await.map_err(pool_error)?);
        conn.batch_execute(&format!("LISTEN feed_{}", self.inner.schema)).await?;
        let mut notifications = std::pin::pin!(conn.notifications_stream());
        while let Some(notification) = notifications.next().await {
            if let Ok(pos) = notification?.payload.parse() {
                self.heard(pos);
            }
        }
        Ok(())
    }

    async fn keep(&self) {
        loop {
            if let Err(error) = self.keep_partitions().await {
                tracing::error!(schema = self.inner.schema, %error, "event partitions could not be kept");
            }
            tokio::time::sleep(KEEP_EVERY).await;
        }
    }

    /// Makes the partitions of the coming days, and drops those that everybody has read and that are old enough.
    ///
    /// # Errors
    /// The database's own.
    pub async fn keep_partitions(&self) -> QueryResult<()> {
        let mut conn = self.inner.pool.get().await.map_err(pool_error)?;
        conn.batch_execute(&format!("SELECT event_keep_partitions({KEEP_DAYS})")).await
    }
}
