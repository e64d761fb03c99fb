//! Looks at what is kept encrypted: each is a row of the audit, whose `after` is `"read"`, committed before the value leaves.
// circle: owner, transaction: an Owner reads so, in one of its transactions

use diesel_async::AsyncPgConnection;
use diesel_async::methods::LoadQuery;
use domain::Identity;
use jsonrpc::Fault;
use records::running::Typed;
use records::{Failure, Model, Sql, Tx, sql};
use serde_json::value::RawValue;

use crate::database;
use crate::owner::{Owner, Service};
use crate::reading::{Members, unread};
use crate::transaction::{Broken, For, Step};

impl<S: Service> Owner<S> {
    /// Rows of a read that names sealed fields, which stand in them as `[id, encrypted text]`. `texts` are the JSON objects of a row,
    /// joined by commas. Where the model has looks audited, the read and the note of it are one transaction.
    ///
    /// # Errors
    /// The database's own; then nobody has seen anything.
    pub(crate) async fn looked_at<ST, T>(
        &self,
        identity: &Identity,
        model: &Model,
        read: Sql,
        texts: fn(&T) -> &str,
    ) -> Result<Vec<T>, Fault>
    where
        ST: 'static,
        T: Send + std::marker::Sync + 'static,
        Typed<ST>: for<'q> LoadQuery<'q, AsyncPgConnection, T>,
    {
        if !self.behaviour(model)?.looks_are_audited {
            return self.database.search::<ST, T>(read).await;
        }
        let whose = For { identity, claimed: None, bank: None, traceparent: None };
        let work = (model, read, texts);
        let done = self.transaction(&whose, &work, |(model, read, texts), tx| {
            Box::pin(async move {
                let rows = read.clone().load::<ST, T>(tx.conn).await?;
                note(tx, model, rows.iter().map(*texts)).await?;
                Ok(Step::Commit(rows))
            })
        });
        done.await.map_err(|broken| match broken {
            Broken::Undone(failure) => self.refusal(failure),
            Broken::Unknown(error) => database::fault(S::NAME, error),
        })
    }
}

/// Notes what of these rows is about to be opened: where nothing is kept, nothing is seen.
async fn note<'r>(tx: &mut Tx<'_>, model: &Model, texts: impl Iterator<Item = &'r str>) -> Result<(), Failure> {
    let (mut ids, mut fields) = (Vec::new(), Vec::new());
    for text in texts {
        let rows = format!("[{text}]");
        for Members(members) in serde_json::from_str::<Vec<Members<'_>>>(&rows).map_err(unread)? {
            for (field, raw) in
                members.iter().filter_map(|(name, raw)| Some((model.field(name)?, raw))).filter(|(field, _)| field.is_sealed())
            {
                let (id, kept): (i64, Option<&RawValue>) = serde_json::from_str(raw.get()).map_err(unread)?;
                if kept.is_some() {
                    ids.push(id);
                    fields.push(field.name.to_owned());
                }
            }
        }
    }
    if !ids.is_empty() {
        let author = &tx.author;
        let (uid, origin, bank) = (author.uid, author.origin, author.bank);
        tx.run(sql!("looks/keep.sql", uid, origin, bank, model.name, ids, fields)).await?;
    }
    Ok(())
}
