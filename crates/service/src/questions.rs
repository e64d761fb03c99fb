//! What services ask of each other: one type a question, for both sides, from the contract of the service that answers.

use jsonrpc::contract::question_of;
use jsonrpc::{Call, Fault, Question, Reply};
use process::asking::disagreed;
use process::{Pending, our_fault};

use crate::owner::{Owner, Service};

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
