//! What changed, written beside the change and read by others as a feed.
//!
//! An owner (a service's schema) has two tables. `event` is the feed: a row a change of a record, with what is
//! published of its new state. `audit` is append-only: a row a changed field, with who did it. [`append()`] gives the SQL that writes both in
//! the statement that makes the change.
//!
//! **The order is made after the commit**, because nothing else is safe: a later `seq` can commit first. Events are
//! inserted with `pos` null; the stamper (`Feed::stamp_once`, one at a time an owner) gives the visible ones the next
//! `pos` in `seq` order. A record's events are inserted under its row lock, so their order is the order of its changes.
//! Readers ask for `pos > cursor`: no gap, no phantom, no inversion, whatever was committing meanwhile.
//!
//! In a row of changes nothing notifies inside the writing transactions: that would serialise commits. After the commit the process
//! wakes its stamper in memory, and the stamper tells the owner's other replicas with one NOTIFY for many events. A lone change
//! stamps its own events at the end of its transaction, where no other session is stamping: that is a transaction less.
//!
//! The feed itself needs the feature `postgres`; who only reads events or declares what is published does without.

mod append;
mod event;
#[cfg(feature = "postgres")]
mod feed;

pub use append::{Change, Publication, append};
pub use event::{Cause, Event};
#[cfg(feature = "postgres")]
pub use feed::{Feed, FeedPool};
