//! How a process asks a service: by a question of that service's contract, and what comes back as one piece.

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use jsonrpc::contract::{answer_of, call_of};
use jsonrpc::{Body, Call, Disagreement, Fault, Question, Reply};
use serde::de::DeserializeOwned;

use crate::{Keyring, Router, our_fault};

/// How long an answer may be, in bytes: the longest is a thousand records.
const MOST: usize = 64 * 1024 * 1024;

/// Asks a question as the process that the keys are of.
///
/// # Errors
/// Whatever the service says, 503 where it is away, 500 where both don't mean the same by the answer.
pub async fn ask<Q: Question>(router: &Router, keyring: &Keyring, question: &Q, traceparent: Option<&String>) -> Result<Q::Answer, Fault> {
    let asker = keyring.service();
    let mut call = call_of(question).map_err(|error| disagreed(asker, &error))?;
    call.token = keyring.own_token(Q::SERVICE)?;
    call.traceparent = traceparent.cloned();
    let reply = whole(router.service(Q::SERVICE)?.call(call).await?).await?;
    answer_of::<Q>(&reply, asker).map_err(|error| disagreed(asker, &error))
}

/// How far a service's feed is, asked as the process that the keys are of: everything that is committed stands before.
///
/// # Errors
/// 503 where it is away.
pub async fn position_of(router: &Router, keyring: &Keyring, service: &'static str) -> Result<i64, Fault> {
    let call = Call::new("", "_position", keyring.own_token(service)?);
    parse_reply(router.service(service)?.call(call).await?).await
}

/// Two services don't mean the same: ours, told in the log by what both say.
pub fn disagreed(service: &str, error: &Disagreement) -> Fault {
    our_fault(service, "two services disagree", error)
}

/// The same reply with its body in one piece: between processes a long one comes as a stream.
///
/// # Errors
/// 503 where it broke off, or is longer than any answer of ours.
pub async fn whole(reply: Reply) -> Result<Reply, Fault> {
    let Body::Stream(mut stream) = reply.body else { return Ok(reply) };
    let mut bytes = BytesMut::new();
    while let Some(piece) = stream.try_next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MOST {
            return Err(Fault::unavailable("A service answered more than was asked for."));
        }
    }
    Ok(Reply { body: Body::Whole(Bytes::from(bytes)), ..reply })
}

/// The JSON of a reply.
///
/// # Errors
/// 503 where it broke off, 500 where it is not what was expected.
pub async fn parse_reply<T: DeserializeOwned>(reply: Reply) -> Result<T, Fault> {
    match whole(reply).await?.body {
        Body::Whole(bytes) => {
            let expected = std::any::type_name::<T>();
            let read = serde_json::from_slice(&bytes);
            read.map_err(|error| our_fault("router", "a service answered what was not expected", &format!("{expected}: {error}")))
        }
        Body::Stream(_) => Err(our_fault("router", "a service answered what was not expected", &"a stream")),
    }
}
