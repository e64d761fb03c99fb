//! A share a user of what is bounded: so many places for all, so many of them for one, so that nobody is everybody's wait.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonrpc::Fault;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::metrics;

/// Header in which a service that asks another tells for which user it works.
pub const WORKS_FOR: &str = "x-works-for";

tokio::task_local! {
    static USER: i64;
}

/// Does work that a user has asked for: what it takes is the user's share, in the services that it asks too.
pub async fn working_for<T>(user: i64, work: impl Future<Output = T>) -> T {
    USER.scope(user, work).await
}

/// For which user the task works, if for one.
pub fn user() -> Option<i64> {
    USER.try_with(|user| *user).ok()
}

/// Places that are shared. Copies share them too. Who has none, and waits for none, is not remembered.
#[derive(Clone)]
pub struct Shares<K: Eq + Hash + Clone> {
    inner: Arc<Inner<K>>,
}

struct Inner<K> {
    what: &'static str,
    total: usize,
    each: usize,
    places: Arc<Semaphore>,
    holders: Mutex<HashMap<K, Holder>>,
}

struct Holder {
    places: Arc<Semaphore>,
    /// How many have or wait for some of them.
    seats: usize,
}

/// What somebody has of it, until it is dropped.
pub struct Share<K: Eq + Hash + Clone> {
    _place: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _seat: Seat<K>,
}

/// Keeps somebody's own places known.
struct Seat<K: Eq + Hash + Clone> {
    shares: Shares<K>,
    who: K,
    own: Arc<Semaphore>,
}

impl<K: Eq + Hash + Clone> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut holders = self.shares.inner.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holder) = holders.get_mut(&self.who) {
            holder.seats -= 1;
            if holder.seats == 0 {
                holders.remove(&self.who);
            }
        }
    }
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// `total` places, `each` of them for one; `what` they are, in the plural: it stands in refusals.
    pub fn new(what: &'static str, total: usize, each: usize) -> Shares<K> {
        let (total, each) = (total.clamp(1, Semaphore::MAX_PERMITS), each.clamp(1, Semaphore::MAX_PERMITS));
        let inner = Inner { what, total, each, places: Arc::new(Semaphore::new(total)), holders: Mutex::default() };
        Shares { inner: Arc::new(inner) }
    }

    /// `each` places for one, of something that has a bound of its own for all.
    pub fn of_each(what: &'static str, each: usize) -> Shares<K> {
        Shares::new(what, Semaphore::MAX_PERMITS, each)
    }

    /// A place, waited for in turn for so long.
    ///
    /// # Errors
    /// 429 where one's own places stay taken, 503 where all do.
    pub async fn take(&self, who: K, wait: Duration) -> Result<Share<K>, Fault> {
        let until = Instant::now() + wait;
        let seat = self.seat(who);
        let own = timeout_at(until, seat.own.clone().acquire_owned()).await;
        let Ok(Ok(own)) = own else { return Err(self.own_are_taken()) };
        let place = timeout_at(until, self.inner.places.clone().acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(self.all_are_taken()) };
        Ok(Share { _place: place, _own: own, _seat: seat })
    }

    /// So many places, now or never.
    ///
    /// # Errors
    /// As [`Shares::take`].
    pub fn take_now(&self, who: K, places: u32) -> Result<Share<K>, Fault> {
        let seat = self.seat(who);
        let own = seat.own.clone().try_acquire_many_owned(places).map_err(|_taken| self.own_are_taken())?;
        let place = self.inner.places.clone().try_acquire_many_owned(places).map_err(|_taken| self.all_are_taken())?;
        Ok(Share { _place: place, _own: own, _seat: seat })
    }

    fn seat(&self, who: K) -> Seat<K> {
        let mut holders = self.inner.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Holder { places: Arc::new(Semaphore::new(self.inner.each)), seats: 0 };
        let holder = holders.entry(who.clone()).or_insert_with(new);
        holder.seats += 1;
        Seat { shares: self.clone(), who, own: holder.places.clone() }
    }

    fn own_are_taken(&self) -> Fault {
        metrics::SHARES_SPENT.with_label_values(&[self.inner.what, "own"]).inc();
        Fault::over_share(format!(
            "{} {} at a time are one user's share, and all of yours are taken. Try again.",
            self.inner.each, self.inner.what
        ))
    }

    fn all_are_taken(&self) -> Fault {
        metrics::SHARES_SPENT.with_label_values(&[self.inner.what, "all"]).inc();
        Fault::unavailable(format!("All {} {} are taken. Try again.", self.inner.total, self.inner.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn nobody_has_more_than_a_share_and_the_rest_is_for_others() {
        let shares = Shares::new("chairs", 3, 2);
        let (first, _second) = (shares.take("a", SOON).await.unwrap(), shares.take("a", SOON).await.unwrap());
        let refused = shares.take("a", SOON).await.err().unwrap();
        assert_eq!((refused.status, refused.retry_after.is_some()), (429, true));
        assert!(refused.message.contains("2 chairs"), "{refused}");
        let _other = shares.take("b", SOON).await.unwrap();
        let refused = shares.take("c", SOON).await.err().unwrap();
        assert_eq!((refused.status, refused.message.as_str()), (503, "All 3 chairs are taken. Try again."));
        drop(first);
        shares.take_now("c", 1).unwrap();
    }

    #[tokio::test]
    async fn who_waits_comes_in_turn_and_who_has_gone_is_forgotten() {
        let shares = Shares::of_each("chairs", 1);
        let held = shares.take("a", SOON).await.unwrap();
        let waiting = tokio::spawn({
            let shares = shares.clone();
            async move { shares.take("a", Duration::from_secs(10)).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert_eq!(shares.inner.holders.lock().unwrap()["a"].seats, 2);
        drop(held);
        waiting.await.unwrap().unwrap();
        assert!(shares.inner.holders.lock().unwrap().is_empty());
        // One that left while it waited, too
        let held = shares.take("a", SOON).await.unwrap();
        assert!(tokio::time::timeout(SOON, shares.take("a", Duration::from_secs(10))).await.is_err());
        drop(held);
        assert!(shares.inner.holders.lock().unwrap().is_empty());
        assert_eq!(shares.inner.places.available_permits(), Semaphore::MAX_PERMITS);
    }

    #[tokio::test]
    async fn places_are_taken_many_at_once_or_not_at_all() {
        let shares = Shares::new("bytes", 100, 60);
        let _held = shares.take_now("a", 50).unwrap();
        assert_eq!(shares.take_now("a", 20).err().unwrap().status, 429);
        assert_eq!(shares.take_now("b", 60).err().unwrap().status, 503);
        shares.take_now("b", 50).unwrap();
    }
}
