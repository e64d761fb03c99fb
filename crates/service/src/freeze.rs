//! While the records of another Odoo come over, nobody but the bridge changes those that may be of it: two sides would.

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};
use jsonrpc::{Call, Fault, Reply};
use process::parse_reply;
use records::{Failure, Model, Tx, sql};

use crate::owner::{Owner, Service};

/// Models that no Odoo fills: who logs in, and what people keep for themselves.
const OPEN: &[&str] = &["ek.job", "ir.filters", "res.users", "res.users.apikeys", "res.users.session"];
/// How long a client waits before it asks again, in seconds.
const AGAIN: u32 = 60;

#[derive(QueryableByName)]
struct Frozen {
    #[diesel(sql_type = Nullable<Text>)]
    why: Option<String>,
}

/// That records of this model may be changed now. They can't be frozen before the transaction ends.
///
/// # Errors
/// 503 with the reason.
pub(crate) async fn passes(tx: &mut Tx<'_>, model: &Model) -> Result<(), Failure> {
    if OPEN.contains(&model.name) {
        return Ok(());
    }
    match tx.rows::<Frozen>(sql!("freeze/because.sql")).await?.into_iter().find_map(|row| row.why) {
        Some(why) => Err(Fault::unavailable(why).retry_in(AGAIN).into()),
        None => Ok(()),
    }
}

impl<S: Service> Owner<S> {
    /// Freezes another service's records for what comes from an Odoo (`source`), for people's eyes `because`; without that it is over.
    ///
    /// # Errors
    /// 503 where it is away.
    pub async fn freeze_other(&self, service: &'static str, source: &str, because: Option<&str>) -> Result<(), Fault> {
        let mut call = Call::new("", "_freeze", self.keyring.own_token(service)?).with("source", &source);
        if let Some(because) = because {
            call = call.with("because", &because);
        }
        let done: bool = parse_reply(self.router.service(service)?.call(call).await?).await?;
        if done { Ok(()) } else { Err(Fault::unavailable(format!("{service} does not say that its records are frozen."))) }
    }

    /// Freezes its records for what comes from an Odoo (`source`), for people's eyes `because`; without that it is over.
    pub(crate) async fn freeze(&self, call: &Call) -> Result<Reply, Fault> {
        let (source, because): (String, Option<String>) = (call.params.need("source")?, call.params.get("because")?);
        self.transact(call.traceparent.as_ref(), |tx| {
            let (source, because) = (source.clone(), because.clone());
            Box::pin(async move { tx.run(sql!("freeze/freeze.sql", source, because)).await })
        })
        .await?;
        Ok(Reply::json("true"))
    }
}
