//! What errors of the database mean, and what a client is told of them.

use diesel::result::{DatabaseErrorKind, Error as DbError};
use jsonrpc::Fault;
use process::our_fault;

/// Whether an error says that the connection is gone.
pub fn is_closed(error: &DbError) -> bool {
    match error {
        DbError::DatabaseError(DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection, _) => true,
        DbError::DatabaseError(_, info) => {
            let message = info.message();
            message.contains("terminating connection") || message.contains("connection closed") || message.contains("is shutting down")
        }
        DbError::BrokenTransactionManager => true,
        _ => false,
    }
}

/// Whether the same transaction, tried again, may well succeed.
pub fn is_transient(error: &DbError) -> bool {
    match error {
        DbError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DbError::DatabaseError(_, info) => is_lock_conflict(info.message()),
        _ => false,
    }
}

pub(super) fn is_lock_conflict(message: &str) -> bool {
    message.contains("deadlock detected") || message.contains("lock timeout")
}

/// What PostgreSQL says when it is full, failing over, or out of connections.
pub(super) const UNABLE: &[&str] = &[
    "No space left on device",
    "could not extend file",
    "could not write",
    "could not read",
    "out of memory",
    "out of shared memory",
    "too many clients",
    "remaining connection slots",
    "the database system is",
    "read-only transaction",
];

/// Whether PostgreSQL can't do now what it can do another time: it is full, failing over, or out of connections. Diesel keeps
/// no SQLSTATE of these, so their words tell, which are English: `lc_messages` must be C or English, and `hub doctor` looks.
fn is_unable(error: &DbError) -> bool {
    match error {
        DbError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => true,
        DbError::DatabaseError(_, info) => UNABLE.iter().any(|words| info.message().contains(words)),
        _ => false,
    }
}

/// A database error as a client may see it: what passes is 503, what took too long 503, what is too much 422, anything else is
/// our fault: logged in full, told by a trace id.
pub fn fault(service: &str, error: DbError) -> Fault {
    let timed_out = |error: &DbError| matches!(error, DbError::DatabaseError(_, info) if info.message().contains("statement timeout"));
    if is_closed(&error) {
        tracing::warn!(service, %error, "the database went away");
        return Fault::unavailable("The database is away. Try again.");
    }
    if is_transient(&error) {
        return Fault::busy();
    }
    // What a statement of ours refuses in words for the client (records/read.rs)
    if let DbError::DatabaseError(_, info) = &error
        && let Some(what) = info.message().strip_prefix("too much: ")
    {
        return Fault::validation(what);
    }
    // The client's, in `context.tz`
    if let DbError::DatabaseError(_, info) = &error
        && info.message().starts_with("time zone ")
    {
        return Fault::validation(format!("`context.tz`: {}", info.message()));
    }
    if is_unable(&error) {
        tracing::error!(service, %error, "the database can't");
        return Fault::unavailable("The database can't do this now. Try again.");
    }
    if timed_out(&error) {
        tracing::warn!(service, "a statement took too long");
        return Fault::unavailable("The request took too long. Ask for less.");
    }
    our_fault(service, "a database error that should not be", &error)
}

/// A transaction that took too long, or whose database has gone silent: its connection goes with it, and nothing is committed.
pub fn slow(service: &str) -> Fault {
    tracing::warn!(service, "a transaction took too long");
    Fault::unavailable("The request took too long. Try again.")
}
