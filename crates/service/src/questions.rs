//! What services ask of each other: one type a question, for both sides, from the contract of the service that answers.

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use jsonrpc::contract::{answer_of, call_of, question_of};
use jsonrpc::{Body, Call, Disagreement, Fault, Question, Reply};
use serde::de::DeserializeOwned;

use crate::owner::{Owner, Service};
use crate::{Keyring, Pending, Router, our_fault};

/// How long an answer may be, in bytes: the longest is a thousand records.
const MOST: usize = 64 * 1024 * 1024;

/// A service that answers a question of its contract.
pub trait Answers<Q: Question>: Service {
    /// Answers it; `traceparent` is the W3C trace context of the request that it is part of.
    ///
    /// # Errors
    /// The client's, or 503 where the database is away.
    fn answer(owner: &Owner<Self>, question: Q, traceparent: Option<&String>) -> impl Future<Output = Result<Q::Answer, Fault>> + Send;
}

/// A question that a service answers, by its name on the wire.
pub struct Answered<S: Service> {
    /// Odoo's name of the model.
    pub model: &'static str,
    /// Its method.
    pub method: &'static str,
    /// The services that may ask.
    pub asked_by: &'static [&'static str],
    pub(crate) answer: Answering<S>,
}

/// Reads a question that a service asks, and writes its answer.
type Answering<S> = for<'a> fn(&'a Owner<S>, &'a str, &'a Call) -> Pending<'a, Result<Reply, Fault>>;

impl<S: Service> Answered<S> {
    /// The question of this type.
    pub const fn of<Q: Question + 'static>() -> Answered<S>
    where
        S: Answers<Q>,
    {
        Answered { model: Q::MODEL, method: Q::METHOD, asked_by: Q::ASKED_BY, answer: answered::<S, Q> }
    }
}

fn answered<'a, S: Answers<Q>, Q: Question + 'static>(
    owner: &'a Owner<S>,
    asker: &'a str,
    call: &'a Call,
) -> Pending<'a, Result<Reply, Fault>> {
    Box::pin(async move {
        let question = question_of::<Q>(call, asker).map_err(|error| disagreed(S::NAME, &error))?;
        let answer = S::answer(owner, question, call.traceparent.as_ref()).await?;
        let json = serde_json::to_vec(&answer).map_err(|error| our_fault(S::NAME, "an answer can't be written", &error))?;
        Ok(Reply::json(json))
    })
}

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

fn disagreed(service: &str, error: &Disagreement) -> Fault {
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
