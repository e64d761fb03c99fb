//! What makes sending a request again safe: its answer is kept beside what it did, under its `Idempotency-Key` or all that it says.
// circle: owner: an Owner looks for what it has answered

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use domain::{Identity, Origin};
use jsonrpc::{Body, Call, Dialect, Fault, Idempotency, Reply, strict};
use process::metrics;
use records::{Failure, Model, Posted, Statement, Tx, sql};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::owner::{Owner, Service};

/// What became of a request that came before.
pub(crate) enum Earlier {
    None,
    Running,
    Answered(Reply),
}

/// A request that is to be done once, however often it is sent.
pub(crate) struct Once {
    /// What its answer is kept under, in hexadecimal digits: first as it is today, then as it may have been before.
    keys: Vec<String>,
    /// What it says, as it is read.
    payload: Posted,
    /// The same by the bytes that came, as the release before has kept it.
    bare: String,
}

impl<S: Service> Owner<S> {
    /// What makes a request one with an earlier one: its `Idempotency-Key`, or, for what has no key of its own, all that it
    /// says.
    pub(crate) fn once(
        &self,
        identity: &Identity,
        model: &Model,
        call: &Call,
        read: &Json,
        (claimed, bank): (Option<Origin>, Option<i64>),
        bare: String,
    ) -> Result<Option<Once>, Fault> {
        let whose = json!([identity.origin_claiming(claimed).as_str(), identity.bank.or(bank)]);
        let hashing = self.database.hashing();
        if let Some(Idempotency { key, scope, payload }) = &call.idempotency {
            let beside = |name: &str| call.params.raw(name).map(|raw| strict::value(name, raw)).transpose();
            let beside = json!([beside("id")?, beside("ids")?, beside("filter")?, beside("context")?]);
            let all = json!([read, whose, records::posted::plain(&beside)]).to_string();
            let payload_read = Posted::new(hashing.hashes("payload", &all));
            return Ok(Some(Once { keys: vec![kept_under(identity, scope, key)], payload: payload_read, bare: payload.clone() }));
        }
        if call.dialect == Dialect::Odoo || call.method != "create" || !(self.behaviour(model)?.same_body_is_same)(read) {
            return Ok(None);
        }
        let scope = format!("the same {}", model.name);
        let payload = Posted::new(hashing.hashes(&scope, &json!([read, whose]).to_string()));
        // The last is what the release before has kept
        let keys = payload.hashes().iter().chain([&bare]).map(|hash| kept_under(identity, &scope, hash)).collect();
        Ok(Some(Once { keys, payload, bare }))
    }

    /// The answer that was kept for a request, looked up before anything is done: what it names may be gone since. A copy
    /// that is on its way is met in [`earlier`].
    pub(crate) async fn kept(&self, once: Option<&Once>) -> Result<Option<Reply>, Fault> {
        let Some(once) = once else { return Ok(None) };
        let rows = self.database.rows::<Kept>(kept(once)).await?;
        let reply = rows.into_iter().next().map(|row| replayed(row, once)).transpose()?;
        if reply.is_some() {
            metrics::REPLAYS.with_label_values(&[S::NAME]).inc();
        }
        Ok(reply)
    }
}

/// What is known of a request in its transaction, where a copy of it waits until this one is done.
pub(crate) async fn earlier(tx: &mut Tx<'_>, once: Option<&Once>) -> Result<Earlier, Failure> {
    let Some((once, key)) = once.and_then(|once| Some((once, once.keys.first()?))) else { return Ok(Earlier::None) };
    if tx.rows::<Lock>(sql!("once/lock.sql", key.as_str())).await?.iter().all(|lock| !lock.is_ours) {
        return Ok(Earlier::Running);
    }
    match tx.rows::<Kept>(kept(once)).await?.into_iter().next() {
        None => Ok(Earlier::None),
        Some(row) => Ok(Earlier::Answered(replayed(row, once)?)),
    }
}

/// Whether a key is locked by us.
#[derive(QueryableByName)]
struct Lock {
    #[diesel(sql_type = Bool)]
    is_ours: bool,
}

/// An answer that was kept.
#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    payload: String,
    #[diesel(sql_type = Text)]
    answer: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    matched: Option<i64>,
}

fn kept_under(identity: &Identity, scope: &str, key: &str) -> String {
    domain::hex(&Sha256::digest(format!("{}\n{scope}\n{key}", identity.uid)))
}

fn kept(once: &Once) -> Statement {
    sql!("once/kept.sql", once.keys.clone())
}

fn replayed(Kept { payload, answer, matched }: Kept, once: &Once) -> Result<Reply, Fault> {
    // Under a key that is not ours any more it can't be told apart: the sender says that it is the same
    let is_same = once.payload.is_same(Some(&payload)).unwrap_or_else(|| payload.contains('.') || payload == once.bare);
    if !is_same {
        return Err(Fault::validation("This Idempotency-Key was used with another payload."));
    }
    Ok(Reply { body: Body::Whole(answer.into()), matched: matched.and_then(|n| u64::try_from(n).ok()), replayed: true })
}

/// Keeps what a request is answered, beside what it did.
pub(crate) async fn keep_answer(tx: &mut Tx<'_>, once: &Once, answer: &str, matched: Option<i64>) -> Result<(), Failure> {
    let (Some(key), Some(payload)) = (once.keys.first(), once.payload.hash()) else { return Ok(()) };
    tx.run(sql!("once/keep.sql", key.as_str(), payload, answer, matched)).await.map(drop)
}
