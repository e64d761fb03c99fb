//! The one loop in which every transaction of a service runs: a change's, the taking of events, background work.

use std::time::{Duration, Instant};

use diesel::result::Error as DbError;
use domain::{Identity, Origin};
use jsonrpc::Fault;
use process::Pending;
use records::{Failure, Tx};
use tracing::Instrument;

use crate::database::{TRANSACTION, fault, is_closed, is_transient, slow};
use crate::owner::{Owner, Service};

/// How often a transaction that met another is tried.
const TRIES: u32 = 5;
/// The longest wait before the second try, in milliseconds; it doubles with each. How long of it is drawn, so that those who met
/// don't meet again.
const FIRST_WAIT: u64 = 20;
/// How long one waits for another that does the same.
const OTHER_DOES: Duration = Duration::from_secs(10);

/// For whom a transaction is.
pub(crate) struct For<'a> {
    /// Who asks.
    pub identity: &'a Identity,
    /// The side that a platform's request says it comes from.
    pub claimed: Option<Origin>,
    /// The bank that the request names.
    pub bank: Option<i64>,
    /// Trace context of the request.
    pub traceparent: Option<&'a String>,
}

/// What the work in a transaction comes to.
pub(crate) enum Step<T> {
    /// It is to be kept.
    Commit(T),
    /// There was nothing to do.
    Nothing(T),
    /// Another one is doing the same: again in a moment.
    Wait,
}

/// Why a transaction did not come to its end.
pub(crate) enum Broken {
    /// Nothing of it was kept.
    Undone(Failure),
    /// Its commit was not confirmed: nobody knows whether it was kept.
    Unknown(DbError),
}

impl<S: Service> Owner<S> {
    /// Runs `work` in a transaction, with what it needs in `with`. It is tried again, from its beginning, where it met another or
    /// its connection was lost before the commit; it has so long, and what it commits wakes the feed. `work` must have no effect
    /// but in the transaction.
    pub(crate) async fn transaction<W: Sync + ?Sized, T>(
        &self,
        whose: &For<'_>,
        with: &W,
        work: impl for<'t> Fn(&'t W, &'t mut Tx<'_>) -> Pending<'t, Result<Step<T>, Failure>>,
    ) -> Result<T, Broken> {
        let undone = |fault: Fault| Broken::Undone(fault.into());
        let (begun, mut tries) = (Instant::now(), 0);
        loop {
            let mut open = self.database.begin().await.map_err(undone)?;
            let mut tx = self.tx(&mut open, whose).map_err(undone)?;
            let told = tx.author.told.clone();
            let working = async {
                let step = work(with, &mut tx).await?;
                let tells = matches!(step, Step::Commit(_)) && told.is_set();
                let stamped = match tells && self.feed.is_quiet() {
                    true => self.feed.stamp_own(tx.conn).await?,
                    false => None,
                };
                Ok((step, tells, stamped))
            };
            let working = working.instrument(self.database.span("TRANSACTION"));
            // Its connection goes with one that takes too long
            let Ok(done) = tokio::time::timeout(TRANSACTION, working).await else { return Err(undone(slow(S::NAME))) };
            match done {
                Ok((Step::Commit(done), tells, stamped)) => {
                    open.commit().await.map_err(Broken::Unknown)?;
                    match stamped {
                        Some(pos) => self.feed.stamped(pos),
                        None if tells => self.feed.written(),
                        None => {}
                    }
                    self.woken.notify_one();
                    return Ok(done);
                }
                Ok((Step::Nothing(done), ..)) => {
                    open.rollback().await;
                    return Ok(done);
                }
                Ok((Step::Wait, ..)) => {
                    open.rollback().await;
                    if begun.elapsed() > OTHER_DOES {
                        return Err(undone(Fault::busy()));
                    }
                    // Without a connection: a crowd that waits must not take the pool from the one that works
                    tokio::time::sleep(Duration::from_millis(rand::random_range(20..50))).await;
                }
                Err(Failure::Database(error)) if (is_transient(&error) || is_closed(&error)) && tries + 1 < TRIES => {
                    open.rollback().await;
                    let most = FIRST_WAIT << tries;
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(rand::random_range(0..most))).await;
                }
                Err(failure) => {
                    open.rollback().await;
                    return Err(Broken::Undone(failure));
                }
            }
        }
    }

    /// A transaction of the service's own, or one that a service of ours asked for.
    ///
    /// # Errors
    /// What `work` refuses, 503 and 409 of the database.
    pub async fn transact<T: Send>(
        &self,
        traceparent: Option<&String>,
        work: impl for<'t> Fn(&'t mut Tx<'_>) -> Pending<'t, Result<T, Failure>> + Send + Sync,
    ) -> Result<T, Fault> {
        let whose = For { identity: &Identity::system(), claimed: None, bank: None, traceparent };
        let done = self.transaction(&whose, &work, |work, tx| Box::pin(async move { work(tx).await.map(Step::Commit) })).await;
        done.map_err(|broken| match broken {
            Broken::Undone(failure) => self.refusal(failure),
            Broken::Unknown(error) => fault(S::NAME, error),
        })
    }
}
